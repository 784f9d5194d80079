/* A stream played from a script, which is also what must come out.
 *
 *     > bytes from the peer, through the real reader      < what we wrote
 *     ! what the host does                                * an effect
 *                                                         = the answer to the host
 *
 * The lines marked > and ! are carried out; what happens is written behind each of them, and
 * the whole must equal the script.  Long namespaces are abbreviated (play.c), both ways.
 */
#ifndef TESTS_S2S_PLAY_H
#define TESTS_S2S_PLAY_H

#include <s2s/s2s.h>

struct play {
    enum dna_role role;
    enum dna_s2s_profile profile;
    bool lasts;                    /* stream management, bidi and pings */
    bool short_form, keyed;
    bool dialback;
    size_t chunk;                  /* bytes fed at once; 0: a line */
    const struct dna_alloc *alloc;
};

#define IN {.role = DNA_RECEIVING}
#define OUT {.role = DNA_INITIATING}
#define DIALBACK_IN {.role = DNA_RECEIVING, .dialback = true}
#define DIALBACK_OUT {.role = DNA_INITIATING, .dialback = true}
#define SHORT_IN {.role = DNA_RECEIVING, .short_form = true}
#define SHORT_OUT {.role = DNA_INITIATING, .short_form = true}
#define BYTEWISE_IN {.role = DNA_RECEIVING, .chunk = 1}
#define LOCAL_IN {.role = DNA_RECEIVING, .profile = DNA_S2S_LOCAL}
#define LOCAL_OUT {.role = DNA_INITIATING, .profile = DNA_S2S_LOCAL}
#define KEYED_IN {.role = DNA_RECEIVING, .profile = DNA_S2S_LOCAL, .keyed = true}
#define KEYED_OUT {.role = DNA_INITIATING, .profile = DNA_S2S_LOCAL, .keyed = true}

struct scene {
    const char *name;
    struct play how;
    const char *script;
};

/* Each scene as a test of its name; returns how many failed. */
int play_all(const struct scene *scenes, size_t n);

/* Plays; aborts the test where what happens is not the script. */
void play(const struct play *how, const char *script);
/* Plays, and forgives a failure of memory: true where there was one. */
bool play_failing(const struct play *how, const char *script);

/* The public side serves t.example, t2.example and t3.example; the link l.example and
 * l2.example. */
/* How streams begin, up to the point of interest. */
#define PLAIN_IN                                                                            \
    "> {stream} to='t.example' from='s.example' version='1.0'>\n"                           \
    "< {stream} from='t.example' to='s.example' id='id0' version='1.0' xml:lang='en'>"      \
    "<stream:features><starttls {tls}><required/></starttls></stream:features>\n"           \
    "* foresee s.example\n"
#define TLS_IN                                                                              \
    PLAIN_IN                                                                                \
    "> <starttls {tls}/>\n"                                                                 \
    "< <proceed {tls}/>\n"                                                                  \
    "* secure t.example\n"                                                                  \
    "! secured\n"                                                                           \
    "* restart\n"
/* The peer declares DNA: features at once. */
#define DNA_IN                                                                              \
    TLS_IN                                                                                  \
    "> {stream} {xdna} to='t.example' from='s.example' version='1.0'>\n"                    \
    "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>"      \
    "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"         \
    "* hear s.example\n"
/* ... and both domains are accepted. */
#define VALID_IN                                                                            \
    DNA_IN                                                                                  \
    "> <valid {dna} to='t.example'/>\n"                                                     \
    "* own t.example yes\n"                                                                 \
    "> <assert {dna} from='s.example'/>\n"                                                  \
    "! ruled s.example proven 3600\n"                                                       \
    "< <valid {dna} to='s.example'/>\n"                                                     \
    "* peer s.example yes\n"                                                                \
    "* reader 262144 128 shallow\n"
/* The peer does not: features wait for the ruling. */
#define SASL_IN                                                                             \
    TLS_IN                                                                                  \
    "> {stream} to='t.example' from='s.example' version='1.0'>\n"                           \
    "< {stream} from='t.example' to='s.example' id='id1' version='1.0' xml:lang='en'>\n"    \
    "* hear s.example\n"                                                                    \
    "! ruled s.example proven 3600\n"                                                       \
    "< <stream:features><mechanisms {sasl}><mechanism>EXTERNAL</mechanism></mechanisms>"    \
    "<assert {dna} from='t.example'/>{limits}</stream:features>\n"
#define AUTHENTICATED_IN                                                                    \
    SASL_IN                                                                                 \
    "> <auth {sasl} mechanism='EXTERNAL'>=</auth>\n"                                        \
    "< <success {sasl}/>\n"                                                                 \
    "* restart\n"                                                                           \
    "> {stream} to='t.example' from='s.example' version='1.0'>\n"                           \
    "< {stream} from='t.example' to='s.example' id='id2' version='1.0' xml:lang='en'>"      \
    "<stream:features><assert {dna} from='t.example'/>{limits}</stream:features>\n"         \
    "* peer s.example yes\n"                                                                \
    "* reader 262144 128 shallow\n"

/* We are t.example and connect to s.example. */
#define NEW_OUT                                                                             \
    "! new\n"                                                                               \
    "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"
#define TLS_OUT                                                                             \
    NEW_OUT                                                                                 \
    "> {stream} from='s.example' to='t.example' id='x' version='1.0'>\n"                    \
    "> <stream:features><starttls {tls}><required/></starttls></stream:features>\n"         \
    "< <starttls {tls}/>\n"                                                                 \
    "> <proceed {tls}/>\n"                                                                  \
    "* secure t.example\n"                                                                  \
    "! secured\n"                                                                           \
    "< {stream} {xdna} from='t.example' to='s.example' version='1.0' xml:lang='en'>\n"      \
    "* restart\n"                                                                           \
    "* hear s.example\n"                                                                    \
    "> {stream} from='s.example' to='t.example' id='y' version='1.0'>\n"
#define DNA_OUT                                                                             \
    TLS_OUT                                                                                 \
    "> <stream:features><assert {dna} from='s.example'/></stream:features>\n"
#define PEER_VALID_OUT                                                                      \
    DNA_OUT                                                                                 \
    "! ruled s.example proven 3600\n"                                                       \
    "< <valid {dna} to='s.example'/><assert {dna} from='t.example'/>\n"                     \
    "* peer s.example yes\n"                                                                \
    "* reader 262144 128 shallow\n"
#define VALID_OUT                                                                           \
    PEER_VALID_OUT                                                                          \
    "> <valid {dna} to='t.example'/>\n"                                                     \
    "* own t.example yes\n"

#endif
