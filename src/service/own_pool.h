/* SPDX-License-Identifier: Apache-2.0 - a pool that shares no memory with others */
#ifndef CLERK_OWN_POOL_H
#define CLERK_OWN_POOL_H

#include <apr_pools.h>

/**
 * Make a pool with an allocator of its own: it may be used on any thread while others use
 * @a parent, as long as one lock guards it. What it took goes back when it is destroyed.
 *
 * @param parent  destroys it at the latest; NULL: only the caller does
 */
apr_status_t clerk_own_pool_create(apr_pool_t **pool, apr_pool_t *parent);

#endif
