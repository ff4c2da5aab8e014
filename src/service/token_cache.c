/* SPDX-License-Identifier: Apache-2.0 - answers for opaque machine tokens: remembered, or asked for once */
#include "token_cache.h"

#include <openssl/evp.h>

#include "own_pool.h"
#include "token_answers.h"
#include "token_flights.h"

struct clerk_token_cache {
    const clerk_http *http;
    clerk_token_cache_options options;
    clerk_api_gate *gate;
    apr_thread_mutex_t *mutex; /* guards all below; never held during a request */
    clerk_token_answers *answers;
    clerk_token_flights *flights;
    unsigned waiting; /* with the whole patience */
};

/** One call's parameters. */
typedef struct question {
    clerk_token_cache *cache;
    const clerk_instance *instance;
    clerk_token_type type;
    clerk_slice token;
    unsigned char digest[CLERK_DIGEST_LENGTH];
    apr_pool_t *pool;
    clerk_machine_answer *answer;
    int is_answered; /* whether answer is filled */
} question;

/* ---------------------------------------------------------------- life */

static apr_status_t furnish(clerk_token_cache *cache, apr_pool_t *pool)
{
    apr_status_t status =
        apr_thread_mutex_create(&cache->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    cache->gate = cache->options.gate;
    if (status == APR_SUCCESS && cache->gate == NULL) {
        status = clerk_api_gate_create(&cache->gate, cache->options.connections, pool);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    cache->answers = clerk_token_answers_create(cache->options.max_entries,
                                                cache->options.max_bytes, pool);
    cache->flights = clerk_token_flights_create(cache->mutex, pool);
    return cache->answers != NULL && cache->flights != NULL ? APR_SUCCESS : APR_ENOMEM;
}

apr_status_t clerk_token_cache_create(clerk_token_cache **cache, const clerk_http *http,
                                      const clerk_token_cache_options *options,
                                      apr_pool_t *pchild)
{
    clerk_token_cache *made = apr_pcalloc(pchild, sizeof(*made));
    apr_status_t status;

    made->http = http;
    made->options = *options;
    if (made->options.clock == NULL) {
        made->options.clock = apr_time_now;
    }
    status = furnish(made, pchild);
    if (status == APR_SUCCESS) {
        *cache = made;
    }
    return status;
}

/* ---------------------------------------------------------------- asking, no lock held */

static clerk_status fail(clerk_api_failure *failure, clerk_status status,
                         const char *detail, apr_interval_time_t retry_after)
{
    memset(failure, 0, sizeof(*failure));
    failure->retry_after = retry_after;
    return clerk_fail(&failure->error, status, detail);
}

/** Purpose, type and instance are of fixed length, so no two lists of parts read alike. */
static int digest(question *self)
{
    static const char PURPOSE[] = "clerk opaque token";
    unsigned char type = (unsigned char)self->type;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1
               && EVP_DigestUpdate(context, PURPOSE, sizeof(PURPOSE)) == 1
               && EVP_DigestUpdate(context, &type, 1) == 1
               && EVP_DigestUpdate(context, self->instance->api_id, CLERK_DIGEST_LENGTH)
                      == 1
               && EVP_DigestUpdate(context, self->token.ptr, self->token.len) == 1
               && EVP_DigestFinal_ex(context, self->digest, NULL) == 1;

    EVP_MD_CTX_free(context);
    return done;
}

/** What the API said is judged like this wherever it comes from. */
static clerk_status judge(question *self, clerk_slice body, clerk_api_failure *failure)
{
    clerk_error error = { CLERK_OK, NULL };
    clerk_status status = clerk_machine_answer_read(self->answer, body, self->type,
                                                    self->pool, &error);

    self->is_answered = status == CLERK_OK;
    return status == CLERK_OK ? CLERK_OK : fail(failure, status, error.detail, -1);
}

static clerk_status call(clerk_slice *body, const question *self,
                         clerk_api_failure *failure)
{
    clerk_token_cache *cache = self->cache;
    clerk_api_outcome outcome = { 0, 0, -1 };
    apr_interval_time_t after = -1;
    clerk_error error = { CLERK_OK, NULL };
    clerk_api_pass pass;
    clerk_status status = clerk_api_gate_enter(&pass, cache->gate, self->instance,
                                               cache->options.clock(), &after, &error);

    if (status != CLERK_OK) {
        return fail(failure, status, error.detail, after);
    }
    status = clerk_backend_api_verify_token(body, cache->http, self->instance, self->type,
                                            self->token, failure, self->pool);
    if (status != CLERK_OK) {
        outcome.has_failed = failure->transient;
        outcome.is_busy = failure->is_busy;
        outcome.retry_after = failure->retry_after;
    }
    clerk_api_gate_leave(cache->gate, &pass, &outcome, cache->options.clock());
    return status;
}

/** How long an answer may be remembered: no longer than it was good when it was asked for. */
static apr_time_t good_until(const question *self, clerk_status status, apr_time_t asked)
{
    apr_interval_time_t ttl = self->cache->options.ttl;

    switch (status) {
    case CLERK_OK:
        return self->answer->auth->expires < asked + ttl ? self->answer->auth->expires
                                                         : asked + ttl;
    case CLERK_E_TOKEN_INVALID:
        return asked + (ttl < CLERK_NEGATIVE_ANSWER_TTL ? ttl : CLERK_NEGATIVE_ANSWER_TTL);
    default:
        return asked;
    }
}

/* ---------------------------------------------------------------- lock held */

/** The lock is given up while the question is under way. */
static clerk_status fly(question *self, clerk_token_flight *flight,
                        clerk_api_failure *failure)
{
    clerk_token_cache *cache = self->cache;
    apr_time_t asked = cache->options.clock();
    clerk_token_result result;
    clerk_status status;

    memset(&result, 0, sizeof(result));
    apr_thread_mutex_unlock(cache->mutex);

    status = call(&result.body, self, &result.failure);
    if (status == CLERK_OK) {
        status = judge(self, result.body, &result.failure);
    }
    *failure = result.failure;

    apr_thread_mutex_lock(cache->mutex);
    if (status != CLERK_OK) {
        result.body = clerk_slice_of(NULL);
    }
    clerk_token_answers_keep(cache->answers, self->digest, result.body, asked,
                             good_until(self, status, asked));
    clerk_token_flight_land(cache->flights, flight, &result);
    return status;
}

static clerk_status wait_for(clerk_slice *body, const question *self,
                             clerk_token_flight *flight, clerk_api_failure *failure)
{
    clerk_token_cache *cache = self->cache;
    unsigned is_patient = cache->waiting < cache->options.patient;
    apr_interval_time_t patience = is_patient
                                       ? cache->options.patience
                                       : CLERK_HASTE - clerk_token_flight_age(flight);
    clerk_token_result result;
    int has_landed;

    cache->waiting += is_patient;
    has_landed = clerk_token_flight_await(&result, cache->flights, flight, patience,
                                          self->pool);
    cache->waiting -= is_patient;
    if (!has_landed) {
        return fail(failure, CLERK_E_MACHINE_UNDECIDED,
                    "the same question is still under way", CLERK_API_SHORTEST_STOP);
    }
    if (result.failure.error.status != CLERK_OK) {
        *failure = result.failure;
        return failure->error.status;
    }
    *body = result.body;
    return CLERK_OK;
}

/** @param body  filled on success unless the question is answered already */
static clerk_status find_or_ask(clerk_slice *body, question *self,
                                clerk_api_failure *failure)
{
    clerk_token_cache *cache = self->cache;
    clerk_token_flight *flight;

    if (clerk_token_answers_find(body, cache->answers, self->digest,
                                 cache->options.clock(), self->pool))
    {
        return body->len > 0 ? CLERK_OK
                             : fail(failure, CLERK_E_TOKEN_INVALID,
                                    "the token was found to be no good a moment ago", -1);
    }
    flight = clerk_token_flights_join(cache->flights, self->digest);
    if (flight != NULL) {
        return wait_for(body, self, flight, failure);
    }
    flight = clerk_token_flights_begin(cache->flights, self->digest);
    if (flight == NULL) {
        return fail(failure, CLERK_E_UNEXPECTED, "no memory to ask about a token", -1);
    }
    return fly(self, flight, failure);
}

clerk_status clerk_token_cache_verify(clerk_machine_answer *answer,
                                      clerk_token_cache *cache,
                                      const clerk_instance *instance,
                                      clerk_token_type type, clerk_slice token,
                                      clerk_api_failure *failure, apr_pool_t *pool)
{
    question self = { .cache = cache,
                      .instance = instance,
                      .type = type,
                      .token = token,
                      .pool = pool,
                      .answer = answer };
    clerk_slice body = { NULL, 0 };
    clerk_status status;

    if (!digest(&self)) {
        return fail(failure, CLERK_E_UNEXPECTED, "OpenSSL offers no SHA-256", -1);
    }
    apr_thread_mutex_lock(cache->mutex);
    status = find_or_ask(&body, &self, failure);
    apr_thread_mutex_unlock(cache->mutex);
    return status == CLERK_OK && !self.is_answered ? judge(&self, body, failure) : status;
}
