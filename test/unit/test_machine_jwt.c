/* SPDX-License-Identifier: Apache-2.0 - tests of OAuth and M2M tokens that are JWTs */
#include "core/json.h"
#include "core/machine_jwt.h"

#include "claims_fixture.h"
#include "core/policy.h"

#define LATER ",\"exp\":1700000060"
#define USER "\"sub\":\"user_1\""
#define MACHINE "\"sub\":\"mch_1\""

/* ---------------------------------------------------------------- the header */

static void judges_the_header(void **state)
{
    static const struct {
        const char *label;
        clerk_token_type type;
        clerk_jwt_typ typ;
        clerk_jwt_alg alg;
        clerk_jwt_category category;
        clerk_status want;
    } cases[] = {
        { "C11: M2M", CLERK_TOKEN_M2M, CLERK_TYP_JWT, CLERK_ALG_RS256,
          CLERK_CATEGORY_M2M, CLERK_OK },
        { "C11: no category, no typ", CLERK_TOKEN_M2M, CLERK_TYP_ABSENT,
          CLERK_ALG_RS256, CLERK_CATEGORY_ABSENT, CLERK_OK },
        { "the ignore category", CLERK_TOKEN_M2M, CLERK_TYP_JWT, CLERK_ALG_RS256,
          CLERK_CATEGORY_IGNORE, CLERK_OK },
        { "C12: a session's", CLERK_TOKEN_M2M, CLERK_TYP_JWT, CLERK_ALG_RS256,
          CLERK_CATEGORY_SESSION, CLERK_E_TOKEN_INVALID },
        { "C12: a template's", CLERK_TOKEN_M2M, CLERK_TYP_JWT, CLERK_ALG_RS256,
          CLERK_CATEGORY_TEMPLATE, CLERK_E_TOKEN_INVALID },
        { "C12: unknown", CLERK_TOKEN_M2M, CLERK_TYP_JWT, CLERK_ALG_RS256,
          CLERK_CATEGORY_UNKNOWN, CLERK_E_TOKEN_INVALID },
        { "C12: before alg", CLERK_TOKEN_M2M, CLERK_TYP_JWT, CLERK_ALG_OTHER,
          CLERK_CATEGORY_UNKNOWN, CLERK_E_TOKEN_INVALID },
        { "M2M of typ at+jwt", CLERK_TOKEN_M2M, CLERK_TYP_AT_JWT, CLERK_ALG_RS256,
          CLERK_CATEGORY_M2M, CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "M15: M2M", CLERK_TOKEN_M2M, CLERK_TYP_JWT, CLERK_ALG_OTHER,
          CLERK_CATEGORY_M2M, CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "OAuth", CLERK_TOKEN_OAUTH, CLERK_TYP_AT_JWT, CLERK_ALG_RS512,
          CLERK_CATEGORY_ABSENT, CLERK_OK },
        { "an OAuth token's category says nothing", CLERK_TOKEN_OAUTH,
          CLERK_TYP_AT_JWT, CLERK_ALG_RS256, CLERK_CATEGORY_UNKNOWN, CLERK_OK },
        { "J09", CLERK_TOKEN_OAUTH, CLERK_TYP_ABSENT, CLERK_ALG_RS256,
          CLERK_CATEGORY_ABSENT, CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "OAuth of typ JWT", CLERK_TOKEN_OAUTH, CLERK_TYP_JWT, CLERK_ALG_RS256,
          CLERK_CATEGORY_ABSENT, CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "M15: OAuth", CLERK_TOKEN_OAUTH, CLERK_TYP_AT_JWT, CLERK_ALG_OTHER,
          CLERK_CATEGORY_ABSENT, CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "no JWT is an API key", CLERK_TOKEN_API_KEY, CLERK_TYP_JWT, CLERK_ALG_RS256,
          CLERK_CATEGORY_ABSENT, CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "nor is a session a machine's", CLERK_TOKEN_SESSION, CLERK_TYP_JWT,
          CLERK_ALG_RS256, CLERK_CATEGORY_SESSION, CLERK_E_TOKEN_VERIFICATION_FAILED },
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < support_count(cases); i++) {
        clerk_jwt jwt = { .typ = cases[i].typ,
                          .alg = cases[i].alg,
                          .category = cases[i].category };
        clerk_error error = { CLERK_OK, NULL };

        if (clerk_machine_jwt_check_header(&jwt, cases[i].type, &error)
                != cases[i].want
            || error.status != cases[i].want)
        {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(error.status));
        }
    }
}

