/* json/load.c: bytes to JSON, and the members that several documents have.
 *
 * Size and depth are bounded before the JSON library sees anything, and a member that stands
 * twice makes the document malformed: two readers would see two documents.
 */
#include <json/load.h>

#include <base/limits.h>
#include <json/scan.h>
#include <mod_dna/dns.h>

static const char *describe(const json_error_t *error)
{
    return json_error_code(error) == json_error_duplicate_key      ? "a member twice"
           : json_error_code(error) == json_error_numeric_overflow ? "a number out of range"
                                                                   : "not JSON";
}

enum dna_err dna_json_load(struct dna_span bytes, json_t **root, const char **why)
{
    json_error_t error;
    *root = NULL;
    if (bytes.len > DNA_LIMIT_DOCUMENT) {
        *why = "longer than 64 KiB";
        return DNA_ERR_LIMIT;
    }
    if (!dna_json_is_shallow(bytes, DNA_LIMIT_JSON_DEPTH)) {
        *why = "nested too deeply";
        return DNA_ERR_FORMAT;
    }
    *root = json_loadb(bytes.ptr != NULL ? bytes.ptr : "", bytes.len, JSON_REJECT_DUPLICATES,
                       &error);
    if (*root != NULL) {
        return DNA_OK;
    }
    if (json_error_code(&error) == json_error_out_of_memory) {
        *why = "out of memory";
        return DNA_ERR_MEMORY;
    }
    *why = describe(&error);
    return DNA_ERR_FORMAT;
}

bool dna_json_number(const json_t *object, const char *key, int64_t least, int64_t most,
                     int64_t otherwise, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    *out = otherwise;
    if (value == NULL) {
        return true;
    }
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= least && *out <= most;
}

static bool is_ascii(struct dna_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

bool dna_json_host(const json_t *object, const char *key, struct dna_name *out)
{
    const json_t *value = json_object_get(object, key);
    struct dna_span text = {json_string_value(value), json_string_length(value)};
    return json_is_string(value) && is_ascii(text) && dna_name_parse(text, out) == DNA_OK &&
           !dna_name_is_address(out);
}
