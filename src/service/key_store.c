/* SPDX-License-Identifier: Apache-2.0 - (instance, kid) to a public key, from PEM, memory, cache or network */
#include "key_store.h"

#include <stdatomic.h>

#include <apr_tables.h>
#include <apr_thread_mutex.h>

#include "key_snapshot.h"
#include "key_source.h"
#include "own_pool.h"

enum { BUCKETS = 64 };

/** Never changes, and never goes before the store does. */
typedef struct entry {
    const struct entry *next;
    const unsigned char *key_id; /* of the instance that came first */
    clerk_key_source *source;
} entry;

/** Sources are as many as the configuration names: none is removed, so to find one takes no lock. */
struct clerk_key_store {
    clerk_key_supply supply;
    _Atomic(const entry *) buckets[BUCKETS]; /* by the first byte of clerk_instance.key_id */
    apr_thread_mutex_t *mutex;               /* guards pool, and who adds to a bucket */
    apr_pool_t *pool;
};

apr_status_t clerk_key_store_create(clerk_key_store **store, const clerk_http *http,
                                    const clerk_sealed_cache *cache,
                                    const clerk_key_store_options *options,
                                    apr_pool_t *pchild)
{
    clerk_key_store *made;
    apr_pool_t *pool;
    apr_status_t status = clerk_own_pool_create(&pool, pchild);

    if (status != APR_SUCCESS) {
        return status;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->supply.http = http;
    made->supply.cache = cache;
    made->supply.options = *options;
    atomic_init(&made->supply.is_closed, 0);
    made->pool = pool;
    status = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return status;
    }
    *store = made;
    return APR_SUCCESS;
}

static clerk_key_source *known_source(const clerk_key_store *store,
                                      const clerk_instance *instance)
{
    const entry *at = atomic_load_explicit(&store->buckets[instance->key_id[0] % BUCKETS],
                                           memory_order_acquire);

    while (at != NULL && memcmp(at->key_id, instance->key_id, CLERK_DIGEST_LENGTH) != 0) {
        at = at->next;
    }
    return at ? at->source : NULL;
}

static clerk_key_source *add_source(clerk_key_store *store, const clerk_instance *instance)
{
    _Atomic(const entry *) *bucket = &store->buckets[instance->key_id[0] % BUCKETS];
    entry *made = apr_palloc(store->pool, sizeof(*made));

    made->next = atomic_load_explicit(bucket, memory_order_relaxed);
    made->key_id = instance->key_id;
    made->source = clerk_key_source_create(&store->supply, instance, store->pool);
    if (made->source != NULL) {
        atomic_store_explicit(bucket, made, memory_order_release);
    }
    return made->source;
}

/** @return NULL when the system has no more locks */
static clerk_key_source *source_of(clerk_key_store *store, const clerk_instance *instance)
{
    clerk_key_source *source = known_source(store, instance);

    if (source == NULL) {
        apr_thread_mutex_lock(store->mutex);
        source = known_source(store, instance);
        if (source == NULL) {
            source = add_source(store, instance);
        }
        apr_thread_mutex_unlock(store->mutex);
    }
    return source;
}

apr_uint64_t clerk_key_store_edition(const clerk_key_store *store,
                                     const clerk_instance *instance, apr_time_t now)
{
    const clerk_key_source *source;

    if (instance->jwt_key != NULL) {
        return CLERK_KEY_EDITION_LOCAL;
    }
    source = known_source(store, instance);
    return source ? clerk_key_source_edition(source, now) : 0;
}

clerk_status clerk_key_store_find(clerk_key_ref *ref, clerk_key_store *store,
                                  const clerk_instance *instance, clerk_slice kid,
                                  apr_time_t now, clerk_error *error)
{
    clerk_key_source *source;

    if (instance->jwt_key != NULL) {
        ref->key = instance->jwt_key;
        ref->snapshot = NULL;
        return CLERK_OK;
    }
    if (instance->key_url == NULL) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_RESOLVE,
                          "no key is set that says where the key set is");
    }
    if (kid.len == 0) {
        return clerk_fail(error, CLERK_E_JWK_KID_MISMATCH, "the token has no kid");
    }
    source = source_of(store, instance);
    if (source == NULL) {
        return clerk_fail(error, CLERK_E_UNEXPECTED, "no lock for a key source");
    }
    return clerk_key_source_find(ref, source, kid, now, error);
}

void clerk_key_store_add(clerk_key_store *store, const clerk_instance *instance,
                         apr_time_t now)
{
    clerk_key_source *source;

    if (instance->jwt_key != NULL || instance->key_url == NULL) {
        return;
    }
    source = source_of(store, instance);
    if (source != NULL) {
        clerk_key_source_catch_up(source, now);
    }
}

void clerk_key_release(clerk_key_ref *ref)
{
    clerk_key_snapshot_release(ref->snapshot);
    ref->snapshot = NULL;
    ref->key = NULL;
}

static apr_array_header_t *list_sources(const clerk_key_store *store, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(clerk_key_source *));
    int i;

    for (i = 0; i < BUCKETS; i++) {
        const entry *at = atomic_load_explicit(&store->buckets[i], memory_order_acquire);

        for (; at != NULL; at = at->next) {
            APR_ARRAY_PUSH(list, clerk_key_source *) = at->source;
        }
    }
    return list;
}

int clerk_key_store_refresh(clerk_key_store *store, apr_time_t now)
{
    apr_array_header_t *list;
    apr_pool_t *pool;
    int failed = 0;
    int i;

    if (clerk_own_pool_create(&pool, NULL) != APR_SUCCESS) {
        return 0;
    }
    list = list_sources(store, pool);
    for (i = 0; i < list->nelts; i++) { /* before a fetch that may take its time */
        clerk_key_source_catch_up(APR_ARRAY_IDX(list, i, clerk_key_source *), now);
    }
    for (i = 0; i < list->nelts; i++) {
        failed +=
            !clerk_key_source_refresh(APR_ARRAY_IDX(list, i, clerk_key_source *), now);
    }
    apr_pool_destroy(pool);
    return failed;
}

void clerk_key_store_close(clerk_key_store *store)
{
    atomic_store(&store->supply.is_closed, 1);
}

void clerk_key_store_report(clerk_key_store *store, apr_time_t now,
                            void (*visit)(void *baton, const clerk_key_report *report),
                            void *baton)
{
    apr_array_header_t *list;
    clerk_key_report report;
    apr_pool_t *pool;
    int i;

    if (clerk_own_pool_create(&pool, NULL) != APR_SUCCESS) {
        return;
    }
    list = list_sources(store, pool);
    for (i = 0; i < list->nelts; i++) {
        clerk_key_source_report(&report, APR_ARRAY_IDX(list, i, clerk_key_source *), now);
        visit(baton, &report);
    }
    apr_pool_destroy(pool);
}
