/* SPDX-License-Identifier: Apache-2.0 - a key set from wherever it can be had: shelf, cache, network */
#include "key_harvest.h"

#include "counters.h"
#include "key_cache.h"
#include "key_fetch.h"
#include "key_holding.h"
#include "own_pool.h"

/**
 * Another server's fetch is as good as our own: a recent one that lacks the kid spares the
 * network too.
 */
static int fulfils(const clerk_key_snapshot *cached, const clerk_key_supply *supply,
                   const clerk_key_wish *wanted)
{
    apr_interval_time_t age = wanted->now - cached->fetched_at;

    return age < wanted->max_age
           && (wanted->kid.len == 0
               || clerk_key_set_find(cached->keys, wanted->kid) != NULL
               || age < supply->options.min_interval);
}

static clerk_status ask_network(clerk_key_harvest *got, const clerk_key_supply *supply,
                                const clerk_instance *instance,
                                const clerk_key_wish *wanted, apr_pool_t *pool)
{
    const clerk_key_store_options *options = &supply->options;
    clerk_slice json;
    apr_time_t now = wanted->now;
    clerk_status status = clerk_key_fetch(&json, supply->http, instance, wanted->attempts,
                                          wanted->budget, options->pause, &got->failure, pool);

    if (status == CLERK_OK) {
        status = clerk_key_snapshot_parse(&got->snapshot, json, now, &got->failure.error);
    }
    if (status == CLERK_OK) {
        memset(&got->failure.error, 0, sizeof(got->failure.error));
        got->json = json;
        got->is_from_network = 1;
        clerk_key_cache_write(supply->cache, instance, json, now,
                              now + clerk_key_longest_age(options), pool);
    }
    clerk_count(status == CLERK_OK ? CLERK_COUNT_KEY_FETCH_OK : CLERK_COUNT_KEY_FETCH_FAILED);
    return status;
}

void clerk_key_harvest_gather(clerk_key_harvest *got, const clerk_key_supply *supply,
                              const clerk_instance *instance, const clerk_key_wish *wanted,
                              apr_pool_t *pool)
{
    clerk_slice json = { "", 0 };
    clerk_key_snapshot *cached =
        clerk_key_cache_read(&json, supply->cache, instance, wanted->now, pool);

    memset(got, 0, sizeof(*got));
    got->failure.retry_after = -1;
    if ((cached == NULL || !fulfils(cached, supply, wanted))
        && ask_network(got, supply, instance, wanted, pool) == CLERK_OK)
    {
        clerk_key_snapshot_release(cached);
        return;
    }
    got->snapshot = cached;
    got->json = json;
}

clerk_key_snapshot *clerk_key_harvest_from_shelf(const clerk_key_supply *supply,
                                                 const clerk_instance *instance,
                                                 apr_time_t fetched_at, apr_time_t now)
{
    clerk_key_snapshot *snapshot = NULL;
    apr_time_t found_at;
    clerk_slice json;
    apr_pool_t *pool;

    if (clerk_own_pool_create(&pool, NULL) != APR_SUCCESS) {
        return NULL;
    }
    if (clerk_key_shelf_get(&json, &found_at, supply->options.shelf, instance->key_id, now,
                            pool)
        && found_at == fetched_at
        && clerk_key_snapshot_parse(&snapshot, json, found_at, NULL) != CLERK_OK)
    {
        snapshot = NULL;
    }
    apr_pool_destroy(pool);
    return snapshot;
}
