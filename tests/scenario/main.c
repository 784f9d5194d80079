/* Plays one .scn file: scenario FILE.  Exits 1 where the session does not do what the file
 * says. */
#include "play.h"

#include <stdlib.h>
#include <string.h>

#include <x509/spki.h>

static void host(struct play *play, const char *line)
{
    struct dna_hosted hosted = {.size = sizeof hosted};
    char domain[256], url[1024], link[64];
    words_option(line, "ta", url, sizeof url);
    words_option(line, "link", link, sizeof link);
    (void)words_next(&line, domain, sizeof domain);
    hosted.domain = domain;
    hosted.dnssec_ta_url = url[0] != '\0' ? url : NULL;
    for (size_t i = 0; i < play->n_links && link[0] != '\0'; i++) {
        if (strcmp(play->links[i].name, link) == 0) {
            hosted.link = play->links[i].link;
        }
    }
    if ((hosted.link != NULL) != (link[0] != '\0')) {
        play_fail(play, "no link '%s'", link);
    }
    play_ok(play, dna_session_host(play->session, &hosted), "host");
}

static void unhost(struct play *play, const char *line)
{
    char domain[256];
    (void)words_next(&line, domain, sizeof domain);
    dna_session_unhost(play->session, domain, play->now);
}

static void add_link(struct play *play, const char *line)
{
    struct actor_link *link = &play->links[play->n_links++];
    char secret[128];
    (void)words_next(&line, link->name, sizeof link->name);
    (void)snprintf(secret, sizeof secret, "the secret of link %s", link->name);
    play_ok(play, dna_session_link(play->session, dna_span_of(secret), &link->link), "link");
}

static enum dna_level level_of(const char *word)
{
    static const char *const levels[] = {[DNA_LEVEL_REFUSE] = "refuse",
                                         [DNA_LEVEL_PROOF] = "proof",
                                         [DNA_LEVEL_STRONG] = "strong",
                                         [DNA_LEVEL_DIALBACK] = "dialback",
                                         [DNA_LEVEL_PIN] = "pin"};
    size_t i = 0;
    while (i < sizeof levels / sizeof *levels && strcmp(levels[i], word) != 0) {
        i++;
    }
    return i < sizeof levels / sizeof *levels ? (enum dna_level)i : DNA_LEVEL_PROOF;
}

/* TYPE,TYPE, or with level pin CERT,CERT */
static void read_types(struct play *play, char *types, struct dna_policy *policy)
{
    if (policy->level != DNA_LEVEL_PIN) {
        policy->prooftypes = 0;
    }
    for (char *word = strtok(types, ","); word != NULL; word = strtok(NULL, ",")) {
        if (policy->level == DNA_LEVEL_PIN) {
            play_ok(play, dna_spki_digest(world_cert(play, word)->chain,
                                          policy->pins[policy->n_pins++]), "pin");
        } else {
            enum dna_prooftype known;
            play_ok(play, dna_prooftype_by_name(dna_span_of(word), &known), word);
            policy->prooftypes |= DNA_PROOF_BIT(known);
        }
    }
}

/* PATTERN refuse|proof|strong|dialback [TYPE,TYPE], or PATTERN pin CERT,CERT; then perhaps
 * report-only, ends=SECONDS, observe=LEVEL[:TYPE,TYPE] */
static void policy(struct play *play, const char *line)
{
    struct dna_policy_rule rule = {.size = sizeof rule, .policy = dna_policy_default()};
    char pattern[256], word[256];
    (void)words_next(&line, pattern, sizeof pattern);
    (void)words_next(&line, word, sizeof word);
    rule.policy.level = level_of(word);
    while (words_next(&line, word, sizeof word)) {
        if (strcmp(word, "report-only") == 0) {
            rule.report_only = true;
        } else if (strncmp(word, "ends=", 5) == 0) {
            rule.until = play->now.wall + atoll(word + 5);
        } else if (strncmp(word, "observe=", 8) == 0) {
            char *types = strchr(word, ':');
            if (types != NULL) {
                *types++ = '\0';
            }
            rule.observes = true;
            rule.observed = rule.policy;
            rule.observed.level = level_of(word + 8);
            if (types != NULL) {
                read_types(play, types, &rule.observed);
            }
        } else {
            read_types(play, word, &rule.policy);
        }
    }
    play_ok(play, dna_session_rule(play->session, pattern, &rule), "policy");
}

/* D CODE: it is on the list of whom an observed policy would refuse; D nobody: it is not. */
static void would_refuse(struct play *play, const char *line)
{
    struct dna_session_observed entry;
    char domain[256], code[64];
    const char *found = "nobody";
    size_t cursor = 0;
    (void)words_next(&line, domain, sizeof domain);
    (void)words_next(&line, code, sizeof code);
    while (dna_session_observed_next(play->session, &cursor, &entry)) {
        if (strcmp(entry.domain, domain) == 0) {
            found = dna_code_name(entry.ruling->code);
        }
    }
    if (strcmp(found, code) != 0) {
        play_fail(play, "%s is listed with %s", domain, found);
    }
}

/* ca|stranger: from now on that authority alone; ca, too, is a change. */
static void believe(struct play *play, const char *line)
{
    struct dna_roots *roots =
        cert_roots(strcmp(line, "stranger") == 0 ? &play->stranger : &play->ca);
    play_ok(play, dna_session_roots(play->session, roots), "believe");
    dna_roots_free(play->roots);
    play->roots = roots;
}

