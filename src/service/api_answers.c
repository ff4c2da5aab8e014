/* SPDX-License-Identifier: Apache-2.0 - what the Backend API answered: remembered, shared, or asked for once */
#include "api_answers.h"

#include "answer_flights.h"
#include "answer_turn.h"
#include "api_gate.h"
#include "counters.h"
#include "kept_answers.h"

/* A put may still be on its way when the others are told of it. */
enum { LOOKS = 6, TURNS = 4 };
static const apr_interval_time_t LOOK_PAUSE = 2000;

struct clerk_api_answers {
    clerk_api_answers_options options;
    apr_thread_mutex_t *mutex; /* guards all below; never held during a request */
    clerk_kept_answers *kept;
    clerk_answer_flights *flights;
    unsigned waiting; /* with the whole patience */
};

/** A question under way in this thread. */
typedef struct inquiry {
    clerk_api_answers *answers;
    const clerk_api_question *question;
    clerk_sealed_entry entry; /* its key is the question's digest, here and in the shared cache */
    apr_pool_t *pool;
    int is_read;   /* whether the baton has the answer */
    int was_asked; /* whether the gate let a call pass */
} inquiry;

/** How a question was settled, and from when until when that holds. */
typedef struct settlement {
    clerk_status status;
    clerk_answer_result result;
    apr_time_t from;
    apr_time_t until;
} settlement;

/* ---------------------------------------------------------------- life */

