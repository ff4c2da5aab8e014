/* SPDX-License-Identifier: Apache-2.0 - tests: coming back from the handshake with a nonce */
#include "browser_world.h"

#define OUT CLERK_UNAUTHENTICATED
#define IN CLERK_AUTHENTICATED
#define HS CLERK_HANDSHAKE

static void answer_nonce(browser_world *w, const char *token)
{
    browser_world_answer(
        w, 200,
        apr_psprintf(w->pool, "{\"directives\":[" DIRECTIVES "]}",
                     browser_world_text(w, token)));
}

/* N13, N17: production, by cookie */
static void redeems_a_nonce(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    const clerk_verdict *verdict;

    answer_nonce(w, "$good");
    verdict = browser_world_ask(w, "__clerk_handshake_nonce=n%2F1 x; __session=$expired; "
                                   "__client_uat=1");
    assert_int_equal(verdict->status, CLERK_OK);
    assert_int_equal(verdict->decision.kind, IN);
    assert_null(verdict->decision.location);
    assert_null(verdict->decision.advice);
    assert_string_equal(verdict->auth->user_id, "user_2abc");
    assert_int_equal(verdict->carrier, CLERK_CARRIER_COOKIE);
    assert_true(clerk_slice_is(verdict->token, browser_world_text(w, "$good")));
    browser_world_check_cookies(w, "$good");
    assert_int_equal(browser_world_calls(w), 1);
    assert_string_equal(w->api.method, "GET");
    assert_string_equal(w->api.url, "https://api.clerk.com/v1/clients/handshake_payload"
                                    "?nonce=n%2F1+x");
    assert_string_equal(w->api.bearer, "sk_test_not_for_logs");
    assert_true(fake_http_sent(&w->api, "Clerk-API-Version: 2026-05-12"));
    assert_null(w->api.body_sent);
}

/* N16, N13: development, by query */
static void cleans_up_in_development(void **state)
{
    browser_world *w = browser_world_make(TEST_KEY, *state);
    const clerk_verdict *verdict;

    answer_nonce(w, "$good");
    w->verifier->facts.own_url =
        OWN_ORIGIN "/p?a=%20b&__clerk_handshake_nonce=n1&__clerk_db_jwt=d&__clerk_help=h"
                   "&__clerk_handshake=x&c";
    verdict = browser_world_ask(w, "");
    assert_int_equal(verdict->decision.kind, HS);
    assert_string_equal(verdict->decision.location, OWN_ORIGIN "/p?a=%20b&c");
    assert_string_equal(verdict->decision.state, "signed-in");
    assert_string_equal(verdict->decision.reason, "");
    assert_non_null(verdict->auth);
    browser_world_check_cookies(w, "$good");
    assert_true(strstr(w->api.url, "?nonce=n1") != NULL);

    w->verifier->facts.method = "POST"; /* whatever it is, it comes back clean */
    assert_int_equal(browser_world_ask(w, "")->decision.kind, HS);
    w->verifier->facts.own_url = OWN_ORIGIN "/p?__clerk_handshake_nonce=n1";
    browser_world_ask(w, "");
    assert_string_equal(browser_world_decision(w)->location, OWN_ORIGIN "/p");
}

/* N14, N18: a nonce that brings nothing */
static void goes_on_without_a_payload(void **state)
{
    static const struct {
        const char *label;
        apr_status_t network;
        int http_status;
        const char *body;
        int is_redeemed;
    } cases[] = {
        { "N14: used up", APR_SUCCESS, 404, "{\"errors\":[{\"code\":\"x\"}]}", 0 },
        { "N14: an error with directives", APR_SUCCESS, 404, "{\"directives\":[\"x=y\"]}", 0 },
        { "N14: no answer", APR_TIMEUP, 0, NULL, 0 },
        { "N14: down", APR_SUCCESS, 503, "oops", 0 },
        { "N14: nonsense", APR_SUCCESS, 200, "oops", 0 },
        { "N14: no directives", APR_SUCCESS, 200, "{}", 0 },
        { "N18: none for a session", APR_SUCCESS, 200,
          "{\"directives\":[\"__client_uat=0\"]}", 1 },
        { "N18: an empty one", APR_SUCCESS, 200,
          "{\"directives\":[\"__client_uat=0\",\"__session=; Max-Age=0\"]}", 1 },
        { "N18: of another type", APR_SUCCESS, 200, "{\"directives\":[]}", 1 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(LIVE_KEY, *state);
        const clerk_verdict *verdict;

        browser_world_answer(w, cases[i].http_status, cases[i].body);
        w->api.result = cases[i].network;
        verdict = browser_world_ask(w, "__clerk_handshake_nonce=n; __client_uat=1");
        assert_int_equal(verdict->decision.kind, OUT);
        assert_string_equal(verdict->decision.reason, "session-token-missing");
        assert_int_equal(clerk_status_family(verdict->status), CLERK_FAMILY_ABSENT);
        assert_int_equal(browser_world_sets(w, "__client_uat=0"),
                         strstr(cases[i].body ? cases[i].body : "", "uat=0") != NULL);
        /* 12.2: or it would be asked about again and again */
        assert_int_equal(
            browser_world_sets(w, "__clerk_handshake_nonce=; Path=/; Max-Age=0"),
            !cases[i].is_redeemed);
        assert_int_equal(browser_world_sets(w, "__clerk_handshake_nonce=; Path=/; "
                                               "Max-Age=0; Domain=example.com"),
                         !cases[i].is_redeemed);
    }
}

static void goes_on_without_a_payload_in_development(void **state)
{
    browser_world *w = browser_world_make(TEST_KEY, *state);
    const clerk_verdict *verdict;

    browser_world_answer(w, 404, "{}");
    w->verifier->facts.own_url = OWN_ORIGIN "/p?__clerk_handshake_nonce=n";
    verdict = browser_world_ask(w, "");
    assert_int_equal(verdict->decision.kind, HS);
    assert_string_equal(verdict->decision.state, "signed-out");
    assert_string_equal(verdict->decision.reason, "session-token-missing");
    assert_string_equal(verdict->decision.location, OWN_ORIGIN "/p");
    assert_int_equal(browser_world_cookies(w), 0);
    assert_null(verdict->auth);
}

/* The cookie of a domain that this host is not in cannot be cleared from here. */
static void clears_its_own_domain_only(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);

    browser_world_answer(w, 404, "{}");
    w->verifier->facts.own_url = "https://other.example/";
    browser_world_ask(w, "__clerk_handshake_nonce=n");
    assert_int_equal(browser_world_cookies(w), 1);
    w->verifier->facts.own_url = "https://notexample.com/";
    browser_world_ask(w, "__clerk_handshake_nonce=n");
    assert_int_equal(browser_world_cookies(w), 1);
    w->verifier->facts.own_url = "https://example.com:8443/";
    browser_world_ask(w, "__clerk_handshake_nonce=n");
    assert_int_equal(browser_world_cookies(w), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(redeems_a_nonce),
        support_test(cleans_up_in_development),
        support_test(goes_on_without_a_payload),
        support_test(goes_on_without_a_payload_in_development),
        support_test(clears_its_own_domain_only),
    };

    return support_run("handshake_nonce", tests);
}
