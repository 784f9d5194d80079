/* Dialback behind an exchange that ended without a proof, on the same stream. */
#include "play.h"

#define BEGUN_OUT                                                                           \
    "! new\n"                                                                               \
    "< {stream} {xdb} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n" \
    "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"                    \
    "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"         \
    "< <starttls {tls}/>\n"                                                                 \
    "> <proceed {tls}/>\n"                                                                  \
    "* secure t.example\n"                                                                  \
    "! secured\n"                                                                           \
    "< {stream} {xdb} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n" \
    "* restart\n"                                                                           \
    "* hear s.example\n"
#define ASSERTED_OUT                                                                        \
    BEGUN_OUT                                                                               \
    "> {stream} {xdb} from='s.example' to='t.example' id='y' version='1.0'>\n"              \
    "> <stream:features><assert {dna} from='s.example'/>{errors}</stream:features>\n"
#define CHALLENGED_OUT                                                                      \
    ASSERTED_OUT                                                                            \
    "! challenge s.example pkix\n"                                                          \
    "< <challenge {dna} to='s.example'><proof type='urn:xmpp:dna:proof:pkix'/>"             \
    "<proof type='urn:ietf:params:dna:proof:pkix'/></challenge>\n"                          \
    "* reader 71680 32\n"
#define PROVED_OUT                                                                          \
    CHALLENGED_OUT                                                                          \
    "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:pkix'/>\n"                    \
    "* fact s.example proof pkix []\n"
#define DIALS_OUT                                                                           \
    PROVED_OUT                                                                              \
    "! ruled s.example dialback\n"                                                          \
    "< <invalid {dna} to='s.example'/>\n"                                                   \
    "* key t.example s.example y\n"
#define SENT_OUT                                                                            \
    DIALS_OUT                                                                               \
    "! key t.example s.example abc\n"                                                       \
    "< <db:result from='t.example' to='s.example'>abc</db:result>\n"
#define PAIR_OUT                                                                            \
    SENT_OUT                                                                                \
    "> <db:result from='s.example' to='t.example' type='valid'/>\n"                         \
    "* pair t.example -> s.example yes\n"                                                   \
    "* reader 262144 128 shallow\n"

#define GREETED_IN                                                                          \
    "> {stream} to='t.example' from='s.example' version='1.0'>\n"                           \
    "< {stream} {xdb} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>" \
    "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"           \
    "* foresee s.example\n"                                                                 \
    "> <starttls {tls}/>\n"                                                                 \
    "< <proceed {tls}/>\n"                                                                  \
    "* secure t.example\n"                                                                  \
    "! secured\n"                                                                           \
    "* restart\n"                                                                           \
    "> {stream} {xdb} {xdna} to='t.example' from='s.example' version='1.0'>\n"              \
    "< {stream} {xdb} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>" \
    "<stream:features><assert {dna} from='t.example'/>{limits}{errors}</stream:features>\n" \
    "* hear s.example\n"
#define CHALLENGED_IN                                                                       \
    GREETED_IN                                                                              \
    "! challenge s.example pkix\n"                                                          \
    "< <challenge {dna} to='s.example'><proof type='urn:xmpp:dna:proof:pkix'/>"             \
    "<proof type='urn:ietf:params:dna:proof:pkix'/></challenge>\n"                          \
    "* reader 71680 32\n"
#define UNPROVEN_IN                                                                         \
    CHALLENGED_IN                                                                           \
    "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:pkix'/>\n"                    \
    "* fact s.example proof pkix []\n"                                                      \
    "! ruled s.example dialback\n"                                                          \
    "< <invalid {dna} to='s.example'/>\n"
#define PAIR_IN                                                                             \
    UNPROVEN_IN                                                                             \
    "> <db:result from='s.example' to='t.example'>k</db:result>\n"                          \
    "* ask s.example t.example id1 [k] 1\n"                                                 \
    "! answered s.example t.example 1 valid\n"                                              \
    "< <db:result from='t.example' to='s.example' type='valid'/>\n"                         \
    "* pair s.example -> t.example yes\n"                                                   \
    "* reader 262144 128 shallow\n"

#define REFUSED                                                                             \
    "<stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is proven that " \
    "would permit this</text></stream:error></stream:stream>\n"                             \
    "* peer s.example no\n"                                                                 \
    "* error sent not-authorized\n"