/* ---------------------------------------------------------------- the claims */

static const char *const just_a[] = { "https://a", NULL };
static const char *const empty_value[] = { "", NULL };

static void judges_the_claims(void **state)
{
    static const struct {
        const char *label;
        clerk_token_type type;
        const char *const *audiences;
        const char *members;
        int is_good;
    } cases[] = {
        { "all that is needed", CLERK_TOKEN_OAUTH, NULL, USER LATER, 1 },
        { "all that is needed", CLERK_TOKEN_M2M, NULL, MACHINE LATER, 1 },
        { "no sid, azp or iss is asked for", CLERK_TOKEN_OAUTH, NULL,
          USER LATER ",\"iss\":\"https://other\",\"azp\":\"https://other\"", 1 },
        { "no sub", CLERK_TOKEN_OAUTH, NULL, "\"x\":1" LATER, 0 },
        { "empty sub", CLERK_TOKEN_OAUTH, NULL, "\"sub\":\"\"" LATER, 0 },
        { "no exp", CLERK_TOKEN_OAUTH, NULL, USER, 0 },
        { "M14: OAuth", CLERK_TOKEN_OAUTH, NULL, USER ",\"exp\":1699999995", 0 },
        { "M14: M2M", CLERK_TOKEN_M2M, NULL, MACHINE ",\"exp\":1699999995", 0 },
        { "within the skew", CLERK_TOKEN_M2M, NULL, MACHINE ",\"exp\":1699999996", 1 },
        { "nbf ahead", CLERK_TOKEN_OAUTH, NULL, USER LATER ",\"nbf\":1700000006", 0 },
        { "iat ahead", CLERK_TOKEN_M2M, NULL, MACHINE LATER ",\"iat\":1700000006", 0 },
        { "exp beyond 2^53", CLERK_TOKEN_M2M, NULL,
          MACHINE ",\"exp\":9007199254740993", 0 },

        { "J29: OAuth without aud", CLERK_TOKEN_OAUTH, just_a, USER LATER, 0 },
        { "J29: []", CLERK_TOKEN_OAUTH, just_a, USER LATER ",\"aud\":[]", 0 },
        { "J29: [\"\"]", CLERK_TOKEN_OAUTH, just_a, USER LATER ",\"aud\":[\"\"]", 0 },
        { "an empty element spoils it", CLERK_TOKEN_OAUTH, just_a,
          USER LATER ",\"aud\":[\"https://a\",\"\"]", 0 },
        { "so does one of another type", CLERK_TOKEN_OAUTH, just_a,
          USER LATER ",\"aud\":[\"https://a\",1]", 0 },
        { "empty text", CLERK_TOKEN_OAUTH, just_a, USER LATER ",\"aud\":\"\"", 0 },
        { "an object", CLERK_TOKEN_OAUTH, just_a,
          USER LATER ",\"aud\":{\"https://a\":\"https://a\"}", 0 },
        { "another", CLERK_TOKEN_OAUTH, just_a, USER LATER ",\"aud\":\"https://b\"",
          0 },
        { "that one", CLERK_TOKEN_OAUTH, just_a, USER LATER ",\"aud\":\"https://a\"",
          1 },
        { "among others", CLERK_TOKEN_OAUTH, just_a,
          USER LATER ",\"aud\":[\"https://b\",\"https://a\",\"https://c\"]", 1 },
        { "no audience is set", CLERK_TOKEN_OAUTH, empty_value,
          USER LATER ",\"aud\":\"https://b\"", 1 },
        { "M2M without aud", CLERK_TOKEN_M2M, just_a, MACHINE LATER, 1 },
        { "M2M with an empty one", CLERK_TOKEN_M2M, just_a, MACHINE LATER ",\"aud\":[]",
          1 },
        { "M2M for another", CLERK_TOKEN_M2M, just_a,
          MACHINE LATER ",\"aud\":[\"mch_2\"]", 0 },
        { "M2M for that one", CLERK_TOKEN_M2M, just_a,
          MACHINE LATER ",\"aud\":[\"mch_2\",\"https://a\"]", 1 },
    };
    static const char *const parties[] = { "https://www.example.com", NULL };
    apr_pool_t *pool = *state;
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        clerk_claims claims =
            fixture_claims(apr_psprintf(pool, "{%s}", cases[i].members), pool);
        clerk_policy policy = { .audiences = cases[i].audiences,
                                .authorized_parties = parties,
                                .issuers = parties,
                                .clock_skew = apr_time_from_sec(5) };
        clerk_error error = { CLERK_OK, NULL };
        clerk_status want =
            cases[i].is_good ? CLERK_OK : CLERK_E_TOKEN_VERIFICATION_FAILED;

        if (clerk_policy_check_machine(&policy, cases[i].type, &claims, SUPPORT_NOW,
                                       &error)
                != want
            || error.status != want || (error.detail == NULL) != cases[i].is_good)
        {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(error.status));
        }
    }
}