/* D initiating|receiving SECONDS: proven so long ago, by an earlier process. */
static void remember(struct play *play, const char *line)
{
    struct dna_session_memory entry = {.role = DNA_RECEIVING};
    char domain[256], role[32], ago[32];
    (void)words_next(&line, domain, sizeof domain);
    (void)words_next(&line, role, sizeof role);
    (void)words_next(&line, ago, sizeof ago);
    entry.domain = domain;
    entry.role = role[0] == 'i' ? DNA_INITIATING : DNA_RECEIVING;
    entry.proven_at = play->now.wall - atoll(ago);
    play_ok(play, dna_session_memory_add(play->session, &entry, play->now), "remember");
}

static int64_t milliseconds(struct play *play, const char *line)
{
    char word[32], *unit;
    long long n;
    (void)words_next(&line, word, sizeof word);
    n = strtoll(word, &unit, 10);
    if (strcmp(unit, "ms") == 0) {
        return n;
    }
    switch (*unit) {
    case 's':
        return n * 1000;
    case 'm':
        return n * 60000;
    case 'h':
        return n * 3600000;
    default:
        play_fail(play, "wait 30s, 5m, 2h or 100ms");
    }
}

/* Expectations and answers; false: no such word. */
static bool ask_world(struct play *play, const char *verb, const char *line)
{
    if (strcmp(verb, "dns") == 0 || strcmp(verb, "srv") == 0 || strcmp(verb, "island") == 0 ||
        strcmp(verb, "addresses") == 0 || strcmp(verb, "fetch") == 0) {
        world_answer(play, verb, line);
        stage_run(play);
    } else if (strcmp(verb, "wanted") == 0) {
        if (!world_wanted(play, line)) {
            play_fail(play, "not wanted: %s", line);
        }
    } else if (strcmp(verb, "nothing-wanted") == 0) {
        if (world_wanted(play, NULL)) {
            play_fail(play, "wanted: %s", play->wants[0].text);
        }
    } else if (strcmp(verb, "cancelled") == 0) {
        lines_expect(play, &play->cancelled, "cancelled", line);
    } else if (strcmp(verb, "unsent") == 0) {
        lines_expect(play, &play->unsent, "stanzas to be returned", line);
    } else if (strcmp(verb, "ruling") == 0) {
        lines_expect(play, &play->rulings, "rulings", line);
    } else {
        return false;
    }
    return true;
}

static void perform(struct play *play, const char *line)
{
    struct actor_stream *stream;
    char verb[64];
    (void)words_next(&line, verb, sizeof verb);
    line += strspn(line, " \t\n");
    stream = stage_find(play, verb);
    if (stream != NULL) {
        stage_stream(play, stream, line);
    } else if (strcmp(verb, "strict") == 0) {
        stage_strict(play);
    } else if (strcmp(verb, "cert") == 0) {
        world_add_cert(play, line);
    } else if (strcmp(verb, "host") == 0) {
        host(play, line);
    } else if (strcmp(verb, "unhost") == 0) {
        unhost(play, line);
        stage_run(play);
    } else if (strcmp(verb, "link") == 0) {
        add_link(play, line);
    } else if (strcmp(verb, "policy") == 0) {
        policy(play, line);
        stage_wait(play, 0);
    } else if (strcmp(verb, "would-refuse") == 0) {
        would_refuse(play, line);
    } else if (strcmp(verb, "believe") == 0) {
        believe(play, line);
        stage_wait(play, 0);
    } else if (strcmp(verb, "proven-ago") == 0) {
        remember(play, line);
    } else if (strcmp(verb, "forget") == 0) {
        dna_session_memory_clear(play->session, line);
    } else if (strcmp(verb, "incoming") == 0 || strcmp(verb, "outgoing") == 0) {
        stage_open(play, line, verb[0] == 'o' ? DNA_INITIATING : DNA_RECEIVING);
        stage_run(play);
    } else if (strcmp(verb, "wait") == 0) {
        stage_wait(play, milliseconds(play, line));
        stage_run(play);
    } else if (!ask_world(play, verb, line)) {
        play_fail(play, "'%s' is no word of this language", verb);
    }
}

/* Lines that begin with white space continue the one before. */
static void read_play(struct play *play, FILE *file)
{
    static char whole[PLAY_TEXT];
    char line[PLAY_TEXT / 2];
    unsigned number = 0;
    whole[0] = '\0';
    while (fgets(line, sizeof line, file) != NULL) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " \t")] == '\0' || line[strspn(line, " \t")] == '#') {
            continue;
        }
        if (line[0] != ' ' && line[0] != '\t') {
            if (whole[0] != '\0') {
                perform(play, whole);
            }
            whole[0] = '\0';
            play->line = number;
        }
        (void)snprintf(whole + strlen(whole), sizeof whole - strlen(whole), "%s%s",
                       whole[0] != '\0' ? "\n" : "", line);
    }
    if (whole[0] != '\0') {
        perform(play, whole);
    }
}

int main(int argc, char **argv)
{
    static struct play play;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL) {
        (void)fprintf(stderr, "usage: scenario FILE.scn\n");
        return 2;
    }
    play.file = argv[1];
    stage_begin(&play);
    read_play(&play, file);
    (void)fclose(file);
    stage_end(&play);
    return 0;
}
