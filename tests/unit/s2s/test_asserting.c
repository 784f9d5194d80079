/* The asserting side of the DNA exchange: every row of its state table, and the
 * short form. */
#include "play.h"

static const struct scene scenes[] = {
    {"out: both sides need proof", OUT,
     DNA_OUT
     "! challenge s.example dnssec-ta posh\n"
     "< <challenge {dna} to='s.example'>{ta}{posh}</challenge>\n"
     "* reader 71680 32\n"
     "> <proof {dna} from='s.example' type='urn:ietf:params:dna:proof:dnssec-ta'>https:/"
     "/host.example.net/target.example.cert</proof>\n"
     "* fact s.example proof dnssec-ta [https://host.example.net/target.example.cert]\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <challenge {dna} to='t.example'><proof "
     "type='urn:xmpp:dna:proof:hearsay'/><proof "
     "type='urn:ietf:params:dna:proof:dnssec-ta'/></challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example dnssec-ta https://x.example/&\n"
     "< <proof {dna} from='t.example' type='urn:ietf:params:dna:proof:dnssec-ta'>https:/"
     "/x.example/&amp;</proof>\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"
     "> <message from='b@s.example' to='a@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='b@s.example' "
     "to='a@t.example'/>\n"},
    {"out: valid at once", OUT,
     PEER_VALID_OUT
     "! maysend t.example s.example\n"
     "= no\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! maysend t.example s.example\n"
     "= yes\n"
     "! who\n"
     "= t.example s.example dna yes\n"},
    {"out: refused", OUT,
     PEER_VALID_OUT
     "> <invalid {dna} to='t.example'/>\n"
     "< </stream:stream>\n"
     "* own t.example no remote-server-timeout\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"out: not answered", OUT,
     PEER_VALID_OUT
     "! deadline\n"
     "= in 90000\n"
     "! tick 90000\n"
     "< </stream:stream>\n"
     "* own t.example no remote-server-timeout\n"},
    {"out: valid before we are through", OUT,
     DNA_OUT
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! maysend t.example s.example\n"
     "= no\n"
     "> <message from='b@s.example' to='a@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent not-authorized\n"},
    {"out: valid before we are through, then proven", OUT,
     DNA_OUT
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: challenged before we are through", OUT,
     DNA_OUT
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example dnssec-ta https://t/\n"
     "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://t/</pr"
     "oof>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"},
    {"out: we cannot prove it", OUT,
     PEER_VALID_OUT
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! noproof t.example\n"
     "< <impossible {dna} from='t.example'/></stream:stream>\n"
     "* own t.example no remote-server-timeout\n"},
    {"out: no common type", OUT,
     PEER_VALID_OUT
     "> <challenge {dna} to='t.example'><proof "
     "type='urn:xmpp:dna:proof:hearsay'/></challenge>\n"
     "< <impossible {dna} from='t.example'/></stream:stream>\n"
     "* own t.example no remote-server-timeout\n"},
    {"out: nothing to supply", OUT,
     PEER_VALID_OUT
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:posh'/>"
     "</challenge>\n"
     "* prove t.example posh\n"
     "! prove t.example posh\n"
     "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:posh'></proof>\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"},
    {"out: a type that was not asked for", OUT,
     PEER_VALID_OUT
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example posh x\n"
     "< <impossible {dna} from='t.example'/></stream:stream>\n"
     "* own t.example no remote-server-timeout\n"},
    {"want a domain that waits", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "! ask t2.example s.example\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! ask t2.example s.example\n"
     "! send t2.example s.example\n"
     "< <message xml:lang='de' from='a@t2.example' to='b@s.example'></message>\n"},
    {"want a domain: refused, too early, and again", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! ask t2.example s.example\n"
     "= not possible now\n"
     "! tick 60000\n"
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! tick 60000\n"
     "! ask t2.example s.example\n"
     "= not possible now\n"
     "! tick 60000\n"
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"},
    {"want a domain: not answered", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "! tick 90000\n"
     "* own t2.example no remote-server-timeout\n"
     "! ask t2.example s.example\n"
     "* own t2.example no remote-server-timeout\n"
     "! tick 60000\n"
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"},
    {"want a domain: validated later all the same", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! maysend t2.example s.example\n"
     "= yes\n"},
    {"want a domain: challenged", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "! prove t2.example dnssec-ta u\n"
     "< <proof {dna} from='t2.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"},
    {"challenged while proving", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "! prove t2.example dnssec-ta u\n"
     "< <proof {dna} from='t2.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"},
    {"valid while proving", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! prove t2.example dnssec-ta u\n"},
    {"invalid while proving", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! prove t2.example dnssec-ta u\n"},
    {"proof not answered", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "! prove t2.example dnssec-ta u\n"
     "< <proof {dna} from='t2.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "! tick 90000\n"
     "* own t2.example no remote-server-timeout\n"},
    {"proof never produced", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "! tick 90000\n"
     "* own t2.example no remote-server-timeout\n"},
    {"proof refused", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "! prove t2.example dnssec-ta u\n"
     "< <proof {dna} from='t2.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"},
    {"re-check: sending goes on", IN,
     VALID_IN
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"
     "! prove t.example dnssec-ta u\n"
     "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"
     "> <valid {dna} to='t.example'/>\n"
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"},
    {"re-check: refused", IN,
     VALID_IN
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example dnssec-ta u\n"
     "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "> <invalid {dna} to='t.example'/>\n"
     "* own t.example no remote-server-timeout\n"
     "! send t.example s.example\n"
     "= not possible now\n"},
    {"re-check: not answered", IN,
     VALID_IN
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example dnssec-ta u\n"
     "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "! tick 90000\n"
     "! maysend t.example s.example\n"
     "= yes\n"},
    {"re-check: no proof", IN,
     VALID_IN
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! noproof t.example\n"
     "< <impossible {dna} from='t.example'/>\n"
     "* own t.example no remote-server-timeout\n"
     "! maysend t.example s.example\n"
     "= no\n"},
    {"re-check: no common type", IN,
     VALID_IN
     "> <challenge {dna} to='t.example'><proof type='urn:x:y'/></challenge>\n"
     "< <impossible {dna} from='t.example'/>\n"
     "* own t.example no remote-server-timeout\n"},
    {"re-check: valid and invalid while proving", IN,
     VALID_IN
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "> <valid {dna} to='t.example'/>\n"
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "> <invalid {dna} to='t.example'/>\n"
     "* own t.example no remote-server-timeout\n"},
    {"proactive challenge", IN,
     VALID_IN
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "! prove t2.example dnssec-ta u\n"
     "< <proof {dna} from='t2.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! send t2.example s.example\n"
     "< <message xml:lang='de' from='a@t2.example' to='b@s.example'></message>\n"},
    {"proactive challenge for a domain that is not ours", IN,
     VALID_IN
     "> <challenge {dna} to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "< <impossible {dna} from='u.example'/>\n"},
    {"... rate-limited", IN,
     VALID_IN
     "> <challenge {dna} to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "< <impossible {dna} from='u.example'/>\n"
     "> <challenge {dna} to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "< <impossible {dna} from='u.example'/>\n"
     "> <challenge {dna} to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "< <impossible {dna} from='u.example'/>\n"
     "> <challenge {dna} to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "< <impossible {dna} from='u.example'/>\n"
     "> <challenge {dna} to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "< <impossible {dna} from='u.example'/>\n"
     "> <challenge {dna} to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "> <challenge {dna} to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"},
    {"proactive validation", IN,
     VALID_IN
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! ask t2.example s.example\n"
     "! send t2.example s.example\n"
     "< <message xml:lang='de' from='a@t2.example' to='b@s.example'></message>\n"},
    {"proactive validation of a domain that is not ours", IN,
     VALID_IN
     "> <valid {dna} to='u.example'/>\n"
     "< <impossible {dna} from='u.example'/>\n"
     "! maysend u.example s.example\n"
     "= no\n"
     "> <message from='a@s.example' to='b@u.example'/>\n"
     "< <stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that "
     "is served on this stream</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"we are told invalid out of the blue", IN,
     VALID_IN
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! ask t2.example s.example\n"
     "= not possible now\n"
     "> <invalid {dna} to='u.example'/>\n"},
    {"valid becomes invalid", IN,
     VALID_IN
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! maysend t2.example s.example\n"
     "= no\n"
     "! maysend t.example s.example\n"
     "= yes\n"},
    {"we stop hosting it", IN,
     VALID_IN
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! unhost t2.example\n"
     "< <impossible {dna} from='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! maysend t2.example s.example\n"
     "= no\n"
     "> <message from='a@s.example' to='b@t2.example' id='1'/>\n"
     "< <message type='error' from='b@t2.example' to='a@s.example' id='1'><error "
     "type='cancel'><item-not-found {sta}/><text {sta} xml:lang='en'>that domain is no "
     "longer served here</text></error></message>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "< <impossible {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "< <impossible {dna} from='t2.example'/>\n"
     "! host t2.example\n"
     "> <valid {dna} to='t2.example'/>\n"
     "! maysend t2.example s.example\n"
     "= no\n"},
    {"we stop hosting what nobody heard of", IN,
     VALID_IN
     "! unhost t2.example\n"
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "< <stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that "
     "is served on this stream</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"we stop hosting what was refused", IN,
     VALID_IN
     "> <invalid {dna} to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! unhost t2.example\n"
     "> <valid {dna} to='t2.example'/>\n"
     "< <impossible {dna} from='t2.example'/>\n"},
    {"... and host it again", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "! unhost t2.example\n"
     "< <impossible {dna} from='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! ask t2.example s.example\n"
     "= not possible now\n"
     "! host t2.example\n"
     "! ask t2.example s.example\n"
     "= not possible now\n"
     "! tick 60000\n"
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"},
    {"spellings are echoed", IN,
     VALID_IN
     "> <challenge {dna} to='t2.example'><proof "
     "type='urn:ietf:params:dna:proof:dnssec-ta'/></challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "! prove t2.example dnssec-ta u\n"
     "< <proof {dna} from='t2.example' type='urn:ietf:params:dna:proof:dnssec-ta'>u</pro"
     "of>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "> <challenge {dna} to='t3.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:ietf:params:dna:proof:dnssec-ta'/></challenge>\n"
     "* prove t3.example dnssec-ta\n"
     "! prove t3.example dnssec-ta u\n"
     "< <proof {dna} from='t3.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"},
    {"URIs in any case of scheme and namespace", IN,
     VALID_IN
     "> <challenge {dna} to='t2.example'><proof type='URN:XMPP:dna:proof:posh'/><proof "
     "type='urn:xmpp:dna:proof:PKIX'/></challenge>\n"
     "* prove t2.example posh\n"},
    {"variants of a name are one record", IN,
     VALID_IN
     "> <valid {dna} to='T2.EXAMPLE'/>\n"
     "* own t2.example yes\n"
     "> <valid {dna} to='t2.example.'/>\n"
     "> <invalid {dna} to='t2.Example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! maysend t2.example s.example\n"
     "= no\n"},
    {"malformed challenges", IN,
     VALID_IN
     "> <challenge {dna}><proof type='urn:xmpp:dna:proof:dnssec-ta'/></challenge>\n"
     "> <challenge {dna} to='t2.example'></challenge>\n"
     "> <challenge {dna} to='t2.example'><proof/></challenge>\n"
     "> <challenge {dna} to='t2.example'><proof type=''/></challenge>\n"
     "> <challenge {dna} to='t2.example'><proof type='dnssec-ta'/></challenge>\n"
     "> <challenge {dna} to='t2.example'><proof type='1a:b'/></challenge>\n"
     "> <challenge {dna} to='a..b'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "> <challenge {dna} to='192.0.2.7'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "> <challenge {dna} to='t2.example'><proof xmlns='urn:x' "
     "type='urn:xmpp:dna:proof:posh'/></challenge>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/></challenge>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "<proof type='urn:xmpp:dna:proof:dnssec-ta'/><proof "
     "type='urn:xmpp:dna:proof:dnssec-ta'/><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"},
    {"malformed verdicts", IN,
     VALID_IN
     "> <valid {dna}/>\n"
     "> <invalid {dna}/>\n"
     "> <valid {dna} from='t2.example'/>\n"
     "> <valid {dna} to=''/>\n"
     "> <perhaps {dna} to=\"t2.example\"/>\n"
     "! maysend t2.example s.example\n"
     "= no\n"},
    {"a proof longer than the peer takes", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>10000</max-bytes></limits><assert "
     "{dna} from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example dnssec-ta 9500\n"
     "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:dnssec-ta'>{p*9500}</proo"
     "f>\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <challenge {dna} to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "! prove t2.example dnssec-ta 10001\n"
     "< <impossible {dna} from='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"},
    {"an incoming stream asserts too", IN,
     VALID_IN
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"
     "! send t2.example s.example\n"
     "< <message xml:lang='de' from='a@t2.example' to='b@s.example'></message>\n"},
    {"features are an assertion", IN,
     DNA_IN
     "> <challenge {dna} to='t.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example dnssec-ta u\n"
     "< <proof {dna} from='t.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"},
    {"features are an assertion: no answer", IN,
     DNA_IN
     "! ruled s.example proven 900\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! tick 90000\n"
     "* own t.example no remote-server-timeout\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <message type='error' from='b@t.example' to='a@s.example'><error type='wait'>"
     "<remote-server-timeout {sta}/><text {sta} xml:lang='en'>you have not accepted "
     "this server for that domain</text></error></message>\n"},
    {"short: challenge with to", SHORT_IN,
     VALID_IN
     "> <challenge to='t2.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "* prove t2.example dnssec-ta\n"
     "! prove t2.example dnssec-ta https://u/\n"
     "< <proof from='t2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://u/</proof>"
     "\n"
     "> <valid to='t2.example'/>\n"
     "* own t2.example yes\n"
     "> <invalid to='t2.example'/>\n"
     "* own t2.example no remote-server-timeout\n"
     "! maysend t2.example s.example\n"
     "= no\n"},
    {"short: bare challenge is about the header's domain", SHORT_IN,
     DNA_IN
     "> <challenge><proof type='urn:xmpp:dna:proof:dnssec-ta'/></challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example dnssec-ta https://u/\n"
     "< <proof>https://u/</proof>\n"},
    {"short: bare challenge, outwards", SHORT_OUT,
     PEER_VALID_OUT
     "> <challenge><proof type='urn:xmpp:dna:proof:dnssec-ta'/></challenge>\n"
     "* prove t.example dnssec-ta\n"
     "! prove t.example dnssec-ta https://u/\n"
     "< <proof>https://u/</proof>\n"
     "> <valid to='t.example'/>\n"
     "* own t.example yes\n"},
    {"short: impossible", SHORT_IN,
     VALID_IN
     "> <challenge to='u.example'><proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
     "</challenge>\n"
     "< <impossible from='u.example'/>\n"},
    {"short: without attributes", SHORT_IN,
     VALID_IN
     "> <valid/>\n"
     "> <invalid/>\n"
     "> <assert/>\n"
     "> <impossible/>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"short: switched off", IN,
     VALID_IN
     "> <valid to='t2.example'/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"short: with a prefix", SHORT_IN,
     VALID_IN
     "> <x:valid xmlns:x='jabber:server' to='t2.example'/>\n"
     "< <stream:error><bad-namespace-prefix {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent bad-namespace-prefix\n"},
    {"inside a stanza", SHORT_IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t.example'><valid to='t2.example'/><valid "
     "{dna} to='t2.example'/></message>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'><valid to='t2.example'/><valid {dna} to='t2.example'/>"
     "</message>\n"
     "! maysend t2.example s.example\n"
     "= no\n"},
    {"the slide as it is written", SHORT_IN,
     DNA_IN
     "> <challenge><proof type=\"urn:ietf:params:dna:proof:dnssec-ta\"></challenge>\n"
     "< <stream:error><not-well-formed {err}/><text {err} xml:lang='en'>not well-formed "
     "XML</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent not-well-formed\n"
     "* close\n"},
    {"too many in flight wait for their turn", OUT,
     VALID_OUT
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "! ask t3.example s.example\n"
     "< <assert {dna} from='t3.example'/>\n"
     "> <valid {dna} to='t3.example'/>\n"
     "* own t3.example yes\n"
     "> <valid {dna} to='t2.example'/>\n"
     "* own t2.example yes\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
