/* json/scan.c: the depth of a document, without recursion.
 *
 * jansson descends 2048 levels; we want eight, and want to know before it allocates.
 * Brackets inside strings do not count.
 */
#include <json/scan.h>

/* The index of the quotation mark that ends the string that begins behind i. */
static size_t end_of_string(struct dna_span bytes, size_t i)
{
    while (i < bytes.len && bytes.ptr[i] != '"') {
        i += bytes.ptr[i] == '\\' ? 2 : 1;
    }
    return i;
}

bool dna_json_is_shallow(struct dna_span bytes, unsigned depth)
{
    unsigned level = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        switch (bytes.ptr[i]) {
        case '"':
            i = end_of_string(bytes, i + 1);
            break;
        case '[':
        case '{':
            if (level++ == depth) {
                return false;
            }
            break;
        case ']':
        case '}':
            if (level > 0) {
                level--;
            }
            break;
        default:
            break;
        }
    }
    return true;
}
