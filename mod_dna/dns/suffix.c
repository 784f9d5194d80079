/* dns/suffix.c: the public suffix list as libpsl carries it within, both sections.
 *
 * Nothing is read from a file: the list is as old as the library.  It is a second line of
 * defence, since a dnssec-ta anchor must also be named by a CA and rule the domain itself.
 */
#include <dns/suffix.h>

#include <string.h>

#include <libpsl.h>

bool dna_suffix_is_public(const char *name)
{
    const psl_ctx_t *list = psl_builtin();
    return list == NULL || strchr(name, '.') == NULL || psl_is_public_suffix(list, name) != 0;
}
