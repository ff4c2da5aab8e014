/* SPDX-License-Identifier: Apache-2.0 - the key set of one source, and who asks for it when */
#include "key_source.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "key_fetch.h"
#include "key_holding.h"
#include "key_turn.h"
#include "own_pool.h"

/* While known keys may serve, a token of an unknown kid waits for a fetch that young. */
static const apr_interval_time_t STRANGERS_WAIT = APR_USEC_PER_SEC;

/* No answer's Retry-After may silence us for longer. */
static const apr_interval_time_t LONGEST_SILENCE = APR_TIME_C(300) * APR_USEC_PER_SEC;

/* How often the board is looked at while another process asks. */
static const apr_interval_time_t GLANCE = 20 * 1000;

struct clerk_key_source {
    const clerk_key_supply *supply;
    const clerk_instance *instance;
    apr_thread_mutex_t *mutex; /* guards all below; never held during a fetch */
    apr_thread_cond_t *landed;
    int fetching; /* or waiting for another process that does */
    unsigned flight; /* number of the fetch, so that nobody waits for two */
    apr_time_t departed_at;
    clerk_key_turn turn;

    clerk_key_holding holding;
};

/* ---------------------------------------------------------------- life */

static void set_limits(clerk_key_turn *turn, const clerk_key_store_options *options,
                       const clerk_instance *instance)
{
    turn->board = options->board;
    turn->id = instance->key_id;
    turn->interval = options->min_interval;
    turn->longest = options->min_interval > LONGEST_SILENCE ? options->min_interval
                                                            : LONGEST_SILENCE;
    turn->length = options->wait + APR_USEC_PER_SEC;
}

clerk_key_source *clerk_key_source_create(const clerk_key_supply *supply,
                                          const clerk_instance *instance,
                                          apr_pool_t *pool)
{
    clerk_key_source *source = apr_pcalloc(pool, sizeof(*source));

    source->supply = supply;
    source->instance = instance;
    set_limits(&source->turn, &supply->options, instance);
    if (apr_thread_mutex_create(&source->mutex, APR_THREAD_MUTEX_DEFAULT, pool)
            != APR_SUCCESS
        || apr_thread_cond_create(&source->landed, pool) != APR_SUCCESS)
    {
        return NULL;
    }
    clerk_key_holding_init(&source->holding, &supply->options, pool);
    return source;
}

/* ---------------------------------------------------------------- what there is, lock held */

/** The board has numbers only, and any number may stand there. */
static void learn_failure(clerk_key_holding *holding, int outcome, apr_time_t now)
{
    holding->failure.status = outcome == CLERK_E_SECRET_KEY_INVALID
                                 ? CLERK_E_SECRET_KEY_INVALID
                                 : CLERK_E_JWK_FAILED_TO_LOAD;
    holding->failure.detail = "another process could not fetch the key set";
    holding->failed_at = now;
}

/**
 * Take over what the other processes did.
 *
 * @return 0 when they have a newer set that is not to be had from them
 */
static int catch_up(clerk_key_source *source, apr_time_t now)
{
    clerk_key_snapshot *snapshot;
    clerk_key_news news;

    if (!clerk_key_turn_news(&news, &source->turn, now)) {
        return 1;
    }
    if (news.outcome != CLERK_OK && source->holding.failure.status == CLERK_OK) {
        learn_failure(&source->holding, news.outcome, now);
    }
    if (news.fetched_at == 0 || news.fetched_at - now > CLERK_CLOCK_TOLERANCE) {
        return 1;
    }
    if (clerk_key_holding_is_newer(news.fetched_at, &source->holding)) {
        snapshot = clerk_key_harvest_from_shelf(source->supply, source->instance,
                                                news.fetched_at, now);
        if (snapshot == NULL) {
            return 0;
        }
        clerk_key_holding_adopt(&source->holding, snapshot);
    }
    if (news.outcome == CLERK_OK) {
        memset(&source->holding.failure, 0, sizeof(source->holding.failure));
    }
    return 1;
}

