/* SPDX-License-Identifier: Apache-2.0 - tests of what the Backend API says of an opaque token */
#include "core/json.h"
#include "core/machine_answer.h"

#include "support.h"

#define M2M "\"object\":\"machine_to_machine_token\",\"id\":\"mt_2y\",\"subject\":\"mch_1\""
#define OAUTH \
    "\"object\":\"clerk_idp_oauth_access_token\",\"id\":\"oat_2z\",\"subject\":\"user_1\""
#define API_KEY "\"object\":\"api_key\",\"id\":\"ak_2w\",\"subject\":\"org_1\""

static clerk_status read_answer(clerk_machine_answer *answer, clerk_token_type type,
                         const char *json, apr_pool_t *pool)
{
    clerk_error error = { CLERK_OK, NULL };
    clerk_status status;

    memset(answer, 0, sizeof(*answer));
    status = clerk_machine_answer_read(answer, support_text(json, pool), type, pool,
                                       &error);
    assert_int_equal(status, error.status);
    assert_true((status == CLERK_OK) == (error.detail == NULL));
    assert_true((status == CLERK_OK) == (answer->auth != NULL));
    return status;
}

/* ---------------------------------------------------------------- what is good */

static void judges_answers(void **state)
{
    static const struct {
        const char *label;
        clerk_token_type type;
        const char *json;
        clerk_status want;
    } cases[] = {
        { "M2M", CLERK_TOKEN_M2M, "{" M2M ",\"revoked\":false,\"expired\":false}",
          CLERK_OK },
        { "OAuth", CLERK_TOKEN_OAUTH, "{" OAUTH ",\"active\":true}", CLERK_OK },
        { "API key", CLERK_TOKEN_API_KEY, "{" API_KEY ",\"revoked\":null}", CLERK_OK },
        { "M09: revoked", CLERK_TOKEN_API_KEY, "{" API_KEY ",\"revoked\":true}",
          CLERK_E_TOKEN_INVALID },
        { "M09: expired", CLERK_TOKEN_M2M, "{" M2M ",\"expired\":true}",
          CLERK_E_TOKEN_INVALID },
        { "M09: inactive", CLERK_TOKEN_OAUTH, "{\"active\":false}",
          CLERK_E_TOKEN_INVALID },
        { "inactive, though complete", CLERK_TOKEN_OAUTH, "{" OAUTH ",\"active\":false}",
          CLERK_E_TOKEN_INVALID },
        { "revoked, in words", CLERK_TOKEN_API_KEY, "{" API_KEY ",\"revoked\":\"no\"}",
          CLERK_E_TOKEN_INVALID },
        { "expired, in numbers", CLERK_TOKEN_API_KEY, "{" API_KEY ",\"expired\":0}",
          CLERK_E_TOKEN_INVALID },
        { "active, in words", CLERK_TOKEN_API_KEY, "{" API_KEY ",\"active\":\"true\"}",
          CLERK_E_TOKEN_INVALID },
        { "another type's object", CLERK_TOKEN_M2M, "{" API_KEY "}",
          CLERK_E_TOKEN_INVALID },
        { "an API key is no OAuth token", CLERK_TOKEN_OAUTH, "{" API_KEY "}",
          CLERK_E_TOKEN_INVALID },
        { "nor any session", CLERK_TOKEN_SESSION, "{" API_KEY "}",
          CLERK_E_TOKEN_INVALID },
        { "no object", CLERK_TOKEN_API_KEY, "{\"subject\":\"user_1\"}",
          CLERK_E_TOKEN_INVALID },
        { "an object that is no string", CLERK_TOKEN_API_KEY,
          "{\"object\":[\"api_key\"],\"subject\":\"user_1\"}", CLERK_E_TOKEN_INVALID },
        { "no subject", CLERK_TOKEN_API_KEY, "{\"object\":\"api_key\"}",
          CLERK_E_TOKEN_INVALID },
        { "an empty subject", CLERK_TOKEN_API_KEY,
          "{\"object\":\"api_key\",\"subject\":\"\"}", CLERK_E_TOKEN_INVALID },
        { "a subject of another type", CLERK_TOKEN_API_KEY,
          "{\"object\":\"api_key\",\"subject\":7}", CLERK_E_TOKEN_INVALID },
        { "nothing", CLERK_TOKEN_API_KEY, "{}", CLERK_E_TOKEN_INVALID },
        { "no JSON", CLERK_TOKEN_API_KEY, "<html>ok</html>", CLERK_E_MACHINE_UNDECIDED },
        { "no object at all", CLERK_TOKEN_API_KEY, "[{" API_KEY "}]",
          CLERK_E_MACHINE_UNDECIDED },
        { "no body", CLERK_TOKEN_API_KEY, "", CLERK_E_MACHINE_UNDECIDED },
        { "cut short", CLERK_TOKEN_API_KEY, "{" API_KEY, CLERK_E_MACHINE_UNDECIDED },
        { "said twice", CLERK_TOKEN_API_KEY,
          "{" API_KEY ",\"revoked\":true,\"revoked\":false}", CLERK_E_MACHINE_UNDECIDED },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        clerk_machine_answer answer;

        if (read_answer(&answer, cases[i].type, cases[i].json, *state) != cases[i].want) {
            fail_msg("%s", cases[i].label);
        }
    }
}

