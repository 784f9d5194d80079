/* cli/stream.c: `dna stream`: what the XML reader makes of bytes, one JSON line per
 * event. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <base/limits.h>
#include <cli/report.h>
#include <xml/reader.h>

#define STREAM_NS "http://etherx.jabber.org/streams"

struct watch {
    struct cli_call *call;
    struct dna_xml_reader *reader;
    const char *content; /* the namespace of stanzas */
    uint64_t lent, told; /* bytes lent so far; up to where events were told of */
    bool over;           /* nothing more will be read */
    enum cli_exit status;
};

static const struct {
    const char *condition;
} errors[] = {
    [DNA_XML_OK] = {"internal-server-error"},
    [DNA_XML_NOT_WELL_FORMED] = {"not-well-formed"},
    [DNA_XML_RESTRICTED] = {"restricted-xml"},
    [DNA_XML_UNSUPPORTED_ENCODING] = {"unsupported-encoding"},
    [DNA_XML_BAD_NAMESPACE_PREFIX] = {"bad-namespace-prefix"},
    [DNA_XML_BAD_FORMAT] = {"bad-format"},
    [DNA_XML_POLICY] = {"policy-violation"},
    [DNA_XML_MEMORY] = {"internal-server-error"},
};

static void end_event(struct watch *w, struct cli_report *report)
{
    uint64_t at = w->lent - dna_xml_reader_unread(w->reader);
    cli_report_number(report, "bytes", (int64_t)(at - w->told));
    w->told = at;
    if (cli_report_end(report) == CLI_FAULT) {
        w->status = CLI_FAULT;
        w->over = true;
    }
}

static void add_element(struct cli_report *report, const struct dna_xml_element *e)
{
    struct dna_span value;
    cli_report_text(report, "name", e->name);
    cli_report_text(report, "namespace", e->ns);
    if (dna_xml_attr(e, "from", &value)) {
        cli_report_text(report, "from", value);
    }
    if (dna_xml_attr(e, "to", &value)) {
        cli_report_text(report, "to", value);
    }
}

static void tell(struct watch *w, const char *event, const char *why,
                 const struct dna_xml_element *element)
{
    struct cli_report report;
    cli_report_begin(&report, w->call, CLI_VALID, "ok", "%s", why);
    cli_report_string(&report, "event", event);
    if (element != NULL) {
        add_element(&report, element);
    }
    end_event(w, &report);
}

static void tell_error(struct watch *w, const char *condition, const char *why)
{
    struct cli_report report;
    w->over = true;
    w->status = CLI_REFUSED;
    cli_report_begin(&report, w->call, CLI_INVALID, condition, "%s", why);
    cli_report_string(&report, "event", "error");
    cli_report_string(&report, "condition", condition);
    end_event(w, &report);
}

/* RFC 6120 4.8: the header's own namespace, and the one of what it will hold. */
static void see_header(struct watch *w, const struct dna_xml_item *item)
{
    const struct dna_xml_element *e = item->element;
    if (!dna_span_is(e->ns, STREAM_NS)) {
        tell_error(w, "invalid-namespace", "not the stream namespace");
    } else if (!dna_span_is(e->name, "stream")) {
        tell_error(w, "bad-format", "not a stream header");
    } else if (e->prefix.len != 0 && !dna_span_is(e->prefix, "stream")) {
        tell_error(w, "bad-namespace-prefix", "only the prefix stream is supported");
    } else if (e->prefix.len != 0 && !dna_span_is(item->default_ns, w->content)) {
        tell_error(w, "invalid-namespace",
                   "the default namespace is not that of the service");
    } else {
        tell(w, "header", "a stream header", e);
    }
}

/* Takes every item that the lent bytes hold.  hushed: the header is one of ours. */
static void take(struct watch *w, bool hushed)
{
    while (!w->over) {
        struct dna_xml_item item;
        dna_xml_reader_next(w->reader, &item);
        switch (item.kind) {
        case DNA_XML_MORE:
            return;
        case DNA_XML_HEADER:
            if (!hushed) {
                see_header(w, &item);
            }
            break;
        case DNA_XML_ELEMENT:
            tell(w, "element", "a complete element", item.element);
            break;
        case DNA_XML_END:
            tell(w, "end", "the end of the stream", NULL);
            w->over = true;
            break;
        case DNA_XML_ERROR:
            if (item.error == DNA_XML_MEMORY) {
                w->status = cli_fault(w->call, "%s", item.why);
                w->over = true;
            } else {
                tell_error(w, errors[item.error].condition, item.why);
            }
            break;
        }
    }
}

