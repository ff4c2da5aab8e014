/* SPDX-License-Identifier: Apache-2.0 - OAuth and M2M tokens that are JWTs: header, claims, who they speak for */
#ifndef CLERK_MACHINE_JWT_H
#define CLERK_MACHINE_JWT_H

#include "auth.h"
#include "jwt.h"

/**
 * Judge the header of a machine JWT (verifyM2MJwt and verifyOAuthJwt in `@clerk/backend`),
 * before any key is looked up.
 *
 * M2M: category M2M, "ignore" or absent, else CLERK_E_TOKEN_INVALID; `typ` absent or `JWT`.
 * OAuth: `typ` must be `at+jwt` or `application/at+jwt`; the category says nothing. Both:
 * RS256, RS384 or RS512. Failures of `typ` and `alg` are CLERK_E_TOKEN_VERIFICATION_FAILED.
 *
 * @param type  CLERK_TOKEN_M2M or CLERK_TOKEN_OAUTH; another one fails
 */
clerk_status clerk_machine_jwt_check_header(const clerk_jwt *jwt, clerk_token_type type,
                                            clerk_error *error);

/**
 * Make the auth object of a verified machine JWT (fromJwtPayload of IdPOAuthAccessToken and
 * M2MToken in `@clerk/backend`).
 *
 * Scopes: OAuth `scp`, where that is absent `scope`; M2M `scopes`, where that is absent
 * `aud`. One of the wrong type is no scopes. The claims of an M2M token are those that are
 * not registered ones.
 */
const clerk_auth *clerk_auth_from_machine_jwt(const clerk_claims *claims,
                                              clerk_token_type type, apr_pool_t *pool);

#endif