/** Whom the others cannot supply asks for itself, as often as if it were alone. */
static clerk_key_leave take_turn(clerk_key_source *source, apr_time_t now)
{
    clerk_key_leave leave = clerk_key_turn_take(&source->turn, now);

    if (leave == CLERK_KEY_LEAVE_LATER && !catch_up(source, now)) {
        leave = clerk_key_turn_take_alone(&source->turn, now);
    }
    return leave;
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

static apr_interval_time_t pause_after(const clerk_key_harvest *got,
                                       const clerk_key_turn *turn)
{
    if (got->failure.error.status == CLERK_OK) {
        return 0;
    }
    return got->failure.retry_after > turn->longest ? turn->longest
                                                    : got->failure.retry_after;
}

/** A set from the cache may be older than ours; one from the network never is. */
static int keep_if_newer(clerk_key_source *source, const clerk_key_harvest *got,
                         apr_time_t now)
{
    if (got->snapshot == NULL) {
        return 0;
    }
    if (!got->is_from_network && !clerk_key_holding_is_newer(got->snapshot->fetched_at, &source->holding)) {
        clerk_key_snapshot_release(got->snapshot);
        return 0;
    }
    clerk_key_holding_adopt(&source->holding, got->snapshot);
    if (clerk_key_turn_is_held(&source->turn, now)) {
        clerk_key_shelf_put(source->supply->options.shelf, source->instance->key_id,
                            got->json, got->snapshot->fetched_at, now);
    }
    return 1;
}

/** What to tell people; 0 when nothing. */
static int choose_event(clerk_key_event *event, const clerk_key_source *source,
                        int was_failing, int is_new, apr_time_t now)
{
    apr_interval_time_t quiet = source->supply->options.refresh;

    if (source->holding.failure.status != CLERK_OK) {
        *event = CLERK_KEYS_FAILING;
        return clerk_key_turn_may_tell(
            &source->turn, quiet > CLERK_CLOCK_TOLERANCE ? quiet : CLERK_CLOCK_TOLERANCE,
            now);
    }
    *event = was_failing ? CLERK_KEYS_RECOVERED : CLERK_KEYS_FETCHED;
    return is_new || was_failing;
}

static int was_failing(const clerk_key_source *source, apr_time_t now)
{
    clerk_key_news news;

    return source->holding.failure.status != CLERK_OK
           || (clerk_key_turn_news(&news, &source->turn, now) && news.outcome != CLERK_OK);
}

/** @return whether @a event is to be told */
static int conclude(clerk_key_event *event, clerk_key_source *source,
                    const clerk_key_harvest *got, apr_time_t now)
{
    int failed_before = was_failing(source, now);
    int is_new = keep_if_newer(source, got, now);
    clerk_key_news news = { is_new ? source->holding.snapshot->fetched_at : 0,
                            (int)got->failure.error.status };

    source->holding.failure = got->failure.error;
    if (source->holding.failure.status != CLERK_OK) {
        source->holding.failed_at = now;
    }
    if (source->holding.failure.status != CLERK_OK && atomic_load(&source->supply->is_closed)) {
        clerk_key_turn_abandon(&source->turn, now);
        return 0;
    }
    clerk_key_turn_end(&source->turn, &news, pause_after(got, &source->turn), now);
    return choose_event(event, source, failed_before, is_new, now);
}

static void describe(clerk_key_report *report, const clerk_key_source *source,
                     apr_time_t now)
{
    clerk_key_holding_report(report, &source->holding, now);
    report->instance = source->instance;
}

/** The lock is given up while the fetch runs; all who wait are told when it is back. */
static void fetch(clerk_key_source *source, const clerk_key_wish *wanted)
{
    const clerk_key_store_options *options = &source->supply->options;
    apr_time_t start = apr_time_now();
    clerk_key_harvest got = { .failure = { .retry_after = -1 } };
    clerk_key_report report;
    clerk_key_event event;
    apr_pool_t *pool;
    int is_told;

    depart(source);
    if (clerk_own_pool_create(&pool, NULL) == APR_SUCCESS) {
        clerk_key_harvest_gather(&got, source->supply, source->instance, wanted, pool);
    }
    else {
        pool = NULL;
        clerk_fail(&got.failure.error, CLERK_E_UNEXPECTED, "no memory to fetch keys");
    }
    apr_thread_mutex_lock(source->mutex);
    is_told = conclude(&event, source, &got, wanted->now + time_since(start))
              && options->tell != NULL;
    describe(&report, source, wanted->now);
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
             && clerk_key_turn_is_others(&source->turn, now + time_since(start)));
    apr_thread_mutex_lock(source->mutex);
    catch_up(source, now + time_since(start));
    land(source);
    return time_since(start);
}

/** @param until  by the system's clock; at most options.wait from now */
static void await_fetch(clerk_key_source *source, apr_time_t until)
{
    unsigned flight = source->flight;

    while (source->fetching && source->flight == flight) {
        apr_interval_time_t left = until - apr_time_now();

        if (left <= 0) {
            return;
        }
        if (left > source->supply->options.wait) {
            left = source->supply->options.wait; /* the clock was set back meanwhile */
        }
        apr_thread_cond_timedwait(source->landed, source->mutex, left);
    }
}

/* ---------------------------------------------------------------- the source */

