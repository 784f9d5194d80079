/* base/limits.h: every bound on what the network can make us hold or do, by name.
 * Sizes are bytes, times milliseconds unless the name says otherwise. */
#ifndef DNA_BASE_LIMITS_H
#define DNA_BASE_LIMITS_H

/* XML on streams (RFC 6120 13.12). */
#define DNA_LIMIT_ELEMENT_UNAUTH 10000          /* one top-level element before authentication */
#define DNA_LIMIT_ELEMENT_LEAST 10000          /* what every server must take */
#define DNA_LIMIT_ELEMENT_CHALLENGE (70 * 1024) /* ... while a challenge of ours is open */
#define DNA_LIMIT_ELEMENT_AUTH (256 * 1024)     /* ... afterwards */
#define DNA_LIMIT_TOTAL_UNAUTH (64 * 1024)      /* all input before authentication */
#define DNA_LIMIT_TOTAL_CHALLENGE (1024 * 1024)
#define DNA_LIMIT_DEPTH_UNAUTH 32
#define DNA_LIMIT_DEPTH_AUTH 128
#define DNA_LIMIT_ATTRIBUTES 64

/* Negotiation. */
#define DNA_LIMIT_UNAUTH_MS 30000
#define DNA_LIMIT_CHALLENGE_MS 90000
#define DNA_LIMIT_CLOSE_MS 5000
#define DNA_LIMIT_SASL_RETRIES 3
#define DNA_LIMIT_PATIENCE_MS 5000     /* features wait for the ruling on the peer */
#define DNA_LIMIT_STREAM_ID 256        /* of a peer */
#define DNA_LIMIT_OUTPUT (4 * 1024 * 1024) /* unwritten answers to one peer */

/* The DNA exchange. */
#define DNA_LIMIT_T_ASSERT_MS 90000
#define DNA_LIMIT_T_PROOF_MS 30000
#define DNA_LIMIT_T_CHECK_MS 30000
#define DNA_LIMIT_T_GRACE_MS 30000
#define DNA_LIMIT_STORM 5
#define DNA_LIMIT_ABUSE 20
#define DNA_LIMIT_DOMAINS_PER_STREAM 65536
#define DNA_LIMIT_IN_FLIGHT 1000
#define DNA_LIMIT_IN_FLIGHT_UNAUTH 50
#define DNA_LIMIT_PROOF (64 * 1024)
#define DNA_LIMIT_CHALLENGE_TYPES 16
#define DNA_LIMIT_BACKOFF_MS 60000     /* before a refused domain is tried again, doubled */
#define DNA_LIMIT_BACKOFF_MOST_MS 3600000
#define DNA_LIMIT_RENEW_AHEAD_S 90     /* before a proof ends it is sought anew */

/* Streams that last. */
#define DNA_LIMIT_IDLE_S (24 * 3600)   /* silence after which a stream to us is closed */
#define DNA_LIMIT_IDLE_LEAST_MS 5000   /* no peer's idea of silence makes us speak more often */
#define DNA_LIMIT_WHITESPACE_MS 300000 /* our silence before a space is sent */
#define DNA_LIMIT_CHECK_AFTER_MS 30000 /* stanzas without an answer, before we ask for one */
#define DNA_LIMIT_CHECK_MS 300000      /* between two pings (RFC 6120 4.6.4) */
#define DNA_LIMIT_ANSWER_MS 120000     /* for an answer, to a ping or a request to acknowledge */
#define DNA_LIMIT_UNACKED 16384        /* stanzas that a peer has not acknowledged */
#define DNA_LIMIT_UNACKED_BYTES (4 * 1024 * 1024)
#define DNA_LIMIT_RESUMPTION_ID 256    /* what a peer calls a stream of ours */
#define DNA_LIMIT_SUSPENDED 1024       /* streams without a connection that may be resumed */
#define DNA_LIMIT_SUSPENDED_OF 8       /* ... of one domain of the peer's */
#define DNA_LIMIT_SUSPENDED_BYTES (64 * 1024 * 1024)
#define DNA_LIMIT_SUSPENDED_S 120      /* ... and for how long */
#define DNA_LIMIT_RETRANSMIT_MS 90000  /* until the domains of a resumed stream are proven again */
#define DNA_LIMIT_RECENT 1000          /* stanzas remembered of a stream that is not managed */
#define DNA_LIMIT_RECENT_BYTES (512 * 1024)
#define DNA_LIMIT_RECENT_MS 130000
#define DNA_LIMIT_MOMENT_MS 10000      /* what is sent so shortly before the connection breaks may
                                        * not have been read, though it arrived */

