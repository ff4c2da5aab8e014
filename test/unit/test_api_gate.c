/* SPDX-License-Identifier: Apache-2.0 - tests of which calls to the Backend API may be made */
#include "service/api_gate.h"

#include "service/breaker.h"
#include "service/time_left.h"
#include "support.h"

#define SECONDS(n) apr_time_from_sec(n)

static const clerk_api_outcome good = { 0, 0, -1 };
static const clerk_api_outcome failed = { 1, 0, -1 };

typedef struct world {
    clerk_api_gate *gate;
    clerk_instance one;
    clerk_instance two;
    apr_interval_time_t after;
    clerk_api_pass pass; /* of the last call that was let in */
} world;

static world *make(unsigned connections, apr_pool_t *pool)
{
    world *w = apr_pcalloc(pool, sizeof(*w));

    assert_int_equal(clerk_api_gate_create(&w->gate, connections, NULL, pool), APR_SUCCESS);
    memset(w->one.api_id, 1, sizeof(w->one.api_id));
    memset(w->two.api_id, 2, sizeof(w->two.api_id));
    return w;
}

static int enters(world *w, const clerk_instance *instance, apr_time_t now)
{
    clerk_error error = { CLERK_OK, NULL };
    clerk_status status =
        clerk_api_gate_enter(&w->pass, w->gate, instance, now, &w->after, &error);

    assert_int_equal(error.status, status);
    if (status != CLERK_OK) {
        assert_int_equal(status, CLERK_E_MACHINE_UNDECIDED);
        assert_true(w->after > 0);
    }
    return status == CLERK_OK;
}

static void call(world *w, const clerk_api_outcome *outcome, apr_time_t now)
{
    assert_true(enters(w, &w->one, now));
    clerk_api_gate_leave(w->gate, &w->pass, outcome, now);
}

static void bounds_the_calls_under_way(void **state)
{
    world *w = make(2, *state);
    clerk_api_pass first;

    assert_true(enters(w, &w->one, SUPPORT_NOW));
    first = w->pass;
    assert_true(enters(w, &w->two, SUPPORT_NOW));
    assert_false(enters(w, &w->one, SUPPORT_NOW)); /* of all instances together */
    assert_false(enters(w, &w->two, SUPPORT_NOW));
    clerk_api_gate_leave(w->gate, &first, &good, SUPPORT_NOW);
    assert_true(enters(w, &w->two, SUPPORT_NOW));
    assert_false(enters(w, &w->two, SUPPORT_NOW));
}

