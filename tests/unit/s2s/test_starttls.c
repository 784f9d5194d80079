/* STARTTLS and direct TLS in both roles: what is injected, stripped or out of place
 * (RFC 6120 5, RFC 7590, XEP-0368). */
#include "play.h"

static const struct scene scenes[] = {
    {"white space around it", IN,
     PLAIN_IN
     ">  <starttls {tls}/>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "* restart\n"},
    {"plaintext behind starttls", IN,
     PLAIN_IN
     "> <starttls {tls}/><auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "* close\n"},
    {"white space behind starttls", IN,
     PLAIN_IN
     "> <starttls {tls}/> \n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "* close\n"},
    {"plaintext in another packet", IN,
     PLAIN_IN
     "> <starttls {tls}/>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "> <presence/>\n"
     "! secured\n"
     "* close\n"},
    {"malformed: with a child", IN,
     PLAIN_IN
     "> <starttls {tls}><x/></starttls>\n"
     "< <failure {tls}/></stream:stream>\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"malformed: with text", IN,
     PLAIN_IN
     "> <starttls {tls}>now</starttls>\n"
     "< <failure {tls}/></stream:stream>\n"},
    {"again inside TLS", IN,
     DNA_IN
     "> <starttls {tls}/>\n"
     "< <failure {tls}/></stream:stream>\n"
     "* dismiss s.example\n"},
    {"again inside TLS, established", IN,
     VALID_IN
     "> <starttls {tls}/>\n"
     "< <failure {tls}/></stream:stream>\n"},
    {"proceed from the initiating entity", IN,
     PLAIN_IN
     "> <proceed {tls}/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"SASL before TLS", IN,
     PLAIN_IN
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"DNA before TLS", IN,
     PLAIN_IN
     "> <assert {dna} from='s.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"short DNA before TLS", SHORT_IN,
     PLAIN_IN
     "> <assert from='s.example'/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"a stanza before TLS", IN,
     PLAIN_IN
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"dialback before TLS", IN,
     PLAIN_IN
     "> <db:result {xdb} from='s.example' to='t.example'>k</db:result>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"nothing before TLS in time", IN,
     PLAIN_IN
     "! deadline\n"
     "= in 30000\n"
     "! tick 29999\n"
     "! tick 1\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the "
     "negotiation took too long</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"
     "! tick 5000\n"
     "* close\n"},
    {"handshake not in time", IN,
     PLAIN_IN
     "> <starttls {tls}/>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! tick 30000\n"
     "* close\n"},
    {"close during the handshake", IN,
     PLAIN_IN
     "> <starttls {tls}/>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! close system-shutdown\n"
     "* close\n"},
    {"gone during the handshake", IN,
     PLAIN_IN
     "> <starttls {tls}/>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! gone\n"
     "* close\n"},
    {"TLS when nobody asked", IN,
     PLAIN_IN
     "! secured\n"
     "= not possible now\n"},
    {"nothing survives TLS", IN,
     TLS_IN
     "! who\n"
     "=   dna no\n"
     "> {stream} {xdna} to='t2.example' from='x.example' version='1.0'>\n"
     "< {stream} from='t2.example' to='x.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t2.example'/>{limits}</stream:features>\n"
     "* hear x.example\n"
     "! who\n"
     "= t2.example x.example dna no\n"},
    {"direct TLS", IN,
     "! secured\n"
     "* restart\n"
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <starttls {tls}/>\n"
     "< <failure {tls}/></stream:stream>\n"
     "* dismiss s.example\n"},
    {"direct TLS after plaintext", IN,
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"
     "! secured\n"
     "= not possible now\n"},
    {"direct TLS, too late", IN,
     "! received 5\n"
     "! secured\n"
     "= not possible now\n"},
    {"direct TLS with plaintext behind", IN,
     "! secured 3\n"
     "* close\n"},
    {"features are held back, and no longer than that", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! deadline\n"
     "= in 5000\n"
     "! tick 4999\n"
     "! tick 1\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "! ruled s.example proven 60\n"},
    {"features are held back until refused", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! ruled s.example refused\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* peer s.example no\n"},
    {"features are held back until DNA is spoken", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"no TLS on the local hop", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <starttls {tls}/>\n"
     "< <failure {tls}/></stream:stream>\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"direct TLS on the local hop", LOCAL_IN,
     "! secured\n"
     "= not possible now\n"},
    {"not advertised, tried all the same", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features/>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "* hear s.example\n"},
    {"stripped by somebody in between", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><mechanisms {sasl}><mechanism>EXTERNAL</mechanism>"
     "</mechanisms><assert {dna} from='s.example'/></stream:features>\n"
     "< <starttls {tls}/>\n"},
    {"refused", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <failure {tls}/></stream:stream>\n"
     "< </stream:stream>\n"
     "* close\n"},
    {"plaintext behind proceed", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/><stream:features/>\n"
     "* secure t.example\n"
     "! secured\n"
     "* close\n"},
    {"white space behind proceed", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/>	\n"
     "* secure t.example\n"
     "! secured\n"
     "* close\n"},
    {"plaintext behind proceed in another packet", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/>\n"
     "* secure t.example\n"
     "> x\n"
     "! secured\n"
     "* close\n"},
    {"proceed unasked", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <proceed {tls}/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"starttls from the receiving entity", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <starttls {tls}/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"DNA instead of proceed", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <valid {dna} to='t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"a stanza instead of proceed", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"direct TLS, outwards", OUT,
     "! secured\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "* hear s.example\n"
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><assert {dna} from='s.example'/></stream:features>\n"},
    {"not in time", OUT,
     NEW_OUT
     "! deadline\n"
     "= in 90000\n"
     "! tick 90000\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the "
     "negotiation took too long</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"handshake not in time, outwards", OUT,
     NEW_OUT
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/>\n"
     "* secure t.example\n"
     "! tick 90000\n"
     "* close\n"},
    {"starttls offered under TLS", OUT,
     TLS_OUT
     "> <stream:features><starttls {tls}/><assert {dna} from='s.example'/>"
     "</stream:features>\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
