#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DAY INT64_C(86400)

/* libcurl asks the machine for the time, not the test. */
static struct cert make(struct cert_order order, int64_t from_day, int64_t to_day)
{
    order.not_before = (int64_t)time(NULL) + from_day * DAY;
    order.not_after = (int64_t)time(NULL) + to_day * DAY;
    return cert_make(&order);
}

static struct cert leaf(const struct cert *issuer, const char *names, const char *key,
                        int64_t from_day, int64_t to_day)
{
    return make((struct cert_order){.issuer = issuer, .names = names, .key = key}, from_day,
                to_day);
}

static void write_file(struct web_papers *papers)
{
    const struct cert *ca = &papers->ca;
    struct dna_span pem = cert_pem(&ca, 1);
    int fd;
    (void)snprintf(papers->ca_file, sizeof papers->ca_file, "/tmp/test-web-ca-XXXXXX");
    fd = mkstemp(papers->ca_file);
    if (fd < 0 || write(fd, pem.ptr, pem.len) != (ssize_t)pem.len) {
        abort();
    }
    close(fd);
    cert_bytes_free(pem);
}

void web_papers_make(struct web_papers *p)
{
    static const char www[] = "DNS:www.example";
    p->ca = make((struct cert_order){.subject = "CA", .ca = true}, -1, 30);
    p->stranger = make((struct cert_order){.subject = "Stranger", .ca = true}, -1, 30);
    p->mail_ca = make((struct cert_order){.subject = "Mail CA",
                                          .ca = true,
                                          .issuer = &p->ca,
                                          .usage = "emailProtection"},
                      -1, 30);
    p->www = leaf(&p->ca, www, NULL, -1, 30);
    p->other = leaf(&p->ca, "DNS:other.example", NULL, -1, 30);
    p->expired = leaf(&p->ca, www, NULL, -9, -1);
    p->early = leaf(&p->ca, www, NULL, 1, 9);
    p->unknown = leaf(&p->stranger, www, NULL, -1, 30);
    p->alone = make((struct cert_order){.subject = "www.example", .names = www}, -1, 30);
    p->weak = leaf(&p->ca, www, "RSA-1024", -1, 30);
    p->mail = leaf(&p->mail_ca, www, NULL, -1, 30);
    p->wild = leaf(&p->ca, "DNS:*.example", NULL, -1, 30);
    p->common = make((struct cert_order){.subject = "www.example", .issuer = &p->ca}, -1, 30);
    write_file(p);
}

void web_papers_fini(struct web_papers *p)
{
    struct cert *const all[] = {&p->ca,      &p->stranger, &p->mail_ca, &p->www,
                                &p->other,   &p->expired,  &p->early,   &p->unknown,
                                &p->alone,   &p->weak,     &p->mail,    &p->wild,
                                &p->common};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        cert_free(all[i]);
    }
    unlink(p->ca_file);
}
