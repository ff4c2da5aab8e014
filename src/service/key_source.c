/* SPDX-License-Identifier: Apache-2.0 - the key set of one source, and who asks for it when */
#include "key_source.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "key_fetch.h"
#include "key_state.h"
#include "own_pool.h"

/* While known keys may serve, a token of an unknown kid waits for a fetch that young. */
static const apr_interval_time_t STRANGERS_WAIT = APR_USEC_PER_SEC;

/* How often the board is looked at while another process asks. */
static const apr_interval_time_t GLANCE = 20 * 1000;

struct clerk_key_source {
    apr_thread_mutex_t *mutex; /* guards all below; never held during a fetch */
    apr_thread_cond_t *landed;
    int fetching;    /* or waiting for another process that does */
    unsigned flight; /* number of the fetch, so that nobody waits for two */
    apr_time_t departed_at;
    clerk_key_state state;
};

/* ---------------------------------------------------------------- life */

clerk_key_source *clerk_key_source_create(const clerk_key_supply *supply,
                                          const clerk_instance *instance,
                                          apr_pool_t *pool)
{
    clerk_key_source *source = apr_pcalloc(pool, sizeof(*source));

    if (apr_thread_mutex_create(&source->mutex, APR_THREAD_MUTEX_DEFAULT, pool)
            != APR_SUCCESS
        || apr_thread_cond_create(&source->landed, pool) != APR_SUCCESS)
    {
        return NULL;
    }
    clerk_key_state_init(&source->state, supply, instance, pool);
    return source;
}

/* ---------------------------------------------------------------- fetching */

static void depart(clerk_key_source *source)
{
    source->fetching = 1;
    source->flight++;
    source->departed_at = apr_time_now();
    apr_thread_mutex_unlock(source->mutex);
}

static void land(clerk_key_source *source)
{
    source->fetching = 0;
    apr_thread_cond_broadcast(source->landed);
}

/** A clock that was set back meanwhile gives nothing. */
static apr_interval_time_t time_since(apr_time_t start)
{
    apr_time_t now = apr_time_now();

    return now > start ? now - start : 0;
}

/** The lock is given up while the fetch runs; all who wait are told when it is back. */
static void fetch(clerk_key_source *source, const clerk_key_wish *wanted)
{
    const clerk_key_store_options *options = &source->state.supply->options;
    apr_time_t start = apr_time_now();
    clerk_key_harvest got = { .failure = { .retry_after = -1 } };
    clerk_key_report report;
    clerk_key_event event;
    apr_pool_t *pool;
    int is_told;

    depart(source);
    if (clerk_own_pool_create(&pool, NULL) == APR_SUCCESS) {
        clerk_key_harvest_gather(&got, source->state.supply, source->state.instance,
                                 wanted, pool);
    }
    else {
        pool = NULL;
        clerk_fail(&got.failure.error, CLERK_E_UNEXPECTED, "no memory to fetch keys");
    }
    apr_thread_mutex_lock(source->mutex);
    is_told = clerk_key_state_conclude(&event, &source->state, &got,
                                       wanted->now + time_since(start))
              && options->tell != NULL;
    clerk_key_state_describe(&report, &source->state, wanted->now);
    land(source);
    apr_thread_mutex_unlock(source->mutex);
    if (is_told) {
        options->tell(options->baton, event, &report);
    }
    if (pool != NULL) {
        apr_pool_destroy(pool);
    }
    apr_thread_mutex_lock(source->mutex);
}

/** Wait while another process asks. @return how long that was */
static apr_interval_time_t watch_others(clerk_key_source *source,
                                        apr_interval_time_t patience, apr_time_t now)
{
    apr_time_t start = apr_time_now();

    depart(source);
    do {
        apr_sleep(GLANCE);
    } while (time_since(start) < patience
             && clerk_key_turn_is_others(&source->state.turn, now + time_since(start)));
    apr_thread_mutex_lock(source->mutex);
    clerk_key_state_catch_up(&source->state, now + time_since(start));
    land(source);
    return time_since(start);
}

/** @param until  by the system's clock; at most options.wait from now */
static void await_fetch(clerk_key_source *source, apr_time_t until)
{
    apr_interval_time_t longest = source->state.supply->options.wait;
    unsigned flight = source->flight;

    while (source->fetching && source->flight == flight) {
        apr_interval_time_t left = until - apr_time_now();

        if (left <= 0) {
            return;
        }
        if (left > longest) {
            left = longest; /* the clock was set back meanwhile */
        }
        apr_thread_cond_timedwait(source->landed, source->mutex, left);
    }
}

/* ---------------------------------------------------------------- the source */

/** Wait while another process asks, and take its turn if that brought nothing. */
static clerk_key_leave follow_others(clerk_key_source *source, clerk_key_wish *wanted,
                                     apr_interval_time_t patience)
{
    apr_interval_time_t waited = watch_others(source, patience, wanted->now);

    if (waited >= patience || source->fetching
        || clerk_key_holding_find(&source->state.holding, wanted->kid, wanted->now) != NULL)
    {
        return CLERK_KEY_LEAVE_OTHERS;
    }
    wanted->now += waited;
    wanted->budget -= waited;
    return clerk_key_state_take_turn(&source->state, wanted->now);
}

