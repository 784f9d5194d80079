/* dns/address.c: only the dotted quad and the bracketed IPv6 form count; 127.1, 0x7f.1,
 * octal and decimal spellings, which some parsers read as addresses, are malformed. */
#include <dns/address.h>

#include <arpa/inet.h>
#include <string.h>

enum dna_err dna_dns_address_parse(struct dna_span text, struct dna_name *out)
{
    char copy[INET6_ADDRSTRLEN + 1];
    unsigned char binary[sizeof(struct in6_addr)];
    bool six = text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']';
    if (six) {
        text.ptr++;
        text.len -= 2;
    }
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) != NULL) {
        return DNA_ERR_FORMAT;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(six ? AF_INET6 : AF_INET, copy, binary) != 1) {
        return DNA_ERR_FORMAT;
    }
    if (!six) {
        strcpy(out->text, copy);
        return DNA_OK;
    }
    out->text[0] = '[';
    if (inet_ntop(AF_INET6, binary, out->text + 1, sizeof out->text - 2) == NULL) {
        return DNA_ERR_FORMAT;
    }
    strcat(out->text, "]");
    return DNA_OK;
}
