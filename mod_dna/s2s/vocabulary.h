/* s2s/vocabulary.h: the words of the three state tables.
 *
 * Every state and event is named once, here; the enumerations, the names in logs and in the
 * generated diagrams come from these lists.  One enumeration of states serves all tables, so
 * that a state of one can never be mistaken for a state of another.
 *
 *   stream states     RFC 6120 4 to 6; rows in table_in.c, table_out.c, table_both.c
 *   record states     the DNA exchange (table_assert.c, table_validate.c) and XEP-0220
 *                     (table_pair.c on the local hop, table_dialback.c on public streams)
 */
#ifndef DNA_S2S_VOCABULARY_H
#define DNA_S2S_VOCABULARY_H

#define DNA_S2S_NS_STREAM "http://etherx.jabber.org/streams"
#define DNA_S2S_NS_SERVER "jabber:server"
#define DNA_S2S_NS_DIALBACK "jabber:server:dialback"
#define DNA_S2S_NS_DIALBACK_FEATURE "urn:xmpp:features:dialback"
#define DNA_S2S_NS_DNA "urn:xmpp:dna:0"
#define DNA_S2S_NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define DNA_S2S_NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define DNA_S2S_NS_STREAM_ERROR "urn:ietf:params:xml:ns:xmpp-streams"
#define DNA_S2S_NS_STANZA_ERROR "urn:ietf:params:xml:ns:xmpp-stanzas"
#define DNA_S2S_NS_LIMITS "urn:xmpp:stream-limits:0"
#define DNA_S2S_NS_MANAGE "urn:xmpp:sm:3"
#define DNA_S2S_NS_BIDI "urn:xmpp:bidi"
#define DNA_S2S_NS_BIDI_FEATURE "urn:xmpp:features:bidi"
#define DNA_S2S_NS_PING "urn:xmpp:ping"

#define DNA_S2S_STATES(X)                                                                   \
    /* incoming, public */                                                                  \
    X(IN_HEADER)      /* nothing was read yet */                                            \
    X(IN_PLAIN)       /* STARTTLS is offered */                                             \
    X(IN_SECURING)    /* the TLS handshake */                                               \
    X(IN_TLS_HEADER)  /* TLS is on */                                                       \
    X(IN_OFFERING)    /* features wait for the ruling on the header's domain */             \
    X(IN_NEGOTIATING) /* nothing is proven yet */                                           \
    X(IN_SASL)        /* an empty SASL challenge was sent */                                \
    X(IN_CHECKING)    /* SASL waits for the ruling */                                       \
    X(IN_SASL_HEADER) /* SASL succeeded */                                                  \
    X(IN_ESTABLISHED)                                                                       \
    /* incoming, from the local server */                                                   \
    X(IN_LOCAL)                                                                             \
    X(IN_LOCAL_ESTABLISHED)                                                                 \
    /* outgoing, public */                                                                  \
    X(OUT_HEADER)                                                                           \
    X(OUT_FEATURES)                                                                         \
    X(OUT_STARTTLS)                                                                         \
    X(OUT_SECURING)                                                                         \
    X(OUT_TLS_HEADER)                                                                       \
    X(OUT_TLS_FEATURES)                                                                     \
    X(OUT_HEARING) /* SASL waits for the ruling on the peer */                              \
    X(OUT_DNA)     /* DNA is spoken, nothing is proven yet */                               \
    X(OUT_SASL)                                                                             \
    X(OUT_SASL_HEADER)                                                                      \
    X(OUT_SASL_FEATURES)                                                                    \
    X(OUT_DIALBACK)  /* a pair was sent, none is accepted yet */                            \
    X(OUT_VERIFYING) /* only asks about keys */                                             \
    X(OUT_ESTABLISHED)                                                                      \
    /* outgoing, to the local server */                                                     \
    X(OUT_LOCAL_HEADER)                                                                     \
    X(OUT_LOCAL_FEATURES)                                                                   \
    X(OUT_LOCAL)                                                                            \
    X(OUT_LOCAL_ESTABLISHED)                                                                \
    /* the end of both */                                                                   \
    X(CLOSING) /* our end tag is sent; stanzas still arrive */                              \
    X(FAILED)  /* an error was sent or received; only the peer's end tag matters */         \
    X(CLOSED)