/* Dialback. */
#define DNA_LIMIT_DIALBACK_KEY 1024
#define DNA_LIMIT_DIALBACK_PAIRS 50
#define DNA_LIMIT_DIALBACK_MS 30000
#define DNA_LIMIT_DIALBACK_LIFE_S (24 * 3600) /* a pair that it admitted is dialled anew */
#define DNA_LIMIT_DIALBACK_ASK_MS 60000  /* to find, reach and ask the server of a domain */
#define DNA_LIMIT_DIALBACK_ASKED 256     /* servers being asked, in all */
#define DNA_LIMIT_DIALBACK_ASKED_FOR 8   /* ... on behalf of one address */
#define DNA_LIMIT_DIALBACK_ASKED_HOST 128 /* ... for one domain of ours */
#define DNA_LIMIT_DIALBACK_VERIFIES 120  /* keys of ours checked for one stream in a minute */
#define DNA_LIMIT_DIALBACK_LINGER_MS 300000 /* a peer that only asks about keys stays so long */
#define DNA_LIMIT_DIALBACK_SECRET 16     /* bytes at least */
#define DNA_LIMIT_DIALBACK_SECRETS 4     /* that several gateways share at a time */
#define DNA_LIMIT_DOWNGRADE 100000       /* proofs that bar dialback, none displaced */
#define DNA_LIMIT_DOWNGRADE_S (7 * 24 * 3600)
#define DNA_LIMIT_OBSERVED 10000         /* whom an observed policy would have refused */

/* The court. */
#define DNA_LIMIT_VETO_MS 5000
#define DNA_LIMIT_HEARING_MS 30000
#define DNA_LIMIT_QUESTION_ARENA (4 * 1024 * 1024)
#define DNA_LIMIT_PROOF_LIFE_S (24 * 3600)
#define DNA_LIMIT_TTL_FLOOR_S 300
#define DNA_LIMIT_WANTS 192           /* look-ups of one hearing, a multiple of 64 */
#define DNA_LIMIT_ANCHORS 3           /* keys of one certificate that are tried as anchors */
#define DNA_LIMIT_ANCHOR_ABOVE 2      /* labels that an anchor may sit above the domain */

/* Evidence bundles. */
#define DNA_LIMIT_BUNDLE (4 * 1024 * 1024)
#define DNA_LIMIT_BUNDLE_ARENA (64 * 1024 * 1024) /* what one may become in memory */
#define DNA_LIMIT_BUNDLE_DEPTH 8
#define DNA_LIMIT_BUNDLE_MESSAGES 512 /* of the DNS that come along */
#define DNA_LIMIT_BUNDLES 64          /* made and not yet fetched by the host */
#define DNA_LIMIT_BUNDLES_BYTES (16 * 1024 * 1024)
#define DNA_LIMIT_SECONDS (INT64_C(1) << 40) /* in a bundle: no sum of ours overflows */

/* DANE. */
#define DNA_LIMIT_TLSA 16             /* usable records of one endpoint */
#define DNA_LIMIT_TLSA_PATHS 8        /* path checks for records in one hearing */
#define DNA_LIMIT_TLSA_ATTEMPTS 3     /* certificates that are tried as one record's anchor */
#define DNA_LIMIT_TARGETS 16          /* endpoints of a domain that a hearing looks at */
#define DNA_LIMIT_TARGET_ALIASES 2    /* aliases followed from a target */

