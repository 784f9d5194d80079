/* What was parsed is remembered by the digest of its bytes, within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <base/limits.h>
#include <certs.h>
#include <failing_alloc.h>
#include <proof/papers.h>

#define MANY (DNA_LIMIT_PAPERS + 1)

static struct dna_papers *papers_of(const struct dna_alloc *alloc)
{
    struct dna_papers *papers;
    assert_int_equal(dna_papers_new(alloc, &papers), DNA_OK);
    return papers;
}

static struct dna_paper *read_document(struct dna_papers *papers, struct dna_span bytes)
{
    struct dna_paper *paper;
    assert_int_equal(dna_papers_read(papers, NULL, DNA_PAPER_DOCUMENT, bytes, &paper, NULL),
                     DNA_OK);
    return paper;
}

/* The same paper for the same bytes, wherever they lie; another for others. */
static void by_their_bytes(void **state)
{
    struct cert one = cert_make(&(struct cert_order){.subject = "one"});
    struct cert two = cert_make(&(struct cert_order){.subject = "one"});
    struct dna_papers *papers = papers_of(NULL);
    char *copy = malloc(one.der.len);
    struct dna_paper *a, *b, *c, *d;
    (void)state;
    assert_non_null(copy);
    memcpy(copy, one.der.ptr, one.der.len);
    a = read_document(papers, one.der);
    b = read_document(papers, (struct dna_span){copy, one.der.len});
    c = read_document(papers, two.der);
    d = read_document(NULL, one.der);
    free(copy);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    assert_ptr_not_equal(a, d);
    assert_memory_equal(dna_chain_digest(a->chain), dna_chain_digest(d->chain),
                        DNA_SHA256_SIZE);
    assert_memory_not_equal(dna_chain_digest(a->chain), dna_chain_digest(c->chain),
                            DNA_SHA256_SIZE);
    dna_paper_free(a);
    dna_paper_free(b);
    dna_paper_free(c);
    dna_paper_free(d);
    dna_papers_free(papers);
    cert_free(&one);
    cert_free(&two);
}

/* How the bytes are to be read is part of the question. */
static void by_how_they_are_read(void **state)
{
    struct cert cert = cert_make(&(struct cert_order){.subject = "one"});
    const struct cert *list[] = {&cert};
    struct dna_span pem = cert_pem(list, 1);
    struct dna_papers *papers = papers_of(NULL);
    struct dna_paper *paper = read_document(papers, pem), *other;
    const char *why;
    char text[4096];
    (void)state;
    assert_int_equal(dna_papers_read(papers, NULL, DNA_PAPER_BASE64, pem, &other, &why),
                     DNA_ERR_FORMAT);
    assert_int_equal(dna_papers_read(papers, NULL, DNA_PAPER_ACERTS, pem, &other, &why),
                     DNA_ERR_FORMAT);
    assert_string_equal(why, "there is no attribute certificate in it");
    assert_int_equal(dna_base64_encode((const unsigned char *)cert.der.ptr, cert.der.len, text,
                                       sizeof text), DNA_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(dna_papers_read(papers, NULL, DNA_PAPER_BASE64, dna_span_of(text),
                                         &other, &why), DNA_OK);
        assert_memory_equal(dna_chain_digest(paper->chain), dna_chain_digest(other->chain),
                            DNA_SHA256_SIZE);
        dna_paper_free(other);
    }
    dna_paper_free(paper);
    dna_papers_free(papers);
    free((void *)(uintptr_t)pem.ptr);
    cert_free(&cert);
}

static void keys_are_made_once(void **state)
{
    struct cert good = cert_make(&(struct cert_order){.subject = "one"});
    struct cert bad = cert_make(&(struct cert_order){.subject = "one", .key = "P-521"});
    struct dna_paper *paper = read_document(NULL, good.der);
    const struct dna_spki_dnskey *first, *second;
    (void)state;
    assert_int_equal(dna_paper_dnskey(paper, &first), DNA_OK);
    assert_int_equal(dna_paper_dnskey(paper, &second), DNA_OK);
    assert_ptr_equal(first, second);
    assert_int_equal(first->key_len, 64);
    dna_paper_free(paper);
    paper = read_document(NULL, bad.der);
    assert_int_equal(dna_paper_dnskey(paper, &first), DNA_ERR_FORMAT);
    assert_int_equal(dna_paper_dnskey(paper, &first), DNA_ERR_FORMAT);
    dna_paper_free(paper);
    cert_free(&good);
    cert_free(&bad);
}

