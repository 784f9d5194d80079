/* cli/watch.c: `dna watch`: hosted domains checked again and again.
 *
 * Each round begins with a driver that remembers nothing: what is watched is the present.
 * The state is replaced at the end of a round, in one step, so that the program may be ended
 * at any time.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <cli/report.h>
#include <cli/watch.h>

#define OWN_DOMAIN "dna-watch.invalid"
#define ROUND_MEMORY (64u * 1024 * 1024)
#define AT_ONCE 16 /* domains looked at side by side */

struct round {
    struct cli_watch watch;
    struct cli_live live;
    struct dna_uv_identity *identity;
    struct cli_inspect_options options[AT_ONCE];
    struct cli_inspection *running[AT_ONCE];
    struct cli_watched *whose[AT_ONCE];
    size_t next; /* to be started */
};

static bool start(struct round *round, size_t slot)
{
    struct cli_watched *one = &round->watch.list[round->next++];
    round->options[slot] = (struct cli_inspect_options){
        .domain = one->domain.text,
        .own = cli_text(round->watch.call, "from"),
        .service = DNA_XMPP_SERVER,
        .identity = round->identity,
    };
    round->whose[slot] = one;
    round->running[slot] = cli_inspect_start(&round->live, &round->options[slot]);
    if (round->running[slot] == NULL) {
        (void)cli_fault(round->watch.call, "out of memory");
    }
    return round->running[slot] != NULL;
}

static void harvest(struct round *round, size_t slot)
{
    cli_watched_take(round->whose[slot], round->running[slot]);
    cli_inspect_free(round->running[slot]);
    round->running[slot] = NULL;
}

/* Until every domain was looked at. */
static bool look(struct round *round)
{
    bool fine = true, any = true;
    while (fine && any) {
        any = false;
        for (size_t i = 0; i < AT_ONCE && fine; i++) {
            if (round->running[i] != NULL && cli_inspect_over(round->running[i])) {
                harvest(round, i);
            }
            if (round->running[i] == NULL && round->next < round->watch.n) {
                fine = start(round, i);
                any = true; /* it may be over already */
                continue;
            }
            any = any || round->running[i] != NULL;
        }
        if (fine && any) {
            cli_live_step(&round->live);
            cli_inspect_pull(&round->live, round->running, AT_ONCE);
        }
    }
    for (size_t i = 0; i < AT_ONCE; i++) {
        cli_inspect_free(round->running[i]);
    }
    return fine;
}

static enum cli_exit summarise(const struct cli_watch *watch)
{
    struct cli_report report;
    enum cli_ruling ruling = watch->refused + watch->ending != 0 ? CLI_INVALID
                             : watch->unknown != 0               ? CLI_TEMPFAIL
                                                                 : CLI_VALID;
    cli_report_begin(&report, watch->call, ruling,
                     ruling == CLI_VALID      ? "ok"
                     : ruling == CLI_TEMPFAIL ? "unknown"
                                              : "attention",
                     "%zu of %zu domains refused, %zu not found out, %zu with a certificate "
                     "that ends soon",
                     watch->refused, watch->n, watch->unknown, watch->ending);
    cli_report_number(&report, "domains", (int64_t)watch->n);
    cli_report_number(&report, "refused", (int64_t)watch->refused);
    cli_report_number(&report, "unknown", (int64_t)watch->unknown);
    cli_report_number(&report, "ending", (int64_t)watch->ending);
    cli_report_number(&report, "events", (int64_t)watch->events);
    return cli_report_end(&report);
}

/* What was found out is told, and kept. */
static enum cli_exit conclude(struct cli_watch *watch)
{
    const char *state = cli_text(watch->call, "state");
    const char *prometheus = cli_text(watch->call, "prometheus");
    enum cli_exit status;
    bool fine = true;
    for (size_t i = 0; i < watch->n; i++) {
        fine = cli_watched_compare(watch, &watch->list[i]) && fine;
    }
    if (state != NULL) {
        fine = cli_state_save(watch->call, state, watch->after) && fine;
    }
    if (prometheus != NULL) {
        fine = cli_prometheus(watch, prometheus) && fine;
    }
    status = summarise(watch);
    return fine ? status : CLI_FAULT;
}

static enum cli_exit watch_once(struct round *round)
{
    struct cli_call *call = round->watch.call;
    enum cli_exit status = cli_live_open(&round->live, call, DNA_EVIDENCE_ALL);
    bool fine;
    if (status != CLI_ACCEPTED) {
        return status;
    }
    fine = cli_live_identity(&round->live, cli_text(call, "from"), &round->identity) &&
           look(round);
    dna_uv_identity_free(round->identity);
    cli_live_close(&round->live);
    status = fine ? conclude(&round->watch) : CLI_FAULT;
    for (size_t i = 0; i < round->watch.n; i++) {
        json_decref(round->watch.list[i].places);
        round->watch.list[i].places = NULL;
    }
    return status;
}

