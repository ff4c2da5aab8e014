/* SPDX-License-Identifier: Apache-2.0 - requests to Clerk's Backend and Frontend API and what their answers mean */
#ifndef CLERK_BACKEND_API_H
#define CLERK_BACKEND_API_H

#include "../core/api_version.h"
#include "../core/instance.h"
#include "../core/token_type.h"
#include "http.h"

enum { CLERK_JWKS_MAX_BYTES = 1024 * 1024, CLERK_VERIFICATION_MAX_BYTES = 64 * 1024 };

/** What the Backend API wants on every request, with a body or without. */
extern const char *const clerk_backend_api_fields[];

/** Whether asking again at once could help: network failures, time-outs and 5xx. */
typedef struct clerk_api_failure {
    clerk_error error;
    int transient;
    int is_busy; /* the answer was 429 */
    int was_put_off; /* the gate let no call pass (api_gate.h) */
    apr_interval_time_t retry_after; /* -1 when the answer named none */
} clerk_api_failure;

/**
 * Fetch the JWK Set of @a instance, one attempt.
 *
 * Where a secret is sent it is a Backend API request and names version and media type;
 * the Frontend API's public key set is asked for plainly. As in `@clerk/backend` the
 * answer's media type is not looked at: the parser judges the body.
 *
 * @param json     the body as received, not parsed; owned by @a pool
 * @param timeout  for the whole exchange; 0: what the adapter allows
 * @param failure  filled when the call fails
 * @return CLERK_OK; CLERK_E_SECRET_KEY_INVALID when the API says `clerk_key_invalid`;
 *         CLERK_E_JWK_FAILED_TO_RESOLVE when the instance has no key source;
 *         else CLERK_E_JWK_FAILED_TO_LOAD
 */
clerk_status clerk_backend_api_fetch_jwks(clerk_slice *json, const clerk_http *http,
                                          const clerk_instance *instance,
                                          apr_interval_time_t timeout,
                                          clerk_api_failure *failure, apr_pool_t *pool);

/**
 * Ask whose the opaque machine token @a token is (`POST /m2m_tokens/verify`,
 * `/oauth_applications/access_tokens/verify`, `/api_keys/verify`, without the API's `/v1`),
 * one attempt. M2M tokens are asked about with the machine secret key where there is one,
 * all else with the secret key.
 *
 * @param type     of a machine token
 * @param token    valid UTF-8
 * @param json     the body of a 200, not parsed; owned by @a pool
 * @param failure  filled when the call fails; transient: the API is out of reach or out of
 *                 order, whatever the token
 * @return CLERK_OK; CLERK_E_TOKEN_INVALID when no such token is known;
 *         CLERK_E_SECRET_KEY_INVALID when our own key is refused, or there is none;
 *         else CLERK_E_MACHINE_UNDECIDED
 */
clerk_status clerk_backend_api_verify_token(clerk_slice *json, const clerk_http *http,
                                            const clerk_instance *instance,
                                            clerk_token_type type, clerk_slice token,
                                            clerk_api_failure *failure,
                                            apr_pool_t *pool);

#endif
