/* SPDX-License-Identifier: Apache-2.0 - tests of the breaker: when it opens, whom it lets through */
#include "service/breaker.h"

#include "service/time_left.h"
#include "support.h"

#define SECONDS(n) apr_time_from_sec(n)

static void fail_times(clerk_breaker *breaker, int times, apr_time_t now)
{
    while (times-- > 0) {
        clerk_breaker_note(breaker, 0, 1, now);
    }
}

static void opens_after_failures_in_a_row(void **state)
{
    clerk_breaker breaker = { 0 };
    clerk_breaker_leave leave;

    (void)state;
    fail_times(&breaker, CLERK_BREAKER_FAILURES - 1, SUPPORT_NOW);
    assert_true(clerk_breaker_ask(&breaker, SUPPORT_NOW).is_granted);
    clerk_breaker_note(&breaker, 0, 0, SUPPORT_NOW); /* one success starts anew */
    fail_times(&breaker, CLERK_BREAKER_FAILURES - 1, SUPPORT_NOW);
    leave = clerk_breaker_ask(&breaker, SUPPORT_NOW);
    assert_true(leave.is_granted);
    assert_false(leave.is_probe);
    fail_times(&breaker, 1, SUPPORT_NOW);
    leave = clerk_breaker_ask(&breaker, SUPPORT_NOW);
    assert_false(leave.is_granted);
    assert_int_equal(leave.after, CLERK_BREAKER_FIRST_PAUSE);
}

static void lets_one_probe_through(void **state)
{
    clerk_breaker breaker = { 0 };
    apr_time_t due = SUPPORT_NOW + CLERK_BREAKER_FIRST_PAUSE;
    clerk_breaker_leave leave;

    (void)state;
    fail_times(&breaker, CLERK_BREAKER_FAILURES, SUPPORT_NOW);
    assert_false(clerk_breaker_ask(&breaker, due - 1).is_granted);
    leave = clerk_breaker_ask(&breaker, due);
    assert_true(leave.is_granted);
    assert_true(leave.is_probe);
    leave = clerk_breaker_ask(&breaker, due + SECONDS(100)); /* while it is under way */
    assert_false(leave.is_granted);
    assert_true(leave.after > 0);

    clerk_breaker_note(&breaker, 1, 0, due);
    leave = clerk_breaker_ask(&breaker, due);
    assert_true(leave.is_granted);
    assert_false(leave.is_probe);
    fail_times(&breaker, CLERK_BREAKER_FAILURES - 1, due);
    assert_true(clerk_breaker_ask(&breaker, due).is_granted);
}

static void waits_longer_after_each_failed_probe(void **state)
{
    static const int pauses[] = { 2, 4, 8, 16, 30, 30 };
    clerk_breaker breaker = { 0 };
    apr_time_t now = SUPPORT_NOW + CLERK_BREAKER_FIRST_PAUSE;
    apr_size_t i;

    (void)state;
    fail_times(&breaker, CLERK_BREAKER_FAILURES, SUPPORT_NOW);
    for (i = 0; i < support_count(pauses); i++) {
        assert_true(clerk_breaker_ask(&breaker, now).is_probe);
        clerk_breaker_note(&breaker, 1, 1, now);
        assert_int_equal(clerk_breaker_ask(&breaker, now).after, SECONDS(pauses[i]));
        now += SECONDS(pauses[i]);
    }
}

/* Calls that were granted before it opened come back later. */
static void minds_late_outcomes(void **state)
{
    clerk_breaker breaker = { 0 };

    (void)state;
    fail_times(&breaker, CLERK_BREAKER_FAILURES, SUPPORT_NOW);
    fail_times(&breaker, CLERK_BREAKER_FAILURES, SUPPORT_NOW + 1); /* changes nothing */
    assert_int_equal(clerk_breaker_ask(&breaker, SUPPORT_NOW).after,
                     CLERK_BREAKER_FIRST_PAUSE);
    clerk_breaker_note(&breaker, 0, 0, SUPPORT_NOW + 2); /* it is there after all */
    assert_true(clerk_breaker_ask(&breaker, SUPPORT_NOW + 2).is_granted);
    clerk_breaker_note(&breaker, 1, 1, SUPPORT_NOW + 3); /* a probe of before: one failure */
    assert_true(clerk_breaker_ask(&breaker, SUPPORT_NOW + 3).is_granted);
}

static void follows_a_clock_that_was_set_back(void **state)
{
    clerk_breaker breaker = { 0 };

    (void)state;
    fail_times(&breaker, CLERK_BREAKER_FAILURES, SUPPORT_NOW);
    /* not by one that was only read a moment earlier */
    assert_false(clerk_breaker_ask(&breaker, SUPPORT_NOW - CLERK_CLOCK_LAG).is_granted);
    assert_true(clerk_breaker_ask(&breaker, SUPPORT_NOW - SECONDS(3600)).is_probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(opens_after_failures_in_a_row),
        support_test(lets_one_probe_through),
        support_test(waits_longer_after_each_failed_probe),
        support_test(minds_late_outcomes),
        support_test(follows_a_clock_that_was_set_back),
    };

    return support_run("breaker", tests);
}
