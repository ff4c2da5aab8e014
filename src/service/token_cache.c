/* SPDX-License-Identifier: Apache-2.0 - answers for opaque machine tokens: remembered, or asked for once */
#include "token_cache.h"

#include "own_pool.h"
#include "token_answers.h"
#include "token_flights.h"
#include "token_turn.h"

/* A put may still be on its way when the others are told of it. */
enum { LOOKS = 6, TURNS = 4 };
static const apr_interval_time_t LOOK_PAUSE = 2000;

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
    clerk_sealed_entry entry; /* its key is the token's digest, here and in the shared cache */
    apr_pool_t *pool;
    clerk_machine_answer *answer;
    int is_answered; /* whether answer is filled */
    int was_asked;   /* whether the gate let a call pass */
} question;

/** How a question was settled, and from when until when that holds. */
typedef struct settlement {
    clerk_status status;
    clerk_token_result result;
    apr_time_t from;
    apr_time_t until;
} settlement;

/* ---------------------------------------------------------------- life */

static apr_status_t furnish(clerk_token_cache *cache, apr_pool_t *pool)
{
    apr_status_t status =
        apr_thread_mutex_create(&cache->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    cache->gate = cache->options.gate;
    if (status == APR_SUCCESS && cache->gate == NULL) {
        status = clerk_api_gate_create(&cache->gate, cache->options.connections, NULL,
                                       pool);
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

static int name_entry(question *self)
{
    return clerk_sealed_entry_name(&self->entry, clerk_token_type_name(self->type),
                                   self->instance, self->instance->api_id, self->token);
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

static clerk_status call(clerk_slice *body, question *self, clerk_api_failure *failure)
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
    self->was_asked = 1;
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

static void settle_by_call(settlement *got, question *self)
{
    got->from = self->cache->options.clock();
    got->status = call(&got->result.body, self, &got->result.failure);
    if (got->status == CLERK_OK) {
        got->status = judge(self, got->result.body, &got->result.failure);
    }
    if (got->status != CLERK_OK) {
        got->result.body = clerk_slice_of(NULL);
    }
    got->until = good_until(self, got->status, got->from);
}

/* ---------------------------------------------------------------- the shared cache, no lock held */

static const clerk_sealed_cache *shared_cache(const question *self)
{
    return self->cache->options.ttl > 0 ? self->cache->options.shared : NULL;
}

/**
 * An empty entry is "no such token"; any other is what the API said, and judged like that. A
 * server with a longer TTL may have put it.
 */
static int settle_by_cache(settlement *got, question *self)
{
    apr_time_t now = self->cache->options.clock();
    apr_time_t expires;
    apr_time_t until;

    if (!clerk_sealed_cache_get(&got->result.body, &expires, shared_cache(self),
                                &self->entry, now, self->pool))
    {
        return 0;
    }
    got->status = got->result.body.len > 0
                      ? judge(self, got->result.body, &got->result.failure)
                      : fail(&got->result.failure, CLERK_E_TOKEN_INVALID,
                             "the token was found to be no good a moment ago", -1);
    until = good_until(self, got->status, now);
    got->from = now;
    got->until = expires < until ? expires : until;
    if (got->until <= now
        || (got->status == CLERK_E_TOKEN_INVALID && got->result.body.len > 0))
    {
        self->is_answered = 0; /* nobody puts such a thing */
        return 0;
    }
    return 1;
}

static void share(const settlement *got, const question *self)
{
    if (got->until > got->from) {
        clerk_sealed_cache_put(shared_cache(self), &self->entry, got->result.body,
                               got->from, got->until, self->pool);
    }
}

static int look_again(settlement *got, question *self)
{
    int looks = LOOKS;

    while (!settle_by_cache(got, self)) {
        if (--looks == 0) {
            return 0;
        }
        apr_sleep(LOOK_PAUSE << (LOOKS - looks));
    }
    return 1;
}

/** Whom this process's gate did not let pass another's may. */
static clerk_turn_end end_of(const settlement *got, const question *self)
{
    if (got->until > got->from) {
        return CLERK_TURN_ANSWERED;
    }
    return self->was_asked ? CLERK_TURN_FAILED : CLERK_TURN_FORFEITED;
}

static void settle_in_turn(settlement *got, question *self, clerk_token_turn *turn)
{
    if (!settle_by_cache(got, self)) {
        memset(got, 0, sizeof(*got));
        settle_by_call(got, self);
        share(got, self);
    }
    clerk_token_turn_finish(turn, end_of(got, self), self->cache->options.clock());
}

static void settle_undecided(settlement *got, const char *detail)
{
    memset(got, 0, sizeof(*got));
    got->status = fail(&got->result.failure, CLERK_E_MACHINE_UNDECIDED, detail,
                       CLERK_API_SHORTEST_STOP);
}

/** As long as this thread may wait for somebody else's answer; with the lock held. */
static apr_interval_time_t take_patience(clerk_token_cache *cache, unsigned *is_patient,
                                         apr_interval_time_t age)
{
    *is_patient = cache->waiting < cache->options.patient;
    cache->waiting += *is_patient;
    return *is_patient ? cache->options.patience : CLERK_HASTE - age;
}

static clerk_turn_end await_turn(const question *self, const clerk_token_turn *turn)
{
    clerk_token_cache *cache = self->cache;
    apr_interval_time_t patience;
    clerk_turn_end end;
    unsigned is_patient;

    apr_thread_mutex_lock(cache->mutex);
    patience = take_patience(cache, &is_patient, 0);
    apr_thread_mutex_unlock(cache->mutex);

    end = clerk_token_turn_await(turn, patience, cache->options.clock);

    apr_thread_mutex_lock(cache->mutex);
    cache->waiting -= is_patient;
    apr_thread_mutex_unlock(cache->mutex);
    return end;
}

/** @return 0 when it is still to be asked */
static int settle_by_other(settlement *got, question *self, const clerk_token_turn *turn)
{
    switch (await_turn(self, turn)) {
    case CLERK_TURN_UNDER_WAY:
        settle_undecided(got, "another process has the same question under way");
        return 1;
    case CLERK_TURN_FAILED:
        settle_undecided(got, "another process got no answer to the same question");
        return 1;
    case CLERK_TURN_ANSWERED:
        return look_again(got, self);
    default:
        return 0;
    }
}

static void settle(settlement *got, question *self)
{
    clerk_token_cache *cache = self->cache;
    clerk_token_turn turn;
    int turns = TURNS;

    memset(got, 0, sizeof(*got));
    if (shared_cache(self) == NULL) {
        settle_by_call(got, self);
        return;
    }
    while (!clerk_token_turn_take(&turn, cache->options.turns, self->entry.key,
                                  cache->options.patience + CLERK_API_SHORTEST_STOP,
                                  cache->options.clock()))
    {
        if (settle_by_other(got, self, &turn)) {
            return;
        }
        if (--turns == 0) {
            settle_undecided(got, "other processes ask the same question in vain");
            return;
        }
    }
    settle_in_turn(got, self, &turn);
}

/* ---------------------------------------------------------------- lock held */

/** The lock is given up while the question is under way. */
static clerk_status fly(question *self, clerk_token_flight *flight,
                        clerk_api_failure *failure)
{
    clerk_token_cache *cache = self->cache;
    settlement got;

    apr_thread_mutex_unlock(cache->mutex);
    settle(&got, self);
    *failure = got.result.failure;
    apr_thread_mutex_lock(cache->mutex);

    clerk_token_answers_keep(cache->answers, self->entry.key, got.result.body, got.from,
                             got.until);
    clerk_token_flight_land(cache->flights, flight, &got.result);
    return got.status;
}

static clerk_status wait_for(clerk_slice *body, const question *self,
                             clerk_token_flight *flight, clerk_api_failure *failure)
{
    clerk_token_cache *cache = self->cache;
    unsigned is_patient;
    apr_interval_time_t patience =
        take_patience(cache, &is_patient, clerk_token_flight_age(flight));
    clerk_token_result result;
    int has_landed;

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

    if (clerk_token_answers_find(body, cache->answers, self->entry.key,
                                 cache->options.clock(), self->pool))
    {
        return body->len > 0 ? CLERK_OK
                             : fail(failure, CLERK_E_TOKEN_INVALID,
                                    "the token was found to be no good a moment ago", -1);
    }
    flight = clerk_token_flights_join(cache->flights, self->entry.key);
    if (flight != NULL) {
        return wait_for(body, self, flight, failure);
    }
    flight = clerk_token_flights_begin(cache->flights, self->entry.key);
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

    if (!name_entry(&self)) {
        return fail(failure, CLERK_E_UNEXPECTED, "OpenSSL offers no SHA-256", -1);
    }
    apr_thread_mutex_lock(cache->mutex);
    status = find_or_ask(&body, &self, failure);
    apr_thread_mutex_unlock(cache->mutex);
    return status == CLERK_OK && !self.is_answered ? judge(&self, body, failure) : status;
}
