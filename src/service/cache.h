/* SPDX-License-Identifier: Apache-2.0 - port: bytes shared between processes, with an expiry */
#ifndef CLERK_CACHE_H
#define CLERK_CACHE_H

#include <apr_errno.h>
#include <apr_time.h>

#include "../core/instance.h"

/**
 * Keys are raw SHA-256 digests. What comes back is as untrusted as the network. Any
 * failure means "not there"; callers go on without. APR_NOTFOUND, APR_ENOSPC and APR_EINVAL
 * are about the entry (missing, too long, over already), all others about the cache.
 */
typedef struct clerk_cache {
    apr_status_t (*get)(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                        clerk_slice *value, apr_pool_t *pool);
    apr_status_t (*put)(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                        clerk_slice value, apr_time_t expires, apr_pool_t *pool);
    void *baton;
} clerk_cache;

#endif
