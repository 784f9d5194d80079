/* x509/certificate.c: one certificate, read strictly.
 *
 * A certificate fills its bytes exactly and is DER: whoever hashes the bytes (POSH, DANE,
 * caches) and whoever parses them must speak of the same thing.
 */
#include <x509/chain.h>

#include <string.h>

#include <openssl/x509.h>

/* Days from 1970-01-01 to a day of the Gregorian calendar. */
static int64_t days_to(int64_t year, int month, int day)
{
    static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month] +
           (leap && month > 1) + day - 1;
}

enum dna_err dna_certificate_time(const ASN1_TIME *time, int64_t *out)
{
    struct tm tm;
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1) {
        return DNA_ERR_FORMAT;
    }
    *out = ((days_to((int64_t)tm.tm_year + 1900, tm.tm_mon, tm.tm_mday) * 24 + tm.tm_hour) *
                60 + tm.tm_min) * 60 + tm.tm_sec;
    return DNA_OK;
}

enum dna_err dna_certificate_validity(const X509 *certificate, int64_t *not_before,
                                      int64_t *not_after)
{
    enum dna_err err = dna_certificate_time(X509_get0_notBefore(certificate), not_before);
    if (err == DNA_OK) {
        err = dna_certificate_time(X509_get0_notAfter(certificate), not_after);
    }
    return err;
}

static bool encodes_to(const X509 *certificate, struct dna_span der)
{
    unsigned char *again = NULL;
    int len = i2d_X509(certificate, &again);
    bool same = len > 0 && (size_t)len == der.len && memcmp(again, der.ptr, der.len) == 0;
    OPENSSL_free(again);
    return same;
}

enum dna_err dna_certificate_parse(struct dna_span der, X509 **out)
{
    const unsigned char *p = (const unsigned char *)der.ptr;
    X509 *certificate;
    if (der.len == 0) {
        return DNA_ERR_FORMAT;
    }
    if (der.len > DNA_LIMIT_CHAIN_BYTES) {
        return DNA_ERR_LIMIT;
    }
    certificate = d2i_X509(NULL, &p, (long)der.len);
    if (certificate == NULL) {
        return DNA_ERR_FORMAT;
    }
    if (p != (const unsigned char *)der.ptr + der.len || !encodes_to(certificate, der)) {
        X509_free(certificate);
        return DNA_ERR_FORMAT;
    }
    *out = certificate;
    return DNA_OK;
}