#define DNA_S2S_RECORD_STATES(X)                                                            \
    /* asserting: a domain of ours */                                                       \
    X(A_NONE)                                                                               \
    X(A_WAITING) /* too many in flight */                                                   \
    X(A_ASSERTED)                                                                           \
    X(A_PROVING)                                                                            \
    X(A_PROOF_SENT)                                                                         \
    X(A_VALID)                                                                              \
    X(A_RENEW_PROVING)                                                                      \
    X(A_RENEW_SENT)                                                                         \
    X(A_INVALID)                                                                            \
    X(A_IMPOSSIBLE)                                                                         \
    /* validating: a domain of the peer */                                                  \
    X(V_NONE)                                                                               \
    X(V_WAITING)                                                                            \
    X(V_CHECKING)                                                                           \
    X(V_DEFERRED) /* to be challenged, once it is known whether the peer speaks DNA */      \
    X(V_CHALLENGED)                                                                         \
    X(V_EVALUATING)                                                                         \
    X(V_PROVEN) /* proven to us; the peer does not speak DNA, or not yet */                 \
    X(V_VALID)                                                                              \
    X(V_RENEWING)                                                                           \
    X(V_RENEW_CHALLENGED)                                                                   \
    X(V_RENEW_EVALUATING)                                                                   \
    X(V_INVALID)                                                                            \
    X(V_UNPROVEN) /* not proven; dialback may admit its pairs */                            \
    X(V_IMPOSSIBLE)                                                                         \
    /* dialback: a pair that we want to use, one that the local server uses, and a key of   \
     * ours that it asks about */                                                           \
    X(P_NONE)                                                                               \
    X(P_WAITING) /* for the stream, or for one of the pairs in flight */                    \
    X(P_KEY)                                                                                \
    X(P_SENT)                                                                               \
    X(P_ANSWERED) /* keyed: whether the answer proves the secret is being checked */        \
    X(P_VALID)                                                                              \
    X(P_INVALID)                                                                            \
    X(L_NONE)                                                                               \
    X(L_CHECKING) /* keyed: the same of the request */                                      \
    X(L_VALID)                                                                              \
    X(K_NONE)                                                                               \
    X(K_VERIFYING)                                                                          \
    /* dialback on public streams: a pair that we want to use, one that the peer wants to   \
     * use, and a key of the peer's that we ask about */                                    \
    X(D_NONE)                                                                               \
    X(D_WAITING)                                                                            \
    X(D_HEARING) /* is the target proven, or may dialback do? */                            \
    X(D_KEY)                                                                                \
    X(D_SENT)                                                                               \
    X(D_VALID)                                                                              \
    X(D_INVALID)                                                                            \
    X(R_NONE)                                                                               \
    X(R_HEARING)   /* is the sender proven, or may dialback do? */                          \
    X(R_VERIFYING) /* the sender's server is asked */                                       \
    X(R_VALID)                                                                              \
    X(R_GONE)      /* we no longer host the target */                                       \
    X(Y_NONE)                                                                               \
    X(Y_SENT)

/* X(name, what happens where no row matches).  FAIL: the stream error of
 * dna_s2s_event_condition; ABUSE: discarded and counted; MISUSE: the host called at the
 * wrong time; IGNORE. */
#define DNA_S2S_EVENTS(X)                                                                   \
    /* an item from the peer */                                                             \
    X(EV_HEADER, FAIL)                                                                      \
    X(EV_BAD_HEADER, FAIL)                                                                  \
    X(EV_FEATURES, FAIL)                                                                    \
    X(EV_STARTTLS, FAIL)                                                                    \
    X(EV_PROCEED, FAIL)                                                                     \
    X(EV_TLS_FAILURE, FAIL)                                                                 \
    X(EV_AUTH, FAIL)                                                                        \
    X(EV_RESPONSE, FAIL)                                                                    \
    X(EV_ABORT, FAIL)                                                                       \
    X(EV_SASL_CHALLENGE, FAIL)                                                              \
    X(EV_SUCCESS, FAIL)                                                                     \
    X(EV_SASL_FAILURE, FAIL)                                                                \
    X(EV_DNA, FAIL)                                                                         \
    X(EV_DIALBACK, FAIL)                                                                    \
    X(EV_BIDI, FAIL)                                                                        \
    X(EV_ENABLE, FAIL)      /* XEP-0198: the receiving entity is asked to manage */         \
    X(EV_RESUME, FAIL)      /* ... and to resume another stream */                          \
    X(EV_ENABLED, FAIL)     /* answers to ours */                                           \
    X(EV_RESUMED, FAIL)                                                                     \
    X(EV_NOT_MANAGED, FAIL)                                                                 \
    X(EV_ACK_REQUEST, FAIL)                                                                 \
    X(EV_ACK, FAIL)                                                                         \
    X(EV_STANZA, FAIL)                                                                      \
    X(EV_PREFIXED_STANZA, FAIL)                                                             \
    X(EV_OTHER, FAIL)                                                                       \
    X(EV_STREAM_ERROR, FAIL)                                                                \
    X(EV_END, FAIL)                                                                         \
    X(EV_XML_ERROR, FAIL)                                                                   \
    /* from the host */                                                                     \
    X(EV_SECURED, MISUSE)                                                                   \
    X(EV_GONE, MISUSE)                                                                      \
    X(EV_CLOSE, MISUSE)                                                                     \
    X(EV_OVERFLOW, IGNORE) /* too much input before authentication */                       \
    X(EV_LIFETIME, IGNORE) /* the stream's own deadline */                                  \
    X(EV_PATIENCE, IGNORE) /* features were held back long enough */                        \
    X(EV_SUSPENDED, IGNORE)     /* the stream to be resumed is there */                     \
    X(EV_NOT_SUSPENDED, IGNORE) /* it is not */                                             \
    X(EV_SILENT, IGNORE)   /* the peer does not answer what we sent */                      \
    X(EV_IDLE, IGNORE)     /* nothing was said for long */                                  \
    /* raised by an action */                                                               \
    X(EV_PROVEN, IGNORE)        /* the header's domain, without DNA */                      \
    X(EV_REFUSED, IGNORE)       /* the header's domain of the peer, by us */                \
    X(EV_TURNED_AWAY, IGNORE)   /* the header's domain of ours, by the peer */              \
    X(EV_AUTHENTICATED, IGNORE) /* the first domain or pair is valid */                     \
    X(EV_LAPSED, IGNORE)        /* a peer without DNA lost its proof */                     \
    X(EV_FAULT, IGNORE)         /* an action found a reason to end the stream */

