/* SPDX-License-Identifier: Apache-2.0 - verify one JWT: header, key, signature, claims */
#ifndef CLERK_TOKEN_VERIFICATION_H
#define CLERK_TOKEN_VERIFICATION_H

#include "../core/auth.h"
#include "../core/policy.h"
#include "key_store.h"
#include "verified_tokens.h"

/** Against what a JWT is verified. */
typedef struct clerk_verification {
    clerk_key_store *keys;
    clerk_verified_tokens *verified; /* NULL: none are kept */
    const clerk_instance *instance;
    const clerk_policy *policy;
    apr_time_t now;
} clerk_verification;

/**
 * A JWT to be judged. Its signature has been verified before where `known` is set, by a key
 * that still is one of the instance's: then nothing is decoded, and `jwt` says no more than
 * clerk_verified does.
 */
typedef struct clerk_evidence {
    clerk_slice token;
    clerk_jwt jwt;
    clerk_token_type type;
    clerk_claims claims;
    const clerk_auth *known; /* who it speaks for; NULL: not verified yet */
    clerk_verified_id id;
    int has_id; /* else it is not kept */
    apr_uint64_t edition; /* of the key set when it was looked for; 0: none may serve */
} clerk_evidence;

/**
 * Look at a token: it is known, or it is decoded.
 *
 * @param evidence  token and type are filled in any case, the others on success
 * @return CLERK_OK, or CLERK_E_TOKEN_INVALID where it does not decode
 */
clerk_status clerk_token_examine(clerk_evidence *evidence, clerk_slice token,
                                 const clerk_verification *by, apr_pool_t *pool,
                                 clerk_error *error);

/**
 * Verify a session token (verifyToken in `@clerk/backend`): `typ` and `alg` before any key
 * is looked up, so that a forged header costs no fetch; key; signature; claims. Whether it
 * is a session's token at all is judged before (clerk_token_check_session). The claims are
 * judged each time; the rest only while the token is not known.
 *
 * @param auth  filled on success, owned by @a pool; its session may be pending
 */
clerk_status clerk_verify_session_jwt(const clerk_auth **auth,
                                      const clerk_evidence *evidence,
                                      const clerk_verification *by, apr_pool_t *pool,
                                      clerk_error *error);

/** Examine a token that Clerk's API gave, check that it is a session's, and verify it. */
clerk_status clerk_verify_session_token(const clerk_auth **auth, clerk_slice token,
                                        const clerk_verification *by, apr_pool_t *pool,
                                        clerk_error *error);

/** Verify a machine's JWT. The SDK has one code for most that can go wrong. */
clerk_status clerk_verify_machine_jwt(const clerk_auth **auth,
                                      const clerk_evidence *evidence,
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
