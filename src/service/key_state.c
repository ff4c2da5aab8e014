/* SPDX-License-Identifier: Apache-2.0 - one process's part in a key source that several ask */
#include "key_state.h"

/* No answer's Retry-After may silence us for longer. */
static const apr_interval_time_t LONGEST_SILENCE = APR_TIME_C(300) * APR_USEC_PER_SEC;

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

void clerk_key_state_init(clerk_key_state *state, const clerk_key_supply *supply,
                          const clerk_instance *instance, apr_pool_t *pool)
{
    state->supply = supply;
    state->instance = instance;
    set_limits(&state->turn, &supply->options, instance);
    clerk_key_holding_init(&state->holding, &supply->options, pool);
}

/* ---------------------------------------------------------------- what the others did */

/** The board has numbers only, and any number may stand there. */
static void learn_failure(clerk_key_holding *holding, int outcome, apr_time_t now)
{
    holding->failure.status = outcome == CLERK_E_SECRET_KEY_INVALID
                                  ? CLERK_E_SECRET_KEY_INVALID
                                  : CLERK_E_JWK_FAILED_TO_LOAD;
    holding->failure.detail = "another process could not fetch the key set";
    holding->failed_at = now;
}

int clerk_key_state_catch_up(clerk_key_state *state, apr_time_t now)
{
    clerk_key_snapshot *snapshot;
    clerk_key_news news;

    if (!clerk_key_turn_news(&news, &state->turn, now)) {
        return 1;
    }
    if (news.outcome != CLERK_OK && state->holding.failure.status == CLERK_OK) {
        learn_failure(&state->holding, news.outcome, now);
    }
    if (news.fetched_at == 0 || news.fetched_at - now > CLERK_CLOCK_TOLERANCE) {
        return 1;
    }
    if (clerk_key_holding_is_newer(news.fetched_at, &state->holding)) {
        snapshot = clerk_key_harvest_from_shelf(state->supply, state->instance,
                                                news.fetched_at, now);
        if (snapshot == NULL) {
            return 0;
        }
        clerk_key_holding_adopt(&state->holding, snapshot);
    }
    if (news.outcome == CLERK_OK) {
        memset(&state->holding.failure, 0, sizeof(state->holding.failure));
    }
    return 1;
}

clerk_key_leave clerk_key_state_take_turn(clerk_key_state *state, apr_time_t now)
{
    clerk_key_leave leave = clerk_key_turn_take(&state->turn, now);

    if (leave == CLERK_KEY_LEAVE_LATER && !clerk_key_state_catch_up(state, now)) {
        leave = clerk_key_turn_take_alone(&state->turn, now);
    }
    return leave;
}

/* ---------------------------------------------------------------- what came of our own asking */

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
static int keep_if_newer(clerk_key_state *state, const clerk_key_harvest *got,
                         apr_time_t now)
{
    if (got->snapshot == NULL) {
        return 0;
    }
    if (!got->is_from_network
        && !clerk_key_holding_is_newer(got->snapshot->fetched_at, &state->holding))
    {
        clerk_key_snapshot_release(got->snapshot);
        return 0;
    }
    clerk_key_holding_adopt(&state->holding, got->snapshot);
    if (clerk_key_turn_is_held(&state->turn, now)) {
        clerk_key_shelf_put(state->supply->options.shelf, state->instance->key_id,
                            got->json, got->snapshot->fetched_at, now);
    }
    return 1;
}

/** What to tell people; 0 when nothing. */
static int choose_event(clerk_key_event *event, const clerk_key_state *state,
                        int was_failing, int is_new, apr_time_t now)
{
    apr_interval_time_t quiet = state->supply->options.refresh;

    if (state->holding.failure.status != CLERK_OK) {
        *event = CLERK_KEYS_FAILING;
        return clerk_key_turn_may_tell(
            &state->turn, quiet > CLERK_CLOCK_TOLERANCE ? quiet : CLERK_CLOCK_TOLERANCE,
            now);
    }
    *event = was_failing ? CLERK_KEYS_RECOVERED : CLERK_KEYS_FETCHED;
    return is_new || was_failing;
}

static int was_failing(const clerk_key_state *state, apr_time_t now)
{
    clerk_key_news news;

    return state->holding.failure.status != CLERK_OK
           || (clerk_key_turn_news(&news, &state->turn, now)
               && news.outcome != CLERK_OK);
}

int clerk_key_state_conclude(clerk_key_event *event, clerk_key_state *state,
                             const clerk_key_harvest *got, apr_time_t now)
{
    int failed_before = was_failing(state, now);
    int is_new = keep_if_newer(state, got, now);
    clerk_key_news news = { is_new ? state->holding.snapshot->fetched_at : 0,
                            (int)got->failure.error.status };

    state->holding.failure = got->failure.error;
    if (state->holding.failure.status != CLERK_OK) {
        state->holding.failed_at = now;
    }
    if (state->holding.failure.status != CLERK_OK
        && atomic_load(&state->supply->is_closed)) {
        clerk_key_turn_abandon(&state->turn, now);
        return 0;
    }
    clerk_key_turn_end(&state->turn, &news, pause_after(got, &state->turn), now);
    return choose_event(event, state, failed_before, is_new, now);
}

void clerk_key_state_describe(clerk_key_report *report, const clerk_key_state *state,
                              apr_time_t now)
{
    clerk_key_holding_report(report, &state->holding, now);
    report->instance = state->instance;
}
