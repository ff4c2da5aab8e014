/* SPDX-License-Identifier: Apache-2.0 - JWTs that Clerk makes for a session by a template */
#include "template_tokens.h"

#include <apr_strings.h>

#include "../core/jwt.h"
#include "../core/path_segment.h"

typedef struct search {
    const clerk_api *api;
    const clerk_instance *instance;
    const char *session_id;
    const char *segment;
    const char **jwt;
} search;

static clerk_status fail(clerk_api_failure *failure, clerk_status status,
                         const char *detail)
{
    memset(failure, 0, sizeof(*failure));
    failure->retry_after = -1;
    return clerk_fail(&failure->error, status, detail);
}

static clerk_status undecided(clerk_error *error)
{
    return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED,
                      "the Backend API's answer has no JWT");
}

/** The answer's token alone: `{"object":"token","jwt":"…"}`. */
static clerk_status take_token(clerk_slice *token, clerk_slice body,
                               clerk_api_failure *failure, apr_pool_t *pool)
{
    const clerk_node *object;
    const char *jwt;

    fail(failure, CLERK_OK, NULL);
    if (clerk_node_load(&object, body, pool, NULL) != CLERK_OK) {
        return undecided(&failure->error);
    }
    jwt = clerk_node_text(object, "jwt");
    if (jwt == NULL || !clerk_jwt_is_shaped(clerk_slice_of(jwt))) {
        return undecided(&failure->error);
    }
    *token = clerk_slice_of(jwt);
    return CLERK_OK;
}

static clerk_status put(clerk_slice *body, void *baton, clerk_api_failure *failure,
                        apr_pool_t *pool)
{
    const search *self = baton;
    const char *path = apr_pstrcat(pool, "/v1/sessions/", self->session_id, "/tokens/",
                                   self->segment, NULL);
    clerk_http_response response;
    clerk_slice answer;
    clerk_status status = clerk_api_call(&response, self->api, self->instance, "POST",
                                         path, NULL, failure, pool);

    if (status == CLERK_OK) {
        status = clerk_api_judge(&answer, &response, failure);
    }
    return status == CLERK_OK ? take_token(body, answer, failure, pool) : status;
}

/** A token that says no time is not kept. */
static apr_time_t last_use(const clerk_jwt *jwt)
{
    double seconds;

    return clerk_node_number(&seconds, clerk_node_member(jwt->payload, "exp"))
                   && seconds > 0 && seconds < 9e12
               ? apr_time_from_sec((apr_int64_t)seconds) - CLERK_TEMPLATE_TOKEN_MARGIN
               : 0;
}

static clerk_status read_token(void *baton, clerk_slice body, apr_time_t *until,
                               clerk_error *error, apr_pool_t *pool)
{
    search *self = baton;
    apr_time_t last;
    clerk_jwt jwt;

    if (!clerk_jwt_is_shaped(body)) {
        return undecided(error);
    }
    last = clerk_jwt_decode(&jwt, body, pool, NULL) == CLERK_OK ? last_use(&jwt) : 0;
    if (last < *until) {
        *until = last;
    }
    *self->jwt = clerk_slice_copy(body, pool);
    return CLERK_OK;
}

/** What a template may look at and what may change while a session lasts. */
static const char *id_of(const clerk_auth *auth, const char *segment, apr_pool_t *pool)
{
    const char *none = "";

    return apr_pstrcat(pool, auth->session_id, "\n", segment, "\n", auth->user_id, "\n",
                       auth->org_id ? auth->org_id : none, "\n",
                       auth->org_role ? auth->org_role : none, "\n",
                       auth->actor ? auth->actor : none, NULL);
}

clerk_status clerk_template_token_find(const char **jwt, clerk_api_answers *answers,
                                       const clerk_api *api,
                                       const clerk_instance *instance,
                                       const clerk_auth *auth, const char *segment,
                                       clerk_api_failure *failure, apr_pool_t *pool)
{
    search self = { api, instance, auth->session_id, segment, jwt };
    clerk_api_question question = {
        .purpose = "template token",
        .instance = instance,
        .ttl = CLERK_TEMPLATE_TOKEN_TTL,
        .unknown = "there was no such session or template a moment ago",
        .put = put,
        .read = read_token,
        .baton = &self,
    };

    if (!clerk_is_path_id(auth->session_id)) {
        return fail(failure, CLERK_E_TOKEN_INVALID,
                    "the session's id is none that Clerk gives");
    }
    question.id = clerk_slice_of(id_of(auth, segment, pool));
    return clerk_api_answers_find(answers, &question, failure, pool);
}
