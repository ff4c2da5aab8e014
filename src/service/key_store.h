/* SPDX-License-Identifier: Apache-2.0 - (instance, kid) to a public key, from PEM, memory, cache or network */
#ifndef CLERK_KEY_STORE_H
#define CLERK_KEY_STORE_H

#include "backend_api.h"
#include "sealed_cache.h"

typedef struct clerk_key_store clerk_key_store;

typedef struct clerk_key_store_options {
    /** A key set this old is fetched anew before use. */
    apr_interval_time_t refresh;
    /** Where that fails, known keys serve on until this age. */
    apr_interval_time_t max_stale;
    /** Between fetches that an unknown kid or a failure asks for. */
    apr_interval_time_t min_interval;
    /** > 0; a request waits no longer for a fetch, its retries included. */
    apr_interval_time_t wait;
    void (*pause)(apr_interval_time_t); /* between attempts; NULL: apr_sleep */
} clerk_key_store_options;

/** A key and the set that keeps it alive; hand it back with clerk_key_release. */
typedef struct clerk_key_ref {
    const clerk_key *key;
    struct clerk_key_snapshot *snapshot; /* NULL for a local PEM key */
} clerk_key_ref;

/**
 * Make the store of one process.
 *
 * @param cache    may be NULL; with @a http it must outlive the store
 * @param options  copied
 */
apr_status_t clerk_key_store_create(clerk_key_store **store, const clerk_http *http,
                                    const clerk_sealed_cache *cache,
                                    const clerk_key_store_options *options,
                                    apr_pool_t *pchild);

/**
 * Find the key for a token of @a instance, which must outlive the store.
 *
 * A local PEM key answers whatever the kid, without network. Else the instance's key set
 * does: never another's, though it have the same kid. A known kid in a fresh set takes two
 * short locks and no wait. An unknown kid fetches at most once per min_interval, an empty
 * one never. One thread fetches for all that wait; no lock is held meanwhile. A fetch asks
 * the cache, then the network as clerk_key_fetch does, within options.wait. A new set
 * replaces the old one whole.
 *
 * After a failure nothing is asked for min_interval, or for as long as the answer's
 * Retry-After said, at most options.refresh: known keys younger than max_stale serve on,
 * and for others the failure is remembered.
 *
 * @param now  the clock, read for this call and not when the request began: a moment more
 *             than a minute older than one that was seen before means that the clock was
 *             set back, and what was fetched in the future counts as stale
 * @return CLERK_OK with @a ref to be released; CLERK_E_JWK_KID_MISMATCH;
 *         CLERK_E_JWK_FAILED_TO_LOAD; CLERK_E_JWK_FAILED_TO_RESOLVE;
 *         CLERK_E_SECRET_KEY_INVALID; CLERK_E_UNEXPECTED without memory
 */
clerk_status clerk_key_store_find(clerk_key_ref *ref, clerk_key_store *store,
                                  const clerk_instance *instance, clerk_slice kid,
                                  apr_time_t now, clerk_error *error);

/** Give @a ref back; its key must not be used after. */
void clerk_key_release(clerk_key_ref *ref);

/**
 * Fetch anew every set that is older than half the refresh age, and those that were asked
 * for and never had; for a background thread. The pause after a failure holds here too.
 *
 * @return how many sources were asked and failed
 */
int clerk_key_store_refresh(clerk_key_store *store, apr_time_t now);

#endif