/* Certificates and documents. */
#define DNA_LIMIT_CHAIN 10
#define DNA_LIMIT_CHAIN_BYTES (128 * 1024)
#define DNA_LIMIT_TLS_IDENTITIES 512 /* of ours that are ready for use, at about 40 kB each */
#define DNA_LIMIT_DOCUMENT (64 * 1024)
#define DNA_LIMIT_URL 2048
#define DNA_LIMIT_RSA_BITS 8192       /* a longer key costs us too much to verify with */
#define DNA_LIMIT_DER_DEPTH 32
#define DNA_LIMIT_ACERT_CERTIFICATES 16 /* of one bundle */
#define DNA_LIMIT_ACERTS 8             /* attribute certificates of one bundle */
#define DNA_LIMIT_ACERT_ISSUERS 2      /* certificates tried as the issuer of one of them */
#define DNA_LIMIT_ACERT_CASES (DNA_LIMIT_ACERTS * DNA_LIMIT_ACERT_ISSUERS)
#define DNA_LIMIT_ACERT_LIFE_S (366 * 24 * 3600)
#define DNA_LIMIT_ACERT_UNREVOCABLE_LIFE_S (31 * 24 * 3600)
#define DNA_LIMIT_PAPERS 64            /* parsed documents that a memory keeps */
#define DNA_LIMIT_PAPERS_BYTES (512 * 1024) /* ... and their length before */
#define DNA_LIMIT_JSON_DEPTH 8
#define DNA_LIMIT_JSON_MEMBERS 64     /* of one object in the canonical form */
#define DNA_LIMIT_POSH_DESCRIPTORS 256
#define DNA_LIMIT_POSH_LIFE_S (30 * 24 * 3600)
#define DNA_LIMIT_SERVICE_ENDPOINTS 64 /* objects of a service delegation document */
#define DNA_LIMIT_SERVICE_LIFE_LEAST_S 60
#define DNA_LIMIT_SERVICE_LIFE_S (7 * 24 * 3600)
#define DNA_LIMIT_HOST_META_LINKS 64
#define DNA_LIMIT_HOST_META_ADDRESSES 16 /* of one link */
#define DNA_LIMIT_HOST_META_PINS 64
#define DNA_LIMIT_HOST_META_REDIRECTS 3
#define DNA_LIMIT_HOST_META_LIFE_LEAST_S 60
#define DNA_LIMIT_HOST_META_LIFE_S (7 * 24 * 3600)
#define DNA_LIMIT_XML_DEPTH 8         /* of a document */
#define DNA_LIMIT_XML_ELEMENTS 1000
#define DNA_LIMIT_XML_ARENA (1024 * 1024) /* what a document may become in memory */
#define DNA_LIMIT_ASSERTION_PROVIDERS 256
#define DNA_LIMIT_ASSERTION_LIFE_S (30 * 24 * 3600)
#define DNA_LIMIT_ASSERTION_AHEAD_S 300 /* issued by a clock that is ahead of ours */
#define DNA_LIMIT_STS_RECORD 1024     /* text of one TXT record */
#define DNA_LIMIT_STS_ID 32           /* RFC 8461 3.1 */
#define DNA_LIMIT_STS_PATTERNS 256
#define DNA_LIMIT_STS_LIFE_S 31557600 /* RFC 8461 3.2 */
#define DNA_LIMIT_STS_REFRESH_S (24 * 3600) /* a remembered policy that is older is fetched */
#define DNA_LIMIT_STS_RETRY_S 300     /* after a fetch that failed (RFC 8461 3.3) */
#define DNA_LIMIT_STS_REMEMBERED 16384 /* policies; half of them may be pinned */

