/* SPDX-License-Identifier: Apache-2.0 - tests: which credential counts, and what is refused before any key is looked up */
#include "verifier_world.h"

/* ---------------------------------------------------------------- who is asking */

/* T11, T12, F06 */
static void finds_out_who_is_asking(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *token = verifier_world_token(w);

    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    assert_int_equal(w->verdict.carrier, CLERK_CARRIER_HEADER);
    assert_true(clerk_slice_is(w->verdict.token, token));
    assert_int_equal(w->verdict.auth->type, CLERK_TOKEN_SESSION);
    assert_string_equal(w->verdict.auth->user_id, "user_2abc");
    assert_string_equal(w->verdict.auth->session_id, "sess_2abc");
    assert_string_equal(w->verdict.auth->session_status, "active");

    assert_int_equal(verifier_world_by_header(w, token), CLERK_OK);
    assert_int_equal(
        verifier_world_by_header(w, apr_pstrcat(w->pool, "bEARER   ", token, NULL)),
        CLERK_OK);

    assert_int_equal(verifier_world_by_session_cookie(w, token), CLERK_OK);
    assert_int_equal(w->verdict.carrier, CLERK_CARRIER_COOKIE);
    assert_true(clerk_slice_is(w->verdict.token, token));
    assert_string_equal(w->verdict.auth->user_id, "user_2abc");
    assert_int_equal(w->verdict.browser.client_uat, 1600000000);
    assert_int_equal(verifier_world_calls(w), 1);
}

/* T15; and a header's failure is not made good by a cookie */
static void prefers_the_header(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *other = support_sign_jwt(
        SUPPORT_HEADER,
        "{\"iss\":\"https://clerk.example.com\",\"sub\":\"user_other\","
        "\"sid\":\"sess_other\",\"iat\":1699999990" EXP "}",
        w->pool);
    const char *cookies = apr_pstrcat(
        w->pool, "__client_uat=1600000000; __session=", verifier_world_token(w), NULL);

    w->facts.cookie = support_text(cookies, w->pool);
    w->facts.authorization =
        support_text(apr_pstrcat(w->pool, "Bearer ", other, NULL), w->pool);
    assert_int_equal(verifier_world_identify(w), CLERK_OK);
    assert_string_equal(w->verdict.auth->user_id, "user_other");
    assert_null(w->verdict.browser.session); /* a good header needs no cookie */

    w->facts.authorization = support_text("Bearer garbage", w->pool);
    assert_int_equal(verifier_world_identify(w), CLERK_E_TOKEN_INVALID);
    assert_int_equal(w->verdict.carrier, CLERK_CARRIER_HEADER);

    w->facts.authorization = support_text("Bearer a, Bearer b", w->pool);
    assert_int_equal(verifier_world_identify(w), CLERK_E_TOKEN_INVALID);
    assert_int_equal(w->verdict.carrier, CLERK_CARRIER_HEADER);
    assert_int_equal(w->verdict.token.len, 0);
}

/* T13, T14, T16, T17, F01 */
static void falls_back_to_cookies(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *cookies = apr_pstrcat(
        w->pool, "__client_uat=1600000000; __session=", verifier_world_token(w), NULL);

    assert_int_equal(verifier_world_by_header(w, "Basic dXNlcjpwdw=="),
                     CLERK_E_SESSION_TOKEN_AND_UAT_MISSING);
    assert_int_equal(w->verdict.carrier, CLERK_CARRIER_NONE);
    assert_int_equal(w->verdict.token.len, 0);
    w->facts.cookie = support_text(cookies, w->pool);
    assert_int_equal(verifier_world_identify(w), CLERK_OK);
    assert_int_equal(w->verdict.carrier, CLERK_CARRIER_COOKIE);
    w->facts.authorization = clerk_slice_of("");
    assert_int_equal(verifier_world_identify(w), CLERK_OK);
    w->facts.authorization = clerk_slice_of("Bearer ");
    assert_int_equal(verifier_world_identify(w), CLERK_E_TOKEN_INVALID);
}

static void knows_a_pending_session(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *token = support_sign_jwt(
        SUPPORT_HEADER, PAYLOAD(",\"v\":2,\"sts\":\"pending\"" EXP), w->pool);

    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_SESSION_PENDING);
    assert_non_null(w->verdict.auth);
    assert_string_equal(w->verdict.auth->session_status, "pending");
    assert_non_null(w->verdict.detail);
    w->policy.admits_pending = 1;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    assert_string_equal(w->verdict.auth->session_status, "pending");
}

