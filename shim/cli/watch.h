/* cli/watch.h: what the files of `dna watch` share.
 *
 * A round looks at every domain, compares with what the state remembers, tells what is
 * different, and remembers that.  What could not be found out changes nothing that is
 * remembered about proofs and endpoints.
 */
#ifndef DNA_CLI_WATCH_H
#define DNA_CLI_WATCH_H

#include <jansson.h>

#include <cli/inspect.h>

#define CLI_WATCHED_MOST 10000

struct cli_watched {
    struct dna_name domain;
    struct cli_inspection *inspection; /* under way */
    struct dna_ruling ruling;
    unsigned proven, unknown; /* prooftypes, as bits: hold somewhere; nobody knows */
    int64_t expires;          /* when the first certificate ends; 0: none was seen */
    size_t endpoints, reached;
    json_t *places; /* sorted "host:port/tls"; NULL: not all is known */
};

struct cli_watch {
    struct cli_call *call;
    struct cli_watched *list; /* in the call's memory */
    size_t n;
    json_t *before, *after; /* the state: an object of domains */
    size_t refused, unknown, ending, events;
};

/* --- watch_list.c: who is watched ------------------------------------------------------ */

/* Reads the file into watch->list.  False: what is wrong has been said. */
bool cli_watch_read(struct cli_watch *watch, const char *file);

/* --- watch_state.c: what was, and what is ---------------------------------------------- */

/* NULL: false was said; no file yet: an empty object. */
json_t *cli_state_load(struct cli_call *call, const char *file);
bool cli_state_save(struct cli_call *call, const char *file, json_t *domains);
/* Takes up what an inspection found. */
void cli_watched_take(struct cli_watched *one, const struct cli_inspection *in);
/* Tells what differs from before, and notes it.  False: said. */
bool cli_watched_compare(struct cli_watch *watch, struct cli_watched *one);

/* --- watch_out.c: files and hooks ------------------------------------------------------ */

/* Puts the text in place of the file at once, so that no reader sees half of it. */
bool cli_replace_file(struct cli_call *call, const char *file, const char *text, size_t len);
bool cli_prometheus(struct cli_watch *watch, const char *file);
/* Runs the command with the text on its standard input.  False: it could not be run, or
 * did not end well; that was said. */
bool cli_hook(struct cli_call *call, const char *command, const char *text);

#endif
