/* Stream headers: every attribute missing or bad, in both roles (RFC 6120 4.7, 4.8). */
#include "play.h"

static const struct scene scenes[] = {
    {"prefix-free", IN,
     "> <stream xmlns='{streams}' to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"},
    {"byte by byte", BYTEWISE_IN,
     "> <?xml version='1.0'?><stream:stream xmlns='jabber:server' "
     "xmlns:stream='{streams}' to='t.example' from='s.example' version='1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"},
    {"names are canonical", IN,
     "> {stream} to='T.Example.' from='bücher.EXAMPLE' version='1.0'>\n"
     "< {stream} from='t.example' to='xn--bcher-kva.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features><starttls {tls}><required/></starttls>"
     "</stream:features>\n"
     "* foresee xn--bcher-kva.example\n"},
    {"an A-label is the same name", IN,
     "> {stream} to='t.example' from='xn--bcher-kva.example' version='1.0'>\n"
     "< {stream} from='t.example' to='xn--bcher-kva.example' id='id0' version='1.0' "
     "xml:lang='en'><stream:features><starttls {tls}><required/></starttls>"
     "</stream:features>\n"
     "* foresee xn--bcher-kva.example\n"},
    {"no from in clear", IN,
     "> {stream} to='t.example' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"},
    {"empty from in clear", IN,
     "> {stream} to='t.example' from='' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"},
    {"no from under TLS", IN,
     TLS_IN
     "> {stream} to='t.example' version='1.0'>\n"
     "< {stream} from='t.example' id='id1' version='1.0' xml:lang='en'><stream:error>"
     "<improper-addressing {err}/><text {err} xml:lang='en'>the header has no "
     "from</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"no to", IN,
     "> {stream} from='s.example' version='1.0'>\n"
     "< {stream} from='' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that is "
     "served here</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"unknown to", IN,
     "> {stream} to='u.example' from='s.example' version='1.0'>\n"
     "< {stream} from='' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that is "
     "served here</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"unknown to under TLS", IN,
     TLS_IN
     "> {stream} to='u.example' from='s.example' version='1.0'>\n"
     "< {stream} from='' to='s.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:error><host-unknown {err}/><text {err} xml:lang='en'>not a domain that is "
     "served here</text></stream:error></stream:stream>\n"
     "* error sent host-unknown\n"},
    {"to is no domain", IN,
     "> {stream} to='t..example' from='s.example' version='1.0'>\n"
     "< {stream} from='' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:error><improper-addressing {err}/><text {err} xml:lang='en'>not a domain, "
     "or one that servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"from is no domain", IN,
     "> {stream} to='t.example' from='a b' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<improper-addressing {err}/><text {err} xml:lang='en'>not a domain, or one that "
     "servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"from is an address", IN,
     "> {stream} to='t.example' from='192.0.2.1' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<improper-addressing {err}/><text {err} xml:lang='en'>not a domain, or one that "
     "servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"sharp s", IN,
     "> {stream} to='t.example' from='straße.example' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<improper-addressing {err}/><text {err} xml:lang='en'>not a domain, or one that "
     "servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"final sigma", IN,
     "> {stream} to='t.example' from='ας.example' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<improper-addressing {err}/><text {err} xml:lang='en'>not a domain, or one that "
     "servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"joiner", IN,
     "> {stream} to='t.example' from='a‍b.example' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<improper-addressing {err}/><text {err} xml:lang='en'>not a domain, or one that "
     "servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"soft hyphen in to", IN,
     "> {stream} to='t­.example' from='s.example' version='1.0'>\n"
     "< {stream} from='' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:error><improper-addressing {err}/><text {err} xml:lang='en'>not a domain, "
     "or one that servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"ideographic full stop in to", IN,
     "> {stream} to='t。example' from='s.example' version='1.0'>\n"
     "< {stream} from='' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:error><improper-addressing {err}/><text {err} xml:lang='en'>not a domain, "
     "or one that servers read differently</text></stream:error></stream:stream>\n"
     "* error sent improper-addressing\n"},
    {"own domain claimed", IN,
     "> {stream} to='t.example' from='t2.example' version='1.0'>\n"
     "< {stream} from='t.example' to='t2.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is "
     "served here</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"own domain claimed under TLS", IN,
     TLS_IN
     "> {stream} to='t.example' from='t.example' version='1.0'>\n"
     "< {stream} from='t.example' to='t.example' id='id1' version='1.0' xml:lang='en'>"
     "<stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is "
     "served here</text></stream:error></stream:stream>\n"
     "* error sent invalid-from\n"},
    {"no version", IN,
     "> {stream} to='t.example' from='s.example'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>no version: TLS cannot be "
     "negotiated</text></stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"version 0.9", IN,
     "> {stream} to='t.example' from='s.example' version='0.9'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>no version: TLS cannot be "
     "negotiated</text></stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"version 1.1", IN,
     "> {stream} to='t.example' from='s.example' version='1.1'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"},
    {"version 1.10", IN,
     "> {stream} to='t.example' from='s.example' version='1.10'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"},
    {"version 01.0", IN,
     "> {stream} to='t.example' from='s.example' version='01.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"},
    {"version 2.0", IN,
     "> {stream} to='t.example' from='s.example' version='2.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"},
    {"version 99999999999999999999.0", IN,
     "> {stream} to='t.example' from='s.example' version='99999999999999999999.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "* foresee s.example\n"},
    {"version [1]", IN,
     "> {stream} to='t.example' from='s.example' version='1'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>not a version</text>"
     "</stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"version [1.]", IN,
     "> {stream} to='t.example' from='s.example' version='1.'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>not a version</text>"
     "</stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"version [.0]", IN,
     "> {stream} to='t.example' from='s.example' version='.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>not a version</text>"
     "</stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"version [1.0x]", IN,
     "> {stream} to='t.example' from='s.example' version='1.0x'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>not a version</text>"
     "</stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"version [one]", IN,
     "> {stream} to='t.example' from='s.example' version='one'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>not a version</text>"
     "</stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"version [-1.0]", IN,
     "> {stream} to='t.example' from='s.example' version='-1.0'>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>not a version</text>"
     "</stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"version []", IN,
     "> {stream} to='t.example' from='s.example' version=''>\n"
     "< {stream} from='t.example' to='s.example' id='id0' xml:lang='en'><stream:error>"
     "<unsupported-version {err}/><text {err} xml:lang='en'>not a version</text>"
     "</stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"not the stream namespace", IN,
     "> <stream:stream xmlns='jabber:server' xmlns:stream='urn:x' to='t.example' "
     "version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<invalid-namespace {err}/><text {err} xml:lang='en'>not the stream "
     "namespace</text></stream:error></stream:stream>\n"
     "* error sent invalid-namespace\n"},
    {"no namespace", IN,
     "> <stream to='t.example' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<invalid-namespace {err}/><text {err} xml:lang='en'>not the stream "
     "namespace</text></stream:error></stream:stream>\n"
     "* error sent invalid-namespace\n"},
    {"not a stream", IN,
     "> <stream:features xmlns='jabber:server' xmlns:stream='{streams}' to='t.example' "
     "version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<bad-format {err}/><text {err} xml:lang='en'>not a stream header</text>"
     "</stream:error></stream:stream>\n"
     "* error sent bad-format\n"},
    {"another prefix", IN,
     "> <s:stream xmlns='jabber:server' xmlns:s='{streams}' to='t.example' "
     "version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<bad-namespace-prefix {err}/><text {err} xml:lang='en'>only the prefix stream is "
     "supported</text></stream:error></stream:stream>\n"
     "* error sent bad-namespace-prefix\n"},
    {"jabber:client", IN,
     "> <stream:stream xmlns='jabber:client' xmlns:stream='{streams}' to='t.example' "
     "version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<invalid-namespace {err}/><text {err} xml:lang='en'>the default namespace is not "
     "jabber:server</text></stream:error></stream:stream>\n"
     "* error sent invalid-namespace\n"},
    {"no default namespace", IN,
     "> <stream:stream xmlns:stream='{streams}' to='t.example' version='1.0'>\n"
     "< {stream} from='t.example' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<invalid-namespace {err}/><text {err} xml:lang='en'>the default namespace is not "
     "jabber:server</text></stream:error></stream:stream>\n"
     "* error sent invalid-namespace\n"},
    {"not XML", IN,
     "> GET / HTTP/1.1\n"
     "< {stream} from='' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<not-well-formed {err}/><text {err} xml:lang='en'>text before the stream "
     "header</text></stream:error></stream:stream>\n"
     "* error sent not-well-formed\n"
     "* close\n"},
    {"a fault in the header comes behind ours", IN,
     "> {stream} to='t.example' to='t.example' version='1.0'>\n"
     "< {stream} from='' id='id0' version='1.0' xml:lang='en'><stream:error>"
     "<not-well-formed {err}/><text {err} xml:lang='en'>not well-formed XML</text>"
     "</stream:error></stream:stream>\n"
     "* error sent not-well-formed\n"
     "* close\n"},
    {"a TLS header that names another domain of ours", IN,
     TLS_IN
     "> {stream} {xdna} to='t2.example' from='s2.example' version='1.0'>\n"
     "< {stream} from='t2.example' to='s2.example' id='id1' version='1.0' "
     "xml:lang='en'><stream:features><assert {dna} "
     "from='t2.example'/>{limits}</stream:features>\n"
     "* hear s2.example\n"
     "! who\n"
     "= t2.example s2.example dna no\n"},
    {"header and end at once", IN,
     "> <stream:stream xmlns='jabber:server' xmlns:stream='{streams}' to='t.example' "
     "from='s.example' version='1.0'/>\n"
     "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"
     "<stream:features><starttls {tls}><required/></starttls></stream:features>"
     "</stream:stream>\n"
     "* foresee s.example\n"
     "* close\n"},
    {"answer without id", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='s.example' to='t.example' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"},
    {"answer without names", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} id='1' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"},
    {"answer from nobody", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='' id='1' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"},
    {"answer without version", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='s.example' id='1'>\n"
     "< <stream:error><unsupported-version {err}/><text {err} xml:lang='en'>no version: "
     "TLS cannot be negotiated</text></stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"answer with version 2.0", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='s.example' id='1' version='2.0'>\n"
     "< <stream:error><unsupported-version {err}/><text {err} xml:lang='en'>higher than "
     "ours</text></stream:error></stream:stream>\n"
     "* error sent unsupported-version\n"},
    {"answer in another namespace", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> <stream:stream xmlns='jabber:client' xmlns:stream='{streams}' id='1' "
     "version='1.0'>\n"
     "< <stream:error><invalid-namespace {err}/><text {err} xml:lang='en'>the default "
     "namespace is not jabber:server</text></stream:error></stream:stream>\n"
     "* error sent invalid-namespace\n"},
    {"answer from a stranger in clear is not believed", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='x.example' to='t.example' id='1' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"},
    {"answer from a stranger under TLS", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "* hear s.example\n"
     "> {stream} from='x.example' to='t.example' id='1' version='1.0'>\n"
     "> <stream:features><assert {dna} from='x.example'/></stream:features>\n"
     "< <stream:error><invalid-from {err}/><text {err} xml:lang='en'>that domain is not "
     "proven on this stream</text></stream:error></stream:stream>\n"
     "* dismiss s.example\n"
     "* error sent invalid-from\n"},
    {"a stranger explains itself", OUT,
     "! new\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"
     "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"
     "< <starttls {tls}/>\n"
     "> <proceed {tls}/>\n"
     "* secure t.example\n"
     "! secured\n"
     "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
     "* restart\n"
     "* hear s.example\n"
     "> {stream} from='x.example' to='t.example' id='1' version='1.0'>\n"
     "> <stream:error><host-unknown {err}/></stream:error></stream:stream>\n"
     "< </stream:stream>\n"
     "* error received host-unknown\n"
     "* dismiss s.example\n"
     "* close\n"},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
