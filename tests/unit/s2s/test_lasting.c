/* Streams that last: stream management (XEP-0198), pings and silence, bidi (XEP-0288). */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <base/limits.h>

#include "play.h"

#define LASTS_IN {.role = DNA_RECEIVING, .lasts = true}
#define LASTS_OUT {.role = DNA_INITIATING, .lasts = true}
#define PLAIN_OUT {.role = DNA_INITIATING}

/* As in play.h, with what is offered by a stream that lasts. */
#define DNA_LASTS_IN                                                                        \
    TLS_IN                                                                                  \
    "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"                    \
    "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"      \
    "<stream:features><assert {dna} from='t.example'/>{limits}<sm {sm}/></stream:features>\n" \
    "* hear s.example\n"
#define VALID_LASTS_IN                                                                      \
    DNA_LASTS_IN                                                                            \
    "> <valid {dna} to='t.example'/>\n"                                                     \
    "* own t.example yes\n"                                                                 \
    "> <assert {dna} from='s.example'/>\n"                                                  \
    "! ruled s.example proven 3600\n"                                                       \
    "< <valid {dna} to='s.example'/>\n"                                                     \
    "* peer s.example yes\n"                                                                \
    "* reader 262144 128 shallow\n"
#define MANAGED_IN                                                                          \
    VALID_LASTS_IN                                                                          \
    "> <enable {sm} resume='true'/>\n"                                                      \
    "< <enabled {sm} id='rid' resume='true' max='120'/>\n"
#define SASL_LASTS_IN                                                                       \
    TLS_IN                                                                                  \
    "> {stream} to='t.example' from='s.example' version='1.0'>\n"                           \
    "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"    \
    "* hear s.example\n"                                                                    \
    "! ruled s.example proven 3600\n"                                                       \
    "< <stream:features><mechanisms {sasl}><mechanism>EXTERNAL</mechanism></mechanisms>"    \
    "<assert {dna} from='t.example'/>{limits}{bidi}</stream:features>\n"
#define AUTHENTICATE                                                                        \
    "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"                                        \
    "< <success {sasl}/>\n"                                                                 \
    "* restart\n"                                                                           \
    "> {stream} to='t.example' from='s.example' version='1.0'>\n"                           \
    "< {stream} from='t.example' to='s.example' id='id2' version='1.0' xml:lang='en'>"      \
    "<stream:features><assert {dna} from='t.example'/>{limits}<sm {sm}/></stream:features>\n" \
    "* peer s.example yes\n"                                                                \
    "* reader 262144 128 shallow\n"
#define ENABLING_OUT                                                                        \
    TLS_OUT                                                                                 \
    "> <stream:features><assert {dna} from='s.example'/><sm {sm}/></stream:features>\n"     \
    "! ruled s.example proven 3600\n"                                                       \
    "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"                     \
    "* peer s.example yes\n"                                                                \
    "* reader 262144 128 shallow\n"                                                         \
    "> <valid {dna} to='t.example'/>\n"                                                     \
    "< <enable {sm} resume='true' max='120'/>\n"                                            \
    "* own t.example yes\n"
#define MANAGED_OUT                                                                         \
    ENABLING_OUT                                                                            \
    "> <enabled {sm} id='theirs' resume='true' max='60' location='192.0.2.1:5269'/>\n"
#define SASL_OUT(features, says)                                                            \
    TLS_OUT                                                                                 \
    "! ruled s.example proven 3600\n"                                                       \
    "> <stream:features><mechanisms {sasl}><mechanism>EXTERNAL</mechanism></mechanisms>"    \
    features "</stream:features>\n"                                                         \
    "< " says "<auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"                     \
    "> <success {sasl}/>\n"                                                                 \
    "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"      \
    "* restart\n"                                                                           \
    "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"                    \
    "> <stream:features/>\n"                                                                \
    "* own t.example yes\n"                                                                 \
    "* peer s.example yes\n"                                                                \
    "* reader 262144 128 shallow\n"

#define M1 "<message from='a@s.example' to='b@t.example'/>"
#define T1 "* stanza message s.example -> t.example " M1 "\n"
#define OURS "<message xml:lang='de' from='a@t.example' to='b@s.example'></message>"
#define ERROR(condition, text)                                                              \
    "<stream:error><" condition " {err}/>" text "</stream:error></stream:stream>\n"
#define UNEXPECTED                                                                          \
    ERROR("policy-violation", "<text {err} xml:lang='en'>not expected here</text>")
#define NOT_NOW "< <failed {sm}><unexpected-request {sta}/></failed>\n"