/* ---------------------------------------------------------------- who it speaks for */

static const clerk_auth *auth_of(clerk_token_type type, const char *members,
                                 apr_pool_t *pool)
{
    clerk_claims claims = fixture_claims(apr_psprintf(pool, "{%s}", members), pool);

    return clerk_auth_from_machine_jwt(&claims, type, pool);
}

static void finds_the_scopes(void **state)
{
    static const struct {
        const char *label;
        clerk_token_type type;
        const char *members, *want;
    } cases[] = {
        { "M11: scope", CLERK_TOKEN_OAUTH, ",\"scope\":\"a b\"", "a b" },
        { "M11: scp goes before", CLERK_TOKEN_OAUTH,
          ",\"scope\":\"a b\",\"scp\":[\"c\"]", "c" },
        { "an empty scp is none", CLERK_TOKEN_OAUTH, ",\"scope\":\"a\",\"scp\":[]",
          "" },
        { "scp null is absent", CLERK_TOKEN_OAUTH, ",\"scope\":\"a\",\"scp\":null",
          "a" },
        { "scp of the wrong type is none", CLERK_TOKEN_OAUTH,
          ",\"scope\":\"a\",\"scp\":\"c\"", "" },
        { "scope of the wrong type", CLERK_TOKEN_OAUTH, ",\"scope\":[\"a\"]", "" },
        { "an M2M token's are not an OAuth token's", CLERK_TOKEN_OAUTH,
          ",\"scopes\":\"a\",\"aud\":[\"b\"]", "" },
        { "M12: scopes", CLERK_TOKEN_M2M, ",\"scopes\":\"mch_2 mch_3\"",
          "mch_2 mch_3" },
        { "M12: else aud", CLERK_TOKEN_M2M, ",\"aud\":[\"mch_2\"]", "mch_2" },
        { "M12: scopes go before", CLERK_TOKEN_M2M,
          ",\"scopes\":\"mch_3\",\"aud\":[\"mch_2\"]", "mch_3" },
        { "empty scopes", CLERK_TOKEN_M2M, ",\"scopes\":\"\",\"aud\":[\"mch_2\"]", "" },
        { "scopes of the wrong type", CLERK_TOKEN_M2M,
          ",\"scopes\":[\"mch_3\"],\"aud\":[\"mch_2\"]", "" },
        { "aud that is no array", CLERK_TOKEN_M2M, ",\"aud\":\"mch_2\"", "" },
        { "none", CLERK_TOKEN_M2M, "", "" },
    };
    apr_pool_t *pool = *state;
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        const clerk_auth *auth =
            auth_of(cases[i].type,
                    apr_pstrcat(pool, "\"sub\":\"x\"", cases[i].members, NULL), pool);
        const char *got = clerk_scopes_text(&auth->scopes, pool);

        if (strcmp(got ? got : "", cases[i].want) != 0) {
            fail_msg("%s: %s", cases[i].label, got);
        }
    }
}