/* ---------------------------------------------------------------- before any key */

/** What a header or payload alone decides: by header and by cookie, and without a fetch. */
static void judges_type_and_algorithm_before_any_key(void **state)
{
    static const struct {
        const char *label;
        const char *header;
        const char *payload;
        clerk_status want;
    } cases[] = {
        { "T20: an OAuth token", HEADER(",\"alg\":\"RS256\",\"typ\":\"at+jwt\""), GOOD,
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "an OAuth token, long form",
          HEADER(",\"alg\":\"RS256\",\"typ\":\"application/at+jwt\""), GOOD,
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "T19: an M2M token", HEADER(",\"alg\":\"RS256\",\"typ\":\"JWT\""),
          "{\"sub\":\"mch_1\",\"sid\":\"sess_2abc\"" EXP "}",
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "C04, C06: a template's token",
          HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD222AAA\""), GOOD,
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "C08: category M2M", HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD333AAA\""),
          GOOD, CLERK_E_TOKEN_TYPE_MISMATCH },
        { "C07: unknown category", HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_Zz\""), GOOD,
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "category of another type", HEADER(",\"alg\":\"RS256\",\"cat\":null"), GOOD,
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "type before typ and alg",
          HEADER(",\"alg\":\"none\",\"typ\":\"jwt\",\"cat\":\"cl_B7d4PD222AAA\""), GOOD,
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "J08: typ jwt", HEADER(",\"alg\":\"RS256\",\"typ\":\"jwt\""), GOOD,
          CLERK_E_TOKEN_INVALID },
        { "J08: typ empty", HEADER(",\"alg\":\"RS256\",\"typ\":\"\""), GOOD,
          CLERK_E_TOKEN_INVALID },
        { "typ null", HEADER(",\"alg\":\"RS256\",\"typ\":null"), GOOD,
          CLERK_E_TOKEN_INVALID },
        { "typ before alg", HEADER(",\"alg\":\"none\",\"typ\":\"jwt\""), GOOD,
          CLERK_E_TOKEN_INVALID },
        { "J04", HEADER(",\"alg\":\"none\""), GOOD, CLERK_E_TOKEN_INVALID_ALGORITHM },
        { "J05", HEADER(",\"alg\":\"HS256\""), GOOD, CLERK_E_TOKEN_INVALID_ALGORITHM },
        { "J06", HEADER(",\"alg\":\"ES256\""), GOOD, CLERK_E_TOKEN_INVALID_ALGORITHM },
        { "J06: PSS", HEADER(",\"alg\":\"PS256\""), GOOD,
          CLERK_E_TOKEN_INVALID_ALGORITHM },
        { "alg in other letters", HEADER(",\"alg\":\"rs256\""), GOOD,
          CLERK_E_TOKEN_INVALID_ALGORITHM },
        { "no alg", HEADER(""), GOOD, CLERK_E_TOKEN_INVALID_ALGORITHM },
        { "J03", HEADER(",\"alg\":\"RS256\""), "[]", CLERK_E_TOKEN_INVALID },
        { "crit", HEADER(",\"alg\":\"RS256\",\"crit\":[\"exp\"]"), GOOD,
          CLERK_E_TOKEN_INVALID },
        { "no kid", "{\"alg\":\"RS256\"}", GOOD, CLERK_E_JWK_KID_MISMATCH },
        { "kid of another type", "{\"alg\":\"RS256\",\"kid\":1}", GOOD,
          CLERK_E_JWK_KID_MISMATCH },
    };
    verifier_world *w = verifier_world_make(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *token =
            support_sign_jwt(cases[i].header, cases[i].payload, w->pool);

        if (verifier_world_by_bearer(w, token) != cases[i].want) {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(w->verdict.status));
        }
        assert_int_equal(w->verdict.carrier, CLERK_CARRIER_HEADER);
        if (verifier_world_by_session_cookie(w, token) != cases[i].want) {
            fail_msg("%s, cookie: %s", cases[i].label,
                     clerk_status_reason(w->verdict.status));
        }
        assert_int_equal(w->verdict.carrier, CLERK_CARRIER_COOKIE);
        assert_non_null(w->verdict.detail);
    }
    assert_int_equal(verifier_world_calls(w), 0);
}

static const char *long_token(apr_size_t length, apr_pool_t *pool)
{
    char *token = apr_palloc(pool, length + 1);

    memset(token, 'A', length);
    token[length] = '\0';
    token[10] = token[20] = '.';
    return token;
}

