#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "play.h"
static void basic(void **state) { (void)state;
 play(&play_in, PLAIN_IN); play(&play_in, TLS_IN); play(&play_in, DNA_IN); play(&play_in, VALID_IN); play(&play_in, AUTHENTICATED_IN);
 play(&play_out, NEW_OUT); play(&play_out, TLS_OUT); play(&play_out, VALID_OUT);
}
int main(void) { const struct CMUnitTest tests[] = {cmocka_unit_test(basic)}; return cmocka_run_group_tests(tests, NULL, NULL); }