/* ---------------------------------------------------------------- what is in it */

static void reads_an_m2m_token(void **state)
{
    clerk_machine_answer answer;

    read_answer(&answer, CLERK_TOKEN_M2M,
         "{" M2M ",\"claims\":{\"tier\":\"gold\"},\"scopes\":[\"mch_2\",\"mch_3\"],"
         "\"client_id\":\"cl_1\",\"name\":\"n\"}",
         *state);
    assert_int_equal(answer.auth->type, CLERK_TOKEN_M2M);
    assert_string_equal(answer.auth->subject, "mch_1");
    assert_string_equal(answer.auth->machine_id, "mch_1");
    assert_string_equal(answer.auth->token_id, "mt_2y");
    assert_string_equal(clerk_scopes_text(&answer.auth->scopes, *state), "mch_2 mch_3");
    assert_string_equal(clerk_json_text(clerk_auth_claims(answer.auth, *state), *state),
                        "{\"tier\":\"gold\"}");
    assert_null(answer.auth->user_id);
    assert_null(answer.auth->org_id);
    assert_null(answer.auth->client_id);
    assert_null(answer.auth->token_name);
}

static void reads_an_oauth_token(void **state)
{
    clerk_machine_answer answer;

    read_answer(&answer, CLERK_TOKEN_OAUTH,
         "{" OAUTH ",\"client_id\":\"cl_1\",\"scopes\":[\"profile\"],\"claims\":{\"a\":1},"
         "\"aud\":[\"https://a\"]}",
         *state);
    assert_string_equal(answer.auth->user_id, "user_1");
    assert_string_equal(answer.auth->client_id, "cl_1");
    assert_string_equal(answer.auth->token_id, "oat_2z");
    assert_string_equal(clerk_scopes_text(&answer.auth->scopes, *state), "profile");
    assert_int_equal(clerk_node_count(answer.aud), 1);
    assert_int_equal(answer.auth->claims.len, 0);
    assert_null(answer.auth->machine_id);
}

/* M23 */
static void reads_an_api_key(void **state)
{
    clerk_machine_answer answer;

    read_answer(&answer, CLERK_TOKEN_API_KEY,
         "{" API_KEY ",\"name\":\"nightly export\",\"scopes\":\"a b\",\"claims\":null}",
         *state);
    assert_string_equal(answer.auth->org_id, "org_1");
    assert_null(answer.auth->user_id);
    assert_string_equal(answer.auth->subject, "org_1");
    assert_string_equal(answer.auth->token_name, "nightly export");
    assert_int_equal(answer.auth->scopes.count, 0); /* of the wrong type */
    assert_int_equal(answer.auth->claims.len, 0);
    assert_null(answer.aud);

    read_answer(&answer, CLERK_TOKEN_API_KEY,
         "{\"object\":\"api_key\",\"subject\":\"user_1\",\"claims\":{}}", *state);
    assert_string_equal(answer.auth->user_id, "user_1");
    assert_null(answer.auth->org_id);
    assert_int_equal(answer.auth->claims.len, 0);
    read_answer(&answer, CLERK_TOKEN_API_KEY,
         "{\"object\":\"api_key\",\"subject\":\"mch_1\"}", *state);
    assert_null(answer.auth->user_id);
    assert_null(answer.auth->org_id);
    assert_null(answer.auth->machine_id);
}

static void reads_the_expiration(void **state)
{
    static const struct {
        const char *label, *members;
        apr_time_t want;
    } cases[] = {
        { "none", "", APR_INT64_MAX },
        { "null", ",\"expiration\":null", APR_INT64_MAX },
        { "seconds", ",\"expiration\":1790086400", APR_TIME_C(1790086400000000) },
        { "milliseconds", ",\"expiration\":1790086400123", APR_TIME_C(1790086400123000) },
        { "2^53", ",\"expiration\":9007199254740992", APR_TIME_C(9007199254740992000) },
        { "more", ",\"expiration\":9007199254740994", 0 },
        { "negative", ",\"expiration\":-1", 0 },
        { "text", ",\"expiration\":\"1790086400\"", 0 },
        { "true", ",\"expiration\":true", 0 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        clerk_machine_answer answer;
        apr_pool_t *pool = *state;

        read_answer(&answer, CLERK_TOKEN_API_KEY,
             apr_pstrcat(pool, "{" API_KEY, cases[i].members, "}", NULL), pool);
        if (answer.auth->expires != cases[i].want) {
            fail_msg("%s: %" APR_TIME_T_FMT, cases[i].label, answer.auth->expires);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(judges_answers),   support_test(reads_an_m2m_token),
        support_test(reads_an_oauth_token), support_test(reads_an_api_key),
        support_test(reads_the_expiration),
    };

    return support_run("machine_answer", tests);
}
