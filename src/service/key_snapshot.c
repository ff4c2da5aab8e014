/* SPDX-License-Identifier: Apache-2.0 - one key set as it was fetched, shared by reference */
#include "key_snapshot.h"

#include "own_pool.h"

clerk_status clerk_key_snapshot_parse(clerk_key_snapshot **snapshot, clerk_slice json,
                                      apr_time_t fetched_at, clerk_error *error)
{
    clerk_key_snapshot *made;
    const clerk_key_set *keys;
    clerk_status status;
    apr_pool_t *pool;

    /* No parent: pools are not thread-safe, and any thread may be the last to let go. */
    if (clerk_own_pool_create(&pool, NULL) != APR_SUCCESS) {
        return clerk_fail(error, CLERK_E_UNEXPECTED, "no memory for a key set");
    }
    status = clerk_key_set_parse(&keys, json, pool, error);
    if (status != CLERK_OK) {
        apr_pool_destroy(pool);
        return status;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->keys = keys;
    made->fetched_at = fetched_at;
    made->pool = pool;
    atomic_init(&made->references, 1);
    *snapshot = made;
    return CLERK_OK;
}

clerk_key_snapshot *clerk_key_snapshot_hold(clerk_key_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void clerk_key_snapshot_release(clerk_key_snapshot *snapshot)
{
    if (snapshot == NULL) {
        return;
    }
    /* Each holder's reads must come before the free that the last one does. */
    if (atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1)
    {
        apr_pool_destroy(snapshot->pool);
    }
}
