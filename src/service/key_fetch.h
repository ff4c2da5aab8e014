/* SPDX-License-Identifier: Apache-2.0 - ask the key source, again where that may help, within a budget */
#ifndef CLERK_KEY_FETCH_H
#define CLERK_KEY_FETCH_H

#include "backend_api.h"

enum { CLERK_KEY_FETCH_ATTEMPTS = 5 };

/**
 * Fetch a JWK Set as clerk_backend_api_fetch_jwks does, up to @a attempts times while
 * failures are transient; CLERK_KEY_FETCH_ATTEMPTS is the number of loadClerkJWKFromRemote in
 * `@clerk/backend`.
 *
 * The pauses are 125, 250, 500 and 1000 ms, each stretched at random up to twofold, or what
 * the answer's Retry-After asks for where that is longer. Attempts and pauses together take
 * no longer than @a budget: no pause begins that would not leave time for an attempt.
 *
 * @param pause  NULL: apr_sleep
 */
clerk_status clerk_key_fetch(clerk_slice *json, const clerk_http *http,
                             const clerk_instance *instance, int attempts,
                             apr_interval_time_t budget,
                             void (*pause)(apr_interval_time_t),
                             clerk_api_failure *failure, apr_pool_t *pool);

#endif
