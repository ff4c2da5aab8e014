/* SPDX-License-Identifier: Apache-2.0 - the key set of one source, kept fresh by one fetch at a time */
#include "key_source.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "key_cache.h"
#include "key_fetch.h"
#include "own_pool.h"

/* Callers read the clock at slightly different moments; more than this was a set-back. */
static const apr_interval_time_t CLOCK_TOLERANCE = 60 * APR_USEC_PER_SEC;

struct clerk_key_source {
    const clerk_key_supply *supply;
    const clerk_instance *instance;
    apr_thread_mutex_t *mutex; /* guards all below; never held during a fetch */
    apr_thread_cond_t *landed;
    int fetching;
    unsigned flight; /* number of the fetch, so that nobody waits for two */

    clerk_key_snapshot *snapshot; /* NULL before the first success */
    apr_time_t dated_at;          /* age is counted from here */

    int attempted;
    apr_time_t attempted_at;
    apr_interval_time_t pause; /* from then until the next attempt */
    clerk_error failure;       /* of the last attempt; CLERK_OK when it succeeded */
};

/** What a fetch is to bring. */
typedef struct wish {
    clerk_slice kid; /* empty: whatever there is */
    apr_time_t now;
    apr_interval_time_t max_age; /* of a set from the shared cache */
} wish;

typedef struct harvest {
    clerk_key_snapshot *snapshot; /* NULL when there is none */
    int is_from_network;
    /** Of the network; may stand beside a set from the cache. */
    clerk_api_failure failure;
} harvest;

/* ---------------------------------------------------------------- life */

static apr_status_t drop_snapshot(void *baton)
{
    clerk_key_source *source = baton;

    clerk_key_snapshot_release(source->snapshot);
    source->snapshot = NULL;
    return APR_SUCCESS;
}

clerk_key_source *clerk_key_source_create(const clerk_key_supply *supply,
                                          const clerk_instance *instance,
                                          apr_pool_t *pool)
{
    clerk_key_source *source = apr_pcalloc(pool, sizeof(*source));

    source->supply = supply;
    source->instance = instance;
    if (apr_thread_mutex_create(&source->mutex, APR_THREAD_MUTEX_DEFAULT, pool)
            != APR_SUCCESS
        || apr_thread_cond_create(&source->landed, pool) != APR_SUCCESS)
    {
        return NULL;
    }
    apr_pool_cleanup_register(pool, source, drop_snapshot, apr_pool_cleanup_null);
    return source;
}

/* ---------------------------------------------------------------- fetching, no lock held */

static int has_kid(const clerk_key_snapshot *snapshot, clerk_slice kid)
{
    return clerk_key_set_find(snapshot->keys, kid) != NULL;
}

/**
 * Another process's fetch is as good as our own: a recent one that lacks the kid spares the
 * network too, so that an unknown kid costs one fetch a server and not one a process.
 */
static int fulfils(const clerk_key_snapshot *cached, const clerk_key_supply *supply,
                   const wish *wanted)
{
    apr_interval_time_t age = wanted->now - cached->fetched_at;

    return age < wanted->max_age
           && (wanted->kid.len == 0 || has_kid(cached, wanted->kid)
               || age < supply->options.min_interval);
}

static clerk_status ask_network(clerk_key_snapshot **snapshot,
                                const clerk_key_supply *supply,
                                const clerk_instance *instance, apr_time_t now,
                                clerk_api_failure *failure, apr_pool_t *pool)
{
    const clerk_key_store_options *options = &supply->options;
    apr_interval_time_t keep =
        options->max_stale > options->refresh ? options->max_stale : options->refresh;
    clerk_slice json;
    clerk_status status = clerk_key_fetch(&json, supply->http, instance, options->wait,
                                          options->pause, failure, pool);

    if (status == CLERK_OK) {
        status = clerk_key_snapshot_parse(snapshot, json, now, &failure->error);
    }
    if (status == CLERK_OK) {
        clerk_key_cache_write(supply->cache, instance, json, now, now + keep, pool);
    }
    return status;
}

/** Ask the shared cache, then the network; where that fails, an older cached set may do. */
static void obtain(harvest *got, const clerk_key_supply *supply,
                   const clerk_instance *instance, const wish *wanted)
{
    clerk_key_snapshot *cached;
    apr_pool_t *pool;

    memset(got, 0, sizeof(*got));
    got->failure.retry_after = -1;
    if (clerk_own_pool_create(&pool, NULL) != APR_SUCCESS) {
        clerk_fail(&got->failure.error, CLERK_E_UNEXPECTED, "no memory to fetch keys");
        return;
    }
    cached = clerk_key_cache_read(supply->cache, instance, wanted->now, pool);
    if ((cached == NULL || !fulfils(cached, supply, wanted))
        && ask_network(&got->snapshot, supply, instance, wanted->now, &got->failure,
                       pool)
               == CLERK_OK)
    {
        memset(&got->failure.error, 0, sizeof(got->failure.error));
        got->is_from_network = 1;
        clerk_key_snapshot_release(cached);
    }
    else {
        got->snapshot = cached;
    }
    apr_pool_destroy(pool);
}

/* ---------------------------------------------------------------- state, lock held */

/**
 * A clock that was set back must not make a set fresh until it has caught up, nor free it
 * from max_stale: the set counts as stale from this moment on.
 */
