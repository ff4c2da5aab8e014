/* SPDX-License-Identifier: Apache-2.0 - one call to the Backend API, where it may be made now */
#ifndef CLERK_API_CALL_H
#define CLERK_API_CALL_H

#include "api_gate.h"
#include "backend_api.h"

/** The way to the Backend API; one a process. Whoever makes calls shares the gate. */
typedef struct clerk_api {
    const clerk_http *http;
    clerk_api_gate *gate;
    apr_time_t (*clock)(void); /* NULL: apr_time_now */
} clerk_api;

/**
 * Make one call for @a instance, with its secret key and the fields that every request has,
 * if the gate lets it pass; the gate is told how it ended.
 *
 * @param path      behind the API's URL: `/v1/…`
 * @param body      JSON, or NULL
 * @param response  of any status; filled on success
 * @param failure   filled otherwise
 * @return CLERK_OK when an answer of any status arrived; CLERK_E_SECRET_KEY_INVALID when the
 *         instance has none; else CLERK_E_MACHINE_UNDECIDED
 */
clerk_status clerk_api_call(clerk_http_response *response, const clerk_api *api,
                            const clerk_instance *instance, const char *method,
                            const char *path, const char *body,
                            clerk_api_failure *failure, apr_pool_t *pool);

/**
 * The body of a 200, and what any other status means.
 *
 * @return CLERK_OK; CLERK_E_TOKEN_INVALID for 404, the API knows no such thing;
 *         CLERK_E_SECRET_KEY_INVALID for 401; else CLERK_E_MACHINE_UNDECIDED
 */
clerk_status clerk_api_judge(clerk_slice *body, const clerk_http_response *response,
                             clerk_api_failure *failure);

/** clerk_backend_api_verify_token, if the gate lets it pass. */
clerk_status clerk_api_verify_token(clerk_slice *json, const clerk_api *api,
                                    const clerk_instance *instance, clerk_token_type type,
                                    clerk_slice token, clerk_api_failure *failure,
                                    apr_pool_t *pool);

#endif
