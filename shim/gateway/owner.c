/* gateway/owner.c: the kernel's socket diagnostics.
 *
 * A loopback address proves nothing: every local process can use any of 127/8.  What it
 * cannot change is the user id that the kernel keeps with its socket.  The question names
 * both ends of the connection exactly; a listener, or another connection that happens to
 * share an address, is no answer.
 */
#include "owner.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

struct request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 question;
};

static bool put_address(const struct sockaddr *address, __be32 words[4], __be16 *port)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        memcpy(words, &v4->sin_addr, sizeof v4->sin_addr);
        *port = v4->sin_port;
        return true;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(words, &v6->sin6_addr, sizeof v6->sin6_addr);
        *port = v6->sin6_port;
        return true;
    }
    return false;
}

static bool ask(int fd, const struct request *request, uid_t *uid)
{
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    const struct inet_diag_msg *message;
    ssize_t len;
    if (send(fd, request, sizeof *request, 0) != (ssize_t)sizeof *request) {
        return false;
    }
    len = recv(fd, &answer, sizeof answer, 0);
    if (len < (ssize_t)NLMSG_LENGTH(sizeof *message) ||
        answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        answer.header.nlmsg_len < NLMSG_LENGTH(sizeof *message)) {
        return false;
    }
    message = NLMSG_DATA(&answer.header);
    if (message->idiag_state != TCP_ESTABLISHED ||
        message->id.idiag_sport != request->question.id.idiag_sport ||
        message->id.idiag_dport != request->question.id.idiag_dport) {
        return false;
    }
    *uid = message->idiag_uid;
    return true;
}

bool gateway_owner_of(const struct sockaddr *peer, const struct sockaddr *own, uid_t *uid)
{
    struct request request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .question = {.sdiag_family = (__u8)peer->sa_family,
                     .sdiag_protocol = IPPROTO_TCP,
                     .idiag_states = 1u << TCP_ESTABLISHED,
                     .id = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    const struct timeval patience = {.tv_sec = 1};
    struct inet_diag_sockid *id = &request.question.id;
    bool known;
    int fd;
    if (peer->sa_family != own->sa_family ||
        !put_address(peer, id->idiag_src, &id->idiag_sport) ||
        !put_address(own, id->idiag_dst, &id->idiag_dport)) {
        return false;
    }
    fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) {
        return false;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    known = ask(fd, &request, uid);
    (void)close(fd);
    return known;
}
