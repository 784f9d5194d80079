/* Pairs that were dialled back, and what the court takes back afterwards (S18): nothing of the
 * sender passes any more, though nobody named the pair. */
#include "play.h"

#define HDR                                                                                 \
    "> {stream} to='t.example' from='s.example' version='1.0'>\n"                           \
    "< {stream} {xdb} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>" \
    "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"           \
    "* foresee s.example\n> <starttls {tls}/>\n< <proceed {tls}/>\n* secure t.example\n"     \
    "! secured\n* restart\n"                                                                \
    "> {stream} {xdb} to='t.example' from='s.example' version='1.0'>\n"                     \
    "< {stream} {xdb} from='t.example' to='s.example' id='id1' version='1.0' "              \
    "xml:lang='en'>\n* hear s.example\n"
#define PAIR                                                                                \
    HDR "! ruled s.example dialback\n"                                                      \
        "< <stream:features><assert {dna} from='t.example'/>{limits}{errors}"               \
        "</stream:features>\n"                                                              \
        "> <db:result from='s.example' to='t.example'>k</db:result>\n"                      \
        "* ask s.example t.example id1 [k] 1\n! answered s.example t.example 1 valid\n"     \
        "< <db:result from='t.example' to='s.example' type='valid'/>\n"                     \
        "* pair s.example -> t.example yes\n* reader 262144 128 shallow\n"
#define MSG "> <message from='a@s.example' to='b@t.example'/>\n"
#define ENDS                                                                                \
    "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "    \
    "proven on this stream</text></stream:error></stream:stream>\n"                         \
    "* error sent invalid-from\n"
#define RETURNED                                                                            \
    "< <message type='error' from='b@t.example' to='a@s.example'><error type='cancel'>"     \
    "<not-allowed {sta}/><text {sta} xml:lang='en'>the sender&apos;s domain is no longer "  \
    "proven</text></error></message>\n"
#define RECEIVING {.role = DNA_RECEIVING, .dialback = true}

static const struct scene scenes[] = {
    {"passes", RECEIVING,
     PAIR MSG "* stanza message s.example -> t.example "
              "<message from='a@s.example' to='b@t.example'/>\n"},
    {"the sender takes its domain back", RECEIVING,
     PAIR "> <assert {dna} from='s.example'/><impossible {dna} from='s.example'/>\n"
          "* hear s.example\n* dismiss s.example\n* peer s.example no\n"
          "! revoke s.example\n" MSG ENDS},
    {"revoked while it is heard", RECEIVING,
     PAIR "> <assert {dna} from='s.example'/>\n* hear s.example\n! revoke s.example\n"
          "< <invalid {dna} to='s.example'/>\n* dismiss s.example\n* peer s.example no\n" MSG
         RETURNED},
    {"refused when it is heard again", RECEIVING,
     PAIR "> <assert {dna} from='s.example'/>\n* hear s.example\n! ruled s.example nothing\n"
          "< <invalid {dna} to='s.example'/>\n* peer s.example no\n" MSG RETURNED},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
