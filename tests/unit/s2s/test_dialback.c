/* Dialback on the hop to a local server, in its three roles, and nowhere else
 * (XEP-0220, S24). */
#include "play.h"

#define KEYED_ASKED                                                                         \
    "! new\n"                                                                               \
    "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"       \
    "> {stream} {xdb} from='l.example' to='t.example' id='s1' version='1.0'>"               \
    "<stream:features>{errors}</stream:features>\n"                                         \
    "* key t.example l.example s1\n"                                                        \
    "! key t.example l.example n:p\n"                                                       \
    "< <db:result from='t.example' to='l.example'>n:p</db:result>\n"

/* A peer without DNA, of whose domain nothing is proven. */
#define CLASSIC_IN                                                                          \
    "> {stream} to='t.example' from='s.example' version='1.0'>\n"                           \
    "< {stream} {xdb} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>" \
    "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"           \
    "* foresee s.example\n"                                                                 \
    "> <starttls {tls}/>\n"                                                                 \
    "< <proceed {tls}/>\n"                                                                  \
    "* secure t.example\n"                                                                  \
    "! secured\n"                                                                           \
    "* restart\n"                                                                           \
    "> {stream} {xdb} to='t.example' from='s.example' version='1.0'>\n"                     \
    "< {stream} {xdb} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n" \
    "* hear s.example\n"                                                                    \
    "! ruled s.example dialback\n"                                                          \
    "< <stream:features><assert {dna} from='t.example'/>{limits}{errors}</stream:features>\n"
#define ASKS(id)                                                                            \
    "> <db:verify from='s.example' to='t.example' id='" id "'>k</db:verify>\n"              \
    "* verify s.example t.example " id " [k]\n"                                             \
    "! verified s.example t.example " id " yes\n"                                           \
    "< <db:verify from='t.example' to='s.example' id='" id "' type='valid'/>\n"
#define TOO_LONG                                                                            \
    "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the negotiation "   \
    "took too long</text></stream:error></stream:stream>\n"                                 \
    "* error sent policy-violation\n"