static void follow_clock(clerk_key_source *source, apr_time_t now)
{
    if (source->snapshot != NULL && source->dated_at - now > CLOCK_TOLERANCE) {
        source->dated_at = now - source->supply->options.refresh;
    }
    if (source->attempted && source->attempted_at - now > CLOCK_TOLERANCE) {
        source->attempted = 0;
    }
}

static int is_younger(const clerk_key_source *source, apr_interval_time_t age,
                      apr_time_t now)
{
    return source->snapshot != NULL && now - source->dated_at < age;
}

static int is_fresh(const clerk_key_source *source, apr_time_t now)
{
    return is_younger(source, source->supply->options.refresh, now);
}

static int is_usable(const clerk_key_source *source, apr_time_t now)
{
    return is_fresh(source, now)
           || is_younger(source, source->supply->options.max_stale, now);
}

static int may_ask(const clerk_key_source *source, apr_time_t now)
{
    return !source->attempted || now - source->attempted_at >= source->pause;
}

/** A set from the cache may be older than ours; one from the network never is. */
static void adopt(clerk_key_source *source, const harvest *got)
{
    if (got->snapshot == NULL) {
        return;
    }
    if (!got->is_from_network && source->snapshot != NULL
        && got->snapshot->fetched_at <= source->dated_at)
    {
        clerk_key_snapshot_release(got->snapshot);
        return;
    }
    clerk_key_snapshot_release(source->snapshot);
    source->snapshot = got->snapshot;
    source->dated_at = got->snapshot->fetched_at;
}

static apr_interval_time_t pause_after(const harvest *got,
                                       const clerk_key_store_options *options)
{
    apr_interval_time_t asked = got->failure.retry_after;

    if (asked > options->refresh) {
        asked = options->refresh; /* no answer may silence us for longer */
    }
    return got->failure.error.status != CLERK_OK && asked > options->min_interval
               ? asked
               : options->min_interval;
}

/** The lock is given up while the fetch runs; all who wait are told when it is back. */
static void fetch(clerk_key_source *source, const wish *wanted)
{
    harvest got;

    source->fetching = 1;
    source->flight++;
    source->attempted = 1;
    source->attempted_at = wanted->now;
    source->pause = source->supply->options.min_interval;
    apr_thread_mutex_unlock(source->mutex);

    obtain(&got, source->supply, source->instance, wanted);

    apr_thread_mutex_lock(source->mutex);
    adopt(source, &got);
    source->failure = got.failure.error;
    source->pause = pause_after(&got, &source->supply->options);
    source->fetching = 0;
    apr_thread_cond_broadcast(source->landed);
}

static void await_fetch(clerk_key_source *source)
{
    apr_interval_time_t wait = source->supply->options.wait;
    apr_time_t deadline = apr_time_now() + wait;
    unsigned flight = source->flight;

    while (source->fetching && source->flight == flight) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0) {
            return;
        }
        if (left > wait) {
            left = wait; /* the clock was set back meanwhile */
        }
        apr_thread_cond_timedwait(source->landed, source->mutex, left);
    }
}

static clerk_status settle(clerk_key_ref *ref, const clerk_key_source *source,
                           clerk_slice kid, apr_time_t now, clerk_error *error)
{
    int usable = is_usable(source, now);
    const clerk_key *key =
        usable ? clerk_key_set_find(source->snapshot->keys, kid) : NULL;

    if (key != NULL) {
        ref->key = key;
        ref->snapshot = clerk_key_snapshot_hold(source->snapshot);
        return CLERK_OK;
    }
    if (source->failure.status != CLERK_OK) {
        return clerk_fail(error, source->failure.status, source->failure.detail);
    }
    if (source->fetching) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "the key set is still being fetched");
    }
    if (!usable) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "the key set is too old and may not be asked for yet");
    }
    return clerk_fail(error, CLERK_E_JWK_KID_MISMATCH,
                      "the instance's key set has no key of the token's kid");
}

/* ---------------------------------------------------------------- the source */

clerk_status clerk_key_source_find(clerk_key_ref *ref, clerk_key_source *source,
                                   clerk_slice kid, apr_time_t now, clerk_error *error)
{
    wish wanted = { kid, now, source->supply->options.refresh };
    clerk_status status;

    apr_thread_mutex_lock(source->mutex);
    follow_clock(source, now);
    if (!is_fresh(source, now) || !has_kid(source->snapshot, kid)) {
        if (source->fetching) {
            await_fetch(source);
        }
        else if (may_ask(source, now)) {
            fetch(source, &wanted);
        }
    }
    status = settle(ref, source, kid, now, error);
    apr_thread_mutex_unlock(source->mutex);
    return status;
}

int clerk_key_source_refresh(clerk_key_source *source, apr_time_t now)
{
    apr_interval_time_t due = source->supply->options.refresh / 2;
    wish wanted = { { "", 0 }, now, due };
    int succeeded = 1;

    apr_thread_mutex_lock(source->mutex);
    follow_clock(source, now);
    if (!is_younger(source, due, now) && !source->fetching && may_ask(source, now)) {
        fetch(source, &wanted);
        succeeded = source->failure.status == CLERK_OK;
    }
    apr_thread_mutex_unlock(source->mutex);
    return succeeded;
}
