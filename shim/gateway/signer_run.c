/* gateway/signer_run.c: the signing process, alone with its socket (S25).
 *
 * It is this very program, run anew: nothing of the gateway's memory is in it.  It keeps one
 * descriptor, opens no sockets, starts no programs, and dies with the gateway.  That it runs
 * as the same user means that whoever can run code as that user can read the key's file: what
 * it keeps apart is the key and the memory of a process that strangers talk to.
 */
#include "signer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "file.h"

#define ASKERS 8 /* bytes of a request that are the asker's own */
#define HEAD (ASKERS + 3)

/* --- alone -------------------------------------------------------------------------- */

#define REFUSE(number) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/* Calls of another architecture's numbers are not told apart, so none are let through. */
static bool shut_in(void)
{
    static struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
#if defined __x86_64__
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
#elif defined __aarch64__
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 1, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#if defined __x86_64__
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), /* the x32 numbers */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
        REFUSE(SYS_socket), REFUSE(SYS_socketpair), REFUSE(SYS_connect), REFUSE(SYS_bind),
        REFUSE(SYS_execve), REFUSE(SYS_execveat), REFUSE(SYS_ptrace),
        REFUSE(SYS_process_vm_readv), REFUSE(SYS_process_vm_writev), REFUSE(SYS_kill),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool limit(int what, rlim_t most)
{
    const struct rlimit limits = {most, most};
    return setrlimit((__rlimit_resource_t)what, &limits) == 0;
}

/* False: it would not be alone. */
static bool withdraw(void)
{
    int nowhere = open("/dev/null", O_RDWR);
    bool fine = nowhere >= 0;
    for (int fd = 0; fine && fd < SIGNER_SOCKET; fd++) {
        fine = dup2(nowhere, fd) == fd;
    }
    return fine && syscall(SYS_close_range, SIGNER_SOCKET + 1, ~0U, 0) == 0 &&
           prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_NOFILE, 32) && limit(RLIMIT_FSIZE, SIGNER_ANSWER_MAX) && shut_in();
}

/* --- frames ------------------------------------------------------------------------- */

static bool get(char *space, size_t len)
{
    while (len > 0) {
        ssize_t n = read(SIGNER_SOCKET, space, len);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        if (n > 0) {
            space += n;
            len -= (size_t)n;
        }
    }
    return true;
}

static bool put(struct dna_span bytes)
{
    return file_write_all(SIGNER_SOCKET, bytes.ptr, bytes.len);
}

static bool put_frame(struct dna_span head, char mark, struct dna_span text)
{
    size_t len = head.len + 1 + text.len;
    const char size[4] = {(char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len};
    return put((struct dna_span){size, sizeof size}) && put(head) &&
           put((struct dna_span){&mark, 1}) && put(text);
}

/* NULL: the gateway is gone, or not itself. */
static char *get_frame(size_t *len)
{
    unsigned char size[4];
    char *frame;
    if (!get((char *)size, sizeof size)) {
        return NULL;
    }
    *len = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    if (*len < HEAD || *len > HEAD + SIGNER_KEY_MAX + SIGNER_BUNDLE_MAX) {
        return NULL;
    }
    frame = malloc(*len);
    if (frame != NULL && !get(frame, *len)) {
        free(frame);
        return NULL;
    }
    return frame;
}

static bool sign(struct signer *signer, char what, struct dna_span spki, struct dna_span shown,
                 struct dna_buf *pem, char why[SIGNER_WHY])
{
    int64_t now = (int64_t)time(NULL);
    switch (what) {
    case SIGNER_FOR_PROOF:
        return signer_sign(signer, shown, spki, now, pem, why);
    case SIGNER_FOR_ERRORS:
        return signer_sign_errors(signer, shown, spki, now, pem, why);
    default:
        (void)strcpy(why, "no such request");
        return false;
    }
}

static bool answer(struct signer *signer, const char *frame, size_t len)
{
    const struct dna_span head = {frame, ASKERS};
    size_t key_len = (size_t)(unsigned char)frame[HEAD - 2] << 8 | (unsigned char)frame[HEAD - 1];
    char why[SIGNER_WHY] = "";
    struct dna_buf pem;
    bool signs, fine;
    if (key_len > SIGNER_KEY_MAX || key_len > len - HEAD) {
        return false;
    }
    dna_buf_init(&pem, NULL, SIGNER_BUNDLE_MAX);
    signs = sign(signer, frame[ASKERS], (struct dna_span){frame + HEAD, key_len},
                 (struct dna_span){frame + HEAD + key_len, len - HEAD - key_len}, &pem, why);
    fine = signs ? put_frame(head, '+', dna_buf_span(&pem))
                 : put_frame(head, '-', dna_span_of(why));
    dna_buf_fini(&pem);
    return fine;
}

static void serve(struct signer *signer)
{
    bool fine = put_frame((struct dna_span){NULL, 0}, '+',
                          dna_span_of(signer->proven.certificate));
    while (fine) {
        size_t len = 0;
        char *frame = get_frame(&len);
        fine = frame != NULL && answer(signer, frame, len);
        free(frame);
    }
}

int signer_run(const char *config_file)
{
    const struct gateway_config *config;
    struct signer signer = {.n_hosted = 0};
    char why[SIGNER_WHY] = "the signing process cannot withdraw from the world";
    unsigned faults = 0;
    FILE *nowhere;
    bool fine;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN); /* of a terminal: the gateway ends it */
    (void)signal(SIGTERM, SIG_IGN);
    if (!withdraw() || (nowhere = fdopen(dup(0), "w")) == NULL) {
        (void)put_frame((struct dna_span){NULL, 0}, '-', dna_span_of(why));
        return 1;
    }
    config = gateway_config_read(config_file, nowhere, &faults);
    fine = config != NULL && faults == 0 && config->bridge_folder != NULL;
    if (!fine) {
        (void)strcpy(why, "the configuration is not what it was");
    }
    fine = fine && signer_open(&signer, config, (int64_t)time(NULL), why);
    if (fine) {
        serve(&signer);
    } else {
        (void)put_frame((struct dna_span){NULL, 0}, '-', dna_span_of(why));
    }
    signer_close(&signer);
    gateway_config_free(config);
    (void)fclose(nowhere);
    return fine ? 0 : 1;
}
