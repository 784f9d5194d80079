/* The stanza gate: every row, in both directions (the DNA exchange; RFC 6120 4.9.3,
 * 8.1). */
#include "play.h"

static const struct scene scenes[] = {
    {"the three kinds", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "> <presence from='s.example' to='t.example'/>\n"
     "* stanza presence s.example -> t.example <presence from='s.example' "
     "to='t.example'/>\n"
     "> <iq from='a@s.example/r' to='t.example/x@y' id=\"1\" type=\"get\"/>\n"
     "* stanza iq s.example -> t.example <iq from='a@s.example/r' to='t.example/x@y' "
     "id=\"1\" type=\"get\"/>\n"},
    {"many at once", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t.example'/><message from='a@s.example' "
     "to='c@t.example'/><message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='c@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"byte by byte", BYTEWISE_IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"prefixes of the header", IN,
     TLS_IN
     "> <?xml version='1.0'?><stream:stream xmlns='jabber:server' "
     "xmlns:stream='{streams}' {xdna} xmlns:x='urn:x' to='t.example' from='s.example' "
     "version='1.0' xml:lang='fr'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "! ruled s.example proven 3600\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "> <message from='a@s.example' to='b@t.example'><x:y/></message>\n"
     "* stanza message s.example -> t.example <message xmlns:x='urn:x' xml:lang='fr' "
     "from='a@s.example' to='b@t.example'><x:y/></message>\n"},
    {"prefix-free", IN,
     TLS_IN
     "> <stream xmlns='{streams}' {xdna} to='t.example' from='s.example' "
     "version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "! ruled s.example proven 3600\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "> <message xmlns='jabber:server' from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message xmlns='jabber:server' "
     "from='a@s.example' to='b@t.example'/>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"in capitals", IN,
     VALID_IN
     "> <message from='a@S.Example' to='b@T.EXAMPLE'/>\n"
     "* stanza message s.example -> t.example <message from='a@S.Example' "
     "to='b@T.EXAMPLE'/>\n"},
    {"improper: no from", IN,
     VALID_IN
     "> <message to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: no to", IN,
     VALID_IN
     "> <message from='a@s.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: neither", IN,
     VALID_IN
     "> <message/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: empty from", IN,
     VALID_IN
     "> <message from='' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: empty to", IN,
     VALID_IN
     "> <message from='a@s.example' to=''/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: empty localpart", IN,
     VALID_IN
     "> <message from='@s.example' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: empty resource", IN,
     VALID_IN
     "> <message from='a@s.example/' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: trailing dot", IN,
     VALID_IN
     "> <message from='a@s.example.' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: trailing dot in to", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t.example.'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: no domain", IN,
     VALID_IN
     "> <message from='a@' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: a space", IN,
     VALID_IN
     "> <message from='a b@s.example' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: two ats", IN,
     VALID_IN
     "> <message from='a@b@s.example' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: sharp s", IN,
     VALID_IN
     "> <message from='a@straße.example' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: joiner", IN,
     VALID_IN
     "> <message from='a@s‍.example' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: zero-width non-joiner in to", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t‌.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: fullwidth", IN,
     VALID_IN
     "> <message from='a@ｓ.example' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"improper: another full stop", IN,
     VALID_IN
     "> <message from='a@s。example' to='b@t.example'/>\n"
     "< <stream:error><improper-addressing {err}/><text {err} xml:lang='en'>from and to "
     "must be addresses</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"attributes in a namespace do not count", IN,
     VALID_IN
     "> <message xmlns:x='urn:x' x:from='a@s.example' from='a@x.example' "
     "to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"sender never heard of", IN,
     VALID_IN
     "> <message from='a@x.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"sender is a subdomain", IN,
     VALID_IN
     "> <message from='a@y.s.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"sender is being heard", IN,
     VALID_IN
     "> <assert {dna} from='x.example'/>\n"
     "* hear x.example added\n"
     "> <message from='a@x.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* dismiss x.example\n"
     "* error sent invalid-from\n"},
    {"sender is ours", IN,
     VALID_IN
     "> <message from='a@t.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"sender lately refused", IN,
     VALID_IN
     "> <assert {dna} from='x.example'/>\n"
     "* hear x.example added\n"
     "! ruled x.example refused\n"
     "< <invalid {dna} to='x.example'/>\n"
     "* peer x.example no\n"
     "> <message from='a@x.example' to='b@t.example' id=\"7\"/>\n"
     "< <message type='error' from='b@t.example' to='a@x.example' id='7'><error "
     "type='cancel'><not-allowed {sta}/><text {sta} xml:lang='en'>the sender&apos;s "
     "domain is no longer proven</text></error></message>\n"
     "> <message from='a@x.example' to='b@t.example' type=\"error\"/>\n"
     "> <iq from='a@x.example' to='b@t.example' type=\"result\"/>\n"
     "! tick 29999\n"
     "> <iq from='a@x.example' to='b@t.example' type=\"set\"/>\n"
     "< <iq type='error' from='b@t.example' to='a@x.example'><error type='cancel'>"
     "<not-allowed {sta}/><text {sta} xml:lang='en'>the sender&apos;s domain is no "
     "longer proven</text></error></iq>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"sender refused long ago", IN,
     VALID_IN
     "> <assert {dna} from='x.example'/>\n"
     "* hear x.example added\n"
     "! ruled x.example refused\n"
     "< <invalid {dna} to='x.example'/>\n"
     "* peer x.example no\n"
     "! tick 30000\n"
     "> <message from='a@x.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"sender retracted", IN,
     VALID_IN
     "> <impossible {dna} from='s.example'/>\n"
     "* peer s.example no\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
     "proven that would permit this</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"nothing valid any more", IN,
     VALID_IN
     "! revoke s.example\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"
     "! tick 30000\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
     "proven that would permit this</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"nothing was ever valid", IN,
     DNA_IN
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent not-authorized\n"},
    {"receiver not ours", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@u.example'/>\n"
     "< <stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that "
     "is served on this stream</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"receiver ours, never asserted here", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "< <stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that "
     "is served on this stream</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"receiver asserted, not accepted yet", IN,
     VALID_IN
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <message from='a@s.example' to='b@t2.example' id=\"1\"/>\n"
     "< <message type='error' from='b@t2.example' to='a@s.example' id='1'><error "
     "type='wait'><remote-server-timeout {sta}/><text {sta} xml:lang='en'>you have not "
     "accepted this server for that domain</text></error></message>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "* stanza message s.example -> t2.example <message from='a@s.example' "
     "to='b@t2.example'/>\n"},
    {"receiver asserted and refused", IN,
     VALID_IN
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "< <message type='error' from='b@t2.example' to='a@s.example'><error type='wait'>"
     "<remote-server-timeout {sta}/><text {sta} xml:lang='en'>you have not accepted "
     "this server for that domain</text></error></message>\n"},
    {"receiver being proven", IN,
     VALID_IN
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:posh'/>"
     "</challenge>\n"
     "* prove t2.example posh\n"
     "! prove t2.example posh\n"
     "< <proof {dna} from='t2.example' type='urn:xmpp:dna:proof:posh'></proof>\n"
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "< <message type='error' from='b@t2.example' to='a@s.example'><error type='wait'>"
     "<remote-server-timeout {sta}/><text {sta} xml:lang='en'>you have not accepted "
     "this server for that domain</text></error></message>\n"},
    {"receiver retracted lately", IN,
     VALID_IN
     "! unhost t.example\n"
     "< <impossible {dna} from='t.example'/>\n"
     "* own t.example no remote-server-timeout\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <message type='error' from='b@t.example' to='a@s.example'><error type='cancel'>"
     "<item-not-found {sta}/><text {sta} xml:lang='en'>that domain is no longer served "
     "here</text></error></message>\n"
     "> <message from='a@s.example' to='b@t.example' type=\"error\"/>\n"
     "! tick 29999\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <message type='error' from='b@t.example' to='a@s.example'><error type='cancel'>"
     "<item-not-found {sta}/><text {sta} xml:lang='en'>that domain is no longer served "
     "here</text></error></message>\n"
     "! tick 1\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><host-gone {err}/><text {err} xml:lang='en'>that domain is no "
     "longer served here</text></stream:error></stream:stream>\n"
     "* error sent host-gone\n"},
    {"receiver no longer ours, retraction not said", IN,
     VALID_IN
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! unhost t2.example\n"
     "< <impossible {dna} from='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "< <message type='error' from='b@t2.example' to='a@s.example'><error "
     "type='cancel'><item-not-found {sta}/><text {sta} xml:lang='en'>that domain is no "
     "longer served here</text></error></message>\n"},
    {"the first valid makes it two-way", OUT,
     VALID_OUT
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"
     "> <message from='b@s.example' to='a@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='b@s.example' "
     "to='a@t.example'/>\n"},
    {"two-way: not before valid", IN,
     DNA_IN
     "! ruled s.example proven 3600\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example\n"
     "= not possible now\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"},
    {"outwards: only accepted pairs", OUT,
     VALID_OUT
     "! send t2.example s.example\n"
     "= not possible now\n"
     "! send t.example x.example\n"
     "= not possible now\n"
     "! maysend t.example t2.example\n"
     "= no\n"
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"},
    {"outwards: errors", OUT,
     VALID_OUT
     "! senderror s.example t.example\n"
     "< <iq type='error' from='b@t.example' to='a@s.example/&amp;' id='7'><error "
     "type='wait'><resource-constraint {sta}/><text {sta} xml:lang='en'>full &amp; "
     "&lt;slow&gt;</text></error></iq>\n"
     "! senderror s.example t.example result\n"
     "= bad argument\n"
     "! senderror s.example t.example error\n"
     "= bad argument\n"
     "! senderror s.example t2.example\n"
     "= not possible now\n"},
    {"prefixed stanza", IN,
     VALID_IN
     "> <x:message xmlns:x='jabber:server' from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><bad-namespace-prefix {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent bad-namespace-prefix\n"},
    {"not a stanza", IN,
     VALID_IN
     "> <query xmlns='jabber:server' from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"a client's stanza", IN,
     VALID_IN
     "> <message xmlns='jabber:client' from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"of no namespace", IN,
     VALID_IN
     "> <message xmlns='' from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"pair (S,T) by SASL does not open S to T2", IN,
     AUTHENTICATED_IN
     "> <message from='a@s.example' to='b@t3.example'/>\n"
     "< <stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that "
     "is served on this stream</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