/* DNS. */
#define DNA_LIMIT_DNS_ANSWER 65535    /* RDATA of one answer, all records */
#define DNA_LIMIT_RECORDS 64          /* records of one answer that are looked at */
#define DNA_LIMIT_ADDRESSES 8         /* addresses tried per SRV target */
#define DNA_LIMIT_ENDPOINTS 16        /* SRV records tried */
#define DNA_LIMIT_WHERE_MS 2000       /* to find out whether a stream leads there already */
#define DNA_LIMIT_ALIASES 8           /* followed inside one answer */
#define DNA_LIMIT_WHY 256             /* of a validator's reason */
#define DNA_LIMIT_LOOKUPS 16384       /* running at once */
#define DNA_LIMIT_LOOKUP_ARENA (512 * 1024)
#define DNA_LIMIT_ANCHORED_WAITING 1024 /* anchored look-ups without a context of their own */
#define DNA_LIMIT_DNSKEY 2048         /* RDATA of a supplied anchor */
#define DNA_LIMIT_VERIFICATIONS 8     /* signatures tried for one RRset */
#define DNA_LIMIT_MESSAGE_RECORDS 128 /* of one section of a message kept as evidence */
#define DNA_LIMIT_NSEC3_ITERATIONS 150 /* as libunbound; more is not validated */
#define DNA_LIMIT_PROVING_VERIFICATIONS 4096 /* signatures tried for all of one bundle */
#define DNA_LIMIT_PROVING_HASHES 200000 /* SHA-1 for NSEC3, likewise */
#define DNA_LIMIT_PROVING_ZONES 128   /* whose keys one answer may need */
#define DNA_LIMIT_ANCHOR_FILE (64 * 1024)
#define DNA_LIMIT_COLLECT 256         /* questions put for one bundle's evidence */
#define DNA_LIMIT_COLLECT_RUNNING 16  /* ... of them at once */
#define DNA_LIMIT_COLLECT_BYTES (1024 * 1024) /* ... and what they may yield */
#define DNA_LIMIT_COLLECT_MS 5000
#define DNA_LIMIT_COLLECTIONS 64      /* bundles being completed at once */
#define DNA_LIMIT_HINTS (64 * 1024)   /* a root hints file */
#define DNA_LIMIT_ROOT_CHECK_MS 10000 /* between two checks of the root's key (S15) */

/* Fetching. */
#define DNA_LIMIT_FETCH_CONNECT_MS 5000
#define DNA_LIMIT_FETCH_MS 10000
#define DNA_LIMIT_FETCH_HEADERS (8 * 1024)
#define DNA_LIMIT_FETCH_REDIRECTS 5
#define DNA_LIMIT_FETCH_RUNNING 48       /* at once, of each kind of URL (S23) */
#define DNA_LIMIT_FETCH_RUNNING_AT 4     /* ... and of them at one destination address */
#define DNA_LIMIT_FETCH_OWN_AT 8         /* ... our own included: all documents of a domain */
#define DNA_LIMIT_FETCH_RUNNING_PEER 4   /* ... and of both kinds for one peer */
#define DNA_LIMIT_FETCH_PER_MINUTE 600   /* in all */
#define DNA_LIMIT_FETCH_FAILURES_MINUTE 10 /* more, and a peer's own URLs wait */
#define DNA_LIMIT_FETCH_PEER_AT_MINUTE 10 /* peer-chosen URLs, per destination and minute */
#define DNA_LIMIT_FETCH_WAITING 4096     /* more than that are refused */

