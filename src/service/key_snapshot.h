/* SPDX-License-Identifier: Apache-2.0 - one key set as it was fetched, shared by reference */
#ifndef CLERK_KEY_SNAPSHOT_H
#define CLERK_KEY_SNAPSHOT_H

#include <stdatomic.h>

#include <apr_time.h>

#include "../core/jwk.h"

/**
 * A key set that never changes once made. Threads read it without a lock, each by a
 * reference of its own; the last one to go frees it. It has memory of its own, so that a
 * process does not grow with the number of key sets it has seen.
 */
typedef struct clerk_key_snapshot {
    const clerk_key_set *keys;
    apr_time_t fetched_at;
    apr_pool_t *pool;
    atomic_uint references;
} clerk_key_snapshot;

/**
 * Parse a JWK Set.
 *
 * @param snapshot    set only on success; the caller's reference, to be released
 * @param json        not needed afterwards
 * @param fetched_at  when the source gave it out
 * @return CLERK_OK, CLERK_E_JWK_FAILED_TO_LOAD, or CLERK_E_UNEXPECTED without memory
 */
clerk_status clerk_key_snapshot_parse(clerk_key_snapshot **snapshot, clerk_slice json,
                                      apr_time_t fetched_at, clerk_error *error);

/** One reference more; the caller must be holding one, or the lock that guards one. */
clerk_key_snapshot *clerk_key_snapshot_hold(clerk_key_snapshot *snapshot);

/** One reference less; NULL is nothing. */
void clerk_key_snapshot_release(clerk_key_snapshot *snapshot);

#endif
