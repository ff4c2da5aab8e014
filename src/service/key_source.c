/* SPDX-License-Identifier: Apache-2.0 - the key set of one source, and who asks for it when */
#include "key_source.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "key_fetch.h"
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

    clerk_key_snapshot *snapshot; /* NULL before the first success */
    apr_time_t dated_at;          /* age is counted from here */
    clerk_error failure;          /* of the last fetch; CLERK_OK when it succeeded */
    apr_time_t failed_at;         /* 0: never */
};

/* ---------------------------------------------------------------- life */

static apr_status_t drop_snapshot(void *baton)
{
    clerk_key_source *source = baton;

    clerk_key_snapshot_release(source->snapshot);
    source->snapshot = NULL;
    return APR_SUCCESS;
}

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
    apr_pool_cleanup_register(pool, source, drop_snapshot, apr_pool_cleanup_null);
    return source;
}

/* ---------------------------------------------------------------- what there is, lock held */

/**
 * A clock that was set back must not make a set young until it has caught up, nor free it
 * from max_stale: the set counts as due from this moment on.
 */
static void follow_clock(clerk_key_source *source, apr_time_t now)
{
    if (source->snapshot != NULL && source->dated_at - now > CLERK_CLOCK_TOLERANCE) {
        source->dated_at = now - source->supply->options.refresh;
    }
}

static int is_younger(const clerk_key_source *source, apr_interval_time_t age,
                      apr_time_t now)
{
    return source->snapshot != NULL && now - source->dated_at < age;
}

static int is_usable(const clerk_key_source *source, apr_time_t now)
{
    const clerk_key_store_options *options = &source->supply->options;

    return is_younger(source, options->refresh, now)
           || is_younger(source, options->max_stale, now);
}

static const clerk_key *usable_key(const clerk_key_source *source, clerk_slice kid,
                                   apr_time_t now)
{
    return is_usable(source, now) ? clerk_key_set_find(source->snapshot->keys, kid) : NULL;
}

static int is_newer(apr_time_t fetched_at, const clerk_key_source *source)
{
    return source->snapshot == NULL || fetched_at > source->dated_at;
}

static void adopt(clerk_key_source *source, clerk_key_snapshot *snapshot)
{
    clerk_key_snapshot_release(source->snapshot);
    source->snapshot = snapshot;
    source->dated_at = snapshot->fetched_at;
}

/** The board has numbers only, and any number may stand there. */
static void learn_failure(clerk_key_source *source, int outcome, apr_time_t now)
{
    source->failure.status = outcome == CLERK_E_SECRET_KEY_INVALID
                                 ? CLERK_E_SECRET_KEY_INVALID
                                 : CLERK_E_JWK_FAILED_TO_LOAD;
    source->failure.detail = "another process could not fetch the key set";
    source->failed_at = now;
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
    if (news.outcome != CLERK_OK && source->failure.status == CLERK_OK) {
        learn_failure(source, news.outcome, now);
    }
    if (news.fetched_at == 0 || news.fetched_at - now > CLERK_CLOCK_TOLERANCE) {
        return 1;
    }
    if (is_newer(news.fetched_at, source)) {
        snapshot = clerk_key_harvest_from_shelf(source->supply, source->instance,
                                                news.fetched_at, now);
        if (snapshot == NULL) {
            return 0;
        }
        adopt(source, snapshot);
    }
    if (news.outcome == CLERK_OK) {
        memset(&source->failure, 0, sizeof(source->failure));
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
    if (!got->is_from_network && !is_newer(got->snapshot->fetched_at, source)) {
        clerk_key_snapshot_release(got->snapshot);
        return 0;
    }
    adopt(source, got->snapshot);
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

    if (source->failure.status != CLERK_OK) {
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

    return source->failure.status != CLERK_OK
           || (clerk_key_turn_news(&news, &source->turn, now) && news.outcome != CLERK_OK);
}

/** @return whether @a event is to be told */
static int conclude(clerk_key_event *event, clerk_key_source *source,
                    const clerk_key_harvest *got, apr_time_t now)
{
    int failed_before = was_failing(source, now);
    int is_new = keep_if_newer(source, got, now);
    clerk_key_news news = { is_new ? source->snapshot->fetched_at : 0,
                            (int)got->failure.error.status };

    source->failure = got->failure.error;
    if (source->failure.status != CLERK_OK) {
        source->failed_at = now;
    }
    if (source->failure.status != CLERK_OK && atomic_load(&source->supply->is_closed)) {
        clerk_key_turn_abandon(&source->turn, now);
        return 0;
    }
    clerk_key_turn_end(&source->turn, &news, pause_after(got, &source->turn), now);
    return choose_event(event, source, failed_before, is_new, now);
}

static void describe(clerk_key_report *report, const clerk_key_source *source,
                     apr_time_t now)
{
    memset(report, 0, sizeof(*report));
    report->instance = source->instance;
    report->failure = source->failure;
    report->failed_at = source->failed_at;
    if (source->snapshot != NULL) {
        report->keys = source->snapshot->keys->count;
        report->fetched_at = source->dated_at;
        report->age = now - source->dated_at;
        report->is_usable = is_usable(source, now);
    }
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
    int is_stranger = is_usable(source, wanted->now);
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
        if (waited >= patience || usable_key(source, wanted->kid, wanted->now) != NULL) {
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
    if (source->failure.status != CLERK_OK) {
        return clerk_fail(error, source->failure.status, source->failure.detail);
    }
    if (source->fetching || clerk_key_turn_is_others(&source->turn, now)) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "the key set is still being fetched");
    }
    if (!is_usable(source, now)) {
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
    follow_clock(source, now);
    key = usable_key(source, kid, now);
    if (key == NULL) {
        catch_up(source, now);
        key = usable_key(source, kid, now);
    }
    if (key == NULL) {
        seek(source, &wanted);
        key = usable_key(source, kid, now);
    }
    if (key != NULL) {
        ref->key = key;
        ref->snapshot = clerk_key_snapshot_hold(source->snapshot);
    }
    else {
        status = refuse(source, wanted.now, error);
    }
    apr_thread_mutex_unlock(source->mutex);
    return status;
}

/**
 * From half the refresh age on, and before nine tenths of it: at another share for each set
 * and server, but the same in all processes of one, so that any of them may be the one.
 */
static apr_interval_time_t due_age(const clerk_key_source *source)
{
    const clerk_key_store_options *options = &source->supply->options;
    apr_uint64_t mixed = (apr_uint64_t)source->dated_at ^ options->jitter;

    mixed *= APR_UINT64_C(0x9E3779B97F4A7C15);
    return options->refresh / 2
           + options->refresh / 1024 * (apr_interval_time_t)(mixed >> 54) * 2 / 5;
}

int clerk_key_source_refresh(clerk_key_source *source, apr_time_t now)
{
    const clerk_key_store_options *options = &source->supply->options;
    clerk_key_wish wanted = { { "", 0 }, now, options->refresh / 2, options->wait,
                              CLERK_KEY_FETCH_ATTEMPTS };
    int succeeded = 1;

    apr_thread_mutex_lock(source->mutex);
    follow_clock(source, now);
    catch_up(source, now);
    if (!is_younger(source, due_age(source), now) && !source->fetching
        && take_turn(source, now) == CLERK_KEY_LEAVE_GRANTED)
    {
        if (is_usable(source, now)) {
            wanted.attempts = 1; /* no hurry; and a new key's first token may ask meanwhile */
        }
        fetch(source, &wanted);
        succeeded = source->failure.status == CLERK_OK;
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
