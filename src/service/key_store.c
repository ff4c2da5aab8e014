/* SPDX-License-Identifier: Apache-2.0 - (instance, kid) to a public key, from PEM, memory, cache or network */
#include "key_store.h"

#include <apr_hash.h>
#include <apr_tables.h>
#include <apr_thread_mutex.h>

#include "key_snapshot.h"
#include "key_source.h"
#include "own_pool.h"

struct clerk_key_store {
    clerk_key_supply supply;
    apr_thread_mutex_t *mutex; /* guards pool and sources */
    apr_pool_t *pool;
    apr_hash_t *sources; /* clerk_key_source by clerk_instance.key_id */
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
    made->sources = apr_hash_make(pool);
    status = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return status;
    }
    *store = made;
    return APR_SUCCESS;
}

/** Sources are as many as the configuration names, so none is ever removed. */
static clerk_key_source *source_of(clerk_key_store *store,
                                   const clerk_instance *instance)
{
    clerk_key_source *source;

    apr_thread_mutex_lock(store->mutex);
    source = apr_hash_get(store->sources, instance->key_id, CLERK_DIGEST_LENGTH);
    if (source == NULL) {
        source = clerk_key_source_create(&store->supply, instance, store->pool);
        if (source != NULL) {
            apr_hash_set(store->sources, instance->key_id, CLERK_DIGEST_LENGTH, source);
        }
    }
    apr_thread_mutex_unlock(store->mutex);
    return source;
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

static apr_array_header_t *list_sources(clerk_key_store *store, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(clerk_key_source *));
    apr_hash_index_t *at;

    apr_thread_mutex_lock(store->mutex);
    for (at = apr_hash_first(pool, store->sources); at != NULL; at = apr_hash_next(at))
    {
        APR_ARRAY_PUSH(list, clerk_key_source *) = apr_hash_this_val(at);
    }
    apr_thread_mutex_unlock(store->mutex);
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
