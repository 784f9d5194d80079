/* What the router's tests begin with: names, and one stream that carries a pair. */
#ifndef TESTS_FLOW_H
#define TESTS_FLOW_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_uv.h"

#define A "a.one"
#define A2 "a2.one"
#define B "b.two"
#define R "r.dna"
#define R2 "r2.dna"
#define SWEEP 1600000 /* when a fresh router first looks for idle streams */

#define journal_is(text) assert_string_equal(fake_journal(), text)

/* Stream 1: the server of link 1; A writes to R; stream 2 leads to R and is proven. */
static struct router *with_flow(const struct gateway_queue_config *queue)
{
    struct router *router = fake_router(queue);
    assert_non_null(router);
    assert_non_null(fake_accepted(router, fake_link(1)));
    fake_stanza(1, A, R, "i1", "");
    fake_found("x.r.dna", 5269);
    fake_connected(2);
    fake_carry(2, "x.r.dna");
    fake_allow(2, A, R);
    fake_ruling(2, R, DNA_PROVEN, "");
    fake_effect(2, DNA_STREAM_OWN, A, NULL, true);
    journal_is("endpoints r.dna\nconnect 2 a.one r.dna\nask 2 a.one r.dna\n"
               "ask 2 a.one r.dna\nsend 2 a.one r.dna i1\n");
    return router;
}

#endif