#define DNA_S2S_RECORD_EVENTS(X)                                                            \
    /* the peer's elements for this record */                                               \
    X(RX_ASSERT, ABUSE)                                                                     \
    X(RX_CHALLENGE, ABUSE)                                                                  \
    X(RX_PROOF, ABUSE)                                                                      \
    X(RX_VALID, ABUSE)                                                                      \
    X(RX_INVALID, ABUSE)                                                                    \
    X(RX_IMPOSSIBLE, ABUSE)                                                                 \
    X(RX_RESULT, ABUSE)       /* db:result, a request */                                    \
    X(RX_RESULT_VALID, ABUSE) /* answers to ours */                                         \
    X(RX_RESULT_INVALID, ABUSE)                                                             \
    X(RX_RESULT_ERROR, ABUSE)                                                               \
    X(RX_VERIFY, ABUSE)                                                                     \
    X(RX_VERIFY_VALID, ABUSE) /* answers to ours */                                         \
    X(RX_VERIFY_INVALID, ABUSE)                                                             \
    X(RX_VERIFY_ERROR, ABUSE)                                                               \
    /* from the host, or raised */                                                          \
    X(RE_WANT, IGNORE)      /* stanzas wait for this domain or pair */                      \
    X(RE_TURN, IGNORE)      /* one fewer is in flight; the stream can carry pairs */        \
    X(RE_HEARD_OF, IGNORE)  /* the header names the domain */                               \
    X(RE_ANNOUNCED, IGNORE) /* our features carried the assertion */                        \
    X(RE_RESTORED, IGNORE)  /* SASL had authenticated the domain */                         \
    X(RE_DNA, IGNORE)       /* the peer speaks DNA */                                       \
    X(RE_NO_DNA, IGNORE)    /* it does not */                                               \
    X(RE_CHALLENGE, IGNORE) /* the court wants a proof from the peer */                     \
    X(RE_RULED, IGNORE)                                                                     \
    X(RE_REVOKED, IGNORE)                                                                   \
    X(RE_PROOF, IGNORE)    /* the host has a proof of ours */                               \
    X(RE_NO_PROOF, IGNORE) /* it has none */                                                \
    X(RE_UNHOSTED, IGNORE)                                                                  \
    X(RE_KEY, IGNORE)      /* the host made a dialback key */                               \
    X(RE_VERIFIED, IGNORE) /* the host checked one */                                       \
    X(RE_CHECKED, IGNORE)  /* keyed: the host checked a proof of the secret */              \
    X(RE_DIALLED, IGNORE)  /* a public pair asks for a judgement on its remote domain */    \
    X(RE_JUDGED, IGNORE)   /* ... which was given */                                        \
    X(RE_ANSWERED, IGNORE) /* what became of asking the sender's server */                  \
    X(RE_TIMER, IGNORE)    /* the record's deadline */

#define DNA_S2S_ENUM(name, ...) DNA_S2S_##name,

/* Values of both kinds of state fit into one byte. */
enum dna_s2s_state {
    DNA_S2S_STATES(DNA_S2S_ENUM) DNA_S2S_N_STREAM_STATES,
    DNA_S2S_BEFORE_RECORDS = DNA_S2S_N_STREAM_STATES - 1,
    DNA_S2S_RECORD_STATES(DNA_S2S_ENUM) DNA_S2S_N_STATES,
    DNA_S2S_ANY_STATE = 253, /* in a row: whatever the state, where no row above matched */
    DNA_S2S_SAME = 254       /* in a row: stay */
};

enum dna_s2s_event {
    DNA_S2S_EVENTS(DNA_S2S_ENUM) DNA_S2S_N_STREAM_EVENTS,
    DNA_S2S_BEFORE_RECORD_EVENTS = DNA_S2S_N_STREAM_EVENTS - 1,
    DNA_S2S_RECORD_EVENTS(DNA_S2S_ENUM) DNA_S2S_N_EVENTS,
    DNA_S2S_ANY_ITEM = 254 /* in a row: EV_HEADER to EV_XML_ERROR */
};

enum dna_s2s_missing {
    DNA_S2S_FAIL,   /* a stream error */
    DNA_S2S_ABUSE,  /* discard and count */
    DNA_S2S_MISUSE, /* DNA_ERR_STATE to the host */
    DNA_S2S_IGNORE
};

#endif
