/* How streams end: closing, stream errors sent and received (RFC 6120 4.4, 4.9). */
#include "play.h"

static const struct scene scenes[] = {
    {"we close, the peer too", IN,
     VALID_IN
     "! close\n"
     "< </stream:stream>\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"stanzas still arrive, nothing is written", IN,
     VALID_IN
     "! close\n"
     "< </stream:stream>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! send t.example s.example\n"
     "= not possible now\n"
     "> <message from='a@x.example' to='b@t.example'/>\n"
     "> <assert {dna} from='s2.example'/>\n"
     "> <foo/>\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"a proof that ends while we close", IN,
     DNA_IN
     "! ruled s.example proven 4\n"
     "> <assert {dna} from='s.example'/><valid {dna} to='t.example'/>\n"
     "< <valid {dna} to='s.example'/>\n"
     "* peer s.example yes\n"
     "* reader 262144 128 shallow\n"
     "* own t.example yes\n"
     "! close\n"
     "< </stream:stream>\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"
     "! tick 4000\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"},
    {"the peer is silent", IN,
     VALID_IN
     "! close\n"
     "< </stream:stream>\n"
     "! deadline\n"
     "= in 5000\n"
     "! tick 4999\n"
     "! tick 1\n"
     "* close\n"
     "! deadline\n"
     "= never\n"},
    {"the peer closes", IN,
     VALID_IN
     "> </stream:stream>\n"
     "< </stream:stream>\n"
     "* close\n"},
    {"the peer closes in the middle of a hearing", IN,
     DNA_IN
     "> </stream:stream>\n"
     "< </stream:stream>\n"
     "* dismiss s.example\n"
     "* close\n"},
    {"the peer closes before TLS", IN,
     PLAIN_IN
     "> </stream:stream>\n"
     "< </stream:stream>\n"
     "* close\n"},
    {"the peer answers with an error", IN,
     VALID_IN
     "! close\n"
     "< </stream:stream>\n"
     "> <stream:error><undefined-condition {err}/></stream:error>\n"
     "* error received undefined-condition\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"we close with an error", IN,
     VALID_IN
     "! close system-shutdown bye\n"
     "< <stream:error><system-shutdown {err}/><text {err} xml:lang='en'>bye</text>"
     "</stream:error></stream:stream>\n"
     "* error sent system-shutdown\n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"we close with an error, the peer is silent", IN,
     VALID_IN
     "! close conflict\n"
     "< <stream:error><conflict {err}/></stream:error></stream:stream>\n"
     "* error sent conflict\n"
     "! tick 5000\n"
     "* close\n"},
    {"we close twice", IN,
     VALID_IN
     "! close\n"
     "< </stream:stream>\n"
     "! close reset\n"
     "> </stream:stream>\n"
     "* close\n"
     "! close\n"},
    {"we close with an error and then without", IN,
     VALID_IN
     "! close reset\n"
     "< <stream:error><reset {err}/></stream:error></stream:stream>\n"
     "* error sent reset\n"
     "! close\n"},
    {"we close before anything was said", IN,
     "! close\n"},
    {"we close with an error before anything was said", IN,
     "! close system-shutdown\n"
     "< {stream} from='' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<system-shutdown {err}/></stream:error></stream:stream>\n"
     "* error sent system-shutdown\n"},
    {"we close before the peer's header, outwards", OUT,
     NEW_OUT
     "! close\n"
     "< </stream:stream>\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"we close under TLS before the header", IN,
     TLS_IN
     "! close system-shutdown\n"
     "< {stream} from='' id='id1' version='1.0' xml:lang='en'><stream:error>"
     "<system-shutdown {err}/></stream:error></stream:stream>\n"
     "* error sent system-shutdown\n"},
    {"we close while waiting for the features", IN,
     TLS_IN
     "> {stream} to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"
     "* hear s.example\n"
     "! close\n"
     "< </stream:stream>\n"
     "* dismiss s.example\n"
     "! ruled s.example proven 60\n"
     "! tick 5000\n"
     "* close\n"},
    {"gone", IN,
     VALID_IN
     "! gone\n"
     "* close\n"
     "! gone\n"
     "! tick 1\n"},
    {"gone while closing", IN,
     VALID_IN
     "! close\n"
     "< </stream:stream>\n"
     "! gone\n"
     "* close\n"},
    {"gone while failing", IN,
     VALID_IN
     "! close reset\n"
     "< <stream:error><reset {err}/></stream:error></stream:stream>\n"
     "* error sent reset\n"
     "! gone\n"
     "* close\n"},
    {"nothing goes on after the close", IN,
     VALID_IN
     "> <assert {dna} from='s2.example'/>\n"
     "* hear s2.example added\n"
     "! close\n"
     "< </stream:stream>\n"
     "* dismiss s2.example\n"
     "! ruled s2.example proven 60\n"
     "! challenge s2.example posh\n"
     "! unhost t.example\n"
     "! revoke s.example\n"
     "! ask t.example s3.example\n"
     "= not possible now\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"not well-formed", IN,
     VALID_IN
     "> <a></b>\n"
     "< <stream:error><not-well-formed {err}/><text {err} xml:lang='en'>not well-formed "
     "XML</text></stream:error></stream:stream>\n"
     "* error sent not-well-formed\n"
     "* close\n"},
    {"a comment", IN,
     VALID_IN
     "> <!-- x -->\n"
     "< <stream:error><restricted-xml {err}/><text {err} xml:lang='en'>a comment</text>"
     "</stream:error></stream:stream>\n"
     "* error sent restricted-xml\n"
     "* close\n"},
    {"a processing instruction", IN,
     VALID_IN
     "> <?x y?>\n"
     "< <stream:error><restricted-xml {err}/><text {err} xml:lang='en'>a processing "
     "instruction</text></stream:error></stream:stream>\n"
     "* error sent restricted-xml\n"
     "* close\n"},
    {"an entity", IN,
     VALID_IN
     "> <message from='a@s.example' to='b@t.example'><body>&x;</body></message>\n"
     "< <stream:error><restricted-xml {err}/><text {err} xml:lang='en'>an entity "
     "reference</text></stream:error></stream:stream>\n"
     "* error sent restricted-xml\n"
     "* close\n"},
    {"text between elements", IN,
     VALID_IN
     "> hello\n"
     "< <stream:error><bad-format {err}/><text {err} xml:lang='en'>text between "
     "elements</text></stream:error></stream:stream>\n"
     "* error sent bad-format\n"
     "* close\n"},
    {"an undeclared prefix", IN,
     VALID_IN
     "> <x:y/>\n"
     "< <stream:error><bad-namespace-prefix {err}/><text {err} xml:lang='en'>a "
     "namespace prefix that is not declared or must not be</text></stream:error>"
     "</stream:stream>\n"
     "* error sent bad-namespace-prefix\n"
     "* close\n"},
    {"white space between elements", IN,
     VALID_IN
     ">  \n"
     "> <message from='a@s.example' to='b@t.example'/>\n"
     "* stanza message s.example -> t.example <message from='a@s.example' "
     "to='b@t.example'/>\n"},
    {"wrong end tag", IN,
     VALID_IN
     "> </stream:strea>\n"
     "< <stream:error><not-well-formed {err}/><text {err} xml:lang='en'>not well-formed "
     "XML</text></stream:error></stream:stream>\n"
     "* error sent not-well-formed\n"
     "* close\n"},
    {"not well-formed while closing", IN,
     VALID_IN
     "! close\n"
     "< </stream:stream>\n"
     "> <a></b>\n"
     "* close\n"},
    {"not well-formed while failing", IN,
     VALID_IN
     "! close reset\n"
     "< <stream:error><reset {err}/></stream:error></stream:stream>\n"
     "* error sent reset\n"
     "> <a></b>\n"
     "* close\n"},
    {"sent by the host: bad-format", IN,
     VALID_IN
     "! close bad-format\n"
     "< <stream:error><bad-format {err}/></stream:error></stream:stream>\n"
     "* error sent bad-format\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: bad-namespace-prefix", IN,
     VALID_IN
     "! close bad-namespace-prefix\n"
     "< <stream:error><bad-namespace-prefix {err}/></stream:error></stream:stream>\n"
     "* error sent bad-namespace-prefix\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: conflict", IN,
     VALID_IN
     "! close conflict\n"
     "< <stream:error><conflict {err}/></stream:error></stream:stream>\n"
     "* error sent conflict\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: connection-timeout", IN,
     VALID_IN
     "! close connection-timeout\n"
     "< <stream:error><connection-timeout {err}/></stream:error></stream:stream>\n"
     "* error sent connection-timeout\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: host-gone", IN,
     VALID_IN
     "! close host-gone\n"
     "< <stream:error><host-gone {err}/></stream:error></stream:stream>\n"
     "* error sent host-gone\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: host-unknown", IN,
     VALID_IN
     "! close host-unknown\n"
     "< <stream:error><host-unknown {err}/></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: improper-addressing", IN,
     VALID_IN
     "! close improper-addressing\n"
     "< <stream:error><improper-addressing {err}/></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: internal-server-error", IN,
     VALID_IN
     "! close internal-server-error\n"
     "< <stream:error><internal-server-error {err}/></stream:error></stream:stream>\n"
     "* error sent internal-server-error\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: invalid-from", IN,
     VALID_IN
     "! close invalid-from\n"
     "< <stream:error><invalid-from {err}/></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: invalid-namespace", IN,
     VALID_IN
     "! close invalid-namespace\n"
     "< <stream:error><invalid-namespace {err}/></stream:error></stream:stream>\n"
     "* error sent invalid-namespace\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: invalid-xml", IN,
     VALID_IN
     "! close invalid-xml\n"
     "< <stream:error><invalid-xml {err}/></stream:error></stream:stream>\n"
     "* error sent invalid-xml\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: not-authorized", IN,
     VALID_IN
     "! close not-authorized\n"
     "< <stream:error><not-authorized {err}/></stream:error></stream:stream>\n"
     "* error sent not-authorized\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: not-well-formed", IN,
     VALID_IN
     "! close not-well-formed\n"
     "< <stream:error><not-well-formed {err}/></stream:error></stream:stream>\n"
     "* error sent not-well-formed\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: policy-violation", IN,
     VALID_IN
     "! close policy-violation\n"
     "< <stream:error><policy-violation {err}/></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: remote-connection-failed", IN,
     VALID_IN
     "! close remote-connection-failed\n"
     "< <stream:error><remote-connection-failed {err}/></stream:error></stream:stream>\n"
     "* error sent remote-connection-failed\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: reset", IN,
     VALID_IN
     "! close reset\n"
     "< <stream:error><reset {err}/></stream:error></stream:stream>\n"
     "* error sent reset\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: resource-constraint", IN,
     VALID_IN
     "! close resource-constraint\n"
     "< <stream:error><resource-constraint {err}/></stream:error></stream:stream>\n"
     "* error sent resource-constraint\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: restricted-xml", IN,
     VALID_IN
     "! close restricted-xml\n"
     "< <stream:error><restricted-xml {err}/></stream:error></stream:stream>\n"
     "* error sent restricted-xml\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: see-other-host", IN,
     VALID_IN
     "! close see-other-host\n"
     "< <stream:error><see-other-host {err}/></stream:error></stream:stream>\n"
     "* error sent see-other-host\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: see-other-host, and where", IN,
     VALID_IN
     "! close see-other-host [2001:db8::1]:5270\n"
     "< <stream:error><see-other-host {err}>[2001:db8::1]:5270</see-other-host></stream:error>"
     "</stream:stream>\n"
     "* error sent see-other-host\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: system-shutdown", IN,
     VALID_IN
     "! close system-shutdown\n"
     "< <stream:error><system-shutdown {err}/></stream:error></stream:stream>\n"
     "* error sent system-shutdown\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: undefined-condition", IN,
     VALID_IN
     "! close undefined-condition\n"
     "< <stream:error><undefined-condition {err}/></stream:error></stream:stream>\n"
     "* error sent undefined-condition\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: unsupported-encoding", IN,
     VALID_IN
     "! close unsupported-encoding\n"
     "< <stream:error><unsupported-encoding {err}/></stream:error></stream:stream>\n"
     "* error sent unsupported-encoding\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: unsupported-feature", IN,
     VALID_IN
     "! close unsupported-feature\n"
     "< <stream:error><unsupported-feature {err}/></stream:error></stream:stream>\n"
     "* error sent unsupported-feature\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: unsupported-stanza-type", IN,
     VALID_IN
     "! close unsupported-stanza-type\n"
     "< <stream:error><unsupported-stanza-type {err}/></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"sent by the host: unsupported-version", IN,
     VALID_IN
     "! close unsupported-version\n"
     "< <stream:error><unsupported-version {err}/></stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"
     "> </stream:stream>\n"
     "* close\n"},
    {"another encoding", IN,
     "> <?xml version='1.0' encoding='ISO-8859-1'?><stream:stream xmlns='jabber:server' "
     "xmlns:stream='{streams}' to='t.example' version='1.0'>\n"
     "< {stream} from='' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<unsupported-encoding {err}/><text {err} xml:lang='en'>only UTF-8 is spoken "
     "here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-encoding\n"
     "* close\n"},
    {"received: bad-format", OUT,
     VALID_OUT
     "> <stream:error><bad-format {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received bad-format\n"
     "* close\n"},
    {"received: bad-namespace-prefix", OUT,
     VALID_OUT
     "> <stream:error><bad-namespace-prefix {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received bad-namespace-prefix\n"
     "* close\n"},
    {"received: conflict", OUT,
     VALID_OUT
     "> <stream:error><conflict {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received conflict\n"
     "* close\n"},
    {"received: connection-timeout", OUT,
     VALID_OUT
     "> <stream:error><connection-timeout {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received connection-timeout\n"
     "* close\n"},
    {"received: host-gone", OUT,
     VALID_OUT
     "> <stream:error><host-gone {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received host-gone\n"
     "* close\n"},
    {"received: host-unknown", OUT,
     VALID_OUT
     "> <stream:error><host-unknown {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received host-unknown\n"
     "* close\n"},
    {"received: improper-addressing", OUT,
     VALID_OUT
     "> <stream:error><improper-addressing {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received improper-addressing\n"
     "* close\n"},
    {"received: internal-server-error", OUT,
     VALID_OUT
     "> <stream:error><internal-server-error {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received internal-server-error\n"
     "* close\n"},
    {"received: invalid-from", OUT,
     VALID_OUT
     "> <stream:error><invalid-from {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received invalid-from\n"
     "* close\n"},
    {"received: invalid-namespace", OUT,
     VALID_OUT
     "> <stream:error><invalid-namespace {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received invalid-namespace\n"
     "* close\n"},
    {"received: invalid-xml", OUT,
     VALID_OUT
     "> <stream:error><invalid-xml {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received invalid-xml\n"
     "* close\n"},
    {"received: not-authorized", OUT,
     VALID_OUT
     "> <stream:error><not-authorized {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received not-authorized\n"
     "* close\n"},
    {"received: not-well-formed", OUT,
     VALID_OUT
     "> <stream:error><not-well-formed {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received not-well-formed\n"
     "* close\n"},
    {"received: policy-violation", OUT,
     VALID_OUT
     "> <stream:error><policy-violation {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received policy-violation\n"
     "* close\n"},
    {"received: remote-connection-failed", OUT,
     VALID_OUT
     "> <stream:error><remote-connection-failed {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received remote-connection-failed\n"
     "* close\n"},
    {"received: reset", OUT,
     VALID_OUT
     "> <stream:error><reset {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received reset\n"
     "* close\n"},
    {"received: resource-constraint", OUT,
     VALID_OUT
     "> <stream:error><resource-constraint {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received resource-constraint\n"
     "* close\n"},
    {"received: restricted-xml", OUT,
     VALID_OUT
     "> <stream:error><restricted-xml {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received restricted-xml\n"
     "* close\n"},
    {"received: system-shutdown", OUT,
     VALID_OUT
     "> <stream:error><system-shutdown {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received system-shutdown\n"
     "* close\n"},
    {"received: undefined-condition", OUT,
     VALID_OUT
     "> <stream:error><undefined-condition {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received undefined-condition\n"
     "* close\n"},
    {"received: unsupported-encoding", OUT,
     VALID_OUT
     "> <stream:error><unsupported-encoding {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received unsupported-encoding\n"
     "* close\n"},
    {"received: unsupported-feature", OUT,
     VALID_OUT
     "> <stream:error><unsupported-feature {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received unsupported-feature\n"
     "* close\n"},
    {"received: unsupported-stanza-type", OUT,
     VALID_OUT
     "> <stream:error><unsupported-stanza-type {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received unsupported-stanza-type\n"
     "* close\n"},
    {"received: unsupported-version", OUT,
     VALID_OUT
     "> <stream:error><unsupported-version {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received unsupported-version\n"
     "* close\n"},
    {"received: xml-not-well-formed", OUT,
     VALID_OUT
     "> <stream:error><xml-not-well-formed {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received not-well-formed\n"
     "* close\n"},
    {"received: no-such-condition", OUT,
     VALID_OUT
     "> <stream:error><no-such-condition {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received undefined-condition\n"
     "* close\n"},
    {"received: see-other-host", OUT,
     VALID_OUT
     "> <stream:error><see-other-host {err}>other.example:5269</see-other-host>"
     "</stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received see-other-host: other.example:5269\n"
     "* close\n"},
    {"received: see-other-host, with text", OUT,
     VALID_OUT
     "> <stream:error><see-other-host {err}> other.example </see-other-host>"
     "<text {err}>evil.example</text></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received see-other-host: other.example\n"
     "* close\n"},
    {"received: with text", OUT,
     VALID_OUT
     "> <stream:error><reset {err}/><text {err}>come &lt;again&gt;</text><app "
     "xmlns='urn:x'/></stream:error>\n"
     "< </stream:stream>\n"
     "* error received reset: come <again>\n"
     "! tick 5000\n"
     "* close\n"},
    {"received: with a very long text", OUT,
     VALID_OUT
     "> <stream:error><reset {err}/><text {err}>{p*5000}</text></stream:error>"
     "</stream:stream>\n"
     "< </stream:stream>\n"
     "* error received reset: pppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
     "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
     "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
     "pppppppppppppppppppppppppppp\n"
     "* close\n"},
    {"received: empty", OUT,
     VALID_OUT
     "> <stream:error/></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received undefined-condition\n"
     "* close\n"},
    {"received: in another namespace", OUT,
     VALID_OUT
     "> <stream:error><reset xmlns='urn:x'/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received undefined-condition\n"
     "* close\n"},
    {"received before TLS", OUT,
     NEW_OUT
     "> {stream} from='s.example' id='1' version='1.0'>\n"
     "> <stream:error><host-unknown {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received host-unknown\n"
     "* close\n"},
    {"received instead of a header", OUT,
     NEW_OUT
     "> <stream:error xmlns:stream='{streams}'><host-unknown {err}/></stream:error>\n"
     "< <stream:error><bad-format {err}/><text {err} xml:lang='en'>not a stream "
     "header</text></stream:error></stream:stream>\n"
     "* error sent bad-format\n"
     "* close\n"},
    {"received while we are failing", OUT,
     VALID_OUT
     "! close reset\n"
     "< <stream:error><reset {err}/></stream:error></stream:stream>\n"
     "* error sent reset\n"
     "> <stream:error><reset {err}/></stream:error></stream:stream>\n"
     "* close\n"},
    {"unknown element", IN,
     VALID_IN
     "> <enable xmlns='urn:xmpp:sm:2'/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"unknown element of the stream namespace", IN,
     VALID_IN
     "> <stream:foo/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"features from the initiating entity", IN,
     VALID_IN
     "> <stream:features/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"features again", OUT,
     VALID_OUT
     "> <stream:features/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"success out of the blue", IN,
     DNA_IN
     "> <success {sasl}/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent policy-violation\n"},
    {"SASL challenge out of the blue", OUT,
     VALID_OUT
     "> <challenge {sasl}/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"SASL failure out of the blue", OUT,
     VALID_OUT
     "> <failure {sasl}/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"TLS failure out of the blue", OUT,
     VALID_OUT
     "> <failure {tls}/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* error sent unsupported-stanza-type\n"},
    {"abort out of the blue", OUT,
     VALID_OUT
     "> <abort {sasl}/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not expected "
     "here</text></stream:error></stream:stream>\n"
     "* error sent policy-violation\n"},
    {"unknown element of SASL", IN,
     DNA_IN
     "> <foo {sasl}/>\n"
     "< <stream:error><unsupported-stanza-type {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent unsupported-stanza-type\n"},
    {"bidi is not offered", IN,
     DNA_IN
     "> <bidi xmlns='urn:xmpp:bidi'/>\n"
     "< <stream:error><policy-violation {err}/><text {err} xml:lang='en'>not "
     "expected here</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent policy-violation\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