static void wait_for(int64_t seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* The state of the round before is what the next one compares with.  What the round needs is
 * in a memory of its own. */
static enum cli_exit go_round(struct cli_call *call, json_t **state)
{
    struct dna_arena kept = call->memory;
    struct round round = {.watch = {.call = call, .before = *state, .after = json_object()}};
    enum cli_exit status = CLI_FAULT;
    if (round.watch.after == NULL) {
        return cli_fault(call, "out of memory");
    }
    dna_arena_init(&call->memory, NULL, ROUND_MEMORY);
    call->now = (int64_t)time(NULL);
    if (cli_watch_read(&round.watch, call->operands[0])) {
        status = watch_once(&round);
    }
    if (json_object_size(round.watch.after) != 0) {
        json_decref(*state);
        *state = round.watch.after;
    } else {
        json_decref(round.watch.after);
    }
    dna_arena_fini(&call->memory);
    call->memory = kept;
    return status;
}

static enum cli_exit run(struct cli_call *call)
{
    json_t *state;
    enum cli_exit status;
    if (strcmp(call->operands[0], "-") == 0 && !cli_flag(call, "once")) {
        return cli_usage(call, "standard input can be read only --once");
    }
    state = cli_state_load(call, cli_text(call, "state"));
    if (state == NULL) {
        return CLI_FAULT;
    }
    for (;;) {
        status = go_round(call, &state);
        if (cli_flag(call, "once")) {
            break;
        }
        wait_for(cli_number(call, "interval", 3600));
    }
    json_decref(state);
    return status;
}

static const struct cli_option options[] = {
    {"once", CLI_FLAG, .help = "look once, and say by the exit status what came of it"},
    {"interval", CLI_NUMBER, .least = 1, .most = 86400 * 7, .value = "SECONDS",
     .otherwise = "3600", .help = "wait that long between two rounds"},
    {"days", CLI_NUMBER, .least = 0, .most = 3650, .value = "DAYS", .otherwise = "14",
     .help = "a certificate that ends within so many days is told about"},
    {"state", CLI_FILE, .value = "FILE",
     .help = "remember there what was found out, for the next call"},
    {"hook", CLI_TEXT, .value = "CMD",
     .help = "run this by /bin/sh for each event, which is JSON on its standard input"},
    {"prometheus", CLI_FILE, .value = "FILE",
     .help = "write metrics there after each round, for a textfile collector"},
    {"from", CLI_DOMAIN, .value = "OWN", .otherwise = OWN_DOMAIN,
     .help = "the domain in whose name to connect"},
    {"cert", CLI_FILE, .value = "PEM", .help = "present this chain, leaf first"},
    {"key", CLI_FILE, .value = "PEM", .help = "the key of --cert"},
    CLI_OPTIONS_LIVE,
    {0},
};
static const struct cli_example examples[] = {
    {"dna watch customers --once --state customers.state",
     "from cron: what is different from the last time, and what ends soon"},
    {"dna watch customers --state customers.state --hook 'mail -s dna hostmaster'",
     "every hour, with a mail for each event"},
    {"dna watch customers --once --prometheus /var/lib/node_exporter/dna.prom",
     "metrics for Prometheus"},
    {0},
};
const struct cli_command cli_command_watch = {
    .name = "watch",
    .summary = "check hosted domains again and again, and tell what changed",
    .usage = "FILE [--once] [--state FILE] [--hook CMD] [--prometheus FILE]",
    .about =
        "FILE has a customer's domain on each line, and its components behind it: "
        "\"example.com conference. upload.\" stands for three domains; \"#\" begins a "
        "comment. Each is checked as dna check does, and compared with what was found the "
        "last time. Events are: new (seen for the first time), changed (another ruling), "
        "drift (still proven, but by other proofs or at other servers) and expires (a "
        "certificate ends soon; told once).\n"
        "What could not be found out makes no proof count as lost. With --once, the exit "
        "status is 0 where every domain is proven and no certificate ends soon, 1 where "
        "that is not so, and 3 where something could not be found out and nothing is "
        "wrong otherwise. A hook that takes longer than a minute is ended.",
    .members = "domain, event: whose, and new, changed, drift or expires\n"
               "was: the ruling before\n"
               "expires: when the first certificate of its servers ends\n"
               "remedy: what to do about it\n"
               "domains, refused, unknown, ending, events: in the last line of a round, how "
               "many",
    .operands = {.name = "FILE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
