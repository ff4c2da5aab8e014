/* SPDX-License-Identifier: Apache-2.0 - the current user's User object */
#include "users.h"

#include "../core/path_segment.h"

typedef struct search {
    const clerk_api *api;
    const clerk_instance *instance;
    const char *id;
    clerk_user *user;
} search;

static clerk_status put(clerk_slice *body, void *baton, clerk_api_failure *failure,
                        apr_pool_t *pool)
{
    const search *self = baton;
    const char *path = apr_pstrcat(pool, "/v1/users/", self->id, NULL);
    clerk_http_response response;
    clerk_slice user;
    clerk_status status = clerk_api_call(&response, self->api, self->instance, "GET", path,
                                         NULL, failure, pool);

    if (status == CLERK_OK) {
        status = clerk_api_judge(&user, &response, failure);
    }
    if (status == CLERK_OK) {
        memset(failure, 0, sizeof(*failure));
        failure->retry_after = -1;
        status = clerk_user_digest(body, user, self->id, pool, &failure->error);
    }
    return status;
}

static clerk_status read_user(void *baton, clerk_slice body, apr_time_t *until,
                              clerk_error *error, apr_pool_t *pool)
{
    search *self = baton;

    (void)until;
    (void)pool;
    return clerk_user_read(self->user, body, error);
}

clerk_status clerk_users_find(clerk_user *user, clerk_api_answers *answers,
                              const clerk_api *api, const clerk_instance *instance,
                              const char *id, clerk_api_failure *failure,
                              apr_pool_t *pool)
{
    search self = { api, instance, id, user };
    clerk_api_question question = {
        .purpose = "user",
        .instance = instance,
        .id = clerk_slice_of(id),
        .ttl = CLERK_USER_TTL,
        .unknown = "there was no such user a moment ago",
        .put = put,
        .read = read_user,
        .baton = &self,
    };

    if (!clerk_is_path_id(id)) {
        memset(failure, 0, sizeof(*failure));
        failure->retry_after = -1;
        return clerk_fail(&failure->error, CLERK_E_TOKEN_INVALID,
                          "the user's id is none that Clerk gives");
    }
    return clerk_api_answers_find(answers, &question, failure, pool);
}
