/* cli/watch_out.c: what `dna watch` leaves for others: files, and calls of a hook. */
#include <cli/watch.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/buf.h>

#define METRICS_MOST (64u * 1024 * 1024)
#define HOOK_SECONDS 60

static bool write_all(int fd, const char *text, size_t len)
{
    while (len != 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        text += n;
        len -= (size_t)n;
    }
    return true;
}

bool cli_replace_file(struct cli_call *call, const char *file, const char *text, size_t len)
{
    size_t size = strlen(file) + sizeof ".XXXXXX";
    char *name = dna_arena_get(&call->memory, size);
    mode_t mask = umask(0);
    bool fine;
    int fd;
    (void)umask(mask);
    if (name == NULL) {
        (void)cli_fault(call, "out of memory");
        return false;
    }
    (void)snprintf(name, size, "%s.XXXXXX", file);
    fd = mkstemp(name);
    fine = fd >= 0 && fchmod(fd, 0666 & ~mask) == 0 && write_all(fd, text, len) &&
           fsync(fd) == 0;
    fine = fd >= 0 && close(fd) == 0 && fine && rename(name, file) == 0;
    if (!fine) {
        (void)cli_fault(call, "%s: %s", file, strerror(errno));
        if (fd >= 0) {
            (void)unlink(name);
        }
    }
    return fine;
}

/* --- metrics --------------------------------------------------------------------------- */

struct metric {
    const char *name, *help;
    int64_t (*value)(const struct cli_watched *one);
};

static int64_t is_proven(const struct cli_watched *one)
{
    return one->ruling.verdict == DNA_PROVEN;
}

static int64_t is_unknown(const struct cli_watched *one)
{
    return one->ruling.verdict == DNA_TEMPFAIL;
}

static int64_t expires(const struct cli_watched *one)
{
    return one->expires;
}

static int64_t endpoints(const struct cli_watched *one)
{
    return (int64_t)one->endpoints;
}

static int64_t reached(const struct cli_watched *one)
{
    return (int64_t)one->reached;
}

static const struct metric metrics[] = {
    {"dna_domain_proven", "Whether some proof holds for the domain.", is_proven},
    {"dna_domain_unknown", "Whether it could not be found out.", is_unknown},
    {"dna_domain_certificate_expires_seconds",
     "When the first certificate of its servers ends, 0 if none was seen.", expires},
    {"dna_domain_endpoints", "How many endpoints the domain has.", endpoints},
    {"dna_domain_endpoints_reached", "How many of them presented a certificate.", reached},
};

/* Domains are canonical: nothing in them needs an escape. */
static enum dna_err add_metrics(struct cli_watch *watch, struct dna_buf *out)
{
    enum dna_err err = DNA_OK;
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        err = err == DNA_OK ? dna_buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n",
                                             metrics[m].name, metrics[m].help, metrics[m].name)
                            : err;
        for (size_t i = 0; err == DNA_OK && i < watch->n; i++) {
            err = dna_buf_printf(out, "%s{domain=\"%s\"} %" PRId64 "\n", metrics[m].name,
                                 watch->list[i].domain.text,
                                 metrics[m].value(&watch->list[i]));
        }
    }
    return err;
}

static enum dna_err add_proofs(struct cli_watch *watch, struct dna_buf *out)
{
    enum dna_err err = dna_buf_add_text(
        out, "# HELP dna_domain_proof Whether the prooftype holds at some endpoint.\n"
             "# TYPE dna_domain_proof gauge\n");
    for (size_t i = 0; i < watch->n; i++) {
        for (unsigned t = 0; err == DNA_OK && t < DNA_N_PROOFTYPES; t++) {
            err = dna_buf_printf(out, "dna_domain_proof{domain=\"%s\",prooftype=\"%s\"} %d\n",
                                 watch->list[i].domain.text,
                                 dna_prooftype_name((enum dna_prooftype)t),
                                 (watch->list[i].proven & DNA_PROOF_BIT(t)) != 0);
        }
    }
    return err;
}

bool cli_prometheus(struct cli_watch *watch, const char *file)
{
    struct dna_buf out;
    enum dna_err err;
    bool fine = false;
    dna_buf_init(&out, NULL, METRICS_MOST);
    err = add_metrics(watch, &out);
    err = err == DNA_OK ? add_proofs(watch, &out) : err;
    if (err == DNA_OK) {
        err = dna_buf_printf(&out,
                             "# HELP dna_watch_checked_seconds When all this was found out.\n"
                             "# TYPE dna_watch_checked_seconds gauge\n"
                             "dna_watch_checked_seconds %" PRId64 "\n",
                             watch->call->now);
    }
    if (err == DNA_OK) {
        struct dna_span text = dna_buf_span(&out);
        fine = cli_replace_file(watch->call, file, text.ptr, text.len);
    } else {
        (void)cli_fault(watch->call, "%s", dna_err_name(err));
    }
    dna_buf_fini(&out);
    return fine;
}

/* --- the hook -------------------------------------------------------------------------- */

/* In the child.  The text is there already, in a file that has no name. */
_Noreturn static void become_hook(const char *command, int input)
{
    (void)signal(SIGALRM, SIG_DFL);
    (void)alarm(HOOK_SECONDS); /* outlives execve: a hook that hangs is ended */
    if (dup2(input, STDIN_FILENO) >= 0) {
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    }
    _exit(127);
}

bool cli_hook(struct cli_call *call, const char *command, const char *text)
{
    FILE *input = tmpfile();
    bool ready = input != NULL && fputs(text, input) >= 0 && fflush(input) == 0 &&
                 lseek(fileno(input), 0, SEEK_SET) == 0;
    int status = -1;
    pid_t child = ready ? fork() : -1;
    if (child == 0) {
        become_hook(command, fileno(input));
    }
    if (input != NULL) {
        (void)fclose(input);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)cli_fault(call, child < 0             ? "the hook could not be run"
                              : WIFSIGNALED(status) ? "the hook was ended by a signal"
                                                    : "the hook did not end well");
        return false;
    }
    return true;
}
