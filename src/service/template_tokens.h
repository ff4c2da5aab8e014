/* SPDX-License-Identifier: Apache-2.0 - JWTs that Clerk makes for a session by a template */
#ifndef CLERK_TEMPLATE_TOKENS_H
#define CLERK_TEMPLATE_TOKENS_H

#include "../core/auth.h"
#include "api_answers.h"
#include "api_call.h"

/** A kept token has at least so long to live when it is handed out. */
#define CLERK_TEMPLATE_TOKEN_MARGIN apr_time_from_sec(10)

/** However long it lives, it is made anew when it has been kept for so long. */
#define CLERK_TEMPLATE_TOKEN_TTL apr_time_from_sec(60 * 60)

/**
 * Find a JWT of a template for a session (`POST /v1/sessions/{sid}/tokens/{template}`,
 * getToken({ template }) of Clerk's SDKs).
 *
 * It is kept as clerk_api_answers_find does, until CLERK_TEMPLATE_TOKEN_MARGIN before its own
 * expiry, for one state of the session: another organization, role or actor has one of its own.
 * It is not verified: the API made it just now.
 *
 * @param jwt       filled on success: three runs of base64url; owned by @a pool
 * @param auth      of a session
 * @param segment   the template's name as clerk_path_segment makes it
 * @param failure   filled otherwise
 * @return CLERK_OK; CLERK_E_TOKEN_INVALID when there is no such session or template; else as
 *         clerk_api_answers_find
 */
clerk_status clerk_template_token_find(const char **jwt, clerk_api_answers *answers,
                                       const clerk_api *api,
                                       const clerk_instance *instance,
                                       const clerk_auth *auth, const char *segment,
                                       clerk_api_failure *failure, apr_pool_t *pool);

#endif