/* Connections. */
#define DNA_LIMIT_READ (64 * 1024)       /* one read, and what is kept of it when paused */
#define DNA_LIMIT_CIPHERTEXT (256 * 1024) /* unwritten; more waits as plaintext */
#define DNA_LIMIT_BACKLOG_HIGH (256 * 1024)
#define DNA_LIMIT_BACKLOG_LOW (64 * 1024)
#define DNA_LIMIT_CONNECTIONS 10000      /* of one listener */
#define DNA_LIMIT_CONNECTIONS_AT 64      /* ... from one address (IPv6: one /64) */
#define DNA_LIMIT_ATTEMPTS_AT_MINUTE 120 /* ... and accepted from it in a minute */
#define DNA_LIMIT_HANDSHAKES 2000        /* connections of one listener without TLS yet */
#define DNA_LIMIT_HANDSHAKES_AT 32       /* ... from one address */
#define DNA_LIMIT_CONNECT_MS 10000       /* one address */
#define DNA_LIMIT_CONNECT_NEXT_MS 250    /* before the next address is tried beside it */
#define DNA_LIMIT_ELSEWHERE 2            /* see-other-host, in a row */
#define DNA_LIMIT_ELSEWHERE_MS 60000     /* ... and until it is followed */
#define DNA_LIMIT_ELSEWHERES 256         /* ... domains that have said so */
#define DNA_LIMIT_FIND_MS 60000          /* from the first look-up to a TCP connection */
#define DNA_LIMIT_VISITORS 65536         /* addresses that a listener keeps account of */
#define DNA_LIMIT_UNANSWERED_MS 120000   /* written bytes that the peer takes no notice of */
#define DNA_LIMIT_KEEPALIVE_S 60         /* silence before the kernel asks */
#define DNA_LIMIT_LINGER_MS 1000         /* for the peer's FIN after ours */
#define DNA_LIMIT_PARK_MS 1000           /* silence before a stream gives its buffers back */

/* What is found out for one question and used for others. */
#define DNA_LIMIT_KEEP_DOCUMENT_S 300
#define DNA_LIMIT_KEEP_ABSENT_S 900      /* 404 or 410 */
#define DNA_LIMIT_KEEP_FAILED_S 60       /* fetches, path checks, refused proofs (S13) */
#define DNA_LIMIT_ASKED 65536            /* under way at once; more are answered "failed", as is
                                          * what is beyond half of the room that others leave */
#define DNA_LIMIT_LATE 1024              /* given up, whose answer may still come */

/* What outlives the process. */
#define DNA_LIMIT_STORE_VALUE (72 * 1024)  /* of one record */
#define DNA_LIMIT_STORE_RECORD (DNA_LIMIT_STORE_VALUE + 1024)
#define DNA_LIMIT_STORE_ROWS 65536         /* that may be displaced by newer ones */
#define DNA_LIMIT_STORE_PINNED 32768       /* that may not; more are not kept */
#define DNA_LIMIT_STORE_WAITING 4096       /* not written yet */
#define DNA_LIMIT_STORE_WAITING_BYTES (16 * 1024 * 1024)
#define DNA_LIMIT_STORE_AHEAD_S 60         /* that another gateway's clock may be ahead */
#define DNA_LIMIT_STORE_BUSY_MS 2000       /* a lock that somebody else holds */
#define DNA_LIMIT_STORE_LOOK_MS 5000       /* between looks at what others wrote */
#define DNA_LIMIT_STORE_REPLY_MS 5000
#define DNA_LIMIT_STORE_RETRY_MS 1000      /* before another attempt, doubled */
#define DNA_LIMIT_STORE_RETRY_MOST_MS 60000
#define DNA_LIMIT_STORE_SETTLE_MS 3000     /* that the start waits for it */
#define DNA_LIMIT_STORE_KEY_LEAST 32       /* bytes of its key */
#define DNA_LIMIT_TAKEN_BACK 4096          /* words that an entry no longer holds; the oldest make
                                            * room, and make all rulings of before hold no longer */
#define DNA_LIMIT_LEARNED 4096             /* entries that the host has not fetched yet */
#define DNA_LIMIT_LEARNED_BYTES (16 * 1024 * 1024)

/* Names answered to the local servers. */
#define DNA_LIMIT_NAME_TRY_MS 2000    /* one resolver's time to answer a forwarded query */
#define DNA_LIMIT_NAME_RELAYS 512     /* queries forwarded at once, of one listener */
#define DNA_LIMIT_NAME_CLIENTS 64     /* TCP connections at once, of one listener */
#define DNA_LIMIT_NAME_IDLE_MS 20000  /* a TCP connection without a whole query */
#define DNA_LIMIT_NAME_SERVERS 8      /* resolvers of one listener */

/* Load balancers in front of us. */
#define DNA_LIMIT_PROXY_HEADER 2048   /* of the PROXY protocol, behind its fixed part */
#define DNA_LIMIT_PROXY_MS 5000       /* until it is there */

#endif
