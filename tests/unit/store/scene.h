/* A store under test, and all that it has said. */
#ifndef TESTS_STORE_SCENE_H
#define TESTS_STORE_SCENE_H

#include <poll_loop.h>
#include <store/store.h>

#define SCENE_MOST 400

struct scene_record {
    unsigned kind;
    bool pinned, gone;
    char domain[256];
    unsigned char id0;
    int64_t expires_at;
    size_t value_len;
    char value[64]; /* its beginning */
};

struct scene {
    struct poll_loop *loop;
    struct dna_store *store;
    char key[33];
    struct scene_record records[SCENE_MOST];
    size_t n;
    unsigned ups, downs;
    bool up, news; /* news: something was found or has changed; the test resets it */
    char why[200];
};

void scene_begin(struct scene *scene, const char *key);
struct dna_store_options scene_options(struct scene *scene, const struct dna_alloc *alloc);
void scene_open_file(struct scene *scene, const char *file);
void scene_open_redis(struct scene *scene, const char *where, uint16_t port,
                      const char *password);
void scene_close(struct scene *scene);
void scene_end(struct scene *scene);

int64_t scene_now(struct scene *scene);
/* Runs until it is up, or has said that it is down; fails the test after a while. */
void scene_until_up(struct scene *scene);
void scene_until_down(struct scene *scene);
/* Until there is nothing left to write. */
void scene_until_idle(struct scene *scene);
/* The latest record of that domain, waited for; NULL: none came. */
const struct scene_record *scene_find(struct scene *scene, const char *domain);
/* The same, but only of what was found already. */
const struct scene_record *scene_look(const struct scene *scene, const char *domain);

struct dna_store_record scene_record(struct scene *scene, unsigned kind, const char *domain,
                                     const char *value, int64_t life);
void scene_put(struct scene *scene, const struct dna_store_record *record);

#endif