static apr_status_t furnish(clerk_api_answers *answers, apr_pool_t *pool)
{
    apr_status_t status =
        apr_thread_mutex_create(&answers->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    answers->kept = clerk_kept_answers_create(answers->options.max_entries,
                                               answers->options.max_bytes, pool);
    answers->flights = clerk_answer_flights_create(answers->mutex, pool);
    return answers->kept != NULL && answers->flights != NULL ? APR_SUCCESS : APR_ENOMEM;
}

apr_status_t clerk_api_answers_create(clerk_api_answers **answers,
                                      const clerk_api_answers_options *options,
                                      apr_pool_t *pchild)
{
    clerk_api_answers *made = apr_pcalloc(pchild, sizeof(*made));
    apr_status_t status;

    made->options = *options;
    if (made->options.clock == NULL) {
        made->options.clock = apr_time_now;
    }
    status = furnish(made, pchild);
    if (status == APR_SUCCESS) {
        *answers = made;
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

static int name_entry(inquiry *self)
{
    const clerk_api_question *question = self->question;

    return clerk_sealed_entry_name(&self->entry, question->purpose, question->instance,
                                   question->instance->api_id, question->id);
}

static apr_time_t now_of(const inquiry *self)
{
    return self->answers->options.clock();
}

/**
 * What the API said is read like this wherever it comes from.
 *
 * @param until  moved to when the answer ceases to be good
 */
static clerk_status read_body(inquiry *self, clerk_slice body, apr_time_t *until,
                              clerk_api_failure *failure)
{
    const clerk_api_question *question = self->question;
    clerk_error error = { CLERK_OK, NULL };
    clerk_status status =
        question->read(question->baton, body, until, &error, self->pool);

    self->is_read = status == CLERK_OK;
    return status == CLERK_OK ? CLERK_OK : fail(failure, status, error.detail, -1);
}

static clerk_status fail_unknown(const inquiry *self, clerk_api_failure *failure)
{
    return fail(failure, CLERK_E_TOKEN_INVALID, self->question->unknown, -1);
}

/** As long as an answer of that status may be remembered at most. */
static apr_interval_time_t longest(const inquiry *self, clerk_status status)
{
    apr_interval_time_t ttl = self->question->ttl;

    switch (status) {
    case CLERK_OK:
        return ttl;
    case CLERK_E_TOKEN_INVALID:
        return ttl < CLERK_NEGATIVE_ANSWER_TTL ? ttl : CLERK_NEGATIVE_ANSWER_TTL;
    default:
        return 0;
    }
}

/** No longer than it was good when it was asked for. */
static void bound(settlement *got, const inquiry *self)
{
    apr_time_t latest = got->from + longest(self, got->status);

    if (got->until > latest) {
        got->until = latest;
    }
}

static void settle_by_call(settlement *got, inquiry *self)
{
    const clerk_api_question *question = self->question;

    got->from = now_of(self);
    got->until = APR_INT64_MAX;
    got->status = question->put(&got->result.body, question->baton, &got->result.failure,
                                self->pool);
    self->was_asked = got->status == CLERK_OK || !got->result.failure.was_put_off;
    if (got->status == CLERK_OK) {
        got->status = read_body(self, got->result.body, &got->until, &got->result.failure);
    }
    if (got->status != CLERK_OK) {
        got->result.body = clerk_slice_of(NULL);
    }
    bound(got, self);
}

/* ---------------------------------------------------------------- the shared cache, no lock held */

static const clerk_sealed_cache *shared_cache(const inquiry *self)
{
    return self->question->ttl > 0 ? self->answers->options.shared : NULL;
}

/**
 * An empty entry is "no such thing"; any other is what the API said, and read like that. A
 * server with a longer TTL may have put it.
 */
static int settle_by_cache(settlement *got, inquiry *self)
{
    got->from = now_of(self);
    if (!clerk_sealed_cache_get(&got->result.body, &got->until, shared_cache(self),
                                &self->entry, got->from, self->pool))
    {
        return 0;
    }
    got->status = got->result.body.len > 0
                      ? read_body(self, got->result.body, &got->until,
                                  &got->result.failure)
                      : fail_unknown(self, &got->result.failure);
    bound(got, self);
    if (got->until <= got->from
        || (got->status == CLERK_E_TOKEN_INVALID && got->result.body.len > 0))
    {
        self->is_read = 0; /* nobody puts such a thing */
        return 0;
    }
    clerk_count(CLERK_COUNT_ANSWER_SHARED);
    return 1;
}

static void share(const settlement *got, const inquiry *self)
{
    if (got->until > got->from) {
        clerk_sealed_cache_put(shared_cache(self), &self->entry, got->result.body,
                               got->from, got->until, self->pool);
    }
}

static int look_again(settlement *got, inquiry *self)
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
static clerk_turn_end end_of(const settlement *got, const inquiry *self)
{
    if (got->until > got->from) {
        return CLERK_TURN_ANSWERED;
    }
    return self->was_asked ? CLERK_TURN_FAILED : CLERK_TURN_FORFEITED;
}

static void settle_in_turn(settlement *got, inquiry *self, clerk_answer_turn *turn)
{
    if (!settle_by_cache(got, self)) {
        memset(got, 0, sizeof(*got));
        settle_by_call(got, self);
        share(got, self);
    }
    clerk_answer_turn_finish(turn, end_of(got, self), now_of(self));
}

static void settle_undecided(settlement *got, const char *detail)
{
    memset(got, 0, sizeof(*got));
    got->status = fail(&got->result.failure, CLERK_E_MACHINE_UNDECIDED, detail,
                       CLERK_API_SHORTEST_STOP);
}

/** As long as this thread may wait for somebody else's answer; with the lock held. */
static apr_interval_time_t take_patience(clerk_api_answers *answers, unsigned *is_patient,
                                         apr_interval_time_t age)
{
    *is_patient = answers->waiting < answers->options.patient;
    answers->waiting += *is_patient;
    return *is_patient ? answers->options.patience : CLERK_HASTE - age;
}

static clerk_turn_end await_turn(const inquiry *self, const clerk_answer_turn *turn)
{
    clerk_api_answers *answers = self->answers;
    apr_interval_time_t patience;
    clerk_turn_end end;
    unsigned is_patient;

    apr_thread_mutex_lock(answers->mutex);
    patience = take_patience(answers, &is_patient, 0);
    apr_thread_mutex_unlock(answers->mutex);

    end = clerk_answer_turn_await(turn, patience, answers->options.clock);

    apr_thread_mutex_lock(answers->mutex);
    answers->waiting -= is_patient;
    apr_thread_mutex_unlock(answers->mutex);
    return end;
}

/** @return 0 when it is still to be asked */
static int settle_by_other(settlement *got, inquiry *self, const clerk_answer_turn *turn)
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

static void settle(settlement *got, inquiry *self)
{
    clerk_api_answers *answers = self->answers;
    clerk_answer_turn turn;
    int turns = TURNS;

    memset(got, 0, sizeof(*got));
    if (shared_cache(self) == NULL) {
        settle_by_call(got, self);
        return;
    }
    while (!clerk_answer_turn_take(&turn, answers->options.turns, self->entry.key,
                                  answers->options.patience + CLERK_API_SHORTEST_STOP,
                                  answers->options.clock()))
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
static clerk_status fly(inquiry *self, clerk_answer_flight *flight,
                        clerk_api_failure *failure)
{
    clerk_api_answers *answers = self->answers;
    settlement got;

    apr_thread_mutex_unlock(answers->mutex);
    settle(&got, self);
    *failure = got.result.failure;
    apr_thread_mutex_lock(answers->mutex);

    clerk_kept_answers_keep(answers->kept, self->entry.key, got.result.body, got.from,
                             got.until);
    clerk_answer_flight_land(answers->flights, flight, &got.result);
    return got.status;
}

static clerk_status wait_for(clerk_slice *body, const inquiry *self,
                             clerk_answer_flight *flight, clerk_api_failure *failure)
{
    clerk_api_answers *answers = self->answers;
    unsigned is_patient;
    apr_interval_time_t patience =
        take_patience(answers, &is_patient, clerk_answer_flight_age(flight));
    clerk_answer_result result;
    int has_landed;

    has_landed = clerk_answer_flight_await(&result, answers->flights, flight, patience,
                                          self->pool);
    answers->waiting -= is_patient;
    if (!has_landed) {
        return fail(failure, CLERK_E_MACHINE_UNDECIDED,
                    "the same question is still under way", CLERK_API_SHORTEST_STOP);
    }
    clerk_count(CLERK_COUNT_ANSWER_JOINED);
    if (result.failure.error.status != CLERK_OK) {
        *failure = result.failure;
        return failure->error.status;
    }
    *body = result.body;
    return CLERK_OK;
}

/** @param body  filled on success unless the question is answered already */
static clerk_status find_or_ask(clerk_slice *body, inquiry *self,
                                clerk_api_failure *failure)
{
    clerk_api_answers *answers = self->answers;
    clerk_answer_flight *flight;

    if (clerk_kept_answers_find(body, answers->kept, self->entry.key,
                                 answers->options.clock(), self->pool))
    {
        clerk_count(CLERK_COUNT_ANSWER_KEPT);
        return body->len > 0 ? CLERK_OK
                             : fail_unknown(self, failure);
    }
    flight = clerk_answer_flights_join(answers->flights, self->entry.key);
    if (flight != NULL) {
        return wait_for(body, self, flight, failure);
    }
    flight = clerk_answer_flights_begin(answers->flights, self->entry.key);
    if (flight == NULL) {
        return fail(failure, CLERK_E_UNEXPECTED, "no memory to put a question", -1);
    }
    return fly(self, flight, failure);
}

clerk_status clerk_api_answers_find(clerk_api_answers *answers,
                                    const clerk_api_question *question,
                                    clerk_api_failure *failure, apr_pool_t *pool)
{
    inquiry self = { .answers = answers, .question = question, .pool = pool };
    clerk_slice body = { NULL, 0 };
    apr_time_t until = APR_INT64_MAX;
    clerk_status status;

    if (!name_entry(&self)) {
        return fail(failure, CLERK_E_UNEXPECTED, "OpenSSL offers no SHA-256", -1);
    }
    apr_thread_mutex_lock(answers->mutex);
    status = find_or_ask(&body, &self, failure);
    apr_thread_mutex_unlock(answers->mutex);
    return status == CLERK_OK && !self.is_read ? read_body(&self, body, &until, failure)
                                               : status;
}
