/* mod_dna/base.h: the words that every other header uses.
 *
 * Room: base.  Errors, spans, time, memory and logging.  Nothing here does I/O or reads a
 * clock: time is an argument, and log lines go to a sink that the host passes in.
 */
#ifndef MOD_DNA_BASE_H
#define MOD_DNA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DNA_API __attribute__((visibility("default")))
#define DNA_MUST_USE __attribute__((warn_unused_result))
#define DNA_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define DNA_API
#define DNA_MUST_USE
#define DNA_PRINTF(f, a)
#endif

/* A fault of the world or of the caller.  What a peer or a proof says is never one of
 * these: it is a value (a fact, a ruling, a stream error). */
enum dna_err {
    DNA_OK = 0,
    DNA_ERR_MEMORY,    /* an allocation failed; the object is unchanged or must be freed */
    DNA_ERR_ARGUMENT,  /* the call breaks its contract in a way that input can cause */
    DNA_ERR_FORMAT,    /* the bytes are not what they should be */
    DNA_ERR_LIMIT,     /* a named limit was reached */
    DNA_ERR_STATE,     /* not possible now (closed, already started, finished) */
    DNA_ERR_NOT_FOUND, /* no such entry */
    DNA_ERR_SYSTEM,    /* the operating system or a library refused */
    DNA_ERR_CANCELED   /* cancelled by its owner */
};

/* A short lower-case English name, never NULL, static. */
DNA_API const char *dna_err_name(enum dna_err err);

/* Borrowed bytes: never owned, never NUL-terminated by contract.  An empty span may have a
 * NULL pointer. */
struct dna_span {
    const char *ptr;
    size_t len;
};

/* The span of a NUL-terminated string (NULL gives the empty span). */
DNA_API struct dna_span dna_span_of(const char *text);
DNA_API bool dna_span_equal(struct dna_span a, struct dna_span b);
DNA_API bool dna_span_is(struct dna_span a, const char *text);
#define DNA_SPAN_FMT(s) ((int)(s).len), ((s).ptr != NULL ? (s).ptr : "")

/* "Now" has two parts that are never compared with each other. */
struct dna_time {
    int64_t wall; /* seconds since 1970-01-01 UTC: certificates, signatures, expiry */
    int64_t mono; /* milliseconds of a clock that never jumps: timers */
};

/* "No deadline": later than every time. */
#define DNA_NEVER INT64_MAX

/* The host's allocator.  The three functions behave as malloc, realloc and free; arg is
 * passed through.  A NULL "const struct dna_alloc *" means malloc, realloc and free.
 * Libraries that mod_dna uses (OpenSSL, expat, jansson) keep their own allocators. */
struct dna_alloc {
    void *(*allocate)(size_t size, void *arg);
    void *(*reallocate)(void *ptr, size_t size, void *arg);
    void (*release)(void *ptr, void *arg);
    void *arg;
};

enum dna_log_level {
    DNA_LOG_DEBUG,
    DNA_LOG_INFO,
    DNA_LOG_WARNING,
    DNA_LOG_ERROR
};

/* One key=value of a log line.  Values may hold bytes that a peer chose: a sink escapes. */
struct dna_log_field {
    const char *key;
    struct dna_span value;
};

/* Where log lines go.  write may be NULL (no logging).  It is called from within API calls
 * and must not call the library. */
struct dna_log {
    void (*write)(void *arg, enum dna_log_level level, const char *event,
                  const struct dna_log_field *fields, size_t n_fields);
    void *arg;
    enum dna_log_level least; /* lines below this level are not made at all */
};

#ifdef __cplusplus
}
#endif
#endif