static void heeds_retry_after(void **state)
{
    static const struct {
        const char *label;
        clerk_api_outcome outcome;
        apr_interval_time_t want; /* 0: no stop */
    } cases[] = {
        { "429", { 0, 1, SECONDS(7) }, SECONDS(7) },
        { "429 without a time", { 0, 1, -1 }, SECONDS(1) },
        { "429 of 0", { 0, 1, 0 }, SECONDS(1) },
        { "5xx with a time", { 1, 0, SECONDS(9) }, SECONDS(9) },
        { "an eternity", { 0, 1, SECONDS(100000) }, SECONDS(300) },
        { "a failure without a time", { 1, 0, -1 }, 0 },
        { "a good one", { 0, 0, -1 }, 0 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        world *w = make(8, *state);
        apr_interval_time_t want = cases[i].want;

        call(w, &cases[i].outcome, SUPPORT_NOW);
        if (enters(w, &w->one, SUPPORT_NOW) != (want == 0)) {
            fail_msg("%s", cases[i].label);
        }
        if (want == 0) {
            continue;
        }
        assert_int_equal(w->after, want);
        assert_true(enters(w, &w->two, SUPPORT_NOW)); /* another instance's limit */
        assert_false(enters(w, &w->one, SUPPORT_NOW + want - 1));
        assert_false(enters(w, &w->one, SUPPORT_NOW - CLERK_CLOCK_LAG)); /* read earlier */
        assert_true(enters(w, &w->one, SUPPORT_NOW + want));
        assert_true(enters(w, &w->one, SUPPORT_NOW - SECONDS(3600))); /* clock set back */
    }
}

static void keeps_the_longer_of_two_stops(void **state)
{
    static const clerk_api_outcome longer = { 0, 1, SECONDS(20) };
    static const clerk_api_outcome shorter = { 0, 1, SECONDS(2) };
    world *w = make(8, *state);
    clerk_api_pass first;

    assert_true(enters(w, &w->one, SUPPORT_NOW));
    first = w->pass;
    call(w, &longer, SUPPORT_NOW);
    clerk_api_gate_leave(w->gate, &first, &shorter, SUPPORT_NOW);
    assert_false(enters(w, &w->one, SUPPORT_NOW + SECONDS(19)));
    assert_true(enters(w, &w->one, SUPPORT_NOW + SECONDS(20)));
}

static void opens_a_breaker_for_one_instance(void **state)
{
    world *w = make(8, *state);
    int i;

    for (i = 0; i < CLERK_BREAKER_FAILURES; i++) {
        call(w, &failed, SUPPORT_NOW);
    }
    assert_false(enters(w, &w->one, SUPPORT_NOW));
    assert_int_equal(w->after, CLERK_BREAKER_FIRST_PAUSE);
    assert_true(enters(w, &w->two, SUPPORT_NOW));
    call(w, &good, SUPPORT_NOW + CLERK_BREAKER_FIRST_PAUSE); /* the probe */
    call(w, &good, SUPPORT_NOW);
}

/* A refused call is no probe: it must not keep the next one from being it. */
static void a_full_house_takes_no_probe(void **state)
{
    world *w = make(1, *state);
    apr_time_t due = SUPPORT_NOW + CLERK_BREAKER_FIRST_PAUSE;
    clerk_api_pass other;
    int i;

    for (i = 0; i < CLERK_BREAKER_FAILURES; i++) {
        call(w, &failed, SUPPORT_NOW);
    }
    assert_true(enters(w, &w->two, due));
    other = w->pass;
    assert_false(enters(w, &w->one, due));
    clerk_api_gate_leave(w->gate, &other, &good, due);
    assert_true(enters(w, &w->one, due));
    assert_true(w->pass.is_probe);
}

/** As two processes of one server; 429 concerns the instance whose call it answered. */
static void stops_all_processes_of_a_board(void **state)
{
    static const clerk_api_outcome busy = { 0, 1, SECONDS(3) };
    world *here = make(8, *state);
    world *there = make(8, *state);
    clerk_board *board;
    clerk_board *other;

    assert_int_equal(clerk_board_create(&board, SECONDS(3600), *state), APR_SUCCESS);
    assert_int_equal(clerk_board_create(&other, SECONDS(3600), *state), APR_SUCCESS);
    assert_int_equal(clerk_api_gate_create(&here->gate, 8, board, *state), APR_SUCCESS);
    assert_int_equal(clerk_api_gate_create(&there->gate, 8, board, *state), APR_SUCCESS);
    call(here, &busy, SUPPORT_NOW);
    assert_false(enters(there, &there->one, SUPPORT_NOW));
    assert_int_equal(there->after, SECONDS(3));
    assert_false(enters(there, &there->one, SUPPORT_NOW + SECONDS(3) - 1));
    assert_true(enters(there, &there->two, SUPPORT_NOW));
    assert_true(enters(there, &there->one, SUPPORT_NOW + SECONDS(3)));

    assert_int_equal(clerk_api_gate_create(&there->gate, 8, other, *state), APR_SUCCESS);
    assert_true(enters(there, &there->one, SUPPORT_NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(stops_all_processes_of_a_board),
        support_test(bounds_the_calls_under_way),
        support_test(heeds_retry_after),
        support_test(keeps_the_longer_of_two_stops),
        support_test(opens_a_breaker_for_one_instance),
        support_test(a_full_house_takes_no_probe),
    };

    return support_run("api_gate", tests);
}
