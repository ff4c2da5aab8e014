/* SPDX-License-Identifier: Apache-2.0 - tests: which answers about opaque tokens are remembered, and for how long */
#include "service/api_gate.h"
#include "service/breaker.h"
#include "token_cache_fixture.h"

#define SECONDS(n) apr_time_from_sec(n)

static void set_clock(apr_interval_time_t after)
{
    atomic_store(&token_clock, SUPPORT_NOW + after);
}

static void remembers_a_good_answer_for_its_time(void **state)
{
    token_world *w = token_world_make(*state);

    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    assert_string_equal(w->answer.auth->user_id, "user_2abc");
    set_clock(SECONDS(30) - 1);
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    assert_string_equal(w->answer.auth->user_id, "user_2abc");
    assert_int_equal(token_world_calls(w), 1);
    set_clock(SECONDS(30));
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    assert_int_equal(token_world_calls(w), 1);
}

static void remembers_nothing_beyond_the_tokens_own_expiry(void **state)
{
    static const struct {
        const char *label, *body;
        int seconds; /* that it is remembered */
    } cases[] = {
        { "seconds", API_KEY_ANSWER(",\"expiration\":1700000010"), 10 },
        { "milliseconds", API_KEY_ANSWER(",\"expiration\":1700000010000"), 10 },
        { "later than the TTL", API_KEY_ANSWER(",\"expiration\":1700000031"), 30 },
        { "past, though the API says it is good",
          API_KEY_ANSWER(",\"expiration\":1699999999"), 0 },
        { "unreadable", API_KEY_ANSWER(",\"expiration\":\"soon\""), 0 },
        { "never", API_KEY_ANSWER(",\"expiration\":null"), 30 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        token_world *w = token_world_make(*state);

        token_world_answer(w, 200, cases[i].body);
        assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
        set_clock(SECONDS(cases[i].seconds) - 1);
        if (cases[i].seconds > 0) {
            assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
        }
        if (token_world_calls(w) != 1) {
            fail_msg("%s: not remembered", cases[i].label);
        }
        set_clock(SECONDS(cases[i].seconds));
        assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
        if (token_world_calls(w) != 1) {
            fail_msg("%s: remembered for too long", cases[i].label);
        }
    }
}

static void remembers_a_bad_one_briefly(void **state)
{
    static const struct {
        int http_status;
        const char *body;
    } cases[] = {
        { 404, "{}" },
        { 200, API_KEY_ANSWER(",\"revoked\":true") },
        { 200, "{\"active\":false}" },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        token_world *w = token_world_make(*state);

        token_world_answer(w, cases[i].http_status, cases[i].body);
        assert_int_equal(token_world_verify(w, "ak_1"), CLERK_E_TOKEN_INVALID);
        token_world_answer(w, 200, API_KEY_ANSWER(""));
        set_clock(SECONDS(5) - 1);
        assert_int_equal(token_world_verify(w, "ak_1"), CLERK_E_TOKEN_INVALID);
        assert_int_equal(token_world_calls(w), 1);
        set_clock(SECONDS(5));
        assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    }
}

static void remembers_no_failure_to_judge(void **state)
{
    static const struct {
        const char *label;
        apr_status_t result;
        int http_status;
        const char *body;
        clerk_status want;
    } cases[] = {
        { "down", 0, 500, "{}", CLERK_E_MACHINE_UNDECIDED },
        { "our key", 0, 401, "{}", CLERK_E_SECRET_KEY_INVALID },
        { "another status", 0, 422, "{}", CLERK_E_MACHINE_UNDECIDED },
        { "nonsense", 0, 200, "<html>", CLERK_E_MACHINE_UNDECIDED },
        { "nothing", 0, 200, "", CLERK_E_MACHINE_UNDECIDED },
        { "time-out", APR_TIMEUP, 0, "", CLERK_E_MACHINE_UNDECIDED },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        token_world *w = token_world_make(*state);

        token_world_answer(w, cases[i].http_status, cases[i].body);
        w->fake.result = cases[i].result;
        if (token_world_verify(w, "ak_1") != cases[i].want) {
            fail_msg("%s: %s", cases[i].label,
                     clerk_status_reason(w->failure.error.status));
        }
        token_world_answer(w, 200, API_KEY_ANSWER(""));
        assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
        assert_int_equal(token_world_calls(w), 2);
    }
}

static void remembers_nothing_where_told_so(void **state)
{
    token_world *w = token_world_make(*state);

    w->ttl = 0;
    token_world_restart(w);
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    token_world_answer(w, 404, "{}");
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_E_TOKEN_INVALID);
    token_world_answer(w, 200, API_KEY_ANSWER(""));
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    assert_int_equal(token_world_calls(w), 3);
}

