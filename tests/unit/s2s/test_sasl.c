/* SASL EXTERNAL in both roles, and the restart behind it (RFC 6120 6, XEP-0178). */
#include "play.h"

static const struct scene scenes[] = {
    {"authzid \"=\"", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"authzid is the domain", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>cy5leGFtcGxl</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"authzid is the domain in capitals", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>Uy5FWEFNUExF</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"no initial response", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'/>\n"
     "< <challenge {sasl}/>\n"
     "> <response {sasl}>cy5leGFtcGxl</response>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"no initial response, empty response", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'></auth>\n"
     "< <challenge {sasl}/>\n"
     "> <response {sasl}/>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"no initial response, response \"=\"", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'/>\n"
     "< <challenge {sasl}/>\n"
     "> <response {sasl}>=</response>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"no initial response, bad response", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'/>\n"
     "< <challenge {sasl}/>\n"
     "> <response {sasl}>eC5leGFtcGxl</response>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"
     "> <response {sasl}/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"another domain", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>eC5leGFtcGxl</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"},
    {"a subdomain", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>YS5zLmV4YW1wbGU=</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"},
    {"an address of the domain", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>dXNlckBzLmV4YW1wbGU=</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"},
    {"our own domain", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"},
    {"a domain with a zero byte", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>cy5leGFtcGxlAHg=</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"},
    {"a very long authzid", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
     "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
     "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
     "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
     "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
     "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
     "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
     "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
     "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"},
    {"bad base64 [cy5leGFtcGxl!]", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>cy5leGFtcGxl!</auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"bad base64 [cy5leGFtcG xl]", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>cy5leGFtcG xl</auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"bad base64 [cy5l=GFtcGxl]", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>cy5l=GFtcGxl</auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"bad base64 [====]", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>====</auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"bad base64 [c]", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>c</auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"bad base64 [cy5leGFtcG]", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>cy5leGFtcG</auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"bad base64 [cy5leGFtcGxl=]", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>cy5leGFtcGxl=</auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"bad base64 [cy5leGFtcG-_]", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>cy5leGFtcG-_</auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"white space round it", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'> = </auth>\n"
     "< <failure {sasl}><incorrect-encoding/></failure>\n"},
    {"another mechanism", IN,
     SASL_IN
     "> <auth {sasl} mechanism='PLAIN'>=</auth>\n"
     "< <failure {sasl}><invalid-mechanism/></failure>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"mechanism in lower case", IN,
     SASL_IN
     "> <auth {sasl} mechanism='external'>=</auth>\n"
     "< <failure {sasl}><invalid-mechanism/></failure>\n"},
    {"no mechanism", IN,
     SASL_IN
     "> <auth {sasl}>=</auth>\n"
     "< <failure {sasl}><malformed-request/></failure>\n"},
    {"a child inside", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'><x/></auth>\n"
     "< <failure {sasl}><malformed-request/></failure>\n"},
    {"abort", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'/>\n"
     "< <challenge {sasl}/>\n"
     "> <abort {sasl}/>\n"
     "< <failure {sasl}><aborted/></failure>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"abort of nothing", IN,
     SASL_IN
     "> <abort {sasl}/>\n"
     "< <failure {sasl}><aborted/></failure>\n"},
    {"a second auth replaces the first", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'/>\n"
     "< <challenge {sasl}/>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>eC5leGFtcGxl</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"
     "> <auth {sasl} mechanism='EXTERNAL'/>\n"
     "< <challenge {sasl}/>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"response to nothing", IN,
     SASL_IN
     "> <response {sasl}>=</response>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"retries, and no more", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>eC5leGFtcGxl</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>eC5leGFtcGxl</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>eC5leGFtcGxl</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>eC5leGFtcGxl</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>too many "
     "authentication attempts</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"a stanza before it", IN,
     SASL_IN
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"a stanza in the middle", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'/>\n"
     "< <challenge {sasl}/>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"not proven", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! ruled s.example refused\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* peer s.example no\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <failure {sasl}><not-authorized/></failure>\n"},
    {"could not find out", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! ruled s.example unsure\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* peer s.example no\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <failure {sasl}><temporary-auth-failure/></failure>\n"},
    {"nothing published", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! ruled s.example nothing\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* peer s.example no\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <failure {sasl}><not-authorized/></failure>\n"},
    {"waits for the ruling", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "! ruled s.example proven 3600\n"
     "< <success {sasl}/>\n"
     "* restart\n"},
    {"waits for the ruling: refused", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "! ruled s.example refused\n"
     "< <failure {sasl}><not-authorized/></failure>\n"
     "* peer s.example no\n"},
    {"waits for the ruling: could not find out", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "! ruled s.example unsure\n"
     "< <failure {sasl}><temporary-auth-failure/></failure>\n"
     "* peer s.example no\n"},
    {"waits for the ruling: aborted", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "> <abort {sasl}/>\n"
     "< <failure {sasl}><aborted/></failure>\n"
     "! ruled s.example proven 60\n"},
    {"waits for the ruling: replaced", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>eC5leGFtcGxl</auth>\n"
     "< <failure {sasl}><invalid-authzid/></failure>\n"
     "! ruled s.example proven 60\n"},
    {"waits for the ruling: too long", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "! tick 30000\n"
     "< <failure {sasl}><temporary-auth-failure/></failure><stream:error>"
     "<policy-violation {err}/><text {err} xml:lang='en'>the negotiation took too "
     "long</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"
     "* error sent policy-violation\n"},
    {"waits while the peer proves itself", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><success {sasl}/>\n"
     "* peer s.example yes\n"
     "* peer s.example no\n"
     "* restart\n"},
    {"no certificate", IN,
     PLAIN_IN
     "> <starttls {tls}/>\n"
     "< <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured bare\n"
     "* restart\n"
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! ruled s.example proven 3600\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <failure {sasl}><not-authorized/></failure>\n"},
    {"the proof ended before the authentication", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! ruled s.example proven 10\n"
     "< <stream:features><mechanisms {sasl}><mechanism>EXTERNAL</mechanism>"
     "</mechanisms><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "! tick 10000\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <failure {sasl}><not-authorized/></failure>\n"},
    {"the proof was revoked before the authentication", IN,
     SASL_IN
     "! revoke s.example\n"
     "* peer s.example no\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <failure {sasl}><not-authorized/></failure>\n"},
    {"authenticated: stanzas to the header's domain only", IN,
     AUTHENTICATED_IN
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! maysend t.example s.example\n"
     "= no\n"
     "! who\n"
     "= t.example s.example dna no\n"
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "< <stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that "
     "is served on this stream</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"authenticated: no other sender", IN,
     AUTHENTICATED_IN
     "> <message from='a@x.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"authenticated: expiry", IN,
     AUTHENTICATED_IN
     "! deadline\n"
     "= in 3510000\n"
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! ruled s.example refused\n"
     "< <stream:error><reset {err}/><text {err} xml:lang='en'>the proof of the domain "
     "has ended</text></stream:error></stream:stream>\n"
     "* peer s.example no\n"
     "* error sent reset\n"},
    {"authenticated: renewed", IN,
     AUTHENTICATED_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! ruled s.example proven 3600\n"
     "! tick 90000\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"authenticated: could not find out, and then it ends", IN,
     AUTHENTICATED_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! ruled s.example unsure\n"
     "! tick 45000\n"
     "* hear s.example renewal\n"
     "! ruled s.example unsure\n"
     "! tick 22500\n"
     "* hear s.example renewal\n"
     "! ruled s.example unsure\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! tick 23000\n"
     "< <stream:error><reset {err}/><text {err} xml:lang='en'>the proof of the domain "
     "has ended</text></stream:error></stream:stream>\n"
     "* peer s.example no\n"
     "* error sent reset\n"},
    {"authenticated: revoked", IN,
     AUTHENTICATED_IN
     "! revoke s.example\n"
     "< <stream:error><reset {err}/><text {err} xml:lang='en'>the proof of the domain "
     "has ended</text></stream:error></stream:stream>\n"
     "* peer s.example no\n"
     "* error sent reset\n"},
    {"authenticated: SASL again", IN,
     AUTHENTICATED_IN
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"authenticated: DNA turns out to be spoken", IN,
     AUTHENTICATED_IN
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! maysend t.example s.example\n"
     "= yes\n"
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 100\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "! send t.example s2.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s2.example'></message>\n"},
    {"new header from another domain", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"
     "> {stream} to='t.example' from='x.example' version='1.0'>\n"
     "< {stream} from='t.example' to='x.example' id='id2' version='1.0' xml:lang='en'>"
     "<stream:error><invalid-from {err}/><text {err} xml:lang='en'>not the domain that "
     "was authenticated</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"new header without from", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"
     "> {stream} to='t.example' version='1.0'>\n"
     "< {stream} from='t.example' id='id2' version='1.0' xml:lang='en'><stream:error>"
     "<improper-addressing {err}/><text {err} xml:lang='en'>the header has no "
     "from</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"new header to another domain of ours", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"
     "> {stream} to='t2.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t2.example' to='s.example' id='id2' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t2.example'/>{limits}</stream:features>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@s.example' to='b@t2.example'/>\n"
     "* stanza message s.example -> t2.example <message from='a@s.example' "
     "to='b@t2.example'/>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that "
     "is served on this stream</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"new header declares DNA: one-way until valid", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* restart\n"
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id2' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! maysend t.example s.example\n"
     "= no\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! ask t2.example s.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "! maysend t.example s.example\n"
     "= yes\n"},
    {"pipelined behind auth", IN,
     SASL_IN
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth><message from='a@s.example' "
     "to='b@t.example'/>\n"
     "< <success {sasl}/>\n"
     "* restart\n"
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id2' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"success clears the records of DNA", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* dismiss s2.example\n"
     "* error sent policy-violation\n"},
    {"success clears pending DNA", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "> <assert {dna} from='x.example'/>\n"
     "* hear x.example added\n"
     "! ruled s.example proven 3600\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <success {sasl}/>\n"
     "* own t.example no reset\n"
     "* dismiss x.example\n"
     "* restart\n"
     "! ruled x.example proven 3600\n"
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id2' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='a@x.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"DNA while SASL waits", IN,
     TLS_IN
     "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* hear s.example\n"
     "> <auth {sasl} mechanism='EXTERNAL'/>\n"
     "< <challenge {sasl}/>\n"
     "> <assert {dna} from='s.example'/>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <response {sasl}>=</response>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"not on the local hop", LOCAL_IN,
     "> {stream} {xdb} to='r.example' from='l.example' version='1.0'>\n"
     "< {stream} {xdb} from='r.example' to='l.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features>{errors}</stream:features>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <failure {sasl}><invalid-mechanism/></failure>\n"
     "> <db:result from='l.example' to='r.example'>k</db:result>\n"
     "< <db:result from='r.example' to='l.example' type='valid'/>\n"
     "* pair l.example -> r.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <failure {sasl}><invalid-mechanism/></failure>\n"},
    {"out: proven before the features", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! maysend t.example s.example\n"
     "= yes\n"
     "! who\n"
     "= t.example s.example dna no\n"
     "! send t.example s.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s.example'></message>\n"
     "! ask t.example s.example\n"
     "! ask t2.example s.example\n"
     "= not possible now\n"},
    {"out: proven behind the features", OUT,
     TLS_OUT
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: refused", OUT,
     TLS_OUT
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "! ruled s.example refused\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
     "proven that would permit this</text></stream:error></stream:stream>\n"
     "* peer s.example no\n"
     "* error sent not-authorized\n"},
    {"out: refused before the features", OUT,
     TLS_OUT
     "! ruled s.example refused\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
     "proven that would permit this</text></stream:error></stream:stream>\n"
     "* peer s.example no\n"
     "* error sent not-authorized\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"},
    {"out: a challenge is pointless", OUT,
     TLS_OUT
     "! challenge s.example dnssec-ta\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "* fact s.example silent\n"
     "! ruled s.example proven 3600\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"},
    {"out: a challenge is pointless, afterwards", OUT,
     TLS_OUT
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "! challenge s.example dnssec-ta\n"
     "* fact s.example silent\n"
     "! ruled s.example proven 3600\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"},
    {"out: nothing offered", OUT,
     TLS_OUT
     "> <stream:features/>\n"
     "< <stream:error><unsupported-feature {err}/><text {err} xml:lang='en'>the peer "
     "offers neither DNA nor SASL EXTERNAL</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent unsupported-feature\n"},
    {"out: empty mechanisms", OUT,
     TLS_OUT
     "> <stream:features><mechanisms {sasl}/></stream:features>\n"
     "< <stream:error><unsupported-feature {err}/><text {err} xml:lang='en'>the peer "
     "offers neither DNA nor SASL EXTERNAL</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent unsupported-feature\n"},
    {"out: other mechanisms only", OUT,
     TLS_OUT
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism></mechanisms>"
     "</stream:features>\n"
     "< <stream:error><unsupported-feature {err}/><text {err} xml:lang='en'>the peer "
     "offers neither DNA nor SASL EXTERNAL</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent unsupported-feature\n"},
    {"out: DNA is preferred", OUT,
     TLS_OUT
     "> <stream:features><mechanisms {sasl}><mechanism>EXTERNAL</mechanism>"
     "</mechanisms><assert {dna} from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: challenged", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <challenge {sasl}/>\n"
     "< <response {sasl}>dC5leGFtcGxl</response>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: failure", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <failure {sasl}><not-authorized/></failure>\n"
     "< </stream:stream>\n"
     "* own t.example no not-authorized\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"out: success unasked", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <success {sasl}/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"out: auth from the receiving entity", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"out: revoked in between", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "! revoke s.example\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
     "proven that would permit this</text></stream:error></stream:stream>\n"
     "* peer s.example no\n"
     "* error sent not-authorized\n"
     "> <success {sasl}/>\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "* close\n"},
    {"out: the proof ended in between", OUT,
     TLS_OUT
     "! ruled s.example proven 10\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "! tick 10000\n"
     "> <success {sasl}/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
     "proven that would permit this</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"out: another domain answers behind it", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='x.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"out: no stanzas come back without DNA", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='b@s.example' to='a@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
     "proven that would permit this</text></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"},
    {"out: DNA behind SASL", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features><assert {dna} from='s.example'/></stream:features>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <message from='b@s.example' to='a@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='b@s.example' "
     "to='a@t.example'/>\n"
     "! who\n"
     "= t.example s.example dna yes\n"
     "! ask t2.example s2.example\n"
     "< <assert {dna} from='t2.example'/>\n"
     "* hear s2.example added\n"},
    {"out: expiry without DNA", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! tick 3510000\n"
     "<  \n"
     "* hear s.example renewal\n"
     "! ruled s.example refused\n"
     "< <stream:error><reset {err}/><text {err} xml:lang='en'>the proof of the domain "
     "has ended</text></stream:error></stream:stream>\n"
     "* peer s.example no\n"
     "* error sent reset\n"},
    {"out: wishes without DNA", OUT,
     TLS_OUT
     "! ask t2.example s.example\n"
     "! ask t.example x.example\n"
     "! ruled s.example proven 3600\n"
     "> <stream:features><mechanisms {sasl}><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>\n"
     "< <auth {sasl} mechanism='EXTERNAL'>dC5leGFtcGxl</auth>\n"
     "! ask t3.example s.example\n"
     "= not possible now\n"
     "> <success {sasl}/>\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "> {stream} from='s.example' to='t.example' id='z' version='1.0'>\n"
     "> <stream:features/>\n"
     "* own t.example yes\n"
     "* peer s.example yes\n"
     "* own t2.example no remote-server-timeout\n"
     "* peer x.example no\n"
     "* reader 262144 128 shallow\n"
     "! ask t2.example s.example\n"
     "= not possible now\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
