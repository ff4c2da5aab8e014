/* SPDX-License-Identifier: Apache-2.0 - a pool that shares no memory with others */
#include "own_pool.h"

#include <apr_allocator.h>

apr_status_t clerk_own_pool_create(apr_pool_t **pool, apr_pool_t *parent)
{
    apr_allocator_t *allocator;
    apr_status_t status;

    if (parent == NULL) {
        return apr_pool_create_unmanaged_ex(pool, NULL, NULL);
    }
    status = apr_allocator_create(&allocator);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_pool_create_ex(pool, parent, NULL, allocator);
    if (status != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return status;
    }
    apr_allocator_owner_set(allocator, *pool);
    return APR_SUCCESS;
}
