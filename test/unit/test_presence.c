/* SPDX-License-Identifier: Apache-2.0 - tests: whether a service is there, and when to speak of it */
#include "service/presence.h"

#include "service/time_left.h"
#include "support.h"

#define SECONDS(n) apr_time_from_sec(n)

static void speaks_once_of_each_absence(void **state)
{
    clerk_presence presence = { APR_SUCCESS, 0, 0, 0 };

    (void)state;
    assert_false(clerk_presence_regain(&presence));
    assert_true(clerk_presence_lose(&presence, APR_TIMEUP, SUPPORT_NOW));
    assert_int_equal(presence.away, APR_TIMEUP);
    assert_false(clerk_presence_lose(&presence, APR_ECONNREFUSED, SUPPORT_NOW + 1));
    assert_false(
        clerk_presence_lose(&presence, APR_ECONNREFUSED, SUPPORT_NOW + SECONDS(600)));
    assert_true(clerk_presence_regain(&presence));
    assert_int_equal(presence.away, APR_SUCCESS);
    assert_false(clerk_presence_regain(&presence));
}

/** One that comes and goes, or goes for good soon after it came. */
static void speaks_not_too_often(void **state)
{
    clerk_presence presence = { APR_SUCCESS, 0, 0, 0 };

    (void)state;
    assert_true(clerk_presence_lose(&presence, APR_TIMEUP, SUPPORT_NOW));
    assert_true(clerk_presence_regain(&presence));
    assert_false(clerk_presence_lose(&presence, APR_TIMEUP, SUPPORT_NOW + SECONDS(1)));
    assert_false(clerk_presence_regain(&presence));
    assert_false(clerk_presence_lose(&presence, APR_TIMEUP, SUPPORT_NOW + SECONDS(59)));
    assert_true(clerk_presence_lose(&presence, APR_TIMEUP, SUPPORT_NOW + SECONDS(60)));
    assert_true(clerk_presence_regain(&presence));
    assert_false(
        clerk_presence_lose(&presence, APR_TIMEUP, SUPPORT_NOW + SECONDS(60) - CLERK_CLOCK_LAG));
    assert_false(clerk_presence_regain(&presence));
    assert_true(clerk_presence_lose(&presence, APR_TIMEUP, SUPPORT_NOW - SECONDS(600)));
}

static void is_tried_after_the_interval(void **state)
{
    clerk_presence presence = { APR_SUCCESS, 0, 0, 0 };

    (void)state;
    clerk_presence_lose(&presence, APR_TIMEUP, SUPPORT_NOW);
    assert_int_equal(clerk_presence_pause(&presence, 2000, SUPPORT_NOW), 2000);
    assert_int_equal(clerk_presence_pause(&presence, 2000, SUPPORT_NOW + 1999), 1);
    assert_int_equal(clerk_presence_pause(&presence, 2000, SUPPORT_NOW + 2000), 0);
    assert_true(clerk_presence_pause(&presence, 2000, SUPPORT_NOW + 9000) <= 0);
    assert_int_equal(clerk_presence_pause(&presence, 2000, SUPPORT_NOW - CLERK_CLOCK_LAG),
                     2000 + CLERK_CLOCK_LAG);
    assert_int_equal(
        clerk_presence_pause(&presence, 2000, SUPPORT_NOW - CLERK_CLOCK_LAG - 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(speaks_once_of_each_absence),
        support_test(speaks_not_too_often),
        support_test(is_tried_after_the_interval),
    };

    return support_run("presence", tests);
}
