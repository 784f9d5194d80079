/* The validating side of the DNA exchange: every row of its state table, and the
 * short form. */
#include "play.h"

static const struct scene scenes[] = {
    {"in: challenged before it asserts", IN,
     DNA_IN
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "* own t.example yes\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"in: assertion and challenge cross", IN,
     DNA_IN
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "> <assert {dna} from='s.example'/>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "> <assert {dna} from='s.example'/>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"},
    {"in: proven, and told when it asserts", IN,
     DNA_IN
     "! ruled s.example proven 3600\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"in: proven, and ended when it asserts", IN,
     DNA_IN
     "! ruled s.example proven 10\n"
     "! tick 10000\n"
     "> <assert {dna} from='s.example'/>\n"
     "* hear s.example\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"in: refused, and told when it asserts", IN,
     DNA_IN
     "! ruled s.example refused\n"
     "* peer s.example no\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <invalid {dna} to='s.example'/>\n"},
    {"in: a stanza before valid", IN,
     DNA_IN
     "> <assert {dna} from='s.example'/>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent not-authorized\n"},
    {"in: a silent peer that turns out to speak DNA", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! challenge s.example dnssec-ta\n"
     "* fact s.example silent\n"
     "! ruled s.example refused\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "* peer s.example no\n"
     "> <assert {dna} from='s.example'/>\n"
     "* hear s.example\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"in: a silent peer speaks DNA while it is heard", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! challenge s.example dnssec-ta\n"
     "* fact s.example silent\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"
     "! ruled s.example refused\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"
     "> <assert {dna} from='s.example'/>\n"
     "* hear s.example\n"},
    {"out: immediate", OUT,
     DNA_OUT
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: ruled before the features", OUT,
     TLS_OUT
     "! ruled s.example proven 3600\n"
     "> <stream:features><assert {dna} from='s.example'/></stream:features>\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: challenge waits for the features", OUT,
     TLS_OUT
     "! challenge s.example dnssec-ta\n"
     "> <stream:features><assert {dna} from='s.example'/></stream:features>\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: features assert another domain", OUT,
     TLS_OUT
     "> <stream:features><assert {dna} from='x.example'/></stream:features>\n"
     "* hear x.example added\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: features assert nothing usable", OUT,
     TLS_OUT
     "> <stream:features><assert {dna}/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"},
    {"out: impossible", OUT,
     DNA_OUT
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "> <impossible {dna} from='s.example'/>\n"
     "< <stream:error><not-authorized {err}/><text {err} xml:lang='en'>nothing is "
     "proven that would permit this</text></stream:error></stream:stream>\n"
     "* fact s.example impossible\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"
     "* error sent not-authorized\n"},
    {"out: refused", OUT,
     DNA_OUT
     "! ruled s.example refused\n"
     "< <invalid {dna} to='s.example'/><stream:error><not-authorized {err}/><text {err} "
     "xml:lang='en'>nothing is proven that would permit this</text></stream:error>"
     "</stream:stream>\n"
     "* peer s.example no\n"
     "* error sent not-authorized\n"},
    {"out: a proof of a type that was not offered", OUT,
     DNA_OUT
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "* reader 71680 32\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:posh'>x</proof>\n"
     "< <invalid {dna} to='s.example'/><stream:error><not-authorized {err}/><text {err} "
     "xml:lang='en'>nothing is proven that would permit this</text></stream:error>"
     "</stream:stream>\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"
     "* error sent not-authorized\n"},
    {"added: accepted", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "> <message from='a@s2.example' to='b@t.example'/>\n"
     "* stanza message s2.example -> t.example <message from='a@s2.example' "
     "to='b@t.example'/>\n"},
    {"added: refused; the other keeps flowing", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example refused\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* peer s2.example no\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"added: proven by the peer", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta posh\n"
     "< <challenge {dna} to='s2.example'>{ta}{posh}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'> &#10; "
     "https://h/x &#9; </proof>\n"
     "* fact s2.example proof dnssec-ta [https://h/x]\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"},
    {"added: spelled the IETF way", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='URN:ietf:params:dna:proof:dnssec-ta'>u</pro"
     "of>\n"
     "* fact s2.example proof dnssec-ta [u]\n"},
    {"added: an empty proof", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example posh\n"
     "< <challenge {dna} to='s2.example'>{posh}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:posh'/>\n"
     "* fact s2.example proof posh []\n"
     "! ruled s2.example refused\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* peer s2.example no\n"},
    {"added: proof refused", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "* fact s2.example proof dnssec-ta [https://h/]\n"
     "! ruled s2.example refused\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* peer s2.example no\n"},
    {"added: type not offered", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:posh'>u</proof>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"},
    {"added: type unknown", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:hearsay'>u</proof"
     ">\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
    {"added: type missing", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example'>https://h/</proof>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
    {"added: a proof without from", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</proof>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "* fact s2.example proof dnssec-ta [https://h/]\n"},
    {"added: the longest proof, and one longer", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>{p*65536}</pr"
     "oof>\n"
     "* fact s2.example proof dnssec-ta [{p*65536}]\n"
     "> <assert {dna} from='s3.example'/>\n"
     "* hear s3.example added\n"
     "! challenge s3.example dnssec-ta\n"
     "< <challenge {dna} to='s3.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s3.example' type='urn:xmpp:dna:proof:dnssec-ta'>{p*65537}</pr"
     "oof>\n"
     "< <invalid {dna} to='s3.example'/>\n"
     "* dismiss s3.example\n"
     "* peer s3.example no\n"},
    {"added: a second proof", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "* fact s2.example proof dnssec-ta [https://h/]\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://other"
     "/</proof>\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"},
    {"added: a local proof holds meanwhile", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"},
    {"added: a local proof holds while the peer's is looked at", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "* fact s2.example proof dnssec-ta [https://h/]\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"},
    {"added: refused while challenged, the proof too late", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "! ruled s2.example refused\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* peer s2.example no\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"},
    {"added: impossible while heard", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "> <impossible {dna} from='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"
     "! ruled s2.example proven 3600\n"
     "> <message from='a@s2.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"added: impossible while challenged", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <impossible {dna} from='s2.example'/>\n"
     "* fact s2.example impossible\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"},
    {"added: impossible while looked at", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "* fact s2.example proof dnssec-ta [https://h/]\n"
     "> <impossible {dna} from='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
    {"added: impossible of nothing, and twice", IN,
     VALID_IN
     "> <impossible {dna} from='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "> <impossible {dna} from='s2.example'/>\n"
     "* peer s2.example no\n"
     "> <impossible {dna} from='s2.example'/>\n"
     "> <message from='a@s2.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"added: T_check", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! deadline\n"
     "= in 30000\n"
     "! tick 29999\n"
     "! tick 1\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
    {"added: T_proof", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! tick 20000\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "! deadline\n"
     "= in 30000\n"
     "! tick 30000\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* fact s2.example silent\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"},
    {"added: T_check of the proof", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "! tick 20000\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "* fact s2.example proof dnssec-ta [https://h/]\n"
     "! deadline\n"
     "= in 30000\n"
     "! tick 30000\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
    {"added: asserted while challenged: one challenge", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "! challenge s2.example dnssec-ta\n"},
    {"added: asked twice by the court", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "* fact s2.example proof dnssec-ta [https://h/]\n"
     "! challenge s2.example dnssec-ta\n"
     "* fact s2.example silent\n"},
    {"valid: asserted again", IN,
     VALID_IN
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "> <assert {dna} from='S.EXAMPLE.'/>\n"
     "< <valid {dna} to='s.example'/>\n"},
    {"valid: retracted", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "> <impossible {dna} from='s.example'/>\n"
     "* peer s.example no\n"
     "> <message from='a@s2.example' to='b@t.example'/>\n"
     "* stanza message s2.example -> t.example <message from='a@s2.example' "
     "to='b@t.example'/>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"valid: revoked", IN,
     VALID_IN
     "! revoke s.example\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <message type='error' from='b@t.example' to='a@s.example'><error type='cancel'>"
     "<not-allowed {sta}/><text {sta} xml:lang='en'>the sender&apos;s domain is no "
     "longer proven</text></error></message>\n"},
    {"valid: revoked, the other flows", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "! revoke s.example\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"
     "> <message from='a@s2.example' to='b@t.example'/>\n"
     "* stanza message s2.example -> t.example <message from='a@s2.example' "
     "to='b@t.example'/>\n"},
    {"a proof that nobody asked for", IN,
     VALID_IN
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s9.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "! ruled s2.example refused\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* peer s2.example no\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "> <impossible {dna} from='s2.example'/>\n"
     "* peer s2.example no\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "> <assert {dna} from='s3.example'/>\n"
     "* hear s3.example added\n"
     "! ruled s3.example proven 3600\n"
     "< <valid {dna} to='s3.example'/>\n"
     "* peer s3.example yes\n"
     "> <proof {dna} from='s3.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"},
    {"too many of them", IN,
     VALID_IN
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>too many "
     "elements that make no sense here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"expiry: renewed", IN,
     VALID_IN
     "! deadline\n"
     "= in 3510000\n"
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "! deadline\n"
     "= in 3510000\n"},
    {"expiry: challenged and renewed", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"expiry: challenged and refused", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "! ruled s.example refused\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <message type='error' from='b@t.example' to='a@s.example'><error type='cancel'>"
     "<not-allowed {sta}/><text {sta} xml:lang='en'>the sender&apos;s domain is no "
     "longer proven</text></error></message>\n"},
    {"expiry: not answered", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "! tick 30000\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* fact s.example silent\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"},
    {"expiry: not ruled", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! tick 30000\n"
     "* dismiss s.example\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! deadline\n"
     "= in 30000\n"
     "! tick 30000\n"
     "* hear s.example renewal\n"
     "! tick 30000\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"},
    {"expiry: what the peer sent is not ruled on", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "! tick 30000\n"
     "* dismiss s.example\n"
     "! deadline\n"
     "= in 30000\n"
     "! tick 60000\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"},
    {"expiry: in seconds", IN,
     DNA_IN
     "! ruled s.example proven 3\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! deadline\n"
     "= in 2250\n"
     "! tick 2250\n"
     "* hear s.example renewal\n"
     "! ruled s.example unsure\n"
     "! deadline\n"
     "= in 500\n"
     "! tick 500\n"
     "* hear s.example renewal\n"
     "! ruled s.example proven 3\n"
     "< <valid {dna} to='s.example'/>\n"},
    {"expiry: a stanza before the timer", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 7200\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! tick 29999\n"
     "! ruled s.example unsure\n"
     "! tick 30500\n"
     "* hear s.example renewal\n"
     "! wall 31\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <message type='error' from='b@t.example' to='a@s.example'><error type='cancel'>"
     "<not-allowed {sta}/><text {sta} xml:lang='en'>the sender&apos;s domain is no "
     "longer proven</text></error></message>\n"
     "> <message from='a@s2.example' to='b@t.example'/>\n"
     "* stanza message s2.example -> t.example <message from='a@s2.example' "
     "to='b@t.example'/>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"expiry: wrong type", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:posh'>x</proof>\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"},
    {"expiry: impossible", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "> <impossible {dna} from='s.example'/>\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <invalid {dna} to='s.example'/>\n"},
    {"expiry: impossible while challenged", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "> <impossible {dna} from='s.example'/>\n"
     "* fact s.example impossible\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"},
    {"expiry: impossible while looked at", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</pr"
     "oof>\n"
     "* fact s.example proof dnssec-ta [https://h/]\n"
     "> <impossible {dna} from='s.example'/>\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"},
    {"expiry: revoked meanwhile", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! revoke s.example\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"},
    {"expiry: revoked while challenged", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! challenge s.example dnssec-ta\n"
     "< <challenge {dna} to='s.example'>{ta}</challenge>\n"
     "! revoke s.example\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* fact s.example silent\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"},
    {"expiry: asserted meanwhile", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "> <assert {dna} from='s.example'/>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"},
    {"expiry: could not find out", IN,
     VALID_IN
     "! tick 3510000\n"
     "* hear s.example renewal\n"
     "! ruled s.example unsure\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! deadline\n"
     "= in 45000\n"},
    {"expiry: the proof ends first", IN,
     DNA_IN
     "! ruled s.example proven 8\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "! deadline\n"
     "= in 6000\n"
     "! tick 6000\n"
     "* hear s.example renewal\n"
     "! deadline\n"
     "= in 2000\n"
     "! tick 2000\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* dismiss s.example\n"
     "* peer s.example no\n"},
    {"expiry: nobody ticked in time", IN,
     VALID_IN
     "! tick 4000000\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "< <message type='error' from='b@t.example' to='a@s.example'><error type='cancel'>"
     "<not-allowed {sta}/><text {sta} xml:lang='en'>the sender&apos;s domain is no "
     "longer proven</text></error></message>\n"},
    {"renewed on request", IN,
     VALID_IN
     "! renew s.example\n"
     "* hear s.example renewal\n"
     "! renew s.example\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/>\n"
     "! renew s.example\n"
     "* hear s.example renewal\n"
     "! ruled s.example refused\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"
     "! renew s.example\n"
     "! renew s9.example\n"},
    {"own domain asserted", IN,
     VALID_IN
     "> <assert {dna} from='t2.example'/>\n"
     "< <invalid {dna} to='t2.example'/>\n"
     "* peer t2.example no\n"
     "> <message from='a@t2.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"own domain asserted, out of grace", IN,
     VALID_IN
     "> <assert {dna} from='t2.example'/>\n"
     "< <invalid {dna} to='t2.example'/>\n"
     "* peer t2.example no\n"
     "! tick 30000\n"
     "> <message from='a@t2.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"own domain proven", IN,
     VALID_IN
     "> <proof {dna} from='t2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "! ruled t2.example proven 3600\n"},
    {"a domain becomes ours while it is heard", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! host s2.example\n"
     "! ruled s2.example proven 3600\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* peer s2.example no\n"},
    {"a domain becomes ours while challenged", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "! host s2.example\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
    {"a domain becomes ours once valid", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "! host s2.example\n"
     "> <message from='a@s2.example' to='b@t.example'/>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"a domain becomes ours and is asserted", IN,
     VALID_IN
     "! host s.example\n"
     "> <assert {dna} from='s.example'/>\n"
     "< <invalid {dna} to='s.example'/>\n"
     "* peer s.example no\n"},
    {"storm", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example refused\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* peer s2.example no\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the same "
     "assertion again and again</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"no storm when it is news", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example refused\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "* peer s2.example no\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "< <invalid {dna} to='s2.example'/>\n"
     "! tick 60000\n"
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"},
    {"storm of our own domain", IN,
     VALID_IN
     "> <assert {dna} from='t2.example'/>\n"
     "< <invalid {dna} to='t2.example'/>\n"
     "* peer t2.example no\n"
     "> <assert {dna} from='t2.example'/>\n"
     "< <invalid {dna} to='t2.example'/>\n"
     "> <assert {dna} from='t2.example'/>\n"
     "< <invalid {dna} to='t2.example'/>\n"
     "> <assert {dna} from='t2.example'/>\n"
     "< <invalid {dna} to='t2.example'/>\n"
     "> <assert {dna} from='t2.example'/>\n"
     "< <invalid {dna} to='t2.example'/>\n"
     "> <assert {dna} from='t2.example'/>\n"
     "< <invalid {dna} to='t2.example'/>\n"
     "> <assert {dna} from='t2.example'/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>the same "
     "assertion again and again</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"variants of a name are one record", IN,
     VALID_IN
     "> <assert {dna} from='bücher.example'/>\n"
     "* hear xn--bcher-kva.example added\n"
     "> <assert {dna} from='xn--bcher-kva.example'/>\n"
     "> <assert {dna} from='XN--BCHER-KVA.example.'/>\n"
     "! ruled xn--bcher-kva.example proven 3600\n"
     "< <valid {dna} to='xn--bcher-kva.example'/>\n"
     "* peer xn--bcher-kva.example yes\n"
     "> <message from='a@bücher.example' to='b@t.example'/>\n"
     "* stanza message xn--bcher-kva.example -> t.example <message "
     "from='a@bücher.example' to='b@t.example'/>\n"},
    {"names that are read differently", IN,
     VALID_IN
     "> <assert {dna} from='straße.example'/>\n"
     "> <assert {dna} from='a‍b.example'/>\n"
     "> <assert {dna} from='192.0.2.1'/>\n"
     "> <assert {dna} from='[2001:db8::1]'/>\n"
     "> <assert {dna} from=''/>\n"
     "> <assert {dna} from='a b'/>\n"
     "> <assert {dna}/>\n"
     "> <assert {dna} to='s2.example'/>\n"},
    {"we want a domain of theirs: at once", IN,
     VALID_IN
     "! ask t.example s2.example\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "! send t.example s2.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s2.example'></message>\n"
     "! valid s2.example\n"
     "= yes\n"},
    {"we want a domain of theirs: challenge", IN,
     VALID_IN
     "! ask t.example s2.example\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <proof {dna} from='s2.example' type='urn:xmpp:dna:proof:dnssec-ta'>https://h/</p"
     "roof>\n"
     "* fact s2.example proof dnssec-ta [https://h/]\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "! send t.example s2.example\n"
     "< <message xml:lang='de' from='a@t.example' to='b@s2.example'></message>\n"},
    {"we want a domain of theirs: refused", IN,
     VALID_IN
     "! ask t.example s2.example\n"
     "* hear s2.example added\n"
     "! ruled s2.example refused\n"
     "* peer s2.example no\n"
     "! ask t.example s2.example\n"
     "= not possible now\n"
     "! tick 60000\n"
     "! ask t.example s2.example\n"
     "* hear s2.example added\n"},
    {"we want a domain of theirs: impossible", IN,
     VALID_IN
     "! ask t.example s2.example\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge {dna} to='s2.example'>{ta}</challenge>\n"
     "> <impossible {dna} from='s2.example'/>\n"
     "* fact s2.example impossible\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"
     "! ask t.example s2.example\n"
     "= not possible now\n"},
    {"we want a domain of theirs: they retract", IN,
     VALID_IN
     "! ask t.example s2.example\n"
     "* hear s2.example added\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "> <impossible {dna} from='s2.example'/>\n"
     "* peer s2.example no\n"
     "! maysend t.example s2.example\n"
     "= no\n"},
    {"we want what they assert", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ask t.example s2.example\n"
     "! ruled s2.example proven 3600\n"
     "< <valid {dna} to='s2.example'/>\n"
     "* peer s2.example yes\n"},
    {"we want what is ours", IN,
     VALID_IN
     "! ask t.example t2.example\n"
     "= not possible now\n"
     "! ask u.example s.example\n"
     "= not possible now\n"},
    {"wishes wait until the stream is ready", OUT,
     TLS_OUT
     "! ask t.example s.example\n"
     "! ask t2.example s2.example\n"
     "> <stream:features><assert {dna} from='s.example'/></stream:features>\n"
     "! ruled s.example proven 3600\n"
     "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "> <valid {dna} to='t.example'/>\n"
     "< <assert {dna} from='t2.example'/>\n"
     "* own t.example yes\n"
     "* hear s2.example added\n"},
    {"short: assert", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge to='s2.example'>{ta}</challenge>\n"
     "> <proof>https://h/a</proof>\n"
     "* fact s2.example proof dnssec-ta [https://h/a]\n"
     "! ruled s2.example proven 3600\n"
     "< <valid to='s2.example'/>\n"
     "* peer s2.example yes\n"
     "> <impossible from='s2.example'/>\n"
     "* peer s2.example no\n"},
    {"short: refused", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! ruled s2.example refused\n"
     "< <invalid to='s2.example'/>\n"
     "* peer s2.example no\n"},
    {"short: a proof while two challenges are open", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "> <assert from='s3.example'/>\n"
     "* hear s3.example added\n"
     "! challenge s2.example dnssec-ta\n"
     "< <challenge to='s2.example'>{ta}</challenge>\n"
     "! challenge s3.example dnssec-ta\n"
     "< <challenge to='s3.example'>{ta}</challenge>\n"
     "> <proof>https://h/a</proof>\n"},
    {"short: a proof while none is open", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "> <proof>https://h/a</proof>\n"},
    {"short: one type offered", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example posh\n"
     "< <challenge to='s2.example'>{posh}</challenge>\n"
     "> <proof>x</proof>\n"
     "* fact s2.example proof posh [x]\n"},
    {"short: several types offered, a URL", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example posh dnssec-ta\n"
     "< <challenge to='s2.example'>{ta}{posh}</challenge>\n"
     "> <proof> http://h/a </proof>\n"
     "* fact s2.example proof dnssec-ta [http://h/a]\n"},
    {"short: several types offered, no URL", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example posh dnssec-ta\n"
     "< <challenge to='s2.example'>{ta}{posh}</challenge>\n"
     "> <proof>ftp://h/a</proof>\n"
     "< <invalid to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
    {"short: several types offered, two URLs", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example posh dnssec-ta\n"
     "< <challenge to='s2.example'>{ta}{posh}</challenge>\n"
     "> <proof>http://h/a http://h/b</proof>\n"
     "< <invalid to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
    {"short: several types offered, dnssec-ta not among them", SHORT_IN,
     VALID_IN
     "> <assert from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! challenge s2.example posh pkix\n"
     "< <challenge to='s2.example'><proof type='urn:xmpp:dna:proof:pkix'/><proof "
     "type='urn:ietf:params:dna:proof:pkix'/>{posh}</challenge>\n"
     "> <proof>http://h/a</proof>\n"
     "< <invalid to='s2.example'/>\n"
     "* dismiss s2.example\n"
     "* peer s2.example no\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
