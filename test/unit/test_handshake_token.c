/* SPDX-License-Identifier: Apache-2.0 - tests: coming back from the handshake with a token */
#include "browser_world.h"

#define OUT CLERK_UNAUTHENTICATED
#define IN CLERK_AUTHENTICATED
#define HS CLERK_HANDSHAKE
#define COUNTER(n) "__clerk_redirect_count=" n "; Path=/; SameSite=Lax; HttpOnly; Max-Age=2"

static const clerk_verdict *ask_with_token(browser_world *w, const char *token,
                                           const char *cookies)
{
    if (w->verifier->instance.type == CLERK_DEVELOPMENT) {
        w->verifier->facts.own_url =
            apr_pstrcat(w->pool, OWN_ORIGIN "/p?__clerk_handshake=", token, NULL);
        return browser_world_ask(w, cookies);
    }
    return browser_world_ask(
        w, apr_pstrcat(w->pool, "__clerk_handshake=", token, "; ", cookies, NULL));
}

static const char *good_handshake(browser_world *w, const char *session)
{
    return browser_world_handshake(
        w, apr_psprintf(w->pool, DIRECTIVES, browser_world_text(w, session)));
}

/* N17, N16, N23: no claim of the token itself is looked at */
static void takes_a_token(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    const char *old = support_sign_jwt(
        SUPPORT_HEADER,
        apr_psprintf(w->pool, "{\"exp\":1,\"handshake\":[" DIRECTIVES "]}",
                     browser_world_text(w, "$good")),
        w->pool);

    assert_int_equal(ask_with_token(w, good_handshake(w, "$good"), "")->decision.kind, IN);
    browser_world_check_cookies(w, "$good");
    assert_int_equal(ask_with_token(w, old, "")->decision.kind, IN); /* N23 */
    assert_int_equal(browser_world_calls(w), 0);

    w = browser_world_make(TEST_KEY, *state);
    assert_int_equal(ask_with_token(w, good_handshake(w, "$good"), "")->decision.kind, HS);
    assert_string_equal(browser_world_decision(w)->location, OWN_ORIGIN "/p");
    assert_string_equal(browser_world_decision(w)->state, "signed-in");
}

/* N15 */
static void prefers_the_nonce(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);

    browser_world_answer(w, 200, "{\"directives\":[\"__client_uat=0\"]}");
    ask_with_token(w, good_handshake(w, "$good"), "__clerk_handshake_nonce=n");
    assert_int_equal(browser_world_calls(w), 1);
    assert_string_equal(browser_world_decision(w)->reason, "session-token-missing");
    assert_int_equal(browser_world_cookies(w), 1);
}

/* N19, and what must not become a header field */
static void reads_directives(void **state)
{
    static const struct {
        const char *label, *directives;
        int cookies;
        clerk_decision_kind kind;
    } cases[] = {
        { "N19: the last one decides", "\"__session=x\",\"__session_suf=$good; Path=/\"", 2,
          IN },
        { "N19: and it may be empty", "\"__session=$good\",\"__session_suf=; Path=/\"", 2,
          OUT },
        { "no name but in the beginning", "\"a__session=$good\",\"x=y\"", 2, OUT },
        { "a name with more behind", "\"__sessions=$good\"", 1, IN },
        { "control characters",
          "\"a=b\\r\\nSet-Cookie: evil=1\",\"c=d\\u0000\",\"e=f\\u007f\",\"__session=$good\"", 1,
          IN },
        { "what is no text", "null,1,[\"a=b\"],{},\"__session=$good\"", 1, IN },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(LIVE_KEY, *state);
        const char *token = browser_world_handshake(
            w, browser_world_text(w, cases[i].directives));

        /* a NUL makes all of the token no JSON of ours */
        if (strstr(cases[i].directives, "\\u0000") != NULL) {
            assert_string_equal(ask_with_token(w, token, "")->decision.reason,
                                "session-token-and-uat-missing");
            token = browser_world_handshake(
                w, browser_world_text(w, "\"a=b\\r\\nSet-Cookie: evil=1\",\"e=f\\u007f\","
                                         "\"__session=$good\""));
        }
        ask_with_token(w, token, "");
        if (browser_world_decision(w)->kind != cases[i].kind
            || browser_world_cookies(w) != cases[i].cookies)
        {
            fail_msg("%s: kind %d, %d cookies", cases[i].label, browser_world_decision(w)->kind,
                     browser_world_cookies(w));
        }
    }
}

