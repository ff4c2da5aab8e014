/* SPDX-License-Identifier: Apache-2.0 - tests: which machine tokens are judged, by whom, and what comes out */
#include "verifier_world.h"

#define RS256 ",\"alg\":\"RS256\""
#define M2M_HEADER HEADER(RS256 ",\"typ\":\"JWT\",\"cat\":\"cl_B7d4PD333AAA\"")
#define OAUTH_HEADER HEADER(RS256 ",\"typ\":\"at+jwt\"")
#define M2M_PAYLOAD(members) "{\"sub\":\"mch_1\",\"scopes\":\"mch_2\"" members "}"
#define OAUTH_PAYLOAD(members) "{\"sub\":\"user_1\",\"client_id\":\"cl_1\"" members "}"
#define M2M_ANSWER "{\"object\":\"machine_to_machine_token\",\"subject\":\"mch_1\"}"
#define OAUTH_ANSWER(members) \
    "{\"object\":\"clerk_idp_oauth_access_token\",\"subject\":\"user_1\"" members "}"

static int api_calls(verifier_world *w)
{
    return token_world_calls(w->tokens);
}

static const char *sign(const verifier_world *w, const char *header, const char *payload)
{
    return support_sign_jwt(header, payload, w->pool);
}

/* M10, M12: no call but for the keys */
static void judges_jwts_by_their_signature(void **state)
{
    verifier_world *w = verifier_world_make(*state);

    w->policy.accepts = CLERK_TOKEN_OAUTH;
    assert_int_equal(
        verifier_world_by_bearer(w, sign(w, OAUTH_HEADER, OAUTH_PAYLOAD(EXP))), CLERK_OK);
    assert_int_equal(w->verdict.type, CLERK_TOKEN_OAUTH);
    assert_int_equal(w->verdict.auth->type, CLERK_TOKEN_OAUTH);
    assert_string_equal(w->verdict.auth->user_id, "user_1");
    assert_string_equal(w->verdict.auth->client_id, "cl_1");

    w->policy.accepts = CLERK_TOKEN_M2M;
    assert_int_equal(verifier_world_by_bearer(w, sign(w, M2M_HEADER, M2M_PAYLOAD(EXP))),
                     CLERK_OK);
    assert_int_equal(w->verdict.auth->type, CLERK_TOKEN_M2M);
    assert_string_equal(w->verdict.auth->machine_id, "mch_1");
    assert_int_equal(verifier_world_calls(w), 1);
    assert_int_equal(api_calls(w), 0);
}

static void refuses_jwts(void **state)
{
    static const struct {
        const char *label, *header, *payload;
        clerk_token_type accepts;
        clerk_status want;
        int key_calls;
    } cases[] = {
        { "M14: OAuth", OAUTH_HEADER, OAUTH_PAYLOAD(",\"exp\":1"), CLERK_TOKEN_OAUTH,
          CLERK_E_TOKEN_VERIFICATION_FAILED, 1 },
        { "M14: M2M", M2M_HEADER, M2M_PAYLOAD(",\"exp\":1"), CLERK_TOKEN_M2M,
          CLERK_E_TOKEN_VERIFICATION_FAILED, 1 },
        { "M15: OAuth", HEADER(",\"alg\":\"none\",\"typ\":\"at+jwt\""), OAUTH_PAYLOAD(EXP),
          CLERK_TOKEN_OAUTH, CLERK_E_TOKEN_VERIFICATION_FAILED, 0 },
        { "M15: M2M", HEADER(",\"alg\":\"none\""), M2M_PAYLOAD(EXP), CLERK_TOKEN_M2M,
          CLERK_E_TOKEN_VERIFICATION_FAILED, 0 },
        { "C12", HEADER(RS256 ",\"cat\":\"cl_B7d4PD111AAA\""), M2M_PAYLOAD(EXP),
          CLERK_TOKEN_M2M, CLERK_E_TOKEN_INVALID, 0 },
        { "an unknown key", "{\"kid\":\"ins_other\"" RS256 ",\"typ\":\"at+jwt\"}",
          OAUTH_PAYLOAD(EXP), CLERK_TOKEN_OAUTH, CLERK_E_TOKEN_VERIFICATION_FAILED, 1 },
        { "an OAuth token where M2M tokens are asked for", OAUTH_HEADER,
          OAUTH_PAYLOAD(EXP), CLERK_TOKEN_M2M, CLERK_E_TOKEN_TYPE_MISMATCH, 0 },
        { "T20", OAUTH_HEADER, OAUTH_PAYLOAD(EXP), CLERK_TOKEN_SESSION,
          CLERK_E_TOKEN_TYPE_MISMATCH, 0 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        verifier_world *w = verifier_world_make(*state);

        w->policy.accepts = cases[i].accepts;
        if (verifier_world_by_bearer(w, sign(w, cases[i].header, cases[i].payload))
                != cases[i].want
            || verifier_world_calls(w) != cases[i].key_calls || api_calls(w) != 0)
        {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(w->verdict.status));
        }
    }
}

