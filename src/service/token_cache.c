/* SPDX-License-Identifier: Apache-2.0 - answers for opaque machine tokens: remembered, or asked for once */
#include "token_cache.h"

#include "counters.h"

typedef struct verification {
    const clerk_token_cache *cache;
    const clerk_instance *instance;
    clerk_token_type type;
    clerk_slice token;
    clerk_machine_answer *answer;
    int was_asked;    /* whether this thread asked */
    apr_time_t until; /* when the answer ceases to be good */
} verification;

static clerk_status put(clerk_slice *body, void *baton, clerk_api_failure *failure,
                        apr_pool_t *pool)
{
    verification *self = baton;

    self->was_asked = 1;
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
    self->until = *until;
    return status;
}

static clerk_status find_or_ask(verification *self, clerk_api_failure *failure,
                                apr_pool_t *pool)
{
    clerk_api_question question = {
        .purpose = clerk_token_type_name(self->type),
        .instance = self->instance,
        .id = self->token,
        .ttl = self->cache->ttl,
        .unknown = "the token was found to be no good a moment ago",
        .put = put,
        .read = read_answer,
        .baton = self,
    };

    return clerk_api_answers_find(self->cache->answers, &question, failure, pool);
}

/* ---------------------------------------------------------------- ready answers */

static int find_ready(clerk_machine_answer *answer, const verification *self,
                      const clerk_verified_id *id, apr_time_t now, apr_pool_t *pool)
{
    clerk_verified_term term;
    clerk_verified found;

    if (!clerk_verified_tokens_find(&found, &term, self->cache->ready, id, now, pool)
        || found.auth->type != self->type)
    {
        return 0;
    }
    answer->auth = found.auth;
    answer->aud = found.claims.aud;
    clerk_count(CLERK_COUNT_ANSWER_KEPT);
    return 1;
}

/**
 * Only whoever asked knows how old the answer is; others may have it from somebody who asked
 * a while ago.
 */
static void keep_ready(const verification *self, const clerk_verified_id *id,
                       apr_time_t now, apr_pool_t *pool)
{
    const clerk_auth *auth = self->answer->auth;
    clerk_verified_term term = { now + self->cache->ttl, 0 };
    clerk_verified made;

    memset(&made, 0, sizeof(made));
    made.jwt.kid = clerk_slice_of(NULL);
    made.auth = auth;
    made.claims.aud = self->answer->aud;
    made.claims.exp.form = CLERK_CLAIM_VALID;
    made.claims.exp.seconds =
        auth->expires == APR_INT64_MAX ? APR_INT64_MAX : apr_time_sec(auth->expires);
    if (self->until < term.until) {
        term.until = self->until;
    }
    clerk_verified_tokens_keep(self->cache->ready, id, &made, &term, now, pool);
}

clerk_status clerk_token_cache_verify(clerk_machine_answer *answer,
                                      const clerk_token_cache *cache,
                                      const clerk_instance *instance,
                                      clerk_token_type type, clerk_slice token,
                                      apr_time_t now, clerk_api_failure *failure,
                                      apr_pool_t *pool)
{
    verification self = { .cache = cache,
                          .instance = instance,
                          .type = type,
                          .token = token,
                          .answer = answer };
    clerk_verified_id id;
    int has_id = cache->ready != NULL && cache->ttl > 0
                 && clerk_verified_tokens_id(&id, cache->ready, instance->api_id, token);
    clerk_status status;

    if (has_id && find_ready(answer, &self, &id, now, pool)) {
        return CLERK_OK;
    }
    status = find_or_ask(&self, failure, pool);
    if (status == CLERK_OK && has_id && self.was_asked) {
        keep_ready(&self, &id, now, pool);
    }
    return status;
}