static const struct scene scenes[] = {
    /* We initiate. */
    {"out: a proof that did not hold", DIALBACK_OUT,
     PAIR_OUT "! maysend t.example s.example\n"
              "= yes\n"
              "! maysend t2.example s.example\n"
              "= no\n"},
    {"out: unhosted while the target is judged", DIALBACK_OUT,
     PAIR_OUT "! ask t2.example x.example\n"
              "* hear x.example added\n"
              "! ask t.example x.example\n"
              "! unhost t2.example\n"
              "* pair t2.example -> x.example no remote-server-timeout\n"
              "! host t2.example\n"
              "! ask t2.example x.example\n"
              "= not possible now\n"
              "! ruled x.example dialback\n"
              "* key t.example x.example y\n"},
    {"out: judged before the features came", DIALBACK_OUT,
     BEGUN_OUT "! ruled s.example dialback\n"
               "> {stream} {xdb} from='s.example' to='t.example' id='y' version='1.0'>\n"
               "> <stream:features><assert {dna} from='s.example'/>{errors}"
               "</stream:features>\n"
               "* hear s.example\n"
               "! ruled s.example dialback\n"
               "< <invalid {dna} to='s.example'/>\n"
               "* key t.example s.example y\n"},
    {"out: judged while the challenge is open, and a late proof", DIALBACK_OUT,
     CHALLENGED_OUT "! ruled s.example dialback\n"
                    "< <invalid {dna} to='s.example'/>\n"
                    "* key t.example s.example y\n"
                    "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:pkix'/>\n"
                    "! key t.example s.example abc\n"
                    "< <db:result from='t.example' to='s.example'>abc</db:result>\n"},
    {"out: barred, by a veto or by what was proven lately", DIALBACK_OUT,
     PROVED_OUT "! ruled s.example nothing\n"
                "< <invalid {dna} to='s.example'/>" REFUSED},
    {"out: the peer knows no dialback", DIALBACK_OUT,
     BEGUN_OUT "> {stream} from='s.example' to='t.example' id='y' version='1.0'>\n"
               "> <stream:features><assert {dna} from='s.example'/></stream:features>\n"
               "! ruled s.example dialback\n"
               "< <invalid {dna} to='s.example'/>" REFUSED},
    {"out: we know no dialback", OUT,
     DNA_OUT "! ruled s.example dialback\n"
             "< <invalid {dna} to='s.example'/>" REFUSED},
    {"out: it does not speak for the domain", DIALBACK_OUT,
     CHALLENGED_OUT "> <impossible {dna} from='s.example'/>\n"
                    "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>"
                    "nothing is proven that would permit this</text></stream:error>"
                    "</stream:stream>\n"
                    "* fact s.example impossible\n"
                    "* dismiss s.example\n"
                    "* peer s.example no\n"
                    "* error sent not-authorized\n"},
    {"out: proven, and our own proof is not taken", DIALBACK_OUT,
     ASSERTED_OUT "! ruled s.example proven 3600\n"
                  "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
                  "* peer s.example yes\n"
                  "* reader 262144 128 shallow\n"
                  "> <invalid {dna} to='t.example'/>\n"
                  "* key t.example s.example y\n"
                  "! key t.example s.example abc\n"
                  "< <db:result from='t.example' to='s.example'>abc</db:result>\n"
                  "> <db:result from='s.example' to='t.example' type='valid'/>\n"
                  "* pair t.example -> s.example yes\n"
                  "! maysend t.example s.example\n"
                  "= yes\n"},
    {"out: our proof is not taken while the peer's is still weighed: dialback for both",
     DIALBACK_OUT,
     PROVED_OUT "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:pkix'/>"
                "</challenge>\n"
                "* prove t.example pkix\n"
                "! prove t.example pkix\n"
                "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:pkix'></proof>\n"
                "> <invalid {dna} to='t.example'/>\n"
                "! ask t.example s.example\n"
                "! ruled s.example dialback\n"
                "< <invalid {dna} to='s.example'/>\n"
                "* key t.example s.example y\n"},
    {"out: the same, and the peer is proven", DIALBACK_OUT,
     PROVED_OUT "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:pkix'/>"
                "</challenge>\n"
                "* prove t.example pkix\n"
                "! prove t.example pkix\n"
                "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:pkix'></proof>\n"
                "> <invalid {dna} to='t.example'/>\n"
                "! ruled s.example proven 3600\n"
                "< <valid {dna} to='s.example'/>\n"
                "* peer s.example yes\n"
                "* key t.example s.example y\n"
                "* reader 262144 128 shallow\n"},
    {"out: the same, and the peer is neither", DIALBACK_OUT,
     PROVED_OUT "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:pkix'/>"
                "</challenge>\n"
                "* prove t.example pkix\n"
                "! prove t.example pkix\n"
                "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:pkix'></proof>\n"
                "> <invalid {dna} to='t.example'/>\n"
                "! ruled s.example nothing\n"
                "< <invalid {dna} to='s.example'/>" REFUSED},
    {"out: the challenge comes behind the key", DIALBACK_OUT,
     SENT_OUT "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:pkix'/>"
              "</challenge>\n"
              "* prove t.example pkix\n"
              "! prove t.example pkix\n"
              "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:pkix'></proof>\n"
              "> <invalid {dna} to='t.example'/>\n"
              "> <db:result from='s.example' to='t.example' type='valid'/>\n"
              "* pair t.example -> s.example yes\n"
              "* reader 262144 128 shallow\n"},
    {"out: our proof is taken, and dialback says so", DIALBACK_OUT,
     SENT_OUT "> <db:result from='s.example' to='t.example' type='valid'/>"
              "<valid {dna} to='t.example'/>\n"
              "* pair t.example -> s.example yes\n"
              "* reader 262144 128 shallow\n"
              "* own t.example yes\n"
              "! maysend t.example s.example\n"
              "= yes\n"},
    {"out: taken by the exchange alone, nothing is sent", DIALBACK_OUT,
     SENT_OUT "> <valid {dna} to='t.example'/>\n"
              "* own t.example yes\n"
              "* reader 262144 128 shallow\n"
              "! maysend t.example s.example\n"
              "= no\n"},
    {"out: it tries again too soon", DIALBACK_OUT,
     PAIR_OUT "> <assert {dna} from='s.example'/>\n"
              "< <invalid {dna} to='s.example'/>\n"
              "! maysend t.example s.example\n"
              "= yes\n"},
    {"out: it tries again, and proves the domain", DIALBACK_OUT,
     PAIR_OUT "! tick 61000\n"
              "> <assert {dna} from='s.example'/>\n"
              "* hear s.example\n"
              "! ruled s.example proven 3600\n"
              "< <valid {dna} to='s.example'/>\n"
              "* peer s.example yes\n"
              "! maysend t.example s.example\n"
              "= yes\n"},
    {"out: it tries again, and is barred now", DIALBACK_OUT,
     PAIR_OUT "! tick 61000\n"
              "> <assert {dna} from='s.example'/>\n"
              "* hear s.example\n"
              "! ruled s.example nothing\n"
              "< <invalid {dna} to='s.example'/>\n"
              "* peer s.example no\n"
              "! maysend t.example s.example\n"
              "= no\n"},
    {"out: it retracts the domain", DIALBACK_OUT,
     SENT_OUT "> <impossible {dna} from='s.example'/>\n"
              "* peer s.example no\n"
              "> <db:result from='s.example' to='t.example' type='valid'/>\n"
              "< </stream:stream>\n"
              "* pair t.example -> s.example no not-authorized\n"},
    {"out: its stanzas are not admitted by it", DIALBACK_OUT,
     PAIR_OUT "> <message from='a@s.example' to='b@t.example'/>\n"
              "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
              "proven that would permit this</text></stream:error></stream:stream>\n"
              "* error sent not-authorized\n"},
    {"out: it dials on the stream", DIALBACK_OUT,
     PAIR_OUT "> <db:result from='s.example' to='t.example'>k</db:result>\n"
              "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>dialback "
              "requests go on a stream of their own</text></stream:error></stream:stream>\n"
              "* error sent policy-violation\n"},
    {"out: dialback elements before the exchange has ended", DIALBACK_OUT,
     CHALLENGED_OUT "> <db:result from='s.example' to='t.example' type='valid'/>\n"
                    "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not "
                    "expected here</text></stream:error></stream:stream>\n"
                    "* dismiss s.example\n"
                    "* error sent policy-violation\n"},
    {"out: more pairs are dialled then, too", DIALBACK_OUT,
     PAIR_OUT "! ask t2.example s2.example\n"
              "* hear s2.example added\n"
              "! ruled s2.example dialback\n"
              "* key t2.example s2.example y\n"},
    {"out: with the exchange a wanted domain that is not proven is refused", DIALBACK_OUT,
     ASSERTED_OUT "! ruled s.example proven 3600\n"
                  "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
                  "* peer s.example yes\n"
                  "* reader 262144 128 shallow\n"
                  "> <valid {dna} to='t.example'/>\n"
                  "* own t.example yes\n"
                  "! ask t.example s2.example\n"
                  "* hear s2.example added\n"
                  "! ruled s2.example dialback\n"
                  "* peer s2.example no\n"},

    /* The peer initiates. */
    {"in: a proof that did not hold", DIALBACK_IN,
     PAIR_IN "> <message from='a@s.example' to='b@t.example'/>\n"
             "* stanza message s.example -> t.example <message from='a@s.example' "
             "to='b@t.example'/>\n"
             "! maysend t.example s.example\n"
             "= no\n"},
    {"in: the very pair only", DIALBACK_IN,
     PAIR_IN "> <message from='a@s.example' to='b@t2.example'/>\n"
             "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is "
             "not proven on this stream</text></stream:error></stream:stream>\n"
             "* error sent invalid-from\n"},
    {"in: dialled while the challenge is open", DIALBACK_IN,
     CHALLENGED_IN "> <db:result from='s.example' to='t.example'>k</db:result>\n"
                   "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:pkix'/>\n"
                   "* fact s.example proof pkix []\n"
                   "! ruled s.example dialback\n"
                   "< <invalid {dna} to='s.example'/>\n"
                   "* ask s.example t.example id1 [k] 1\n"},
    {"in: barred", DIALBACK_IN,
     CHALLENGED_IN "> <db:result from='s.example' to='t.example'>k</db:result>\n"
                   "! ruled s.example nothing\n"
                   "< <invalid {dna} to='s.example'/><db:result from='t.example' "
                   "to='s.example' type='error'><error type='cancel'><not-authorized {sta}/>"
                   "</error></db:result>\n"
                   "* peer s.example no\n"},
    {"in: it does not speak for the domain", DIALBACK_IN,
     CHALLENGED_IN "> <impossible {dna} from='s.example'/>\n"
                   "* fact s.example impossible\n"
                   "* dismiss s.example\n"
                   "* peer s.example no\n"
                   "> <db:result from='s.example' to='t.example'>k</db:result>\n"
                   "< <db:result from='t.example' to='s.example' type='error'>"
                   "<error type='cancel'><not-authorized {sta}/></error></db:result>\n"},
    {"in: ours is not taken, theirs is: the stanza passes", DIALBACK_IN,
     GREETED_IN "! ruled s.example proven 3600\n"
                "> <invalid {dna} to='t.example'/>\n"
                "* own t.example no remote-server-timeout\n"
                "> <db:result from='s.example' to='t.example'>k</db:result>\n"
                "< <db:result from='t.example' to='s.example' type='valid'/>"
                "<valid {dna} to='s.example'/>\n"
                "* peer s.example yes\n"
                "* reader 262144 128 shallow\n"
                "> <message from='a@s.example' to='b@t.example'/>\n"
                "* stanza message s.example -> t.example <message from='a@s.example' "
                "to='b@t.example'/>\n"
                "! maysend t.example s.example\n"
                "= no\n"},
    {"in: we want the domain, which only dialback admits: another stream is for that",
     DIALBACK_IN,
     PAIR_IN "! ask t.example s.example\n"
             "* peer s.example no\n"},
    {"in: we want a further domain, which is not proven", DIALBACK_IN,
     GREETED_IN "> <valid {dna} to='t.example'/><assert {dna} from='s.example'/>\n"
                "* own t.example yes\n"
                "! ruled s.example proven 3600\n"
                "< <valid {dna} to='s.example'/>\n"
                "* peer s.example yes\n"
                "* reader 262144 128 shallow\n"
                "! ask t.example s2.example\n"
                "* hear s2.example added\n"
                "! ruled s2.example dialback\n"
                "* peer s2.example no\n"},
    {"in: asserted again and again", DIALBACK_IN,
     UNPROVEN_IN "> <assert {dna} from='s.example'/>\n"
                 "< <invalid {dna} to='s.example'/>\n"
                 "> <assert {dna} from='s.example'/>\n"
                 "< <invalid {dna} to='s.example'/>\n"
                 "> <assert {dna} from='s.example'/>\n"
                 "< <invalid {dna} to='s.example'/>\n"
                 "> <assert {dna} from='s.example'/>\n"
                 "< <invalid {dna} to='s.example'/>\n"
                 "> <assert {dna} from='s.example'/>\n"
                 "< <invalid {dna} to='s.example'/>\n"
                 "> <assert {dna} from='s.example'/>\n"
                 "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the same "
                 "assertion again and again</text></stream:error></stream:stream>\n"
                 "* error sent policy-violation\n"},
    {"in: the peer never challenged", DIALBACK_IN,
     GREETED_IN "! ruled s.example dialback\n"
                "> <db:result from='s.example' to='t.example'>k</db:result>\n"
                "* ask s.example t.example id1 [k] 1\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