/** For want of a key: ask, or wait for somebody who does, or neither. */
static void seek(clerk_key_source *source, clerk_key_wish *wanted)
{
    int is_stranger = clerk_key_holding_is_usable(&source->state.holding, wanted->now);
    apr_interval_time_t patience = wanted->budget;
    clerk_key_leave leave;

    if (is_stranger && patience > STRANGERS_WAIT) {
        patience = STRANGERS_WAIT;
    }
    if (source->fetching) {
        await_fetch(source,
                    patience + (is_stranger ? source->departed_at : apr_time_now()));
        return;
    }
    leave = clerk_key_state_take_turn(&source->state, wanted->now);
    if (leave == CLERK_KEY_LEAVE_OTHERS) {
        leave = follow_others(source, wanted, patience);
    }
    if (leave == CLERK_KEY_LEAVE_GRANTED) {
        fetch(source, wanted);
    }
}

/** @param is_asked  whether somebody was still asking before the last look at @a state */
static clerk_status refuse(const clerk_key_state *state, int is_asked, apr_time_t now,
                           clerk_error *error)
{
    const clerk_error *failure = &state->holding.failure;

    if (failure->status != CLERK_OK) {
        return clerk_fail(error, failure->status, failure->detail);
    }
    if (is_asked) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "the key set is still being fetched");
    }
    if (!clerk_key_holding_is_usable(&state->holding, now)) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "the key set is too old and may not be asked for yet");
    }
    return clerk_fail(error, CLERK_E_JWK_KID_MISMATCH,
                      "the instance's key set has no key of the token's kid");
}

clerk_status clerk_key_source_find(clerk_key_ref *ref, clerk_key_source *source,
                                   clerk_slice kid, apr_time_t now, clerk_error *error)
{
    clerk_key_state *state = &source->state;
    const clerk_key_store_options *options = &state->supply->options;
    clerk_key_wish wanted = { kid, now, options->refresh, options->wait,
                              CLERK_KEY_FETCH_ATTEMPTS };
    const clerk_key *key;
    clerk_status status = CLERK_OK;
    int is_asked = 0;

    apr_thread_mutex_lock(source->mutex);
    clerk_key_holding_follow_clock(&state->holding, now);
    key = clerk_key_holding_find(&state->holding, kid, now);
    if (key == NULL) {
        clerk_key_state_catch_up(state, now);
        key = clerk_key_holding_find(&state->holding, kid, now);
    }
    if (key == NULL) {
        seek(source, &wanted);
        /* in this order: who ended before the first look has told all by the second */
        is_asked = source->fetching || clerk_key_turn_is_others(&state->turn, wanted.now);
        clerk_key_state_catch_up(state, wanted.now);
        key = clerk_key_holding_find(&state->holding, kid, now);
    }
    if (key != NULL) {
        ref->key = key;
        ref->snapshot = clerk_key_snapshot_hold(state->holding.snapshot);
    }
    else {
        status = refuse(state, is_asked, wanted.now, error);
    }
    apr_thread_mutex_unlock(source->mutex);
    return status;
}

apr_uint64_t clerk_key_source_edition(const clerk_key_source *source, apr_time_t now)
{
    return clerk_key_holding_edition(&source->state.holding, now);
}

int clerk_key_source_refresh(clerk_key_source *source, apr_time_t now)
{
    clerk_key_state *state = &source->state;
    const clerk_key_store_options *options = &state->supply->options;
    clerk_key_wish wanted = { { "", 0 }, now, options->refresh / 2, options->wait,
                              CLERK_KEY_FETCH_ATTEMPTS };
    int succeeded = 1;

    apr_thread_mutex_lock(source->mutex);
    clerk_key_holding_follow_clock(&state->holding, now);
    clerk_key_state_catch_up(state, now);
    if (clerk_key_holding_is_due(&state->holding, now) && !source->fetching
        && clerk_key_state_take_turn(state, now) == CLERK_KEY_LEAVE_GRANTED)
    {
        if (clerk_key_holding_is_usable(&state->holding, now)) {
            wanted.attempts = 1; /* no hurry; and a new key's first token may ask meanwhile */
        }
        fetch(source, &wanted);
        succeeded = state->holding.failure.status == CLERK_OK;
    }
    apr_thread_mutex_unlock(source->mutex);
    return succeeded;
}

void clerk_key_source_catch_up(clerk_key_source *source, apr_time_t now)
{
    apr_thread_mutex_lock(source->mutex);
    clerk_key_state_catch_up(&source->state, now);
    apr_thread_mutex_unlock(source->mutex);
}

void clerk_key_source_report(clerk_key_report *report, clerk_key_source *source,
                             apr_time_t now)
{
    apr_thread_mutex_lock(source->mutex);
    clerk_key_state_describe(report, &source->state, now);
    apr_thread_mutex_unlock(source->mutex);
}