/* J01, J02, F07: undecodable; opaque machine tokens where sessions alone are accepted */
static void refuses_what_is_no_token(void **state)
{
    static const char *const bad[] = {
        "garbage", "a.b", "a.b.c", "a.b.c.d", "..", "mt_x", "oat_x", "ak_x",
    };
    verifier_world *w = verifier_world_make(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(verifier_world_by_bearer(w, bad[i]), CLERK_E_TOKEN_INVALID);
        assert_non_null(w->verdict.detail);
        assert_int_equal(verifier_world_by_session_cookie(w, bad[i]),
                         CLERK_E_TOKEN_INVALID);
    }
    assert_int_equal(verifier_world_by_bearer(w, long_token(16 * 1024 + 1, w->pool)),
                     CLERK_E_TOKEN_INVALID);
    assert_string_equal(w->verdict.detail, "token too long");
    assert_int_equal(verifier_world_by_bearer(w, long_token(16 * 1024, w->pool)),
                     CLERK_E_TOKEN_INVALID);
    assert_string_not_equal(w->verdict.detail, "token too long");
    assert_int_equal(verifier_world_calls(w), 0);
}

/* C01, C02, C03, J07 */
static void admits_session_categories(void **state)
{
    static const char *const headers[] = {
        HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD111AAA\",\"typ\":\"JWT\""),
        HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_I7d4PD111III\",\"typ\":\"JWT\""),
        HEADER(",\"alg\":\"RS256\",\"typ\":\"JWT\""),
        HEADER(",\"alg\":\"RS256\""),
    };
    verifier_world *w = verifier_world_make(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *token = support_sign_jwt(headers[i], GOOD, w->pool);

        assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
        assert_int_equal(verifier_world_by_session_cookie(w, token), CLERK_OK);
    }
}

/* C05 and the types that have no verifier: refused, whatever the policy says */
static void refuses_types_that_are_not_accepted(void **state)
{
    static const struct {
        const char *label;
        unsigned accepts;
        const char *token; /* NULL: a good session token */
        clerk_status want;
    } cases[] = {
        { "a session where none is wanted", CLERK_TOKEN_API_KEY, NULL,
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "nothing is accepted", CLERK_TOKEN_NONE, NULL, CLERK_E_TOKEN_TYPE_MISMATCH },
        { "another machine type", CLERK_TOKEN_SESSION | CLERK_TOKEN_M2M, "ak_x",
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "garbage among all types", CLERK_TOKEN_ANY, "garbage",
          CLERK_E_TOKEN_INVALID },
        { "a session among all types", CLERK_TOKEN_ANY, NULL, CLERK_OK },
    };
    verifier_world *w = verifier_world_make(*state);
    const char *template_token = support_sign_jwt(
        HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD222AAA\""), GOOD, w->pool);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        w->policy.accepts = cases[i].accepts;
        if (verifier_world_by_bearer(w, cases[i].token ? cases[i].token
                                                       : verifier_world_token(w))
            != cases[i].want)
        {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(w->verdict.status));
        }
    }
    w->policy.accepts = CLERK_TOKEN_ANY;
    assert_int_equal(verifier_world_by_bearer(w, template_token),
                     CLERK_E_TOKEN_TYPE_MISMATCH);
    w->policy.accepts = CLERK_TOKEN_SESSION | CLERK_TOKEN_API_KEY;
    assert_int_equal(verifier_world_by_bearer(w, template_token),
                     CLERK_E_TOKEN_TYPE_MISMATCH);

    /* A session cookie is no credential where sessions are not accepted. */
    w->policy.accepts = CLERK_TOKEN_API_KEY;
    assert_int_equal(verifier_world_by_session_cookie(w, verifier_world_token(w)),
                     CLERK_E_NO_TOKEN_IN_HEADER);
    assert_int_equal(w->verdict.carrier, CLERK_CARRIER_NONE);
    assert_int_equal(token_world_calls(w->tokens), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(finds_out_who_is_asking),
        support_test(prefers_the_header),
        support_test(falls_back_to_cookies),
        support_test(knows_a_pending_session),
        support_test(judges_type_and_algorithm_before_any_key),
        support_test(refuses_what_is_no_token),
        support_test(admits_session_categories),
        support_test(refuses_types_that_are_not_accepted),
    };

    return support_run("verifier", tests);
}
