/* SPDX-License-Identifier: Apache-2.0 - verify one JWT: header, key, signature, claims */
#ifndef CLERK_TOKEN_VERIFICATION_H
#define CLERK_TOKEN_VERIFICATION_H

#include "../core/auth.h"
#include "../core/policy.h"
#include "key_store.h"

/** Against what a JWT is verified. */
typedef struct clerk_verification {
    clerk_key_store *keys;
    const clerk_instance *instance;
    const clerk_policy *policy;
    apr_time_t now;
} clerk_verification;

/**
 * Verify a session token (verifyToken in `@clerk/backend`): `typ` and `alg` before any key
 * is looked up, so that a forged header costs no fetch; key; signature; claims. Whether it
 * is a session's token at all is judged before (clerk_token_check_session).
 *
 * @param auth  filled on success, owned by @a pool; its session may be pending
 */
clerk_status clerk_verify_session_jwt(const clerk_auth **auth, const clerk_jwt *jwt,
                                      const clerk_verification *by, apr_pool_t *pool,
                                      clerk_error *error);

/** Decode a token that Clerk's API gave, check that it is a session's, and verify it. */
clerk_status clerk_verify_session_token(const clerk_auth **auth, clerk_slice token,
                                        const clerk_verification *by, apr_pool_t *pool,
                                        clerk_error *error);

/** Verify a machine's JWT of @a type. The SDK has one code for most that can go wrong. */
clerk_status clerk_verify_machine_jwt(const clerk_auth **auth, const clerk_jwt *jwt,
                                      clerk_token_type type,
                                      const clerk_verification *by, apr_pool_t *pool,
                                      clerk_error *error);

/**
 * Verify a handshake token (verifyHandshakeToken in `@clerk/backend`): header, category, key
 * and signature; none of its claims, not even `exp`.
 *
 * @param payload  filled on success, owned by @a pool
 */
clerk_status clerk_verify_handshake_token(const clerk_node **payload, clerk_slice token,
                                          const clerk_verification *by,
                                          apr_pool_t *pool, clerk_error *error);

#endif