static void knows_an_oauth_token(void **state)
{
    const clerk_auth *auth =
        auth_of(CLERK_TOKEN_OAUTH,
                USER LATER ",\"jti\":\"oat_1\",\"client_id\":\"cl_1\",\"org_id\":\"org_1\","
                           "\"tier\":\"gold\"",
                *state);

    assert_int_equal(auth->type, CLERK_TOKEN_OAUTH);
    assert_string_equal(auth->subject, "user_1");
    assert_string_equal(auth->user_id, "user_1");
    assert_string_equal(auth->client_id, "cl_1");
    assert_string_equal(auth->token_id, "oat_1");
    assert_null(auth->machine_id);
    assert_null(auth->session_id);
    assert_null(auth->org_id);
    assert_null(auth->actor);
    assert_int_equal(auth->expires, apr_time_from_sec(1700000060));
    assert_string_equal(clerk_json_string(clerk_auth_claims(auth, *state), "tier"), "gold");
    assert_string_equal(clerk_json_string(clerk_auth_claims(auth, *state), "sub"), "user_1");

    auth = auth_of(CLERK_TOKEN_OAUTH, USER LATER ",\"act\":{\"sub\":\"user_2\"}", *state);
    assert_string_equal(auth->actor, "user_2");
    assert_true(clerk_auth_is_impersonated(auth));
}

/* M12, M13 */
static void knows_an_m2m_token(void **state)
{
    const clerk_auth *auth = auth_of(
        CLERK_TOKEN_M2M,
        MACHINE LATER ",\"jti\":\"mt_1\",\"iss\":\"i\",\"nbf\":1,\"iat\":1,"
                      "\"client_id\":\"cl_1\",\"aud\":[\"mch_2\"],\"tier\":\"gold\"",
        *state);

    assert_int_equal(auth->type, CLERK_TOKEN_M2M);
    assert_string_equal(auth->subject, "mch_1");
    assert_string_equal(auth->machine_id, "mch_1");
    assert_string_equal(auth->token_id, "mt_1");
    assert_null(auth->user_id);
    assert_null(auth->client_id);
    assert_string_equal(clerk_json_text(clerk_auth_claims(auth, *state), *state),
                        "{\"client_id\":\"cl_1\",\"aud\":[\"mch_2\"],\"tier\":\"gold\"}");

    auth = auth_of(CLERK_TOKEN_M2M, MACHINE LATER ",\"jti\":\"\"", *state);
    assert_int_equal(auth->claims.len, 0);
    assert_null(auth->token_id);
}

/* H26, and the questions that only machines satisfy */
static void answers_about_machines(void **state)
{
    apr_pool_t *pool = *state;
    clerk_slice scope = support_text("a", pool);
    clerk_slice machine = support_text("mch_1", pool);
    clerk_slice client = support_text("cl_1", pool);
    const clerk_auth *m2m =
        auth_of(CLERK_TOKEN_M2M, MACHINE LATER ",\"scopes\":\"a\"", pool);
    const clerk_auth *oauth = auth_of(
        CLERK_TOKEN_OAUTH, USER LATER ",\"scope\":\"a\",\"client_id\":\"cl_1\"", pool);
    clerk_auth session = *oauth;

    session.type = CLERK_TOKEN_SESSION; /* however it came by scopes */
    session.machine_id = "mch_1";
    assert_true(clerk_auth_has_scope(m2m, scope));
    assert_true(clerk_auth_has_scope(oauth, scope));
    assert_false(clerk_auth_has_scope(oauth, support_text("A", pool)));
    assert_false(clerk_auth_has_scope(&session, scope));
    assert_false(clerk_auth_has_scope(NULL, scope));

    assert_true(clerk_auth_is_machine(m2m, machine));
    assert_false(clerk_auth_is_machine(m2m, support_text("mch_", pool)));
    assert_false(clerk_auth_is_machine(oauth, machine));
    assert_false(clerk_auth_is_machine(&session, machine));
    assert_false(clerk_auth_is_machine(NULL, machine));

    assert_true(clerk_auth_is_client(oauth, client));
    assert_false(clerk_auth_is_client(m2m, client));
    assert_false(clerk_auth_is_client(&session, client));
    assert_false(clerk_auth_is_client(NULL, client));
    session.type = CLERK_TOKEN_OAUTH;
    session.client_id = "";
    assert_false(clerk_auth_is_client(&session, clerk_slice_of("")));

    assert_false(clerk_auth_has_role(oauth, support_text("admin", pool)));
    assert_false(clerk_auth_has_organization(oauth));
    assert_false(clerk_auth_is_pending(oauth));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(judges_the_header),      support_test(judges_the_claims),
        support_test(finds_the_scopes),       support_test(knows_an_oauth_token),
        support_test(knows_an_m2m_token),     support_test(answers_about_machines),
    };

    return support_run("machine_jwt", tests);
}
