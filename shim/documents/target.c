/* documents/target.c: a server, as it is written on a command line or in a configuration. */
#include <documents/documents.h>

#include <string.h>

#include <base/address.h>

const char *document_target_read(const char *text, bool direct_tls,
                                 struct document_target *out)
{
    const char *equals = strchr(text, '='), *at;
    struct dna_span host = {text, equals != NULL ? (size_t)(equals - text) : strlen(text)};
    *out = (struct document_target){.direct_tls = direct_tls,
                                    .port = direct_tls ? 5270 : 5269,
                                    .rest = equals != NULL ? equals + 1 : NULL};
    at = host.len != 0 ? memchr(host.ptr, '@', host.len) : NULL;
    if (at != NULL) {
        struct dna_span port = {at + 1, host.len - (size_t)(at - host.ptr) - 1};
        host.len = (size_t)(at - host.ptr);
        if (!dna_port_parse(port, &out->port)) {
            return "the port is a number from 1 to 65535";
        }
    }
    if (dna_name_parse(host, &out->host) != DNA_OK || dna_name_is_address(&out->host)) {
        return "it begins with the name of a host";
    }
    return NULL;
}
