/* Runs a fuzz target over every file of a corpus, without a fuzzer.
 *
 * usage: fuzz_NAME FILE-OR-DIRECTORY...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    struct stat status;
    int good = 0;
    if (file != NULL && fstat(fileno(file), &status) == 0) {
        size_t len = (size_t)status.st_size;
        bytes = malloc(len + 1);
        good = bytes != NULL && fread(bytes, 1, len, file) == len &&
               LLVMFuzzerTestOneInput(bytes, len) == 0;
    }
    if (!good) {
        fprintf(stderr, "%s: cannot be replayed\n", path);
    }
    free(bytes);
    if (file != NULL) {
        (void)fclose(file);
    }
    return good;
}

/* The number of files replayed, or -1. */
static int replay_directory(DIR *directory, const char *path)
{
    const struct dirent *entry;
    int files = 0;
    while ((entry = readdir(directory)) != NULL) {
        char name[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= (int)sizeof name ||
            !replay_file(name)) {
            return -1;
        }
        files++;
    }
    return files;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        int files;
        if (directory == NULL) {
            files = replay_file(argv[i]) ? 1 : -1;
        } else {
            files = replay_directory(directory, argv[i]);
            (void)closedir(directory);
        }
        if (files < 0) {
            return 1;
        }
        total += files;
    }
    printf("%d files\n", total);
    return total > 0 ? 0 : 1;
}
