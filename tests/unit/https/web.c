#include "web.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

struct web {
    struct web_order order;
    SSL_CTX *ctx;
    int listener;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock; /* for what follows */
    bool stopping, answering;
    int fd;
    unsigned connections, requests;
    char request[16384], sni[256];
};

static void need(bool good)
{
    if (!good) {
        perror("test web server");
        abort();
    }
}

static bool stopping(struct web *web)
{
    bool is;
    pthread_mutex_lock(&web->lock);
    is = web->stopping;
    pthread_mutex_unlock(&web->lock);
    return is;
}

static bool send_all(int fd, SSL *ssl, const char *bytes, size_t len)
{
    while (len != 0) {
        ssize_t n = ssl != NULL ? SSL_write(ssl, bytes, (int)len) : write(fd, bytes, len);
        if (n <= 0) {
            return false;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_request(struct web *web, int fd, SSL *ssl)
{
    char text[sizeof web->request];
    size_t len = 0;
    text[0] = '\0';
    while (strstr(text, "\r\n\r\n") == NULL) {
        size_t room = sizeof text - 1 - len;
        ssize_t n = ssl != NULL ? SSL_read(ssl, text + len, (int)room)
                                : read(fd, text + len, room);
        if (n <= 0 || room == 0) {
            return false;
        }
        len += (size_t)n;
        text[len] = '\0';
    }
    pthread_mutex_lock(&web->lock);
    memcpy(web->request, text, len + 1);
    (void)snprintf(web->sni, sizeof web->sni, "%s",
                   ssl != NULL && SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != NULL
                       ? SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
                       : "");
    web->requests++;
    pthread_mutex_unlock(&web->lock);
    return true;
}

static const struct web_page *find_page(const struct web *web)
{
    static const struct web_page none = {
        .head = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"};
    size_t len = strcspn(web->request + 4, " ");
    for (size_t i = 0; i < web->order.n_pages; i++) {
        const char *path = web->order.pages[i].path;
        if (strlen(path) == len && strncmp(web->request + 4, path, len) == 0) {
            return &web->order.pages[i];
        }
    }
    return &none;
}

static bool send_head(const struct web *web, int fd, SSL *ssl, const char *head)
{
    char port[8];
    const char *mark;
    (void)snprintf(port, sizeof port, "%u", web->port);
    while ((mark = strstr(head, "@PORT@")) != NULL) {
        if (!send_all(fd, ssl, head, (size_t)(mark - head)) ||
            !send_all(fd, ssl, port, strlen(port))) {
            return false;
        }
        head = mark + 6;
    }
    return send_all(fd, ssl, head, strlen(head));
}

static void wait_for_end(int fd)
{
    char bytes[512];
    while (read(fd, bytes, sizeof bytes) > 0) {
    }
}

static void answer(struct web *web, int fd, SSL *ssl)
{
    const struct web_page *page = find_page(web);
    bool good = send_head(web, fd, ssl, page->head);
    pthread_mutex_lock(&web->lock);
    web->answering = true;
    pthread_mutex_unlock(&web->lock);
    for (unsigned long i = 0; good && i < page->times && !stopping(web); i++) {
        const struct timespec pause = {.tv_nsec = (long)page->pause_ms * 1000000};
        nanosleep(&pause, NULL);
        good = send_all(fd, ssl, page->repeat, strlen(page->repeat));
    }
    if (good && page->ending == WEB_HANG) {
        wait_for_end(fd);
    } else if (good && page->ending == WEB_CLOSE && ssl != NULL) {
        (void)SSL_shutdown(ssl);
    }
}

static void serve(struct web *web, int fd)
{
    SSL *ssl = NULL;
    if (web->order.deaf) {
        wait_for_end(fd);
        return;
    }
    if (web->ctx != NULL) {
        ssl = SSL_new(web->ctx);
        need(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
    }
    if ((ssl == NULL || SSL_accept(ssl) == 1) && read_request(web, fd, ssl)) {
        answer(web, fd, ssl);
    }
    /* What the client still sent must not turn our FIN into a reset. */
    (void)shutdown(fd, SHUT_WR);
    wait_for_end(fd);
    SSL_free(ssl);
}

static void *run(void *arg)
{
    struct web *web = arg;
    sigset_t pipes;
    int fd;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, NULL);
    while ((fd = accept(web->listener, NULL, NULL)) >= 0) {
        pthread_mutex_lock(&web->lock);
        web->fd = fd;
        web->answering = false;
        web->connections++;
        pthread_mutex_unlock(&web->lock);
        if (!stopping(web)) {
            serve(web, fd);
        }
        pthread_mutex_lock(&web->lock);
        web->fd = -1;
        pthread_mutex_unlock(&web->lock);
        close(fd);
    }
    return NULL;
}

static void make_context(struct web *web)
{
    const struct web_order *order = &web->order;
    const unsigned char *der = (const unsigned char *)order->leaf->der.ptr;
    web->ctx = SSL_CTX_new(TLS_server_method());
    need(web->ctx != NULL);
    SSL_CTX_set_security_level(web->ctx, 0);
    SSL_CTX_set_min_proto_version(web->ctx, 0);
    SSL_CTX_set_max_proto_version(web->ctx, order->most_tls);
    need(SSL_CTX_use_certificate_ASN1(web->ctx, (int)order->leaf->der.len, der) == 1 &&
         SSL_CTX_use_PrivateKey(web->ctx, order->leaf->key) == 1);
    if (order->issuer != NULL) {
        X509 *issuer;
        der = (const unsigned char *)order->issuer->der.ptr;
        issuer = d2i_X509(NULL, &der, (long)order->issuer->der.len);
        need(issuer != NULL && SSL_CTX_add_extra_chain_cert(web->ctx, issuer) == 1);
    }
}

struct web *web_start(const struct web_order *order)
{
    bool v6 = order->address != NULL && strchr(order->address, ':') != NULL;
    struct sockaddr_in v4_at = {.sin_family = AF_INET, .sin_port = htons(order->port)};
    struct sockaddr_in6 v6_at = {.sin6_family = AF_INET6, .sin6_port = htons(order->port)};
    struct sockaddr *at = v6 ? (void *)&v6_at : (void *)&v4_at;
    socklen_t len = v6 ? sizeof v6_at : sizeof v4_at;
    struct web *web = calloc(1, sizeof *web);
    int yes = 1;
    need(web != NULL);
    web->order = *order;
    web->fd = -1;
    pthread_mutex_init(&web->lock, NULL);
    if (order->leaf != NULL) {
        make_context(web);
    }
    need(inet_pton(at->sa_family, order->address != NULL ? order->address : "127.0.0.1",
                   v6 ? (void *)&v6_at.sin6_addr : (void *)&v4_at.sin_addr) == 1);
    web->listener = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(web->listener >= 0);
    (void)setsockopt(web->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    need(bind(web->listener, at, len) == 0 && listen(web->listener, 64) == 0 &&
         getsockname(web->listener, at, &len) == 0);
    web->port = ntohs(v6 ? v6_at.sin6_port : v4_at.sin_port);
    need(pthread_create(&web->thread, NULL, run, web) == 0);
    return web;
}

void web_stop(struct web *web)
{
    pthread_mutex_lock(&web->lock);
    web->stopping = true;
    if (web->fd >= 0) {
        (void)shutdown(web->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&web->lock);
    (void)shutdown(web->listener, SHUT_RDWR);
    pthread_join(web->thread, NULL);
    close(web->listener);
    SSL_CTX_free(web->ctx);
    pthread_mutex_destroy(&web->lock);
    free(web);
}

uint16_t web_port(const struct web *web)
{
    return web->port;
}

static unsigned locked(struct web *web, const unsigned *number)
{
    unsigned value;
    pthread_mutex_lock(&web->lock);
    value = *number;
    pthread_mutex_unlock(&web->lock);
    return value;
}

unsigned web_connections(struct web *web)
{
    return locked(web, &web->connections);
}

unsigned web_requests(struct web *web)
{
    return locked(web, &web->requests);
}

bool web_answering(struct web *web)
{
    bool is;
    pthread_mutex_lock(&web->lock);
    is = web->answering;
    pthread_mutex_unlock(&web->lock);
    return is;
}

void web_last(struct web *web, char *request, size_t room, char *sni, size_t sni_room)
{
    pthread_mutex_lock(&web->lock);
    (void)snprintf(request, room, "%s", web->request);
    (void)snprintf(sni, sni_room, "%s", web->sni);
    pthread_mutex_unlock(&web->lock);
}
