/* SPDX-License-Identifier: Apache-2.0 - a key set from wherever it can be had: shelf, cache, network */
#ifndef CLERK_KEY_HARVEST_H
#define CLERK_KEY_HARVEST_H

#include "key_shelf.h"
#include "key_snapshot.h"
#include "key_store.h"

/** What every source of a store works with. */
typedef struct clerk_key_supply {
    const clerk_http *http;
    const clerk_sealed_cache *cache; /* or NULL */
    clerk_key_store_options options;
    atomic_int is_closed; /* what fails from now on is no fault of the source */
} clerk_key_supply;

/** What a fetch is to bring. */
typedef struct clerk_key_wish {
    clerk_slice kid; /* empty: whatever there is */
    apr_time_t now;
    apr_interval_time_t max_age; /* of a set from the cache */
    apr_interval_time_t budget;  /* for all attempts at the network */
    int attempts;                /* the most */
} clerk_key_wish;

typedef struct clerk_key_harvest {
    clerk_key_snapshot *snapshot; /* a reference; NULL when there is none */
    clerk_slice json;             /* of the snapshot; in the pool of the call */
    int is_from_network;
    /** Of the network; may stand beside a set from the cache. */
    clerk_api_failure failure;
} clerk_key_harvest;

/**
 * Ask the cache, then the network as clerk_key_fetch does, within its budget; where
 * that fails, a cached set that is older than wished may do. What the network gave is left in
 * the cache.
 */
void clerk_key_harvest_gather(clerk_key_harvest *got, const clerk_key_supply *supply,
                              const clerk_instance *instance, const clerk_key_wish *wanted,
                              apr_pool_t *pool);

/**
 * Take what another process of this server has fetched; asks nobody.
 *
 * @return a reference to the set that was fetched at that moment, or NULL
 */
clerk_key_snapshot *clerk_key_harvest_from_shelf(const clerk_key_supply *supply,
                                                 const clerk_instance *instance,
                                                 apr_time_t fetched_at, apr_time_t now);

#endif
