/* SPDX-License-Identifier: Apache-2.0 - calls to the Backend API that renew a browser's session */
#ifndef CLERK_SESSION_CALLS_H
#define CLERK_SESSION_CALLS_H

#include "../core/facts.h"
#include "../core/set_cookies.h"
#include "api_call.h"

/**
 * Redeem the nonce that a handshake brought
 * (`GET /v1/clients/handshake_payload?nonce=…`). It is good once.
 *
 * @param directives  the array of Set-Cookie values; NULL where the answer has none; owned
 *                    by @a pool
 * @param why         filled otherwise: static text
 * @return whether there was an answer of 200
 */
int clerk_redeem_nonce(const clerk_node **directives, const clerk_api *api,
                       const clerk_instance *instance, const char *nonce,
                       const char **why, apr_pool_t *pool);

/** An expired session and what renews it. */
typedef struct clerk_refresh_request {
    const char *session_id; /* of the token's `sid`, which need not have been verified */
    clerk_slice expired_token;
    const char *refresh_token;
    const char *origin; /* of this request's URL */
    int suffixed;       /* whether cookies have the instance's suffix */
    const clerk_facts *facts;
} clerk_refresh_request;

/**
 * Make the body of a refresh (refreshToken in `@clerk/backend`): `format`, `expired_token`,
 * `refresh_token`, `request_origin`, `request_headers`.
 *
 * Of the request's fields those go along that could tell Clerk about the browser. Not
 * `Authorization` and `Proxy-Authorization`; of `Cookie` only the cookies that are Clerk's;
 * nothing that is not UTF-8.
 *
 * @return owned by @a pool; NULL where a token is not UTF-8
 */
const char *clerk_refresh_body(const clerk_refresh_request *request, apr_pool_t *pool);

/**
 * Refresh a session (`POST /v1/sessions/{sid}/refresh`), one call.
 *
 * @param answer  the body of a 2xx, not parsed; or why there is none, in the words that the
 *                reason of the request ends in; owned by @a pool
 * @return whether there was an answer of 2xx
 */
int clerk_refresh_session(clerk_slice *answer, const clerk_api *api,
                          const clerk_instance *instance,
                          const clerk_refresh_request *request, apr_pool_t *pool);

#endif
