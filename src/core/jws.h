/* SPDX-License-Identifier: Apache-2.0 - one signature, one key, one pinned algorithm */
#ifndef CLERK_JWS_H
#define CLERK_JWS_H

#include "jwk.h"

/**
 * What clerk_jws_verify needs beside the key itself (clerk_key.contexts).
 *
 * @return NULL for CLERK_ALG_OTHER, and without memory
 */
clerk_verify_contexts *clerk_jws_contexts(clerk_jwt_alg alg, EVP_PKEY *pkey,
                                          apr_pool_t *pool);

/**
 * Verify RSASSA-PKCS1-v1_5 over the signing input (RFC 7518, 3.3; RFC 8017, 8.2.2).
 *
 * @return CLERK_OK; CLERK_E_TOKEN_INVALID_ALGORITHM when the token's algorithm is none of
 *         RS256, RS384, RS512; CLERK_E_TOKEN_VERIFICATION_FAILED when it is not the key's
 *         own; CLERK_E_TOKEN_INVALID_SIGNATURE; CLERK_E_UNEXPECTED when OpenSSL failed
 */
clerk_status clerk_jws_verify(const clerk_jwt *jwt, const clerk_key *key,
                              clerk_error *error);

#endif