/* One more than there is room for: what was used longest ago goes, and lives on for whoever
 * holds it. */
static void the_number_is_bounded(void **state)
{
    struct failing_alloc f;
    struct cert key = cert_make(&(struct cert_order){.subject = "key"});
    struct dna_papers *papers = papers_of(failing_alloc_init(&f, ~0ul));
    struct cert certs[MANY];
    struct dna_paper *held[2], *paper;
    long full = 0;
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        certs[i] = cert_make(&(struct cert_order){.subject = "one", .same_key = &key});
    }
    held[0] = read_document(papers, certs[0].der);
    held[1] = read_document(papers, certs[1].der);
    for (size_t i = 2; i < MANY; i++) {
        if (i == MANY - 1) {
            dna_paper_free(read_document(papers, certs[0].der));
            full = f.outstanding;
        }
        dna_paper_free(read_document(papers, certs[i].der));
    }
    assert_true(f.outstanding > full); /* the one that was dropped is still held here */
    assert_int_equal(dna_chain_count(held[1]->chain), 1);
    dna_paper_free(held[1]);
    assert_int_equal(f.outstanding, full);
    paper = read_document(papers, certs[0].der);
    assert_ptr_equal(paper, held[0]);
    dna_paper_free(paper);
    dna_paper_free(held[0]);
    dna_papers_free(papers);
    assert_int_equal(f.outstanding, 0);
    for (size_t i = 0; i < MANY; i++) {
        cert_free(&certs[i]);
    }
    cert_free(&key);
}

/* PEM, and so much empty space behind it that nine of them are more than is kept. */
static void the_size_is_bounded(void **state)
{
    static char bytes[DNA_LIMIT_DOCUMENT];
    struct cert cert = cert_make(&(struct cert_order){.subject = "one"});
    const struct cert *list[] = {&cert};
    struct dna_span pem = cert_pem(list, 1);
    struct failing_alloc f;
    struct dna_papers *papers = papers_of(failing_alloc_init(&f, ~0ul));
    size_t n = DNA_LIMIT_PAPERS_BYTES / (sizeof bytes - DNA_LIMIT_PAPERS);
    long full = 0;
    (void)state;
    for (size_t i = 0; i < 3 * n; i++) {
        memset(bytes, '\n', sizeof bytes);
        memcpy(bytes, pem.ptr, pem.len);
        dna_paper_free(read_document(
            papers, (struct dna_span){bytes, sizeof bytes - i % DNA_LIMIT_PAPERS}));
        if (i + 1 == n) {
            full = f.outstanding;
        }
        assert_true(i < n || f.outstanding <= full);
    }
    dna_papers_free(papers);
    assert_int_equal(f.outstanding, 0);
    free((void *)(uintptr_t)pem.ptr);
    cert_free(&cert);
}

static void without_memory(void **state)
{
    struct cert cert = cert_make(&(struct cert_order){.subject = "one"});
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        const struct dna_alloc *alloc = failing_alloc_init(&f, n);
        const struct dna_spki_dnskey *key;
        struct dna_papers *papers = NULL;
        struct dna_paper *paper = NULL;
        enum dna_err err = dna_papers_new(alloc, &papers);
        if (err == DNA_OK) {
            err = dna_papers_read(papers, alloc, DNA_PAPER_DOCUMENT, cert.der, &paper, NULL);
        }
        if (err == DNA_OK) {
            err = dna_paper_dnskey(paper, &key);
        }
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_paper_free(paper);
        dna_papers_free(papers);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
    cert_free(&cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_their_bytes),
        cmocka_unit_test(by_how_they_are_read),
        cmocka_unit_test(keys_are_made_once),
        cmocka_unit_test(the_number_is_bounded),
        cmocka_unit_test(the_size_is_bounded),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
