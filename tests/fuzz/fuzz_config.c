/* The gateway's configuration file.
 *
 * Whatever the bytes: the tree has only options and sections that the table has, no option
 * twice in a section, and values that are texts; faults are counted and bounded by the file.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <parse.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_setting(const struct section *section, const struct setting *setting)
{
    const char *kind = section->kind != NULL ? section->kind->name : "";
    assert(gateway_option(kind, setting->option->name) == setting->option);
    assert(setting->line >= 1);
    assert(setting->option->list || setting->n == 1);
    assert(parse_setting(section, setting->option->name) == setting);
    for (size_t i = 0; i < setting->n; i++) {
        assert(strlen(setting->values[i]) < 4096);
    }
}

static void check(const struct section *top)
{
    assert(top->kind == NULL && top->title == NULL);
    for (const struct section *s = top; s != NULL; s = s->next) {
        assert(s == top || s->kind != NULL);
        for (const struct setting *one = s->settings; one != NULL; one = one->next) {
            check_setting(s, one);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static FILE *sink;
    struct faults faults = {.file = "config"};
    struct section *sections;
    char file[40];
    int fd = memfd_create("config", MFD_CLOEXEC);
    if (sink == NULL) {
        sink = fopen("/dev/null", "we");
    }
    if (fd < 0 || sink == NULL || write(fd, bytes, len) != (ssize_t)len) {
        abort();
    }
    faults.out = sink;
    (void)snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
    sections = parse_file(file, &faults);
    assert(sections != NULL);
    assert(faults.n <= 4 * len + 4);
    check(sections);
    parse_free(sections);
    (void)close(fd);
    return 0;
}
