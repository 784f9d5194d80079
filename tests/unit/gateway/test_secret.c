/* Files with secrets, of a link or of dialback keys: nobody else may have had access (S24). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "secret.h"

#define GOOD "0123456789abcdef0123456789abcdef"

static char directory[] = "/tmp/gateway-secret-XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(directory) != NULL ? chdir(directory) : -1;
}

static int leave(void **state)
{
    (void)state;
    (void)unlink("secret");
    return chdir("/") == 0 ? rmdir(directory) : -1;
}

/* "": it was read, and is GOOD; else why not. */
static const char *read_as(const char *text, size_t len, mode_t mode)
{
    char secret[GATEWAY_SECRET_MAX + 1] = "";
    FILE *file;
    const char *why;
    (void)unlink("secret"); /* whoever owned it */
    file = fopen("secret", "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod("secret", mode), 0);
    why = gateway_secret_read("secret", secret);
    if (why == NULL && len < 100) {
        assert_string_equal(secret, GOOD);
    }
    return why != NULL ? why : "";
}

static void modes(void **state)
{
    static const mode_t open_to_others[] = {0640, 0620, 0610, 0604, 0602, 0601, 0644, 0660};
    (void)state;
    assert_string_equal(read_as(GOOD "\n", 33, 0600), "");
    assert_string_equal(read_as(GOOD, 32, 0400), "");
    for (size_t i = 0; i < sizeof open_to_others / sizeof *open_to_others; i++) {
        assert_non_null(strstr(read_as(GOOD "\n", 33, open_to_others[i]), "others"));
    }
}

static void owners(void **state)
{
    char secret[GATEWAY_SECRET_MAX + 1];
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    assert_string_equal(read_as(GOOD, 32, 0600), "");
    assert_int_equal(chown("secret", 65534, 65534), 0);
    assert_non_null(strstr(gateway_secret_read("secret", secret), "another user"));
}

static void texts(void **state)
{
    char text[GATEWAY_SECRET_MAX + 2];
    (void)state;
    memset(text, 'x', sizeof text);
    assert_non_null(strstr(read_as("", 0, 0600), "shorter"));
    assert_non_null(strstr(read_as(GOOD, 31, 0600), "shorter"));
    assert_string_equal(read_as(text, GATEWAY_SECRET_MAX, 0600), "");
    assert_non_null(strstr(read_as(text, GATEWAY_SECRET_MAX + 1, 0600), "longer"));
    assert_non_null(strstr(read_as(text, GATEWAY_SECRET_MAX + 2, 0600), "longer"));
    assert_non_null(strstr(read_as(GOOD "\n\n", 34, 0600), "one line"));
    assert_non_null(strstr(read_as(GOOD "\0x", 34, 0600), "one line"));
    assert_non_null(strstr(read_as(GOOD " x", 34, 0600), "one line"));
    assert_non_null(strstr(read_as(GOOD "\xc3\xa9", 34, 0600), "one line"));
}

static void no_file(void **state)
{
    char secret[GATEWAY_SECRET_MAX + 1];
    (void)state;
    assert_non_null(gateway_secret_read("none", secret));
    assert_non_null(strstr(gateway_secret_read(".", secret), "regular"));
}

/* How many were read, or 0 with why not. */
static size_t read_several(const char *text, mode_t mode, const char **why)
{
    struct gateway_secrets secrets;
    size_t n;
    (void)read_as(text, strlen(text), mode);
    *why = gateway_secrets_read("secret", &secrets);
    n = *why == NULL ? secrets.n : 0;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(strncmp(secrets.list[i], GOOD, 32), 0);
        assert_int_equal(secrets.list[i][32], i == 0 ? 0 : 'a' + (char)i);
    }
    gateway_secrets_wipe(&secrets);
    return n;
}

static void several(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        size_t n;
        const char *why;
    } rows[] = {
        {GOOD, 0600, 1, ""},
        {GOOD "\n", 0400, 1, ""},
        {GOOD "\n" GOOD "b", 0600, 2, ""},
        {GOOD "\n" GOOD "b\n" GOOD "c\n" GOOD "d\n", 0600, 4, ""},
        {GOOD "\n" GOOD "b\n" GOOD "c\n" GOOD "d\n" GOOD "e\n", 0600, 0, "more than four"},
        {"", 0600, 0, "shorter"},
        {"\n" GOOD, 0600, 0, "shorter"},
        {GOOD "\n\n", 0600, 0, "shorter"},
        {GOOD "\n0123456789abcdef0123456789abcde", 0600, 0, "shorter"},
        {GOOD "\r\n", 0600, 0, "one line"},
        {GOOD "\n" GOOD " b\n", 0600, 0, "one line"},
        {GOOD "\n" GOOD "b", 0640, 0, "others"},
        {GOOD "\n" GOOD "b", 0604, 0, "others"},
        {GOOD "\n" GOOD "b", 0602, 0, "others"},
    };
    const char *why;
    struct gateway_secrets secrets;
    char text[GATEWAY_SECRETS_MOST * (GATEWAY_SECRET_MAX + 1) + 2];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(read_several(rows[i].text, rows[i].mode, &why), rows[i].n);
        if (rows[i].n == 0 && strstr(why, rows[i].why) == NULL) {
            fail_msg("row %zu: %s", i, why);
        }
    }
    /* As long as it may be, and by one character longer. */
    memset(text, 'x', sizeof text);
    for (size_t i = 1; i <= GATEWAY_SECRETS_MOST; i++) {
        text[i * (GATEWAY_SECRET_MAX + 1) - 1] = '\n';
    }
    (void)read_as(text, sizeof text - 2, 0600);
    assert_null(gateway_secrets_read("secret", &secrets));
    assert_int_equal(secrets.n, 4);
    (void)read_as(text, sizeof text - 1, 0600);
    assert_non_null(strstr(gateway_secrets_read("secret", &secrets), "more than four"));
    assert_non_null(gateway_secrets_read("none", &secrets));
    assert_non_null(strstr(gateway_secrets_read(".", &secrets), "regular"));
    gateway_secrets_wipe(&secrets);
    assert_int_equal(secrets.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes),
        cmocka_unit_test(owners),
        cmocka_unit_test(texts),
        cmocka_unit_test(no_file),
        cmocka_unit_test(several),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
