/* Runs a fuzz target over every file of a corpus, without a fuzzer; with -m N also over N
 * inputs that are made of these files, the same ones each time.
 *
 * usage: fuzz_NAME [-m N] FILE-OR-DIRECTORY...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SEEDS_MAX 4096
#define INPUT_MAX (256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct seed {
    uint8_t *bytes;
    size_t len;
} seeds[SEEDS_MAX];
static size_t n_seeds;

/* Keeps the file as a seed for what is made later. */
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
        if (good && n_seeds < SEEDS_MAX) {
            seeds[n_seeds++] = (struct seed){bytes, len};
            bytes = NULL;
        }
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

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The number of files replayed, or -1. */
static int replay_directory(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, by_name), files = 0;
    for (int i = 0; i < n; i++) {
        char name[4096];
        if (files >= 0 && entries[i]->d_name[0] != '.') {
            int good = snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name) <
                           (int)sizeof name && replay_file(name);
            files = good ? files + 1 : -1;
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    return n >= 0 ? files : -1;
}

/* --- what is made of the files ------------------------------------------------------ */

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

static size_t draw(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n != 0 ? (size_t)(state >> 11) % n : 0;
}

/* Puts octets of some seed, or odd ones, in place of n octets at a place. */
static size_t replace(uint8_t *bytes, size_t len, size_t at, size_t n)
{
    const struct seed *from = &seeds[draw(n_seeds)];
    size_t start = draw(from->len + 1), room = INPUT_MAX - (len - n);
    size_t taken = draw((from->len - start < 64 ? from->len - start : 64) + 1);
    if (taken > room) {
        taken = room;
    }
    memmove(bytes + at + taken, bytes + at + n, len - at - n);
    memcpy(bytes + at, from->bytes + start, taken);
    return len - n + taken;
}

static size_t change(uint8_t *bytes, size_t len)
{
    static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, '"', '<', '>', '.', '\\', ' '};
    size_t at = draw(len + 1), left = len - at;
    switch (draw(5)) {
    case 0:
        if (left != 0) {
            bytes[at] ^= (uint8_t)(1 << draw(8));
        }
        return len;
    case 1:
        if (left != 0) {
            bytes[at] = draw(2) == 0 ? (uint8_t)draw(256) : odd[draw(sizeof odd)];
        }
        return len;
    case 2:
        return replace(bytes, len, at, 0);
    case 3:
        return replace(bytes, len, at, draw((left < 64 ? left : 64) + 1));
    default:
        left = draw((left < 16 ? left : 16) + 1);
        memmove(bytes + at, bytes + at + left, len - at - left);
        return len - left;
    }
}

/* Each input lies at the end of a block of its own size, so that a byte too far is seen. */
static int run_made(long n)
{
    uint8_t *work = malloc(INPUT_MAX);
    int good = work != NULL && n_seeds != 0;
    for (long i = 0; good && i < n; i++) {
        const struct seed *seed = &seeds[draw(n_seeds)];
        size_t len = seed->len < INPUT_MAX ? seed->len : INPUT_MAX;
        uint8_t *input;
        memcpy(work, seed->bytes, len);
        for (size_t k = 1 + draw(6); k > 0; k--) {
            len = change(work, len);
        }
        input = malloc(len != 0 ? len : 1);
        good = input != NULL;
        if (good) {
            memcpy(input, work, len);
            good = LLVMFuzzerTestOneInput(input, len) == 0;
        }
        free(input);
    }
    free(work);
    return good;
}

int main(int argc, char **argv)
{
    long made = 0;
    int total = 0, good = 1, first = 1;
    if (argc > 2 && strcmp(argv[1], "-m") == 0) {
        made = strtol(argv[2], NULL, 10);
        first = 3;
    }
    for (int i = first; i < argc && good; i++) {
        struct stat status;
        int directory = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        int files = directory ? replay_directory(argv[i]) : replay_file(argv[i]) ? 1 : -1;
        good = files >= 0;
        total += good ? files : 0;
    }
    good = good && total > 0 && (made == 0 || run_made(made));
    printf("%d files, %ld inputs made of them\n", total, made);
    for (size_t i = 0; i < n_seeds; i++) {
        free(seeds[i].bytes);
    }
    return good ? 0 : 1;
}
