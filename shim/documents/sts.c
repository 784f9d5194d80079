/* documents/sts.c: strict transport security policies, in the words of XMPP. */
#include <documents/documents.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <proof/sts_policy.h>
#include <x509/digest.h>

bool document_sts_host(const char *text, char out[DNA_NAME_MAX + 3])
{
    bool wildcard = strncmp(text, "*.", 2) == 0;
    struct dna_name name;
    if (dna_name_parse(dna_span_of(text + (wildcard ? 2 : 0)), &name) != DNA_OK ||
        dna_name_is_address(&name)) {
        return false;
    }
    (void)snprintf(out, DNA_NAME_MAX + 3, "%s%s", wildcard ? "*." : "", name.text);
    return true;
}

static enum dna_err add_host(const char *text, struct dna_buf *out, const char **why)
{
    char host[DNA_NAME_MAX + 3];
    if (!document_sts_host(text, host)) {
        *why = "a host, or *. and a domain, is wanted";
        return DNA_ERR_FORMAT;
    }
    return dna_buf_printf(out, "srv: %s\n", host);
}

enum dna_err document_sts(const char *mode, const char *const *hosts, size_t n,
                          int64_t max_age, struct dna_buf *out, const char **why)
{
    struct dna_sts_policy policy;
    unsigned line;
    enum dna_err err = dna_buf_printf(out, "version: XSTSv1\nmode: %s\n", mode);
    *why = NULL;
    for (size_t i = 0; i < n && err == DNA_OK; i++) {
        err = add_host(hosts[i], out, why);
    }
    err = err == DNA_OK ? dna_buf_printf(out, "max_age: %" PRId64 "\n", max_age) : err;
    if (err == DNA_OK) {
        err = dna_sts_policy_parse(NULL, DNA_STS_XMPP, dna_buf_span(out), &policy, why, &line);
        if (err == DNA_OK) {
            dna_sts_policy_fini(&policy);
        }
    }
    return err;
}

enum dna_err document_sts_id(struct dna_span policy, char out[DOCUMENT_STS_ID])
{
    unsigned char digest[DNA_HASH_MAX];
    enum dna_err err = dna_hash(DNA_HASH_SHA256, policy, digest);
    for (size_t i = 0; err == DNA_OK && i < (DOCUMENT_STS_ID - 1) / 2; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
    return err;
}