static const struct scene scenes[] = {
    {"in: Prosody's header", LOCAL_IN,
     "> {stream} {xdb} id='' xml:lang='en' to='r.example' from='l.example' "
     "version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@l.example' to='b@r.example'/>\n"
     "* stanza message l.example -> r.example <message from='a@l.example' "
     "to='b@r.example'/>\n"},
    {"in: jabberd2's header", LOCAL_IN,
     "> {stream} {xdb}>\n"
     "< {stream} {xdb} id='id0' xml:lang='en'>\n"
     "> <db:result xmlns:db='jabber:server:dialback' from='l.example' "
     "to='r.example'>k</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@l.example' to='b@r.example'/>\n"
     "* stanza message l.example -> r.example <message from='a@l.example' "
     "to='b@r.example'/>\n"
     "> <db:verify xmlns:db='jabber:server:dialback' id='3v9n' from='l.example' "
     "to='r.example'>k</db:verify>\n"
     "* verify l.example r.example 3v9n [k]\n"
     "! verified l.example r.example 3v9n yes\n"
     "< <db:verify from='r.example' to='l.example' id='3v9n' type='valid'/>\n"},
    {"in: several pairs, each by its own names", LOCAL_IN,
     "> {stream} {xdb}>\n"
     "< {stream} {xdb} id='id0' xml:lang='en'>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <db:result from='l2.example' to='r2.example'>key</db:result>\n"
     "< <db:result from='r2.example' to='l2.example' type='valid'/>\n"
     "* pair l2.example -> r2.example yes\n"
     "> <message from='a@l2.example' to='b@r2.example'/>\n"
     "* stanza message l2.example -> r2.example <message from='a@l2.example' "
     "to='b@r2.example'/>\n"
     "> <message from='a@l.example' to='b@r.example'/>\n"
     "* stanza message l.example -> r.example <message from='a@l.example' "
     "to='b@r.example'/>\n"
     "> <message from='a@l.example' to='b@r2.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"in: a pair admits itself only", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@l.example' to='b@r2.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"in: another sender", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@l2.example' to='b@r.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"in: a stanza before any pair", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <message from='a@l.example' to='b@r.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"in: a sender that is not of this link", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='x.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='x.example' type='error'><error type='cancel'>"
     "<not-allowed {sta}/></error></db:result>\n"
     "> <message from='a@x.example' to='b@r.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"in: a sender that is not of this link, beside one that is", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <db:result from='x.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='x.example' type='error'><error type='cancel'>"
     "<not-allowed {sta}/></error></db:result>\n"
     "> <message from='a@x.example' to='b@r.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"in: a receiver that is of this link", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='l2.example'>key</db:result>\n"
     "< <db:result from='l2.example' to='l.example' type='error'><error type='cancel'>"
     "<item-not-found {sta}/></error></db:result>\n"
     "> <message from='a@l.example' to='b@l2.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"in: again", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"},
    {"in: names are canonical", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='L.EXAMPLE' to='bücher.example'>key</db:result>\n"
     "< <db:result from='xn--bcher-kva.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> xn--bcher-kva.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@l.example' to='b@xn--bcher-kva.example'/>\n"
     "* stanza message l.example -> xn--bcher-kva.example <message from='a@l.example' "
     "to='b@xn--bcher-kva.example'/>\n"},
    {"in: a header of another link", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='x.example' version='1.0'>\n"
     "< {stream} {xdb} to='x.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:error><invalid-from {err}/><text {err} xml:lang='en'>not a domain of this "
     "link</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"in: a header that is read differently", LOCAL_IN,
     "> {stream} {xdb} to='straße.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} to='l.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:error><improper-addressing {err}/><text {err} xml:lang='en'>not a domain, "
     "or one that servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"in: no from", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result to='r.example'>k</db:result>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>dialback "
     "needs from and to</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"in: no to", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example'>k</db:result>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>dialback "
     "needs from and to</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"in: bad from", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l..example' to='r.example'>key</db:result>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>dialback "
     "needs from and to</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"in: the link loses a domain", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <db:result from='l2.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l2.example' type='valid'/>\n"
     "* pair l2.example -> r.example yes\n"
     "! unhost l.example\n"
     "* pair l.example -> r.example no remote-server-timeout\n"
     "> <message from='a@l2.example' to='b@r.example'/>\n"
     "* stanza message l2.example -> r.example <message from='a@l2.example' "
     "to='b@r.example'/>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='error'><error type='cancel'>"
     "<not-allowed {sta}/></error></db:result>\n"
     "> <message from='a@l.example' to='b@r.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"in: the remote domain becomes the link's", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "! host r.example\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='error'><error type='cancel'>"
     "<not-allowed {sta}/></error></db:result>\n"
     "* pair l.example -> r.example no not-allowed\n"},
    {"in: an answer that nobody asked for: valid", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='r.example' to='l.example' type=\"valid\"></db:result>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>a dialback "
     "answer that nobody asked for</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"in: db:verify with type valid", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='r.example' to='l.example' id='x' type='valid'/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>a dialback "
     "answer that nobody asked for</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"in: an answer that nobody asked for: invalid", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='r.example' to='l.example' type=\"invalid\"></db:result>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>a dialback "
     "answer that nobody asked for</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"in: db:verify with type invalid", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='r.example' to='l.example' id='x' type='invalid'/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>a dialback "
     "answer that nobody asked for</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"in: an answer that nobody asked for: error", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='r.example' to='l.example' type=\"error\"></db:result>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>a dialback "
     "answer that nobody asked for</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"in: db:verify with type error", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='r.example' to='l.example' id='x' type='error'/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>a dialback "
     "answer that nobody asked for</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"in: prefix other than db", LOCAL_IN,
     "> {stream} xmlns:d='jabber:server:dialback' to='r.example' from='l.example' "
     "version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <d:result from='l.example' to='r.example'>k</d:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"in: unknown dialback element", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:other from='l.example' to='r.example'/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not a "
     "dialback element</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"in: nothing may be sent back", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "! maysend r.example l.example\n"
     "= no\n"
     "! ask r.example l.example\n"
     "= not possible now\n"
     "! senderror l.example r.example\n"
     "= not possible now\n"},
    {"in: DNA", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <assert {dna} from='l.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"authoritative: valid", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example' id='sid'>key</db:verify>\n"
     "* verify l.example r.example sid [key]\n"
     "! verified l.example r.example sid yes\n"
     "< <db:verify from='r.example' to='l.example' id='sid' type='valid'/>\n"},
    {"authoritative: invalid", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example' id='sid'>key</db:verify>\n"
     "* verify l.example r.example sid [key]\n"
     "! verified l.example r.example sid no\n"
     "< <db:verify from='r.example' to='l.example' id='sid' type='invalid'/>\n"},
    {"authoritative: white space round the key", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example' id='a&amp;b'> key </db:verify>\n"
     "* verify l.example r.example a&b [key]\n"
     "! verified l.example r.example a&b yes\n"
     "< <db:verify from='r.example' to='l.example' id='a&amp;b' type='valid'/>\n"},
    {"authoritative: two at once", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example' id='1'>key</db:verify>\n"
     "* verify l.example r.example 1 [key]\n"
     "> <db:verify from='l.example' to='r2.example' id='1'>key</db:verify>\n"
     "* verify l.example r2.example 1 [key]\n"
     "> <db:verify from='l.example' to='r.example' id='2'>key</db:verify>\n"
     "* verify l.example r.example 2 [key]\n"
     "! verified l.example r.example 2 yes\n"
     "< <db:verify from='r.example' to='l.example' id='2' type='valid'/>\n"
     "! verified l.example r.example 1 no\n"
     "< <db:verify from='r.example' to='l.example' id='1' type='invalid'/>\n"
     "! verified l.example r2.example 1 yes\n"
     "< <db:verify from='r2.example' to='l.example' id='1' type='valid'/>\n"},
    {"authoritative: the same twice", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example' id='sid'>key</db:verify>\n"
     "* verify l.example r.example sid [key]\n"
     "> <db:verify from='l.example' to='r.example' id='sid'>key</db:verify>\n"
     "! verified l.example r.example sid yes\n"
     "< <db:verify from='r.example' to='l.example' id='sid' type='valid'/>\n"
     "! verified l.example r.example sid yes\n"},
    {"authoritative: an answer to nothing", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "! verified l.example r.example sid yes\n"},
    {"authoritative: for a domain of the link itself", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='l2.example' id='sid'>key</db:verify>\n"
     "< <db:verify from='l2.example' to='l.example' id='sid' type='error'><error "
     "type='cancel'><item-not-found {sta}/></error></db:verify>\n"},
    {"authoritative: asked by a stranger", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='x.example' to='r.example' id='sid'>key</db:verify>\n"
     "< <db:verify from='r.example' to='x.example' id='sid' type='error'><error "
     "type='cancel'><item-not-found {sta}/></error></db:verify>\n"},
    {"authoritative: the longest key", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example' id='s'>{p*1024}</db:verify>\n"
     "* verify l.example r.example s [{p*1024}]\n"
     "> <db:verify from='l.example' to='r.example' id='s2'>{p*1025}</db:verify>\n"
     "< <db:verify from='r.example' to='l.example' id='s2' type='error'><error "
     "type='cancel'><item-not-found {sta}/></error></db:verify>\n"
     "> <db:verify from='l.example' to='r.example' id='s3'></db:verify>\n"
     "< <db:verify from='r.example' to='l.example' id='s3' type='error'><error "
     "type='cancel'><item-not-found {sta}/></error></db:verify>\n"},
    {"authoritative: no id", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example'>k</db:verify>\n"
     "< <stream:error><bad-format {err}/><text {err} xml:lang='en'>db:verify needs an "
     "id</text></stream:error></stream:stream>\n"
     "* error sent bad-format\n"},
    {"authoritative: a very long id", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example' id='{p*257}'>key</db:verify>\n"
     "< <stream:error><resource-constraint {err}/><text {err} xml:lang='en'>too many "
     "pairs, or too long an id</text></stream:error></stream:stream>\n"
     "* error sent resource-constraint\n"},
    {"authoritative: a stream for nothing else ends quietly", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify from='l.example' to='r.example' id='sid'>key</db:verify>\n"
     "* verify l.example r.example sid [key]\n"
     "! verified l.example r.example sid yes\n"
     "< <db:verify from='r.example' to='l.example' id='sid' type='valid'/>\n"
     "! tick 30000\n"
     "< </stream:stream>\n"
     "! tick 5000\n"
     "* close\n"},
    {"authoritative: not answered in time", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>key</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <db:verify from='l.example' to='r.example' id='sid'>key</db:verify>\n"
     "* verify l.example r.example sid [key]\n"
     "! tick 30000\n"
     "< <db:verify from='r.example' to='l.example' id='sid' type='error'><error "
     "type='cancel'><item-not-found {sta}/></error></db:verify>\n"
     "! verified l.example r.example sid yes\n"},
    {"out: valid", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "! maysend t.example l.example\n"
     "= no\n"
     "> <db:result from='l.example' to='t.example' type=\"valid\"></db:result>\n"
     "* pair t.example -> l.example yes\n"
     "* reader 262144 128 shallow\n"
     "! send t.example l.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@l.example'></message>\n"
     "! who\n"
     "= t.example l.example dna no\n"},
    {"out: jabberd2's features", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features><dialback xmlns='urn:xmpp:features:dialback'><required>"
     "</required></dialback></stream:features>\n"
     "* key t.example l.example sid\n"},
    {"out: before version 1.0", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} id='sid'>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"},
    {"out: no id", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' version='1.0'>\n"
     "< <stream:error><bad-format {err}/><text {err} xml:lang='en'>the header has no "
     "usable id</text></stream:error></stream:stream>\n"
     "* error sent bad-format\n"},
    {"out: names in the answer do not matter", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='other.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"},
    {"out: invalid", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='l.example' to='t.example' type=\"invalid\"></db:result>\n"
     "< </stream:stream>\n"
     "* pair t.example -> l.example no internal-server-error\n"
     "! maysend t.example l.example\n"
     "= no\n"},
    {"out: error", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='l.example' to='t.example' type=\"error\"><error type='cancel'>"
     "<item-not-found {sta}/></error></db:result>\n"
     "* pair t.example -> l.example no remote-server-timeout\n"
     "! ask t.example l.example\n"
     "= not possible now\n"
     "! tick 60000\n"
     "! ask t.example l.example\n"
     "* key t.example l.example sid\n"},
    {"out: unknown type", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='l.example' to='t.example' type=\"perhaps\"></db:result>\n"
     "* pair t.example -> l.example no remote-server-timeout\n"},
    {"out: not answered", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "! deadline\n"
     "= in 30000\n"
     "! tick 30000\n"
     "* pair t.example -> l.example no remote-server-timeout\n"
     "> <db:result from='l.example' to='t.example' type=\"valid\"></db:result>\n"
     "! maysend t.example l.example\n"
     "= no\n"},
    {"out: no key", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! tick 30000\n"
     "* pair t.example -> l.example no remote-server-timeout\n"
     "! key t.example l.example abc\n"},
    {"out: answered before it was asked", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "> <db:result from='l.example' to='t.example' type=\"valid\"></db:result>\n"
     "! maysend t.example l.example\n"
     "= no\n"},
    {"out: an answer for another pair", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='l2.example' to='t.example' type=\"valid\"></db:result>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>a dialback "
     "answer that nobody asked for</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"out: an answer with the names as they were sent", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='t.example' to='l.example' type=\"valid\"></db:result>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>a dialback "
     "answer that nobody asked for</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"out: a request", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='l.example' to='t.example'>key</db:result>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>dialback "
     "requests go on a stream of their own</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"out: a key to verify", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:verify from='l.example' to='t.example' id='sid'>key</db:verify>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>dialback "
     "requests go on a stream of their own</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"out: a stanza", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='l.example' to='t.example' type=\"valid\"></db:result>\n"
     "* pair t.example -> l.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@l.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"out: another sender", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "! ask u.example l.example\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "* key u.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "! key u.example l.example def\n"
     "< <db:result from='u.example' to='l.example'>def</db:result>\n"
     "> <db:result from='l.example' to='u.example' type=\"valid\"></db:result>\n"
     "* pair u.example -> l.example yes\n"
     "* reader 262144 128 shallow\n"
     "! maysend u.example l.example\n"
     "= yes\n"
     "! maysend t.example l.example\n"
     "= no\n"
     "> <db:result from='l.example' to='t.example' type=\"invalid\"></db:result>\n"
     "* pair t.example -> l.example no internal-server-error\n"},
    {"out: another target", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! ask t.example l2.example\n"
     "* key t.example l2.example sid\n"},
    {"out: another target without errors", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "! ask t.example l2.example\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features><dialback xmlns='urn:xmpp:features:dialback'/>"
     "</stream:features>\n"
     "* key t.example l.example sid\n"
     "* pair t.example -> l2.example no remote-server-timeout\n"
     "! ask t.example l2.example\n"
     "= not possible now\n"},
    {"out: targets that are not of the link", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! ask t.example x.example\n"
     "= not possible now\n"
     "! ask l2.example l.example\n"
     "= not possible now\n"},
    {"out: closed while it waits", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> </stream:stream>\n"
     "< </stream:stream>\n"
     "* close\n"},
    {"out: host-unknown while it waits", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <stream:error><host-unknown {err}/></stream:error>\n"
     "< </stream:stream>\n"
     "* error received host-unknown\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"out: the link loses the domain", LOCAL_OUT,
     "! new\n"
     "< {stream} {xdb} from='t.example' to='l.example' version='1.0' xml:lang='en'>\n"
     "! ask u.example l.example\n"
     "> {stream} {xdb} from='l.example' to='t.example' id='sid' version='1.0'>\n"
     "> <stream:features>{errors}</stream:features>\n"
     "* key t.example l.example sid\n"
     "* key u.example l.example sid\n"
     "! key t.example l.example abc\n"
     "< <db:result from='t.example' to='l.example'>abc</db:result>\n"
     "> <db:result from='l.example' to='t.example' type=\"valid\"></db:result>\n"
     "* pair t.example -> l.example yes\n"
     "* reader 262144 128 shallow\n"
     "! unhost l.example\n"
     "* pair t.example -> l.example no remote-server-timeout\n"
     "* pair u.example -> l.example no remote-server-timeout\n"
     "! maysend t.example l.example\n"
     "= no\n"},
    {"keyed, in: admitted once the secret is proven, and answered with a proof", KEYED_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>n:p</db:result>\n"
     "* check request l.example r.example id0 [n:p]\n"
     "! maysend r.example l.example\n"
     "= no\n"
     "! checked l.example r.example request yes answer\n"
     "< <db:result from='r.example' to='l.example' type='valid'>answer</db:result>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@l.example' to='b@r.example'/>\n"
     "* stanza message l.example -> r.example <message from='a@l.example' "
     "to='b@r.example'/>\n"},
    {"keyed, in: not the secret", KEYED_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>n:p</db:result>\n"
     "* check request l.example r.example id0 [n:p]\n"
     "! checked l.example r.example request no\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>the key does not "
     "prove the secret of this link</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"keyed, in: nothing flows while it is being checked", KEYED_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>n:p</db:result>\n"
     "* check request l.example r.example id0 [n:p]\n"
     "> <message from='a@l.example' to='b@r.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"keyed, in: an empty key is checked, too", KEYED_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'/>\n"
     "* check request l.example r.example id0 []\n"},
    {"keyed, in: asked again, and wrongly", KEYED_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>n:p</db:result>\n"
     "* check request l.example r.example id0 [n:p]\n"
     "! checked l.example r.example request yes answer\n"
     "< <db:result from='r.example' to='l.example' type='valid'>answer</db:result>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <db:result from='l.example' to='r.example'>n2:p2</db:result>\n"
     "* check request l.example r.example id0 [n2:p2]\n"
     "! checked l.example r.example request yes again\n"
     "< <db:result from='r.example' to='l.example' type='valid'>again</db:result>\n"
     "> <db:result from='l.example' to='r.example'>n3:p3</db:result>\n"
     "* check request l.example r.example id0 [n3:p3]\n"
     "! checked l.example r.example request no\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>the key does not "
     "prove the secret of this link</text></stream:error></stream:stream>\n"
     "* pair l.example -> r.example no not-authorized\n"
     "* error sent not-authorized\n"},
    {"keyed, in: a domain of another link is not even checked", KEYED_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='other.example' to='r.example'>n:p</db:result>\n"
     "< <db:result from='r.example' to='other.example' type='error'><error type='cancel'>"
     "<not-allowed {sta}/></error></db:result>\n"},
    {"keyed, in: it is unhosted while being checked", KEYED_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:result from='l.example' to='r.example'>n:p</db:result>\n"
     "* check request l.example r.example id0 [n:p]\n"
     "! unhost l.example\n"
     "! checked l.example r.example request yes answer\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>the key does not "
     "prove the secret of this link</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"keyed, in: nobody asks back for keys", KEYED_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <db:verify id='i' from='l.example' to='r.example'>k</db:verify>\n"
     "< <db:verify from='r.example' to='l.example' id='i' type='error'><error "
     "type='cancel'><item-not-found {sta}/></error></db:verify>\n"},
    {"keyed, out: the answer proves the secret", KEYED_OUT,
     KEYED_ASKED
     "> <db:result from='l.example' to='t.example' type='valid'>proof</db:result>\n"
     "* check answer t.example l.example s1 [proof]\n"
     "! maysend t.example l.example\n"
     "= no\n"
     "! checked t.example l.example answer yes\n"
     "* pair t.example -> l.example yes\n"
     "* reader 262144 128 shallow\n"
     "! maysend t.example l.example\n"
     "= yes\n"},
    {"keyed, out: an answer without the secret", KEYED_OUT,
     KEYED_ASKED
     "> <db:result from='l.example' to='t.example' type='valid'/>\n"
     "* check answer t.example l.example s1 []\n"
     "! checked t.example l.example answer no\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>the answer does not "
     "prove the secret of this link</text></stream:error></stream:stream>\n"
     "* pair t.example -> l.example no not-authorized\n"
     "* error sent not-authorized\n"},
    {"keyed, out: an answer that nobody waits for", KEYED_OUT,
     KEYED_ASKED
     "! checked t.example l.example answer yes\n"
     "! maysend t.example l.example\n"
     "= no\n"},
    {"public: a peer that only asks about keys is let go without a reproach", DIALBACK_IN,
     CLASSIC_IN ASKS("i") "! tick 29000\n"
                          "! tick 1001\n"
                          "< </stream:stream>\n"},
    {"public: it stays while it asks", DIALBACK_IN,
     CLASSIC_IN ASKS("i") "! tick 29000\n" ASKS("j") "! tick 29000\n" ASKS("k")
         "! tick 29000\n"
         "! tick 1001\n"
         "< </stream:stream>\n"},
    {"public: and not for ever", DIALBACK_IN,
     CLASSIC_IN ASKS("a") "! tick 29000\n" ASKS("b") "! tick 29000\n" ASKS("c")
         "! tick 29000\n" ASKS("d") "! tick 29000\n"
         "* own t.example no remote-server-timeout\n" ASKS("e") "! tick 29000\n" ASKS("f")
             "! tick 29000\n" ASKS("g") "! tick 29000\n" ASKS("h") "! tick 29000\n" ASKS("i")
                 "! tick 29000\n" ASKS("j") "! tick 29000\n" ASKS("k")
                     "! tick 9999\n"
                     "! tick 2\n"
                     "< </stream:stream>\n"},
    {"public: nothing was asked", DIALBACK_IN,
     CLASSIC_IN "! tick 30001\n" TOO_LONG},
    {"public: keys of domains that are not ours keep nothing", DIALBACK_IN,
     CLASSIC_IN "> <db:verify from='s.example' to='other.example' id='i'>k</db:verify>\n"
                "< <db:verify from='other.example' to='s.example' id='i' type='error'>"
                "<error type='cancel'><item-not-found {sta}/></error></db:verify>\n"
                "! tick 30001\n"
                "< </stream:stream>\n"},
    {"public: a domain that is retracted is not spoken of to a peer without DNA", DIALBACK_IN,
     CLASSIC_IN "! unhost t.example\n"
                "* own t.example no remote-server-timeout\n"
                "> <db:result from='s.example' to='t2.example'>k</db:result>\n"
                "* ask s.example t2.example id1 [k] 1\n"},
    {"public: no dialback", IN,
     VALID_IN
     "> <db:result {xdb} from='s.example' to='t.example'>k</db:result>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"public: no db:verify", IN,
     VALID_IN
     "> <db:verify {xdb} from='s.example' to='t.example' id='x'>k</db:verify>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"public, out: no answer", OUT,
     VALID_OUT
     "> <db:result {xdb} from='s.example' to='t.example' type='valid'/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
