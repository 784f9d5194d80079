/* CPU time per stanza of the stream reader beside expat alone, for the same bytes.
 *
 * usage: bench_xml [MEGABYTES]
 *
 * The stanzas are of the sizes that servers exchange; they come in 16 KiB pieces, as TLS
 * records do.  Figures are CPU time per stanza: compare the lines of one run with each
 * other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include <bench.h>
#include <xml/reader.h>

#define PIECE 16384
#define HEADER \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' " \
    "xmlns:stream='http://etherx.jabber.org/streams' from='a.example' to='b.example' " \
    "version='1.0' xml:lang='en'>"

static const char *const stanzas[] = {
    "<message from='juliet@a.example/balcony' to='romeo@b.example/orchard' id='ktx72v49' "
    "type='chat' xml:lang='en'><body>Art thou not Romeo, and a Montague?</body><active "
    "xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>"
    "<origin-id xmlns='urn:xmpp:sid:0' "
    "id='de305d54-75b4-431b-adb2-eb6b9e546013'/></message>",
    "<presence from='juliet@a.example/balcony' "
    "to='romeo@b.example'><show>away</show><status>"
    "be right back</status><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
    "node='http://code.example/' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/><x "
    "xmlns='vcard-temp:x:update'><photo>01b87fcd030b72895ff8e88db57ec525450f000d</"
    "photo></x>"
    "</presence>",
    "<iq from='juliet@a.example/balcony' to='pubsub.b.example' id='items1' "
    "type='get'><pubsub "
    "xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:microblog:0' "
    "max_items='20'/><set "
    "xmlns='http://jabber.org/protocol/rsm'><max>20</max></set></pubsub>"
    "</iq>",
};

/* size bytes of whole stanzas; *count of them. */
static char *make_stream(size_t size, size_t *len, size_t *count)
{
    char *text = malloc(size + 1024);
    *len = *count = 0;
    while (text != NULL && *len < size) {
        const char *stanza = stanzas[*count % (sizeof stanzas / sizeof *stanzas)];
        memcpy(text + *len, stanza, strlen(stanza));
        *len += strlen(stanza);
        ++*count;
    }
    return text;
}

static void report(const char *name, double seconds, size_t count, size_t len)
{
    char figure[64];
    snprintf(figure, sizeof figure, "xml.%s", name);
    bench_figure(figure, seconds * 1e9 / (double)count, "ns");
    snprintf(figure, sizeof figure, "xml.%s.rate", name);
    bench_figure(figure, (double)len / 1e6 / seconds, "MB/s");
}

static size_t read_all(struct dna_xml_reader *r, const char *text, size_t len)
{
    struct dna_xml_item item;
    size_t elements = 0, at = 0;
    while (at < len) {
        size_t piece = len - at < PIECE ? len - at : PIECE;
        if (dna_xml_reader_feed(r, (struct dna_span){text + at, piece}) != DNA_OK) {
            return 0;
        }
        for (dna_xml_reader_next(r, &item); item.kind == DNA_XML_ELEMENT;
             dna_xml_reader_next(r, &item)) {
            elements++;
        }
        at += piece;
    }
    return elements;
}

static bool bench_reader(const char *name, bool shallow, const char *text, size_t len,
                         size_t count)
{
    static const struct dna_xml_limits limits = {262144, 128, 64};
    struct dna_xml_reader *r;
    struct dna_xml_item item;
    double began;
    size_t elements;
    if (dna_xml_reader_new(NULL, "en", &limits, &r) != DNA_OK) {
        return false;
    }
    dna_xml_reader_shallow(r, shallow);
    if (dna_xml_reader_feed(r, dna_span_of(HEADER)) != DNA_OK) {
        return false;
    }
    dna_xml_reader_next(r, &item);
    dna_xml_reader_next(r, &item);
    began = bench_cpu();
    elements = read_all(r, text, len);
    report(name, bench_cpu() - began, count, len);
    dna_xml_reader_free(r);
    return elements == count;
}

static void XMLCALL on_start(void *arg, const char *name, const char **atts)
{
    (void)name, (void)atts;
    ++*(size_t *)arg;
}

static void XMLCALL on_end(void *arg, const char *name)
{
    (void)name;
    ++*(size_t *)arg;
}

static bool bench_expat(const char *text, size_t len, size_t count)
{
    XML_Parser parser = XML_ParserCreateNS("UTF-8", ' ');
    size_t events = 0;
    double began;
    bool good;
    if (parser == NULL) {
        return false;
    }
    XML_SetUserData(parser, &events);
    XML_SetElementHandler(parser, on_start, on_end);
    good = XML_Parse(parser, HEADER, sizeof HEADER - 1, XML_FALSE) == XML_STATUS_OK;
    began = bench_cpu();
    for (size_t at = 0; at < len && good; at += PIECE) {
        size_t piece = len - at < PIECE ? len - at : PIECE;
        good = XML_Parse(parser, text + at, (int)piece, XML_FALSE) == XML_STATUS_OK;
    }
    report("expat", bench_cpu() - began, count, len);
    XML_ParserFree(parser);
    return good && events > 0;
}

int main(int argc, char **argv)
{
    size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 32, len, count;
    char *text = make_stream((megabytes != 0 ? megabytes : 1) << 20, &len, &count);
    bool good = text != NULL && bench_expat(text, len, count) &&
                bench_reader("shallow", true, text, len, count) &&
                bench_reader("trees", false, text, len, count);
    free(text);
    if (!good) {
        fprintf(stderr, "bench_xml: a parser failed\n");
    }
    return good ? 0 : 1;
}
