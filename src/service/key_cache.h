/* SPDX-License-Identifier: Apache-2.0 - key sets in the cache that processes share */
#ifndef CLERK_KEY_CACHE_H
#define CLERK_KEY_CACHE_H

#include "key_snapshot.h"
#include "sealed_cache.h"

/**
 * Look for the key set of @a instance's source.
 *
 * What is found is parsed like an answer from the network. A set that was fetched after
 * @a now is passed over: it would stay fresh for longer than its source allowed.
 *
 * @param json   what it was parsed from, owned by @a pool; may be NULL
 * @param cache  may be NULL
 * @return a reference to be released; NULL when there is no usable set
 */
clerk_key_snapshot *clerk_key_cache_read(clerk_slice *json, const clerk_sealed_cache *cache,
                                         const clerk_instance *instance, apr_time_t now,
                                         apr_pool_t *pool);

/**
 * Leave @a json, which has been parsed and found good, to the other processes. That it
 * could not be stored is no failure: they ask the network themselves.
 *
 * @param cache  may be NULL
 */
void clerk_key_cache_write(const clerk_sealed_cache *cache, const clerk_instance *instance,
                           clerk_slice json, apr_time_t fetched_at, apr_time_t expires,
                           apr_pool_t *pool);

#endif