static bool lend(struct watch *w, struct dna_span bytes)
{
    if (dna_xml_reader_feed(w->reader, bytes) != DNA_OK) {
        w->status = cli_fault(w->call, "the reader takes no bytes");
        w->over = true;
        return false;
    }
    w->lent += bytes.len;
    return true;
}

/* As if a header had been accepted before. */
static void begin_inside(struct watch *w)
{
    char header[256];
    (void)snprintf(header, sizeof header,
                   "<stream:stream xmlns='%s' xmlns:stream='" STREAM_NS
                   "' version='1.0'%s>",
                   w->content,
                   strcmp(w->content, "jabber:server") == 0
                       ? " xmlns:db='jabber:server:dialback'" : "");
    if (lend(w, dna_span_of(header))) {
        take(w, true);
        w->told = w->lent;
    }
}

static void read_all(struct watch *w, size_t chunk)
{
    static char bytes[DNA_LIMIT_READ];
    while (!w->over) {
        ssize_t n = read(STDIN_FILENO, bytes, chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            w->status = cli_fault(w->call, "standard input: %s", strerror(errno));
            return;
        }
        if (n == 0) {
            if (dna_xml_reader_pending(w->reader) != 0) {
                (void)fprintf(stderr, "%s: the input ends within an element\n",
                              w->call->title);
            }
            return;
        }
        if (lend(w, (struct dna_span){bytes, (size_t)n})) {
            take(w, false);
        }
    }
}

static enum cli_exit run(struct cli_call *call)
{
    const struct dna_xml_limits limits = {
        .element = (size_t)cli_number(call, "max-stanza", 0),
        .depth = DNA_LIMIT_DEPTH_AUTH,
        .attributes = DNA_LIMIT_ATTRIBUTES,
    };
    struct watch w = {.call = call, .status = CLI_ACCEPTED};
    enum dna_err err = dna_xml_reader_new(NULL, "", &limits, &w.reader);
    if (err != DNA_OK) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    call->json = true;
    w.content = strcmp(cli_text(call, "service"), "client") == 0 ? "jabber:client"
                                                                 : "jabber:server";
    if (cli_flag(call, "inside")) {
        begin_inside(&w);
    }
    read_all(&w, (size_t)cli_number(call, "chunk", 0));
    dna_xml_reader_free(w.reader);
    return w.status;
}

static const struct cli_option options[] = {
    {"chunk", CLI_NUMBER, .least = 1, .most = DNA_LIMIT_READ, .value = "N",
     .otherwise = "65536", .help = "give the reader N bytes at a time"},
    {"max-stanza", CLI_NUMBER, .least = 1, .most = 1 << 30, .value = "N",
     .otherwise = "262144", .help = "the most bytes that one element may have"},
    {"service", CLI_WORD, .words = "server client", .value = "S", .otherwise = "server",
     .help = "whose streams: the content namespace is jabber:server or jabber:client"},
    {"inside", CLI_FLAG,
     .help = "the bytes begin behind an accepted header, which declares the prefixes "
             "stream and db"},
    {0},
};
static const struct cli_example examples[] = {
    {"dna stream --inside < stanzas.xml",
     "one line for each stanza, or the stream error"},
    {"dna stream --chunk 1 < trace.xml", "the same stream as if it came byte by byte"},
    {0},
};
const struct cli_command cli_command_stream = {
    .name = "stream",
    .summary = "show what the XML reader makes of a stream",
    .usage = "[OPTION...] < BYTES",
    .about = "Reads one direction of an XMPP stream from standard input and prints one "
             "line of JSON for its header, for each element in it and for its end, or "
             "the stream error that the library would send. The member bytes counts "
             "what belongs to the event, with the white space before it. It ends at "
             "the first error.",
    .members = "event: header, element, end or error\n"
               "name, namespace: of a header or element\n"
               "from, to: its addresses, where it has some\n"
               "bytes: that belong to the event\n"
               "condition: the stream error",
    .operands = {.name = "nothing", .least = 0, .most = 0, .type = CLI_TEXT},
    .options = options,
    .examples = examples,
    .run = run,
};