static void knows_a_forged_jwt(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *forged = support_sign_jwt_with(support_stranger_key(), "SHA256",
                                               OAUTH_HEADER, OAUTH_PAYLOAD(EXP), w->pool);
    const char *good = sign(w, M2M_HEADER, M2M_PAYLOAD(EXP));

    w->policy.accepts = CLERK_TOKEN_ANY;
    assert_int_equal(verifier_world_by_bearer(w, forged),
                     CLERK_E_TOKEN_VERIFICATION_FAILED);
    assert_int_equal(verifier_world_by_bearer(w, apr_pstrcat(w->pool, good, "=", NULL)),
                     CLERK_E_TOKEN_INVALID);
    assert_int_equal(api_calls(w), 0);
}

/* A failure that is not the token's: undecided, by the SDK's name. */
static void leaves_jwts_undecided_without_a_key(void **state)
{
    verifier_world *w = verifier_world_make(*state);

    w->policy.accepts = CLERK_TOKEN_ANY;
    key_world_break(w->keys, 404);
    assert_int_equal(
        verifier_world_by_bearer(w, sign(w, OAUTH_HEADER, OAUTH_PAYLOAD(EXP))),
        CLERK_E_MACHINE_KEY_UNAVAILABLE);
    assert_non_null(w->verdict.detail);
    assert_int_equal(w->verdict.retry_after, -1);
}

/* ---------------------------------------------------------------- opaque */

/* M01, M03, M04, M19 */
static void asks_about_opaque_tokens(void **state)
{
    static const struct {
        const char *token, *answer;
        clerk_token_type type;
    } cases[] = {
        { "ak_1", API_KEY_ANSWER(""), CLERK_TOKEN_API_KEY },
        { "mt_1", M2M_ANSWER, CLERK_TOKEN_M2M },
        { "oat_1", OAUTH_ANSWER(""), CLERK_TOKEN_OAUTH },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        verifier_world *w = verifier_world_make(*state);

        token_world_answer(w->tokens, 200, cases[i].answer);
        w->policy.accepts = CLERK_TOKEN_ANY;
        assert_int_equal(verifier_world_by_bearer(w, cases[i].token), CLERK_OK);
        assert_int_equal(w->verdict.auth->type, cases[i].type);
        w->policy.accepts = cases[i].type;
        assert_int_equal(verifier_world_by_bearer(w, cases[i].token), CLERK_OK);
        assert_int_equal(verifier_world_by_header(w, cases[i].token), CLERK_OK);
        assert_int_equal(api_calls(w), 1);
        assert_int_equal(verifier_world_calls(w), 0);
        assert_int_equal(w->verdict.type, cases[i].type);
        assert_int_equal(w->verdict.carrier, CLERK_CARRIER_HEADER);
    }
}

/* M17, M18, M20, M21: first the type, then whether it is accepted; nobody is asked */
static void asks_about_nothing_that_is_not_accepted(void **state)
{
    static const struct {
        const char *label;
        unsigned accepts;
        const char *token; /* NULL: none */
        clerk_status want;
    } cases[] = {
        { "M17", CLERK_TOKEN_OAUTH, "ak_1", CLERK_E_TOKEN_TYPE_MISMATCH },
        { "M20", CLERK_TOKEN_M2M | CLERK_TOKEN_API_KEY, "oat_1",
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "M21", CLERK_TOKEN_M2M | CLERK_TOKEN_API_KEY, NULL,
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "one type and no token", CLERK_TOKEN_M2M, NULL, CLERK_E_NO_TOKEN_IN_HEADER },
        { "sessions alone", CLERK_TOKEN_SESSION, "ak_1", CLERK_E_TOKEN_INVALID },
        { "garbage where machines are asked for", CLERK_TOKEN_API_KEY, "a.b.c",
          CLERK_E_TOKEN_TYPE_MISMATCH },
        { "M16", CLERK_TOKEN_M2M, "mt_a.b.c", CLERK_E_TOKEN_INVALID },
        { "nothing behind the prefix", CLERK_TOKEN_API_KEY, "ak_", CLERK_E_TOKEN_INVALID },
        { "bytes that no token has", CLERK_TOKEN_ANY, "ak_a\"b", CLERK_E_TOKEN_INVALID },
        { "percent signs", CLERK_TOKEN_ANY, "oat_%00", CLERK_E_TOKEN_INVALID },
        { "letter case", CLERK_TOKEN_ANY, "AK_1", CLERK_E_TOKEN_INVALID },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        verifier_world *w = verifier_world_make(*state);
        clerk_status status;

        w->policy.accepts = cases[i].accepts;
        status = cases[i].token ? verifier_world_by_bearer(w, cases[i].token)
                                : verifier_world_by_cookies(w, "");
        if (status != cases[i].want || api_calls(w) != 0 || verifier_world_calls(w) != 0)
        {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(status));
        }
        assert_int_equal(w->verdict.carrier,
                         cases[i].token ? CLERK_CARRIER_HEADER : CLERK_CARRIER_NONE);
    }
}