static const struct scene scenes[] = {
    /* --- the receiving entity --- */
    {"managed", LASTS_IN,
     MANAGED_IN
     "> " M1 "<r {sm}/>" M1 "<assert {dna} from='s.example'/><r {sm}/>\n"
     "< <a {sm} h='1'/><valid {dna} to='s.example'/><a {sm} h='2'/>\n"
     T1 T1
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "! send t.example s.example\n"
     "< " OURS "\n"
     "> <a {sm} h='1'/>\n"
     "< <r {sm}/>\n"
     "> <a {sm} h='2'/>\n"},
    {"enabled twice", LASTS_IN, MANAGED_IN "> <enable {sm}/>\n" NOT_NOW},
    {"resumed once managed", LASTS_IN, MANAGED_IN "> <resume {sm} previd='x' h='0'/>\n" NOT_NOW},
    {"enabled before authentication", LASTS_IN, DNA_LASTS_IN "> <enable {sm}/>\n" NOT_NOW},
    {"resumed before authentication", LASTS_IN,
     DNA_LASTS_IN "> <resume {sm} previd='old' h='0'/>\n" NOT_NOW},
    {"enabled before SASL", LASTS_IN, SASL_LASTS_IN "> <enable {sm}/>\n" NOT_NOW},
    {"resumed before SASL", LASTS_IN,
     SASL_LASTS_IN "> <resume {sm} previd='old' h='0'/>\n" NOT_NOW},
    {"a count that is too high", LASTS_IN,
     MANAGED_IN
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "> <a {sm} h='2'/>\n"
     "< " ERROR("undefined-condition",
                "<handled-count-too-high {sm} h='2' send-count='1'/>")
     "* error sent undefined-condition\n"},
    {"a count that goes back", LASTS_IN,
     MANAGED_IN
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "> <a {sm} h='1'/>\n"
     "> <a {sm} h='0'/>\n"
     "< " ERROR("undefined-condition",
                "<handled-count-too-high {sm} h='0' send-count='1'/>")
     "* error sent undefined-condition\n"},
    {"no count", LASTS_IN,
     MANAGED_IN "> <a {sm}/>\n< " ERROR("bad-format", "") "* error sent bad-format\n"},
    {"a count of 2^32", LASTS_IN,
     MANAGED_IN
     "> <a {sm} h='4294967296'/>\n< " ERROR("bad-format", "") "* error sent bad-format\n"},
    {"an acknowledgement without management", LASTS_IN,
     VALID_LASTS_IN "> <a {sm} h='0'/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"a request without management", LASTS_IN,
     VALID_LASTS_IN "> <r {sm}/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"an answer to the receiving entity", LASTS_IN,
     VALID_LASTS_IN "> <enabled {sm}/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"broken", LASTS_IN,
     MANAGED_IN
     "> " M1 "\n" T1
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "! gone\n"
     "* close\n"
     "! leave\n"
     "= left rid for 120000: 1 handled, 1 sent, 1 kept, 0 held\n"},
    {"ended properly", LASTS_IN,
     MANAGED_IN
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "! close\n"
     "< <a {sm} h='0'/></stream:stream>\n"
     "> <a {sm} h='1'/></stream:stream>\n"
     "* close\n"
     "! leave\n"},
    {"ended without an acknowledgement", LASTS_IN,
     MANAGED_IN
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "> </stream:stream>\n"
     "< <a {sm} h='0'/></stream:stream>\n"
     "* close\n"
     "! leave\n"
     "= unsent <message from='a@t.example' to='b@s.example'></message>\n"},
    {"resumed", LASTS_IN,
     VALID_LASTS_IN
     "> <resume {sm} previd='old' h='1'/>\n"
     "* resume old\n"
     "! suspended 7 0 3 t.example s.example\n"
     "< <resumed {sm} previd='old' h='7'/>"
     "<message from='a@t.example' to='b@s.example' id='1'/><r {sm}/>"
     "<message from='a@t.example' to='b@s.example' id='2'/>\n"
     "> <a {sm} h='3'/>\n"
     "> " M1 "<r {sm}/>\n"
     "< <a {sm} h='8'/>\n" T1},
    {"not there", LASTS_IN,
     VALID_LASTS_IN
     "> <resume {sm} previd='old' h='1'/>\n"
     "* resume old\n"
     "! suspended\n"
     "< <failed {sm}><item-not-found {sta}/></failed>\n"
     "> <enable {sm}/>\n"
     "< <enabled {sm} id='rid' resume='true' max='120'/>\n"},
    {"resumed with a count that is too high", LASTS_IN,
     VALID_LASTS_IN
     "> <resume {sm} previd='old' h='4'/>\n"
     "* resume old\n"
     "! suspended 7 0 3 t.example s.example\n"
     "< " ERROR("undefined-condition",
                "<handled-count-too-high {sm} h='4' send-count='3'/>")
     "* error sent undefined-condition\n"
     "! leave\n"
     "= unsent <message from='a@t.example' to='b@s.example' id='0'/>\n"
     "= unsent <message from='a@t.example' to='b@s.example' id='1'/>\n"
     "= unsent <message from='a@t.example' to='b@s.example' id='2'/>\n"},
    {"resumed without a count", LASTS_IN,
     VALID_LASTS_IN "> <resume {sm} previd='old'/>\n" NOT_NOW},
    {"the host's answer that nobody asked for", LASTS_IN,
     VALID_LASTS_IN
     "! suspended 7 0 1 t.example s.example\n"
     "= not taken\n"},
    /* Another domain of ours was accepted on the old stream: it waits here, and is asserted. */
    {"resumed with another domain", LASTS_IN,
     VALID_LASTS_IN
     "> <resume {sm} previd='old' h='0'/>\n"
     "* resume old\n"
     "! suspended 0 0 1 t2.example s.example\n"
     "< <resumed {sm} previd='old' h='0'/><assert {dna} from='t2.example'/>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "< <message from='a@t2.example' to='b@s.example' id='0'/><r {sm}/>\n"
     "* own t2.example yes\n"},
    {"resumed with a domain that is not proven in time", LASTS_IN,
     VALID_LASTS_IN
     "> <resume {sm} previd='old' h='0'/>\n"
     "* resume old\n"
     "! suspended 0 0 1 t2.example s.example\n"
     "< <resumed {sm} previd='old' h='0'/><assert {dna} from='t2.example'/>\n"
     "! tick 90000\n"
     "* own t2.example no remote-server-timeout\n"
     "! unsent\n"
     "= unsent <message from='a@t2.example' to='b@s.example' id='0'/>\n"},

    /* --- the initiating entity --- */
    {"out: managed", LASTS_OUT,
     MANAGED_OUT
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "> " M1 "<r {sm}/><a {sm} h='1'/>\n"
     "< <a {sm} h='1'/>\n" T1
     "! gone\n"
     "* close\n"
     "! leave\n"
     "= left theirs for 60000: 1 handled, 1 sent, 0 kept, 0 held\n"},
    {"out: sent before it is enabled", LASTS_OUT,
     ENABLING_OUT
     "! send t.example s.example\n"
     "< " OURS "\n"
     "> <enabled {sm}/>\n"
     "< <r {sm}/>\n"
     "> <a {sm} h='1'/>\n"
     "! gone\n"
     "* close\n"
     "! leave\n"},
    {"out: not enabled", LASTS_OUT,
     ENABLING_OUT
     "> <failed {sm}/>\n"
     "! send t.example s.example\n"
     "< " OURS "\n"
     "> <failed {sm}/>\n"
     "< " UNEXPECTED "* error sent policy-violation\n"},
    {"out: enabled twice", LASTS_OUT,
     MANAGED_OUT "> <enabled {sm}/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"out: resumed unasked", LASTS_OUT,
     MANAGED_OUT
     "> <resumed {sm} previd='theirs' h='0'/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"out: not offered", LASTS_OUT,
     VALID_OUT
     "> <enabled {sm}/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"out: acknowledged before it is enabled", LASTS_OUT,
     ENABLING_OUT
     "> <a {sm} h='0'/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"out: a request of the initiating entity's", LASTS_OUT,
     MANAGED_OUT "> <enable {sm}/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"out: what was sent and not acknowledged", LASTS_OUT,
     MANAGED_OUT
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "! tick 119999\n"
     "! tick 1\n"
     "< " ERROR("connection-timeout",
                "<text {err} xml:lang='en'>no answer to what was sent</text>")
     "* error sent connection-timeout\n"
     "! leave\n"
     "= left theirs for 60000: 0 handled, 1 sent, 1 kept, 0 held\n"},
    {"out: an error of the peer's", LASTS_OUT,
     MANAGED_OUT
     "! send t.example s.example\n"
     "< " OURS "<r {sm}/>\n"
     "> <stream:error><reset {err}/></stream:error></stream:stream>\n"
     "< <a {sm} h='0'/></stream:stream>\n"
     "* error received reset\n"
     "* close\n"
     "! leave\n"
     "= unsent <message from='a@t.example' to='b@s.example'></message>\n"},

    /* --- what a stream that is not managed may have lost --- */
    {"out: broken without management", LASTS_OUT,
     VALID_OUT
     "! send t.example s.example\n"
     "< " OURS "\n"
     "! tick 10000\n"
     "! send t.example s.example\n"
     "< " OURS "\n"
     "! gone\n"
     "* close\n"
     "! leave\n"
     "= unsent <message from='a@t.example' to='b@s.example'></message>\n"},
    {"out: broken without management, and unconfirmed", LASTS_OUT,
     VALID_OUT
     "! send t.example s.example\n"
     "< " OURS "\n"
     "! tick 10000\n"
     "! send t.example s.example\n"
     "< " OURS "\n"
     "! tick 10000\n"
     "! unconfirmed 80\n"
     "! gone\n"
     "* close\n"
     "! leave\n"
     "= unsent <message from='a@t.example' to='b@s.example'></message>\n"
     "= unsent <message from='a@t.example' to='b@s.example'></message>\n"},
    {"out: ended without management", LASTS_OUT,
     VALID_OUT
     "! send t.example s.example\n"
     "< " OURS "\n"
     "> </stream:stream>\n"
     "< </stream:stream>\n"
     "* close\n"
     "! leave\n"},

    /* --- silence --- */
    {"out: a space now and then", LASTS_OUT,
     VALID_OUT "! tick 299999\n! tick 1\n<  \n! tick 299999\n! tick 1\n<  \n"},
    {"out: the peer's idea of silence", LASTS_OUT,
     TLS_OUT
     "> <stream:features><assert {dna} from='s.example'/><limits {lim}><idle-seconds>40"
     "</idle-seconds></limits></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! tick 29999\n"
     "! tick 1\n"
     "<  \n"},
    {"out: never in a hurry", LASTS_OUT,
     TLS_OUT
     "> <stream:features><assert {dna} from='s.example'/><limits {lim}><idle-seconds>1"
     "</idle-seconds></limits></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! tick 4999\n"
     "! tick 1\n"
     "<  \n"},
    {"out: a ping for what nothing answers", LASTS_OUT,
     VALID_OUT
     "! send t.example s.example\n"
     "< " OURS "\n"
     "! tick 29999\n"
     "! tick 1\n"
     "< <iq from='t.example' to='s.example' id='pid-1' type='get'><ping "
     "xmlns='urn:xmpp:ping'/></iq>\n"
     "* ping t.example s.example pid-1\n"
     "! ponged\n"
     "! send t.example s.example\n"
     "< " OURS "\n"
     "! tick 299999\n"
     "! tick 1\n"
     "< <iq from='t.example' to='s.example' id='pid-2' type='get'><ping "
     "xmlns='urn:xmpp:ping'/></iq>\n"
     "* ping t.example s.example pid-2\n"
     "! tick 119999\n"
     "! tick 1\n"
     "< " ERROR("connection-timeout",
                "<text {err} xml:lang='en'>no answer to what was sent</text>")
     "* error sent connection-timeout\n"},
    {"out: a ping where the header's domain is refused", LASTS_OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "> <invalid {dna} to='t.example'/>\n"
     "* own t.example no remote-server-timeout\n"
     "! send t2.example s.example\n"
     "< <message xml:lang='de' from='a@t2.example' to='b@s.example'></message>\n"
     "! tick 29999\n"
     "! tick 1\n"
     "< <iq from='t2.example' to='s.example' id='pid-1' type='get'><ping "
     "xmlns='urn:xmpp:ping'/></iq>\n"
     "* ping t2.example s.example pid-1\n"},
    {"out: no ping for what is answered", LASTS_OUT,
     VALID_OUT
     "! send t.example s.example\n"
     "< " OURS "\n"
     "> " M1 "\n" T1
     "! tick 60000\n"},

    /* --- bidi --- */
    {"bidi: we send to who authenticated", LASTS_IN,
     SASL_LASTS_IN
     "> <bidi xmlns='urn:xmpp:bidi'><limits {lim}><max-bytes>10000</max-bytes></limits></bidi>\n"
     "! maysend t.example s.example\n"
     "= no\n"
     AUTHENTICATE
     "! maysend t.example s.example\n"
     "= yes\n"
     "! maysend t2.example s.example\n"
     "= no\n"
     "! maysend t.example s2.example\n"
     "= no\n"
     "! ask t.example s.example\n"
     "! ask t2.example s.example\n"
     "= not possible now\n"
     "! send t.example s.example\n"
     "< " OURS "\n"
     "! send t.example s.example 9950\n"
     "= over a limit\n"},
    {"bidi: not said", LASTS_IN,
     SASL_LASTS_IN AUTHENTICATE
     "! maysend t.example s.example\n"
     "= no\n"},
    {"bidi: too late", LASTS_IN,
     SASL_LASTS_IN AUTHENTICATE
     "> <bidi xmlns='urn:xmpp:bidi'/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"bidi: twice", LASTS_IN,
     SASL_LASTS_IN
     "> <bidi xmlns='urn:xmpp:bidi'/>\n"
     "> <bidi xmlns='urn:xmpp:bidi'/>\n< " UNEXPECTED "* error sent policy-violation\n"},
    {"bidi: out", LASTS_OUT,
     SASL_OUT("{bidi}", "{ours}")
     "> " M1 "\n" T1
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "< " ERROR("host-unknown", "<text {err} xml:lang='en'>not a domain that is served on "
                                "this stream</text>")
     "* error sent host-unknown\n"},
    {"bidi: out, from another domain", LASTS_OUT,
     SASL_OUT("{bidi}", "{ours}")
     "> <message from='a@x.example' to='b@t.example'/>\n"
     "< " ERROR("invalid-from", "<text {err} xml:lang='en'>that domain is not proven on this "
                                "stream</text>")
     "* error sent invalid-from\n"},
    {"bidi: out, not offered", LASTS_OUT,
     SASL_OUT("", "")
     "> " M1 "\n"
     "< " ERROR("not-authorized", "<text {err} xml:lang='en'>nothing is proven that would "
                                  "permit this</text>")
     "* error sent not-authorized\n"},
    {"bidi: out, a stanza before authentication", LASTS_OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>EXTERNAL</mechanism></mechanisms>{bidi}"
     "</stream:features>\n"
     "< {ours}<auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> " M1 "\n"
     "< " ERROR("not-authorized", "<text {err} xml:lang='en'>not expected here</text>")
     "* error sent not-authorized\n"},
    {"bidi: not wanted with DNA", LASTS_OUT,
     TLS_OUT
     "> <stream:features><assert {dna} from='s.example'/>{bidi}</stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
};

/* A peer that acknowledges nothing, and sends what has to be returned: errors count as what we
 * send, so at the bound nothing is returned any more until it acknowledges something. */
#define TO_NOBODY "> <message from='a@s.example' to='b@t2.example' id='1'/>\n"
#define BOUNCE                                                                              \
    "<message type='error' from='b@t2.example' to='a@s.example' id='1'><error "             \
    "type='cancel'><item-not-found {sta}/><text {sta} xml:lang='en'>that domain is no "     \
    "longer served here</text></error></message>"

static char *bounces_have_a_bound(void)
{
    static const char before[] =
        VALID_LASTS_IN
        "> <valid {dna} to='t2.example'/>\n"
        "* own t2.example yes\n"
        "! unhost t2.example\n"
        "< <impossible {dna} from='t2.example'/>\n"
        "* own t2.example no remote-server-timeout\n"
        "> <resume {sm} previd='old' h='0'/>\n"
        "* resume old\n";
    const size_t room = sizeof before + 4000 + (size_t)DNA_LIMIT_UNACKED * 80;
    char *script = malloc(room);
    size_t len;
    assert(script != NULL);
    len = (size_t)snprintf(script, room,
                           "%s! suspended 0 0 %d t.example s.example\n"
                           "< <resumed {sm} previd='old' h='0'/>",
                           before, DNA_LIMIT_UNACKED);
    for (int i = 0; i < DNA_LIMIT_UNACKED; i++) {
        len += (size_t)snprintf(script + len, room - len,
                                "<message from='a@t.example' to='b@s.example' id='%d'/>%s", i,
                                i == 0 ? "<r {sm}/>" : "");
    }
    len += (size_t)snprintf(script + len, room - len,
                            "\n" TO_NOBODY TO_NOBODY "> <a {sm} h='%d'/>\n" TO_NOBODY
                            "< " BOUNCE "<r {sm}/>\n",
                            DNA_LIMIT_UNACKED);
    assert(len < room);
    return script;
}

int main(void)
{
    char *script = bounces_have_a_bound();
    const struct scene bound = {"bounces have a bound", LASTS_IN, script};
    int failed = play_all(scenes, sizeof scenes / sizeof *scenes) + play_all(&bound, 1);
    free(script);
    return failed;
}
