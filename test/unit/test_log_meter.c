/* SPDX-License-Identifier: Apache-2.0 - a burst of log lines is let through, a stream is not */
#include "support.h"

#include "httpd/log_meter.h"

#define NOW apr_time_from_sec(1700000000)

/** How many of @a count lines at that second may be logged. */
static int taken(clerk_log_meter *meter, int count, apr_time_t now)
{
    unsigned left_out;
    int sum = 0;

    while (count-- > 0) {
        sum += clerk_log_meter_take(meter, now, &left_out);
    }
    return sum;
}

static void a_burst_passes_and_a_stream_does_not(void **state)
{
    clerk_log_meter meter = { 0, 0 };
    int second;
    int sum = 0;

    (void)state;
    assert_int_equal(taken(&meter, 1000, NOW), CLERK_LOG_BURST);
    for (second = 1; second <= 600; second++) {
        sum += taken(&meter, 50, NOW + apr_time_from_sec(second));
    }
    assert_int_equal(sum, 600);
    assert_int_equal(taken(&meter, 1000, NOW + apr_time_from_sec(10000)), CLERK_LOG_BURST);
}

static void what_was_left_out_is_counted(void **state)
{
    clerk_log_meter meter = { 0, 0 };
    unsigned left_out = 77;

    (void)state;
    assert_true(clerk_log_meter_take(&meter, NOW, &left_out));
    assert_int_equal(left_out, 0);
    taken(&meter, CLERK_LOG_BURST - 1 + 30, NOW);
    assert_false(clerk_log_meter_take(&meter, NOW, &left_out));
    assert_true(clerk_log_meter_take(&meter, NOW + apr_time_from_sec(1), &left_out));
    assert_int_equal(left_out, 31);
    assert_true(clerk_log_meter_take(&meter, NOW + apr_time_from_sec(2), &left_out));
    assert_int_equal(left_out, 0);
}

static void a_clock_set_back_silences_nothing(void **state)
{
    clerk_log_meter meter = { 0, 0 };

    (void)state;
    taken(&meter, 1000, NOW);
    assert_int_equal(taken(&meter, 1, NOW - apr_time_from_sec(86400)), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(a_burst_passes_and_a_stream_does_not),
        support_test(what_was_left_out_is_counted),
        support_test(a_clock_set_back_silences_nothing),
    };

    return support_run("log_meter", tests);
}
