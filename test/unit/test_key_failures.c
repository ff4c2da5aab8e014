/* SPDX-License-Identifier: Apache-2.0 - tests: what a key store does when its source fails */
#include "service/key_store.h"

#include "key_store_fixture.h"

#define OTHER_KID "ins_other"

/* A fetch takes real time, if not much, where no clock is set by the test. */
#define ELAPSED SECONDS(1)

/* ---------------------------------------------------------------- failures */

/* W11 */
static void tries_five_times_and_then_waits(void **state)
{
    key_world *w = key_world_make(*state);
    int i;

    w->options.wait = SECONDS(60);
    key_world_restart(w);
    key_world_break(w, 500);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 5);
    assert_int_equal(atomic_load(&pause_count), 4);
    for (i = 0; i < 4; i++) {
        assert_true(pauses[i] >= (125000 << i) && pauses[i] <= (250000 << i));
    }
    /* The failure is remembered, for every kid. */
    w->now += SECONDS(9) + 999999;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 0);

    w->now += 1;
    key_world_mend(w, w->own_set);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_KID_MISMATCH);
}

static void stretches_pauses_at_random(void **state)
{
    key_world *w = key_world_make(*state);
    apr_interval_time_t first = 0;
    int differs = 0;
    int i;

    key_world_break(w, 500);
    for (i = 0; i < 10; i++) {
        atomic_store(&pause_count, 0);
        assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
        first = i == 0 ? pauses[0] : first;
        differs |= pauses[0] != first;
        w->now += SECONDS(10);
    }
    assert_true(differs);
}

static void mend_at_third(fake_http *fake, const clerk_http_request *request)
{
    (void)request;
    if (atomic_load(&fake->calls) == 3) {
        fake->result = APR_SUCCESS;
    }
}

static void recovers_within_one_fetch(void **state)
{
    key_world *w = key_world_make(*state);

    w->fake.result = APR_TIMEUP;
    w->fake.before = mend_at_third;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 3);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_KID_MISMATCH);
}

/* W12, W13 and what else is not worth another attempt */
static void gives_up_at_once(void **state)
{
    static const struct {
        const char *label;
        int http_status;
        const char *body;
        clerk_status want;
    } cases[] = {
        { "secret key", 401, "{\"errors\":[{\"code\":\"clerk_key_invalid\"}]}",
          CLERK_E_SECRET_KEY_INVALID },
        { "not found", 404, "{}", CLERK_E_JWK_FAILED_TO_LOAD },
        { "no keys", 200, "{\"keys\":[]}", CLERK_E_JWK_FAILED_TO_LOAD },
        { "no set", 200, "{}", CLERK_E_JWK_FAILED_TO_LOAD },
        { "empty", 200, "", CLERK_E_JWK_FAILED_TO_LOAD },
        { "a page", 200, "<html>", CLERK_E_JWK_FAILED_TO_LOAD },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        key_world *w = key_world_make(*state);

        w->fake.status = cases[i].http_status;
        w->fake.body = cases[i].body;
        if (key_world_find(w, SUPPORT_KID) != cases[i].want || key_world_calls(w) != 1
            || key_world_find(w, SUPPORT_KID) != cases[i].want
            || key_world_calls(w) != 0)
        {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void pauses_only_within_its_budget(void **state)
{
    key_world *w = key_world_make(*state);
    apr_interval_time_t spent = 0;
    int i;

    w->options.wait = 900 * 1000;
    key_world_restart(w);
    key_world_break(w, 503);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_in_range(atomic_load(&pause_count), 1, 2);
    assert_int_equal(key_world_calls(w), atomic_load(&pause_count) + 1);
    for (i = 0; i < atomic_load(&pause_count); i++) {
        spent += pauses[i];
    }
    assert_true(spent < w->options.wait);
    assert_in_range(w->fake.timeout, 1, w->options.wait - spent);
}

static void sleep_briefly(fake_http *fake, const clerk_http_request *request)
{
    (void)fake;
    (void)request;
    apr_sleep(140 * 1000);
}

static void counts_its_attempts_as_time_too(void **state)
{
    key_world *w = key_world_make(*state);

    w->options.wait = 260 * 1000; /* more than the longest first pause */
    key_world_restart(w);
    key_world_break(w, 503);
    w->fake.before = sleep_briefly;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 1);
}

static void honours_retry_after_within_reason(void **state)
{
    key_world *w = key_world_make(*state);

    key_world_break(w, 503);
    w->fake.retry_after = SECONDS(30); /* more than a request may wait */
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 1);
    w->now += SECONDS(29);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 0);
    w->now += SECONDS(1) + ELAPSED; /* counted from when the answer was there */
    w->fake.status = 429;
    w->fake.retry_after = SECONDS(10 * 3600);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 1);
    w->now += SECONDS(299);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 0);
    w->now += SECONDS(1) + ELAPSED; /* five minutes end any silence */
    key_world_mend(w, w->own_set);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
}

static void waits_out_a_short_retry_after(void **state)
{
    key_world *w = key_world_make(*state);

    key_world_break(w, 503);
    w->fake.retry_after = SECONDS(2);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 3); /* 2 s + 2 s of 5 s */
    assert_int_equal(pauses[0], SECONDS(2));
    assert_int_equal(pauses[1], SECONDS(2));
}

/* ---------------------------------------------------------------- old keys */

static void serves_known_keys_while_the_source_is_down(void **state)
{
    key_world *w = key_world_make(*state);
    apr_time_t start = w->now;

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    key_world_break(w, 404);
    key_world_calls(w);

    w->now = start + SECONDS(300);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 0);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 1);
    assert_int_equal(key_world_calls(w), 1);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now += SECONDS(9);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    /* An unknown kid cannot be judged by old keys: undecided, not refused. */
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 0);

    w->now = start + SECONDS(24 * 3600) - 1;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now += 1;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);

    w->now += SECONDS(10);
    key_world_mend(w, w->own_set);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
}

static void a_failure_spares_a_fresh_set(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    key_world_break(w, 404);
    w->now += SECONDS(10);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 2);
}

static void serves_nothing_stale_where_none_is_wanted(void **state)
{
    key_world *w = key_world_make(*state);

    w->options.max_stale = 0;
    key_world_restart(w);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    key_world_break(w, 404);
    w->now += SECONDS(300) - 1;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now += 1;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
}

static void never_asks_faster_than_the_interval(void **state)
{
    key_world *w = key_world_make(*state);

    w->options.refresh = SECONDS(1); /* less than the interval */
    w->options.max_stale = SECONDS(2);
    key_world_restart(w);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now += SECONDS(1);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now += SECONDS(1);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(tries_five_times_and_then_waits),
        support_test(stretches_pauses_at_random),
        support_test(recovers_within_one_fetch),
        support_test(gives_up_at_once),
        support_test(pauses_only_within_its_budget),
        support_test(counts_its_attempts_as_time_too),
        support_test(honours_retry_after_within_reason),
        support_test(waits_out_a_short_retry_after),
        support_test(serves_known_keys_while_the_source_is_down),
        support_test(a_failure_spares_a_fresh_set),
        support_test(serves_nothing_stale_where_none_is_wanted),
        support_test(never_asks_faster_than_the_interval),
    };

    return support_run("key_failures", tests);
}