/* N20, N21, C09, C10 */
static void judges_tokens(void **state)
{
    static const struct {
        const char *label, *header, *reason; /* in development */
        int is_by_stranger;
    } cases[] = {
        { "N20, N21: another instance", SUPPORT_HEADER, "token-invalid-signature", 1 },
        { "C09: a template's", HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD222AAA\""),
          "token-invalid", 0 },
        { "C10: a machine's", HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD333AAA\""),
          "token-invalid", 0 },
        { "unknown category", HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_x\""), "token-invalid",
          0 },
        { "an OAuth token", HEADER(",\"alg\":\"RS256\",\"typ\":\"at+jwt\""),
          "token-invalid", 0 },
        { "no algorithm", HEADER(",\"alg\":\"none\""), "token-invalid-algorithm", 0 },
        { "unknown key", "{\"alg\":\"RS256\",\"kid\":\"ins_other\"}", "jwk-kid-mismatch", 0 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        EVP_PKEY *key =
            cases[i].is_by_stranger ? support_stranger_key() : support_signing_key();
        browser_world *w = browser_world_make(TEST_KEY, *state);
        const char *token = support_sign_jwt_with(
            key, "SHA256", cases[i].header,
            apr_psprintf(w->pool, "{\"handshake\":[" DIRECTIVES "]}",
                         browser_world_text(w, "$good")),
            w->pool);

        ask_with_token(w, token, "__clerk_db_jwt=d; __session=$good; __client_uat=1");
        assert_int_equal(browser_world_decision(w)->kind, OUT);
        assert_string_equal(browser_world_decision(w)->reason, cases[i].reason);
        assert_int_equal(browser_world_cookies(w), 0);
        assert_non_null(browser_world_decision(w)->advice);

        w = browser_world_make(LIVE_KEY, *state);
        ask_with_token(w, token, "");
        assert_string_equal(browser_world_decision(w)->reason, "session-token-and-uat-missing");
        ask_with_token(w, token, "__session=$expired; __client_uat=1");
        assert_int_equal(browser_world_decision(w)->kind, HS);
        ask_with_token(w, token, "__session=$good; __client_uat=1");
        assert_int_equal(browser_world_decision(w)->kind, IN);
        assert_int_equal(browser_world_cookies(w), 0);
    }
}

/* C09, C10: the categories that a handshake token may have */
static void admits_categories(void **state)
{
    static const char *const headers[] = {
        HEADER(",\"alg\":\"RS256\""),
        HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD111AAA\""),
        HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_I7d4PD111III\",\"typ\":\"JWT\""),
    };
    apr_size_t i;

    for (i = 0; i < support_count(headers); i++) {
        browser_world *w = browser_world_make(LIVE_KEY, *state);
        const char *payload = apr_psprintf(w->pool, "{\"handshake\":[" DIRECTIVES "]}",
                                           browser_world_text(w, "$good"));

        ask_with_token(w, support_sign_jwt(headers[i], payload, w->pool), "");
        assert_int_equal(browser_world_decision(w)->kind, IN);
    }
}

/* N22: an hour, and more than a day */
static void forgives_clocks_in_development(void **state)
{
    browser_world *w = browser_world_make(TEST_KEY, *state);

    ask_with_token(w, good_handshake(w, "$hour"), "");
    assert_string_equal(browser_world_decision(w)->state, "signed-in");
    assert_non_null(browser_world_decision(w)->advice);
    ask_with_token(w, good_handshake(w, "$expired"), "");
    assert_string_equal(browser_world_decision(w)->state, "signed-in");
    ask_with_token(w, good_handshake(w, "$forged"), "__clerk_db_jwt=d");
    assert_string_equal(browser_world_decision(w)->reason, "session-token-and-uat-missing");

    w = browser_world_make(LIVE_KEY, *state);
    ask_with_token(w, good_handshake(w, "$hour"), "");
    assert_string_equal(browser_world_decision(w)->reason, "session-token-and-uat-missing");
    assert_int_equal(browser_world_cookies(w), 0);
    ask_with_token(w, good_handshake(w, "$hour"), "__client_uat=1");
    assert_int_equal(browser_world_decision(w)->kind, HS);
    assert_true(browser_world_sets(w, COUNTER("1")));
}

/* What comes with a handshake is no better than any other session. */
static void verifies_the_session_like_any_other(void **state)
{
    static const char *const tokens[] = { "$template", "$m2m", "$forged", "$garbage",
                                          "$old" };
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    apr_size_t i;

    for (i = 0; i < support_count(tokens); i++) {
        ask_with_token(w, good_handshake(w, tokens[i]), "");
        assert_int_equal(browser_world_decision(w)->kind, OUT);
        assert_int_equal(browser_world_cookies(w), 0);
    }
    ask_with_token(w, good_handshake(w, "$pending"), "");
    assert_string_equal(browser_world_decision(w)->reason, "session-pending");
    browser_world_check_cookies(w, "$pending");

    w = browser_world_make(LIVE_KEY, *state);
    browser_world_answer(w, 200,
                         apr_psprintf(w->pool, "{\"directives\":[" DIRECTIVES "]}",
                                      browser_world_text(w, "$good")));
    key_world_break(w->verifier->keys, 500);
    browser_world_ask(w, "__clerk_handshake_nonce=n");
    assert_int_equal(browser_world_decision(w)->kind, OUT);
    assert_string_equal(browser_world_decision(w)->reason, "jwk-remote-failed-to-load");
    browser_world_check_cookies(w, "$good"); /* the nonce is used up: they would be lost */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(takes_a_token),
        support_test(prefers_the_nonce),
        support_test(reads_directives),
        support_test(judges_tokens),
        support_test(admits_categories),
        support_test(forgives_clocks_in_development),
        support_test(verifies_the_session_like_any_other),
    };

    return support_run("handshake_token", tests);
}
