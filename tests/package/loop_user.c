/* A program with an event loop of its own, plain poll(2), beside which the driver runs.
 *
 * usage: loop_user CA.pem CHAIN.pem
 *
 * The chain is one for shop.example by that CA.  The loop polls two descriptors: the
 * driver's and a name server of this program, which the driver asks and which knows no
 * name.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mod_dna/uv.h>

static char bytes[2][65536];

static struct dna_span contents(const char *path, char *space)
{
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(space, 1, sizeof bytes[0], file) : 0;
    if (len == 0) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return (struct dna_span){space, len};
}

static void need(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        exit(2);
    }
}

static int open_server(char *address, size_t room)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    need(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 &&
             getsockname(fd, (struct sockaddr *)&at, &len) == 0,
         "no socket");
    snprintf(address, room, "127.0.0.1@%u", (unsigned)ntohs(at.sin_port));
    return fd;
}

/* NXDOMAIN to everybody: the query comes back as a response. */
static void serve(int fd)
{
    unsigned char packet[4096];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &len);
    if (n >= 12) {
        packet[2] |= 0x80;
        packet[3] = 0x83;
        (void)sendto(fd, packet, (size_t)n, 0, (struct sockaddr *)&from, len);
    }
}

struct answer {
    const char *domain;
    int given;
    struct dna_ruling ruling;
};

static void note(void *arg, const struct dna_ruling *ruling)
{
    struct answer *answer = arg;
    answer->given++;
    answer->ruling = *ruling;
    printf("%s: %s: %s\n", answer->domain, dna_verdict_name(ruling->verdict),
           ruling->why);
}

static void ask(struct dna_uv *uv, const struct dna_chain *chain, struct answer *answer)
{
    struct dna_question question = {
        .domain = answer->domain,
        .role = DNA_RECEIVING,
        .chain = chain,
        .policy = dna_policy_default(),
    };
    struct dna_hearing *hearing;
    need(dna_uv_ask(uv, &question, note, answer, &hearing) == DNA_OK, "cannot ask");
}

/* One turn of the loop; the driver comes first, so that it registers what it polls.  Once
 * it has said that it is gone there is nothing left to ask. */
static void turn(struct dna_uv *uv, const int *done, int server)
{
    struct pollfd fds[2] = {{.fd = server, .events = POLLIN}, {.events = POLLIN}};
    int timeout;
    dna_uv_process(uv);
    if (*done) {
        return;
    }
    fds[1].fd = dna_uv_fd(uv);
    timeout = dna_uv_timeout(uv);
    (void)poll(fds, 2, timeout);
    if ((fds[0].revents & POLLIN) != 0) {
        serve(server);
    }
}

static void gone(void *arg)
{
    *(int *)arg = 1;
}

int main(int argc, char **argv)
{
    char address[32];
    const char *const servers[] = {address};
    const char *why = "";
    struct dna_uv_options options = {
        .size = sizeof options,
        .session = {.size = sizeof options.session, .seed = 1},
        .dns = DNA_UV_DNS_STUB,
        .dns_servers = servers,
        .n_dns_servers = 1,
    };
    struct answer shop = {.domain = "shop.example"}, other = {.domain = "other.example"};
    struct dna_uv *uv;
    struct dna_chain *chain;
    int server = open_server(address, sizeof address), done = 0;
    if (argc != 3) {
        fprintf(stderr, "usage: loop_user CA.pem CHAIN.pem\n");
        return 2;
    }
    options.ca_pem = contents(argv[1], bytes[0]);
    options.ca_file = argv[1];
    need(dna_chain_parse(NULL, contents(argv[2], bytes[1]), &chain) == DNA_OK, argv[2]);
    need(dna_uv_new(&options, &uv, &why) == DNA_OK, why);
    ask(uv, chain, &shop);
    ask(uv, chain, &other);
    need(shop.given == 0 && other.given == 0, "an answer came from within the call");
    while (!shop.given || !other.given) {
        turn(uv, &done, server);
    }
    dna_uv_free(uv, gone, &done);
    need(!done, "it was gone within the call");
    while (!done) {
        turn(uv, &done, server);
    }
    dna_chain_free(chain);
    close(server);
    return shop.given == 1 && other.given == 1 && shop.ruling.verdict == DNA_PROVEN &&
                   other.ruling.verdict != DNA_PROVEN
               ? 0
               : 1;
}
