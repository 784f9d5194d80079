/* Sends stanzas over TLS, one record each, as fast as they are taken.
 *
 * usage: relay_source PORT CERT.pem KEY.pem [FROM TO]
 *
 * With FROM and TO it first speaks the part of an XMPP server (STARTTLS, SASL EXTERNAL);
 * without them it only begins TLS, for a relay that does not know XMPP.  The bytes that
 * follow are the same.  A line "ready" is written to standard output, and standard input
 * says how many stanzas to send; then again, until the input ends.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <bench.h>

#define STANZA 500
#define BATCH 128 /* records in one write */

static int fd;
static SSL *ssl;

static void write_all(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        bench_must(n > 0, "the relay closed the connection");
        bytes += n;
        len -= (size_t)n;
    }
}

static void say(const char *text)
{
    if (ssl == NULL) {
        write_all(text, strlen(text));
    } else {
        bench_must(SSL_write(ssl, text, (int)strlen(text)) > 0, "cannot write");
    }
}

/* Reads until the text has been seen. */
static void await(const char *text)
{
    static char seen[65536];
    size_t len = 0;
    do {
        ssize_t n = ssl == NULL ? read(fd, seen + len, sizeof seen - len - 1)
                                : SSL_read(ssl, seen + len, (int)(sizeof seen - len - 1));
        bench_must(n > 0, text);
        len += (size_t)n;
        seen[len] = '\0';
    } while (strstr(seen, text) == NULL);
}

static void say_header(const char *from, const char *to)
{
    char text[400];
    snprintf(text, sizeof text,
             "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
             "xmlns:stream='http://etherx.jabber.org/streams' from='%s' to='%s' "
             "version='1.0' xml:lang='en'>",
             from, to);
    say(text);
}

static void open_socket(unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    bench_must(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0,
               "no connection");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void begin_tls(const char *cert, const char *key)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *begun;
    bench_must(ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, cert) == 1 &&
                   SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
                   SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1,
               "no TLS context");
    begun = SSL_new(ctx);
    SSL_set_fd(begun, fd);
    bench_must(SSL_connect(begun) == 1, "the handshake failed");
    SSL_CTX_free(ctx);
    ssl = begun;
}

/* "=": the identity that the certificate and the header name (XEP-0178). */
static void be_a_server(const char *cert, const char *key, const char *from,
                        const char *to)
{
    say_header(from, to);
    await("</stream:features>");
    say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await("<proceed");
    begin_tls(cert, key);
    say_header(from, to);
    await("EXTERNAL");
    say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
    await("<success");
    say_header(from, to);
    await("<stream:features");
}

/* A message as clients send it, its body as long as it takes. */
static void make_stanza(char stanza[STANZA + 1], const char *from, const char *to)
{
    static const char tail[] =
        "</body><active xmlns='http://jabber.org/protocol/chatstates'/><request "
        "xmlns='urn:xmpp:receipts'/><markable "
        "xmlns='urn:xmpp:chat-markers:0'/><origin-id "
        "xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-eb6b9e546013'/></message>";
    static const char words[] = "what a lot of words there are in a line of talk ";
    int head = snprintf(stanza, STANZA,
                        "<message from='juliet@%s/balcony' to='romeo@%s' "
                        "id='ktx72v49' type='chat'><body>",
                        from, to);
    size_t at = (size_t)head, end = STANZA - (sizeof tail - 1);
    for (size_t i = 0; at < end; i++) {
        stanza[at++] = words[i % (sizeof words - 1)];
    }
    memcpy(stanza + end, tail, sizeof tail);
}

/* The records of many stanzas are made in memory and go out in one write. */
static void send_stanzas(const char *stanza, unsigned long count)
{
    BIO *memory = BIO_new(BIO_s_mem());
    BIO *socket = SSL_get_wbio(ssl);
    BIO_up_ref(socket);
    SSL_set0_wbio(ssl, memory);
    for (unsigned long i = 0; i < count; i++) {
        bench_must(SSL_write(ssl, stanza, STANZA) == STANZA, "cannot write");
        if (i % BATCH == BATCH - 1 || i == count - 1) {
            char *bytes;
            long len = BIO_get_mem_data(memory, &bytes);
            write_all(bytes, (size_t)len);
            (void)BIO_reset(memory);
        }
    }
    SSL_set0_wbio(ssl, socket);
}

int main(int argc, char **argv)
{
    const char *from = argc > 5 ? argv[4] : "src.example";
    const char *to = argc > 5 ? argv[5] : "dst.example";
    char stanza[STANZA + 1], line[24];
    if (argc != 4 && argc != 6) {
        fprintf(stderr, "usage: relay_source PORT CERT.pem KEY.pem [FROM TO]\n");
        return 2;
    }
    open_socket((unsigned)strtoul(argv[1], NULL, 10));
    if (argc == 6) {
        be_a_server(argv[2], argv[3], from, to);
    } else {
        begin_tls(argv[2], argv[3]);
    }
    make_stanza(stanza, from, to);
    for (;;) {
        puts("ready");
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL) {
            return 0;
        }
        send_stanzas(stanza, strtoul(line, NULL, 10));
    }
}
