/* SPDX-License-Identifier: Apache-2.0 - a signed token as the core's benchmark verifies it */
#ifndef CLERK_BENCH_CORE_TOKEN_H
#define CLERK_BENCH_CORE_TOKEN_H

#include "core/instance.h"
#include "core/policy.h"

/** An instance with one key, and tokens that it signed. */
typedef struct bench_site {
    EVP_PKEY *pkey; /* it signs */
    const clerk_key_set *keys;
    clerk_instance instance;
    clerk_policy policy;
    apr_time_t now;
} bench_site;

/** Lives as long as @a pool. Ends the program where OpenSSL fails. */
bench_site *bench_site_make(apr_pool_t *pool);

/** A JWK Set of @a count keys, of which the last one is the site's. */
const char *bench_jwk_set(const bench_site *site, int count, apr_pool_t *pool);

/**
 * A session token as Clerk makes them: version 2, an active organization, about 930 bytes.
 *
 * @param number  tokens of different numbers differ
 * @param more    members to add to the payload, each with a comma before it; may be ""
 */
clerk_slice bench_token(const bench_site *site, unsigned number, const char *more,
                        apr_pool_t *pool);

#endif