static void keeps_tokens_types_and_instances_apart(void **state)
{
    token_world *w = token_world_make(*state);

    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    assert_int_equal(token_world_verify(w, "ak_2"), CLERK_OK);
    assert_int_equal(token_world_verify(w, "ak_12"), CLERK_OK);
    assert_int_equal(token_world_calls(w), 3);
    assert_int_equal(token_world_verify_for(w, &w->two, CLERK_TOKEN_API_KEY, "ak_1"),
                     CLERK_OK);
    assert_string_equal(w->fake.bearer, "sk_test_two");
    assert_int_equal(token_world_verify_for(w, &w->one, CLERK_TOKEN_M2M, "ak_1"),
                     CLERK_E_TOKEN_INVALID); /* the answer is about an API key */
    assert_int_equal(token_world_calls(w), 2);
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    assert_int_equal(token_world_calls(w), 0);
}

static void hands_over_what_the_gate_says(void **state)
{
    token_world *w = token_world_make(*state);

    assert_int_equal(token_world_verify(w, "ak_known"), CLERK_OK);
    token_world_answer(w, 429, "{}");
    w->fake.retry_after = SECONDS(7);
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_E_MACHINE_UNDECIDED);
    assert_int_equal(w->failure.retry_after, SECONDS(7));
    token_world_answer(w, 200, API_KEY_ANSWER(""));
    token_world_calls(w);

    set_clock(SECONDS(2));
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_E_MACHINE_UNDECIDED);
    assert_int_equal(token_world_verify(w, "ak_2"), CLERK_E_MACHINE_UNDECIDED);
    assert_int_equal(w->failure.retry_after, SECONDS(5));
    assert_int_equal(token_world_verify(w, "ak_known"), CLERK_OK);
    assert_int_equal(token_world_calls(w), 0);
    set_clock(SECONDS(7));
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
}

static void asks_a_broken_api_now_and_then_only(void **state)
{
    token_world *w = token_world_make(*state);
    int i;

    assert_int_equal(token_world_verify(w, "ak_known"), CLERK_OK);
    token_world_calls(w);
    token_world_answer(w, 502, "<html>");
    for (i = 0; i < 20; i++) {
        const char *token = apr_psprintf(w->pool, "ak_%d", i);

        assert_int_equal(token_world_verify(w, token), CLERK_E_MACHINE_UNDECIDED);
    }
    assert_int_equal(token_world_calls(w), CLERK_BREAKER_FAILURES);
    assert_true(w->failure.retry_after > 0);
    assert_int_equal(token_world_verify(w, "ak_known"), CLERK_OK);
    set_clock(CLERK_BREAKER_FIRST_PAUSE);
    token_world_answer(w, 200, API_KEY_ANSWER(""));
    assert_int_equal(token_world_verify(w, "ak_1"), CLERK_OK);
    assert_int_equal(token_world_verify(w, "ak_2"), CLERK_OK);
    assert_int_equal(token_world_calls(w), 2);
}

/* Clients choose tokens: what they send must not look like an outage. */
static void junk_tokens_open_no_breaker(void **state)
{
    static const int statuses[] = { 404, 401, 400, 422, 403 };
    token_world *w = token_world_make(*state);
    int i;

    for (i = 0; i < 20; i++) {
        token_world_answer(w, statuses[i % 5], "{}");
        token_world_verify(w, apr_psprintf(w->pool, "ak_%d", i));
    }
    assert_int_equal(token_world_calls(w), 20);
    token_world_answer(w, 200, API_KEY_ANSWER(""));
    assert_int_equal(token_world_verify(w, "ak_good"), CLERK_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(remembers_a_good_answer_for_its_time),
        support_test(remembers_nothing_beyond_the_tokens_own_expiry),
        support_test(remembers_a_bad_one_briefly),
        support_test(remembers_no_failure_to_judge),
        support_test(remembers_nothing_where_told_so),
        support_test(keeps_tokens_types_and_instances_apart),
        support_test(hands_over_what_the_gate_says),
        support_test(asks_a_broken_api_now_and_then_only),
        support_test(junk_tokens_open_no_breaker),
    };

    return support_run("token_cache", tests);
}
