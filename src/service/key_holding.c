/* SPDX-License-Identifier: Apache-2.0 - the key set in use, its age, and the last failure */
#include "key_holding.h"

#include "key_turn.h"

apr_interval_time_t clerk_key_longest_age(const clerk_key_store_options *options)
{
    return options->max_stale > options->refresh ? options->max_stale : options->refresh;
}

/* ---------------------------------------------------------------- the notice */

/** Readers that met half of it would find another edition at the end than at the beginning. */
static void post_notice(clerk_key_holding *holding)
{
    clerk_key_notice *notice = &holding->notice;

    atomic_store(&notice->edition, 0);
    atomic_store(&notice->from, holding->dated_at - CLERK_CLOCK_TOLERANCE);
    atomic_store(&notice->until, holding->dated_at + clerk_key_longest_age(holding->options));
    atomic_store(&notice->edition, CLERK_KEY_EDITION_LOCAL + ++holding->editions);
}

apr_uint64_t clerk_key_holding_edition(const clerk_key_holding *holding, apr_time_t now)
{
    const clerk_key_notice *notice = &holding->notice;
    apr_uint64_t edition = atomic_load(&notice->edition);

    return atomic_load(&notice->from) <= now && now < atomic_load(&notice->until)
                   && atomic_load(&notice->edition) == edition
               ? edition
               : 0;
}

/* ---------------------------------------------------------------- the holding */

static apr_status_t drop_snapshot(void *baton)
{
    clerk_key_holding *holding = baton;

    atomic_store(&holding->notice.edition, 0);
    clerk_key_snapshot_release(holding->snapshot);
    holding->snapshot = NULL;
    return APR_SUCCESS;
}

void clerk_key_holding_init(clerk_key_holding *holding,
                            const clerk_key_store_options *options, apr_pool_t *pool)
{
    memset(holding, 0, sizeof(*holding));
    holding->options = options;
    apr_pool_cleanup_register(pool, holding, drop_snapshot, apr_pool_cleanup_null);
}

void clerk_key_holding_follow_clock(clerk_key_holding *holding, apr_time_t now)
{
    if (holding->snapshot != NULL && holding->dated_at - now > CLERK_CLOCK_TOLERANCE) {
        holding->dated_at = now - holding->options->refresh;
        post_notice(holding);
    }
}

static int is_younger(const clerk_key_holding *holding, apr_interval_time_t age,
                      apr_time_t now)
{
    return holding->snapshot != NULL && now - holding->dated_at < age;
}

int clerk_key_holding_is_usable(const clerk_key_holding *holding, apr_time_t now)
{
    return is_younger(holding, clerk_key_longest_age(holding->options), now);
}

const clerk_key *clerk_key_holding_find(const clerk_key_holding *holding, clerk_slice kid,
                                        apr_time_t now)
{
    return clerk_key_holding_is_usable(holding, now)
               ? clerk_key_set_find(holding->snapshot->keys, kid)
               : NULL;
}

/**
 * From half the refresh age on, and before nine tenths of it: at another share for each set
 * and server, but the same in all processes of one, so that any of them may be the one.
 */
static apr_interval_time_t due_age(const clerk_key_holding *holding)
{
    const clerk_key_store_options *options = holding->options;
    apr_uint64_t mixed = (apr_uint64_t)holding->dated_at ^ options->jitter;

    mixed *= APR_UINT64_C(0x9E3779B97F4A7C15);
    return options->refresh / 2
           + options->refresh / 1024 * (apr_interval_time_t)(mixed >> 54) * 2 / 5;
}

int clerk_key_holding_is_due(const clerk_key_holding *holding, apr_time_t now)
{
    return !is_younger(holding, due_age(holding), now);
}

int clerk_key_holding_is_newer(apr_time_t fetched_at, const clerk_key_holding *holding)
{
    return holding->snapshot == NULL || fetched_at > holding->dated_at;
}

void clerk_key_holding_adopt(clerk_key_holding *holding, clerk_key_snapshot *snapshot)
{
    clerk_key_snapshot_release(holding->snapshot);
    holding->snapshot = snapshot;
    holding->dated_at = snapshot->fetched_at;
    post_notice(holding);
}

void clerk_key_holding_report(clerk_key_report *report, const clerk_key_holding *holding,
                              apr_time_t now)
{
    memset(report, 0, sizeof(*report));
    report->failure = holding->failure;
    report->failed_at = holding->failed_at;
    if (holding->snapshot != NULL) {
        report->keys = holding->snapshot->keys->count;
        report->fetched_at = holding->dated_at;
        report->age = now - holding->dated_at;
        report->is_usable = clerk_key_holding_is_usable(holding, now);
    }
}
