/* SPDX-License-Identifier: Apache-2.0 - the current user's User object */
#ifndef CLERK_USERS_H
#define CLERK_USERS_H

#include "../core/user.h"
#include "api_answers.h"
#include "api_call.h"

/** How long a User is kept; a change at Clerk is seen no later than that. */
#define CLERK_USER_TTL apr_time_from_sec(60)

/**
 * Find the User @a id (`GET /v1/users/{user_id}`, currentUser() of Clerk's SDKs), which is
 * kept as clerk_api_answers_find does. Private metadata are kept nowhere.
 *
 * @param user     filled on success; owned by @a pool
 * @param failure  filled otherwise
 * @return CLERK_OK; CLERK_E_TOKEN_INVALID when there is no such user; else as
 *         clerk_api_answers_find
 */
clerk_status clerk_users_find(clerk_user *user, clerk_api_answers *answers,
                              const clerk_api *api, const clerk_instance *instance,
                              const char *id, clerk_api_failure *failure,
                              apr_pool_t *pool);

#endif
