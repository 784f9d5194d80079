/* Limits before and after authentication, and those that the peer announces
 * (RFC 6120 13.12, XEP-0478). */
#include "play.h"

static const struct scene scenes[] = {
    {"before authentication: element", IN,
     DNA_IN
     "> <assert {dna} from='s.example' x='{p*10000}'/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the element is "
     "too long</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent policy-violation\n"
     "* close\n"},
    {"before authentication: element just short enough", IN,
     DNA_IN
     "> <assert {dna} from='s.example' x='{p*9940}'/>\n"},
    {"before authentication: depth", IN,
     DNA_IN
     "> <a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>"
     "<a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>"
     "</a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>elements are "
     "nested too deep</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent policy-violation\n"
     "* close\n"},
    {"before authentication: attributes", IN,
     DNA_IN
     "> <assert {dna} from='s.example' a0='' a1='' a2='' a3='' a4='' a5='' a6='' a7='' "
     "a8='' a9='' a10='' a11='' a12='' a13='' a14='' a15='' a16='' a17='' a18='' a19='' "
     "a20='' a21='' a22='' a23='' a24='' a25='' a26='' a27='' a28='' a29='' a30='' "
     "a31='' a32='' a33='' a34='' a35='' a36='' a37='' a38='' a39='' a40='' a41='' "
     "a42='' a43='' a44='' a45='' a46='' a47='' a48='' a49='' a50='' a51='' a52='' "
     "a53='' a54='' a55='' a56='' a57='' a58='' a59='' a60='' a61='' a62='' a63=''/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>an element has "
     "too many attributes</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent policy-violation\n"
     "* close\n"},
    {"before authentication: total", IN,
     DNA_IN
     "! received 64000\n"
     "! received 2000\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>too much input "
     "before authentication</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent policy-violation\n"},
    {"before authentication: total, challenged", IN,
     DNA_IN
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "! received 1000000\n"
     "! received 50000\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>too much input "
     "before authentication</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent policy-violation\n"},
    {"before authentication: total during the handshake", IN,
     PLAIN_IN
     "> <starttls {tls}/>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! received 65536\n"
     "* close\n"},
    {"before authentication: white space counts", IN,
     DNA_IN
     "> {p*0} \n"
     "! received 65000\n"
     "! received 600\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>too much input "
     "before authentication</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent policy-violation\n"},
    {"before authentication: time, challenged", IN,
     DNA_IN
     "! tick 20000\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "! deadline\n"
     "= in 30000\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>u</proof>\n"
     "* fact s.example proof dnssec-ta [u]\n"
     "! tick 29000\n"
     "! ruled s.example refused\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"
     "! deadline\n"
     "= in 41000\n"
     "! tick 41000\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the "
     "negotiation took too long</text></stream:error></stream:stream>\n"
     "* own t.example no remote-server-timeout\n"
     "* error sent policy-violation\n"},
    {"before authentication: a challenge makes room for the proof", IN,
     DNA_IN
     "! challenge s.example posh\n"
     "< <challenge {dna} to='s.example'>{posh}</challenge>\n"
     "* reader 71680 32\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:posh'>{p*65536}</proof>\n"
     "* fact s.example proof posh [{p*65536}]\n"},
    {"afterwards: no total, no time", IN,
     VALID_IN
     "! received 100000000\n"
     "! tick 100000\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"afterwards: element", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t.example'><body>{p*262144}</body></message>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the element is "
     "too long</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"
     "* close\n"},
    {"afterwards: element just short enough", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t.example'><body>{p*262000}</body></message>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'><body>{p*262000}</body></message>\n"},
    {"over the peer's max-bytes", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>20000</max-bytes>"
     "<idle-seconds>60</idle-seconds></limits><assert {dna} from='s.example'/>"
     "</stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 20000\n"
     "= over a limit\n"
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"},
    {"max-bytes [1]", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>1</max-bytes></limits><assert {dna} "
     "from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 9931\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9931}</message>\n"
     "! send t.example s.example 9932\n"
     "= over a limit\n"},
    {"max-bytes [0]", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>0</max-bytes></limits><assert {dna} "
     "from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 9931\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9931}</message>\n"
     "! send t.example s.example 9932\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9932}</message>\n"},
    {"max-bytes [9999]", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>9999</max-bytes></limits><assert "
     "{dna} from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 9931\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9931}</message>\n"
     "! send t.example s.example 9932\n"
     "= over a limit\n"},
    {"max-bytes [10000]", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>10000</max-bytes></limits><assert "
     "{dna} from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 9931\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9931}</message>\n"
     "! send t.example s.example 9932\n"
     "= over a limit\n"},
    {"max-bytes [99999999999999999999999]", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>99999999999999999999999</max-bytes>"
     "</limits><assert {dna} from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 9931\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9931}</message>\n"
     "! send t.example s.example 9932\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9932}</message>\n"},
    {"max-bytes [-1]", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>-1</max-bytes></limits><assert {dna} "
     "from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 9931\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9931}</message>\n"
     "! send t.example s.example 9932\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9932}</message>\n"},
    {"max-bytes [x]", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes>x</max-bytes></limits><assert {dna} "
     "from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 9931\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9931}</message>\n"
     "! send t.example s.example 9932\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9932}</message>\n"},
    {"max-bytes []", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}><max-bytes></max-bytes></limits><assert {dna} "
     "from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! send t.example s.example 9931\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9931}</message>\n"
     "! send t.example s.example 9932\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*9932}</message>\n"},
    {"limits without max-bytes", OUT,
     TLS_OUT
     "> <stream:features><limits {lim}/><assert {dna} from='s.example'/>"
     "</stream:features>\n"},
    {"limits after SASL", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><limits {lim}><max-bytes>10000</max-bytes></limits><mechanisms "
     "{sasl}><mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! send t.example s.example 20000\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'>{p*20000}</message>\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