/* M18 */
static void takes_no_session_for_a_machine(void **state)
{
    verifier_world *w = verifier_world_make(*state);

    w->policy.accepts = CLERK_TOKEN_M2M;
    assert_int_equal(verifier_world_by_bearer(w, verifier_world_token(w)),
                     CLERK_E_TOKEN_TYPE_MISMATCH);
    assert_int_equal(w->verdict.type, CLERK_TOKEN_SESSION);
    assert_int_equal(verifier_world_calls(w), 0);
}

/* T18, T19, M22 */
static void finds_machine_tokens_in_no_cookie(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *tokens[] = { "ak_1", "mt_1", "oat_1", NULL, NULL };
    static const clerk_token_type types[] = { CLERK_TOKEN_API_KEY, CLERK_TOKEN_M2M,
                                              CLERK_TOKEN_OAUTH, CLERK_TOKEN_M2M,
                                              CLERK_TOKEN_OAUTH };
    apr_size_t i;

    tokens[3] = sign(w, M2M_HEADER, M2M_PAYLOAD(EXP));
    tokens[4] = sign(w, OAUTH_HEADER, OAUTH_PAYLOAD(EXP));
    for (i = 0; i < support_count(tokens); i++) {
        w->policy.accepts = types[i];
        assert_int_equal(verifier_world_by_session_cookie(w, tokens[i]),
                         CLERK_E_NO_TOKEN_IN_HEADER);
        w->policy.accepts = CLERK_TOKEN_ANY;
        assert_int_equal(verifier_world_by_session_cookie(w, tokens[i]),
                         i < 3 ? CLERK_E_TOKEN_INVALID : CLERK_E_TOKEN_TYPE_MISMATCH);
        assert_int_equal(w->verdict.type, CLERK_TOKEN_SESSION);
    }
    assert_int_equal(api_calls(w), 0);
    assert_int_equal(verifier_world_calls(w), 0);

    w->policy.accepts = CLERK_TOKEN_SESSION | CLERK_TOKEN_API_KEY;
    assert_int_equal(verifier_world_by_session_cookie(w, verifier_world_token(w)),
                     CLERK_OK);
}

/* J30 */
static void judges_the_audience_of_opaque_oauth_tokens(void **state)
{
    static const char *const just_b[] = { "https://b", NULL };
    static const struct {
        const char *answer;
        clerk_status want;
    } cases[] = {
        { OAUTH_ANSWER(",\"aud\":[\"https://a\"]"), CLERK_E_TOKEN_VERIFICATION_FAILED },
        { OAUTH_ANSWER(""), CLERK_E_TOKEN_VERIFICATION_FAILED },
        { OAUTH_ANSWER(",\"aud\":[\"https://a\",\"https://b\"]"), CLERK_OK },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        verifier_world *w = verifier_world_make(*state);

        w->policy.accepts = CLERK_TOKEN_ANY;
        token_world_answer(w->tokens, 200, cases[i].answer);
        assert_int_equal(verifier_world_by_bearer(w, "oat_1"), CLERK_OK);
        w->policy.audiences = just_b; /* another section: the same answer, judged anew */
        assert_int_equal(verifier_world_by_bearer(w, "oat_1"), cases[i].want);
        assert_int_equal(api_calls(w), 1);
    }
}

/* M06, M07, M08 */
static void hands_on_why_it_failed(void **state)
{
    static const struct {
        int http_status;
        apr_interval_time_t retry_after;
        clerk_status want;
    } cases[] = {
        { 404, -1, CLERK_E_TOKEN_INVALID },
        { 401, -1, CLERK_E_SECRET_KEY_INVALID },
        { 500, -1, CLERK_E_MACHINE_UNDECIDED },
        { 429, 7000000, CLERK_E_MACHINE_UNDECIDED },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        verifier_world *w = verifier_world_make(*state);

        w->policy.accepts = CLERK_TOKEN_ANY;
        token_world_answer(w->tokens, cases[i].http_status, "{}");
        w->tokens->fake.retry_after = cases[i].retry_after;
        assert_int_equal(verifier_world_by_bearer(w, "ak_1"), cases[i].want);
        assert_int_equal(w->verdict.retry_after, cases[i].retry_after);
        assert_int_equal(w->verdict.type, CLERK_TOKEN_API_KEY);
        assert_non_null(w->verdict.detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(judges_jwts_by_their_signature),
        support_test(refuses_jwts),
        support_test(knows_a_forged_jwt),
        support_test(leaves_jwts_undecided_without_a_key),
        support_test(asks_about_opaque_tokens),
        support_test(asks_about_nothing_that_is_not_accepted),
        support_test(takes_no_session_for_a_machine),
        support_test(finds_machine_tokens_in_no_cookie),
        support_test(judges_the_audience_of_opaque_oauth_tokens),
        support_test(hands_on_why_it_failed),
    };

    return support_run("verifier_machine", tests);
}