/** For want of a key: ask, or wait for somebody who does, or neither. */
static void seek(clerk_key_source *source, clerk_key_wish *wanted)
{
    int is_stranger = clerk_key_holding_is_usable(&source->holding, wanted->now);
    apr_interval_time_t patience = wanted->budget;
    apr_interval_time_t waited;
    clerk_key_leave leave;

    if (is_stranger && patience > STRANGERS_WAIT) {
        patience = STRANGERS_WAIT;
    }
    if (source->fetching) {
        await_fetch(source, patience + (is_stranger ? source->departed_at : apr_time_now()));
        return;
    }
    leave = take_turn(source, wanted->now);
    if (leave == CLERK_KEY_LEAVE_OTHERS) {
        waited = watch_others(source, patience, wanted->now);
        if (waited >= patience || clerk_key_holding_find(&source->holding, wanted->kid, wanted->now) != NULL) {
            return;
        }
        wanted->now += waited;
        wanted->budget -= waited;
        leave = source->fetching ? CLERK_KEY_LEAVE_OTHERS : take_turn(source, wanted->now);
    }
    if (leave == CLERK_KEY_LEAVE_GRANTED) {
        fetch(source, wanted);
    }
}

static clerk_status refuse(const clerk_key_source *source, apr_time_t now,
                           clerk_error *error)
{
    if (source->holding.failure.status != CLERK_OK) {
        return clerk_fail(error, source->holding.failure.status, source->holding.failure.detail);
    }
    if (source->fetching || clerk_key_turn_is_others(&source->turn, now)) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "the key set is still being fetched");
    }
    if (!clerk_key_holding_is_usable(&source->holding, now)) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "the key set is too old and may not be asked for yet");
    }
    return clerk_fail(error, CLERK_E_JWK_KID_MISMATCH,
                      "the instance's key set has no key of the token's kid");
}

clerk_status clerk_key_source_find(clerk_key_ref *ref, clerk_key_source *source,
                                   clerk_slice kid, apr_time_t now, clerk_error *error)
{
    const clerk_key_store_options *options = &source->supply->options;
    clerk_key_wish wanted = { kid, now, options->refresh, options->wait,
                              CLERK_KEY_FETCH_ATTEMPTS };
    const clerk_key *key;
    clerk_status status = CLERK_OK;

    apr_thread_mutex_lock(source->mutex);
    clerk_key_holding_follow_clock(&source->holding, now);
    key = clerk_key_holding_find(&source->holding, kid, now);
    if (key == NULL) {
        catch_up(source, now);
        key = clerk_key_holding_find(&source->holding, kid, now);
    }
    if (key == NULL) {
        seek(source, &wanted);
        key = clerk_key_holding_find(&source->holding, kid, now);
    }
    if (key != NULL) {
        ref->key = key;
        ref->snapshot = clerk_key_snapshot_hold(source->holding.snapshot);
    }
    else {
        status = refuse(source, wanted.now, error);
    }
    apr_thread_mutex_unlock(source->mutex);
    return status;
}

apr_uint64_t clerk_key_source_edition(const clerk_key_source *source, apr_time_t now)
{
    return clerk_key_holding_edition(&source->holding, now);
}

int clerk_key_source_refresh(clerk_key_source *source, apr_time_t now)
{
    const clerk_key_store_options *options = &source->supply->options;
    clerk_key_wish wanted = { { "", 0 }, now, options->refresh / 2, options->wait,
                              CLERK_KEY_FETCH_ATTEMPTS };
    int succeeded = 1;

    apr_thread_mutex_lock(source->mutex);
    clerk_key_holding_follow_clock(&source->holding, now);
    catch_up(source, now);
    if (clerk_key_holding_is_due(&source->holding, now) && !source->fetching
        && take_turn(source, now) == CLERK_KEY_LEAVE_GRANTED)
    {
        if (clerk_key_holding_is_usable(&source->holding, now)) {
            wanted.attempts = 1; /* no hurry; and a new key's first token may ask meanwhile */
        }
        fetch(source, &wanted);
        succeeded = source->holding.failure.status == CLERK_OK;
    }
    apr_thread_mutex_unlock(source->mutex);
    return succeeded;
}

void clerk_key_source_catch_up(clerk_key_source *source, apr_time_t now)
{
    apr_thread_mutex_lock(source->mutex);
    catch_up(source, now);
    apr_thread_mutex_unlock(source->mutex);
}

void clerk_key_source_report(clerk_key_report *report, clerk_key_source *source,
                             apr_time_t now)
{
    apr_thread_mutex_lock(source->mutex);
    describe(report, source, now);
    apr_thread_mutex_unlock(source->mutex);
}
