/* Whole exchanges with each request for memory failing in turn: the stream is lost, says so
 * once, and nothing leaks. */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <failing_alloc.h>

static const struct scene scenes[] = {
    {"accepting both domains and more", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/><assert {dna} from='s3.example'/>\n"
     "* hear s2.example added\n"
     "* hear s3.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "* fact s2.example proof dnssec-ta [u]\n"
     "! ruled s2.example proven 60\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "> <message from='a@s2.example' to='b@t.example'/>\n"
     "* stanza message s2.example -> t.example "
     "<message from='a@s2.example' to='b@t.example'/>\n"
     "> <message from='a@s2.example' to='b@t9.example'/>\n"
     "< <stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that is "
     "served on this stream</text></stream:error></stream:stream>\n"
     "* dismiss s3.example\n"
     "* error sent host-unknown\n"},
    {"SASL, receiving", IN, AUTHENTICATED_IN},
    {"DNA, initiating", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:posh'/>"
     "</challenge>\n"
     "* prove t2.example posh\n"
     "! prove t2.example posh\n"
     "< <proof {dna} from='t2.example' type='urn:xmpp:dna:proof:posh'></proof>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! send t2.example s.example\n"
     "< <message xml:lang='de' from='a@t2.example' to='b@s.example'></message>\n"
     "! senderror s.example t.example\n"
     "< <iq type='error' from='b@t.example' to='a@s.example/&amp;' id='7'><error "
     "type='wait'><resource-constraint {sta}/><text {sta} xml:lang='en'>full &amp; "
     "&lt;slow&gt;</text></error></iq>\n"
     "! close\n"
     "< </stream:stream>\n"},
    {"SASL, initiating, with a wish", OUT,
     TLS_OUT
     "! ask t2.example s2.example\n"
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>EXTERNAL</mechanism></mechanisms>"
     "</stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features><assert {dna} from='s.example'/></stream:features>\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t2.example'/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* hear s2.example added\n"
     "* reader 262144 128 shallow\n"},
    {"the local hop, receiving", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>k</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <db:verify from='l.example' to='r.example' id='i'>k</db:verify>\n"
     "* verify l.example r.example i [k]\n"
     "! verified l.example r.example i no\n"
     "< <db:verify from='r.example' to='l.example' id='i' type='invalid'/>\n"},
    {"the local hop, initiating", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='l.example' to='t.example' type='valid'/>\n"
     "* pair t.example -> l.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"public dialback, receiving", DIALBACK_IN,
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} {xdb} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"
     "> <starttls {tls}/>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "* restart\n"
     "> {stream} {xdb} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} {xdb} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! ruled s.example dialback\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}{errors}</stream:features>\n"
     "> <db:result from='s.example' to='t.example'>k</db:result>\n"
     "* ask s.example t.example id1 [k] 1\n"
     "> <db:result from='s2.example' to='t.example'>k2</db:result>\n"
     "* hear s2.example added\n"
     "! ruled s2.example dialback\n"
     "* ask s2.example t.example id1 [k2] 2\n"
     "! answered s2.example t.example 2 valid\n"
     "< <db:result from='t.example' to='s2.example' type='valid'/>\n"
     "* pair s2.example -> t.example yes\n"
     "* reader 262144 128 shallow\n"
     "! answered s.example t.example 2 valid\n"
     "! answered s.example t.example 1 invalid\n"
     "< <db:result from='t.example' to='s.example' type='error'><error type='cancel'>"
     "<forbidden {sta}/></error></db:result>\n"
     "> <db:verify from='s.example' to='t.example' id='i'>k</db:verify>\n"
     "* verify s.example t.example i [k]\n"
     "! verified s.example t.example i yes\n"
     "< <db:verify from='t.example' to='s.example' id='i' type='valid'/>\n"},
    {"public dialback behind the exchange", DIALBACK_OUT,
     "! new\n"
     "< {stream} {xdb} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "< {stream} {xdb} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "* hear s.example\n"
     "> {stream} {xdb} from='s.example' to='t.example' id='y' version='1.0'>\n"
     "> <stream:features><assert {dna} from='s.example'/>{errors}</stream:features>\n"
     "! ruled s.example dialback\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* key t.example s.example y\n"
     "! key t.example s.example abc\n"
     "< <db:result from='t.example' to='s.example'>abc</db:result>\n"
     "> <db:result from='s.example' to='t.example' type='valid'/>\n"
     "* pair t.example -> s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"public dialback, initiating", DIALBACK_OUT,
     "! new\n"
     "< {stream} {xdb} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "< {stream} {xdb} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "* hear s.example\n"
     "> {stream} {xdb} from='s.example' to='t.example' id='y' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "! ruled s.example dialback\n"
     "* key t.example s.example y\n"
     "! key t.example s.example abc\n"
     "< <db:result from='t.example' to='s.example'>abc</db:result>\n"
     "> <db:result from='s.example' to='t.example' type='valid'/>\n"
     "* pair t.example -> s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! verify t.example s.example i k\n"
     "< <db:verify from='t.example' to='s.example' id='i'>k</db:verify>\n"
     "> <db:verify from='s.example' to='t.example' id='i' type='valid'/>\n"
     "* answer 1 5\n"},
};

static void test_scenes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct play how = scenes[i].how;
        struct failing_alloc f;
        unsigned long n = 0;
        bool lost = true;
        for (; lost; n++) {
            how.alloc = failing_alloc_init(&f, n);
            lost = play_failing(&how, scenes[i].script);
            assert_int_equal(f.outstanding, 0);
            assert_true(lost || !f.failed);
        }
        assert_true(n > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scenes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
