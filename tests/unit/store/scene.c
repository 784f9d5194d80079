/* A store under test, and all that it has said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

#include <x509/digest.h>

#define PATIENCE_MS 60000

static enum dna_err make_mac(void *arg, struct dna_span bytes, unsigned char out[32])
{
    const struct scene *scene = arg;
    return dna_mac(dna_span_of(scene->key), bytes, out);
}

static void found(void *arg, const struct dna_store_record *record)
{
    struct scene *scene = arg;
    struct scene_record *r = &scene->records[scene->n];
    assert_true(scene->n < SCENE_MOST);
    *r = (struct scene_record){.kind = record->kind,
                               .pinned = record->pinned,
                               .gone = record->gone,
                               .id0 = record->id[0],
                               .expires_at = record->expires_at,
                               .value_len = record->value.len};
    (void)snprintf(r->domain, sizeof r->domain, "%.*s", DNA_SPAN_FMT(record->domain));
    (void)snprintf(r->value, sizeof r->value, "%.*s", DNA_SPAN_FMT(record->value));
    scene->n++;
    scene->news = true;
}

static void changed(void *arg, bool up, const char *why)
{
    struct scene *scene = arg;
    scene->up = up;
    scene->ups += up;
    scene->downs += !up;
    scene->news = true;
    (void)snprintf(scene->why, sizeof scene->why, "%s", why);
}

void scene_begin(struct scene *scene, const char *key)
{
    memset(scene, 0, sizeof *scene);
    scene->loop = poll_loop_new();
    (void)snprintf(scene->key, sizeof scene->key, "%s", key);
}

struct dna_store_options scene_options(struct scene *scene, const struct dna_alloc *alloc)
{
    return (struct dna_store_options){
        .alloc = alloc,
        .loop = poll_loop_of(scene->loop),
        .mac = {make_mac, scene},
        .events = {.found = found, .changed = changed, .arg = scene},
    };
}

void scene_open_file(struct scene *scene, const char *file)
{
    const struct dna_store_options options = scene_options(scene, NULL);
    assert_int_equal(dna_store_sqlite(&options, file, &scene->store), DNA_OK);
}

void scene_open_redis(struct scene *scene, const char *where, uint16_t port,
                      const char *password)
{
    const struct dna_store_options options = scene_options(scene, NULL);
    assert_int_equal(dna_store_redis(&options, where, port, password, &scene->store), DNA_OK);
}

void scene_close(struct scene *scene)
{
    dna_store_close(scene->store);
    scene->store = NULL;
    scene->up = false;
}

void scene_end(struct scene *scene)
{
    scene_close(scene);
    poll_loop_free(scene->loop);
}

int64_t scene_now(struct scene *scene)
{
    const struct dna_loop *loop = poll_loop_of(scene->loop);
    return loop->now(loop->self).wall;
}

static void until(struct scene *scene, bool up)
{
    for (unsigned ms = 0; ms < PATIENCE_MS && (scene->ups + scene->downs == 0 ||
                                               scene->up != up);
         ms += 100) {
        scene->news = false;
        (void)poll_loop_until(scene->loop, &scene->news, 100);
    }
    assert_int_equal(scene->up, up);
}

void scene_until_up(struct scene *scene)
{
    until(scene, true);
}

void scene_until_down(struct scene *scene)
{
    until(scene, false);
    assert_true(scene->downs > 0);
}

void scene_until_idle(struct scene *scene)
{
    for (unsigned ms = 0; ms < PATIENCE_MS && dna_store_busy(scene->store); ms += 10) {
        poll_loop_run(scene->loop, 10);
    }
    assert_false(dna_store_busy(scene->store));
}

const struct scene_record *scene_look(const struct scene *scene, const char *domain)
{
    for (size_t i = scene->n; i-- > 0;) {
        if (strcmp(scene->records[i].domain, domain) == 0) {
            return &scene->records[i];
        }
    }
    return NULL;
}

const struct scene_record *scene_find(struct scene *scene, const char *domain)
{
    for (unsigned ms = 0; ms < PATIENCE_MS && scene_look(scene, domain) == NULL; ms += 100) {
        scene->news = false;
        (void)poll_loop_until(scene->loop, &scene->news, 100);
    }
    return scene_look(scene, domain);
}

struct dna_store_record scene_record(struct scene *scene, unsigned kind, const char *domain,
                                     const char *value, int64_t life)
{
    int64_t now = scene_now(scene);
    struct dna_store_record record = {.kind = kind,
                                      .domain = dna_span_of(domain),
                                      .learned_at = now,
                                      .expires_at = now + life,
                                      .value = dna_span_of(value)};
    record.id[0] = 7;
    return record;
}

void scene_put(struct scene *scene, const struct dna_store_record *record)
{
    assert_int_equal(dna_store_put(scene->store, record), DNA_OK);
}
