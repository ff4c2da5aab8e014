/* SPDX-License-Identifier: Apache-2.0 - answers for opaque machine tokens: remembered, or asked for once */
#include "token_cache.h"

typedef struct verification {
    const clerk_token_cache *cache;
    const clerk_instance *instance;
    clerk_token_type type;
    clerk_slice token;
    clerk_machine_answer *answer;
} verification;

static clerk_status put(clerk_slice *body, void *baton, clerk_api_failure *failure,
                        apr_pool_t *pool)
{
    const verification *self = baton;

    return clerk_api_verify_token(body, self->cache->api, self->instance, self->type,
                                  self->token, failure, pool);
}

static clerk_status read_answer(void *baton, clerk_slice body, apr_time_t *until,
                                clerk_error *error, apr_pool_t *pool)
{
    verification *self = baton;
    clerk_status status =
        clerk_machine_answer_read(self->answer, body, self->type, pool, error);

    if (status == CLERK_OK && self->answer->auth->expires < *until) {
        *until = self->answer->auth->expires;
    }
    return status;
}

clerk_status clerk_token_cache_verify(clerk_machine_answer *answer,
                                      const clerk_token_cache *cache,
                                      const clerk_instance *instance,
                                      clerk_token_type type, clerk_slice token,
                                      clerk_api_failure *failure, apr_pool_t *pool)
{
    verification self = { cache, instance, type, token, answer };
    clerk_api_question question = {
        .purpose = clerk_token_type_name(type),
        .instance = instance,
        .id = token,
        .ttl = cache->ttl,
        .unknown = "the token was found to be no good a moment ago",
        .put = put,
        .read = read_answer,
        .baton = &self,
    };

    return clerk_api_answers_find(cache->answers, &question, failure, pool);
}
