/* SPDX-License-Identifier: Apache-2.0 - tests: how the Backend API is asked about machine tokens */
#include "service/backend_api.h"

#include "fake_http.h"
#include "support.h"

#define SECRET "sk_test_not_for_logs"
#define MACHINE_SECRET "ak_machine_not_for_logs"
#define TOKEN "mt_token_not_for_logs"

static clerk_status verify(clerk_slice *json, const fake_http *fake,
                           const clerk_instance *instance, clerk_token_type type,
                           const char *token, clerk_api_failure *failure,
                           apr_pool_t *pool)
{
    memset(failure, 0x55, sizeof(*failure)); /* so that what is not set shows */
    return clerk_backend_api_verify_token(json, &fake->http, instance, type,
                                          support_text(token, pool), failure, pool);
}

/* M01, M02, M03, M04, M05: the request */
static void asks_each_endpoint_in_its_way(void **state)
{
    static const struct {
        const char *label;
        clerk_token_type type;
        const char *machine_secret, *token, *url, *body, *bearer;
    } cases[] = {
        { "M01", CLERK_TOKEN_API_KEY, MACHINE_SECRET, "ak_1",
          "https://api.example.com/base/api_keys/verify", "{\"secret\":\"ak_1\"}",
          SECRET },
        { "M02", CLERK_TOKEN_M2M, MACHINE_SECRET, "mt_1",
          "https://api.example.com/base/m2m_tokens/verify", "{\"token\":\"mt_1\"}",
          MACHINE_SECRET },
        { "M03", CLERK_TOKEN_M2M, NULL, "mt_1",
          "https://api.example.com/base/m2m_tokens/verify", "{\"token\":\"mt_1\"}",
          SECRET },
        { "M04", CLERK_TOKEN_OAUTH, MACHINE_SECRET, "oat_1",
          "https://api.example.com/base/oauth_applications/access_tokens/verify",
          "{\"access_token\":\"oat_1\"}", SECRET },
        { "what JSON must escape", CLERK_TOKEN_API_KEY, NULL, "ak_\"\\/",
          "https://api.example.com/base/api_keys/verify",
          "{\"secret\":\"ak_\\\"\\\\/\"}", SECRET },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        clerk_instance instance = { .api_url = "https://api.example.com/base",
                                    .secret_key = SECRET,
                                    .machine_secret_key = cases[i].machine_secret };
        clerk_api_failure failure;
        fake_http fake;
        clerk_slice json;

        fake_http_init(&fake, "{\"object\":\"x\"}");
        assert_int_equal(verify(&json, &fake, &instance, cases[i].type, cases[i].token,
                                &failure, *state),
                         CLERK_OK);
        assert_true(clerk_slice_is(json, "{\"object\":\"x\"}"));
        assert_int_equal(atomic_load(&fake.calls), 1);
        assert_string_equal(fake.method, "POST");
        assert_string_equal(fake.url, cases[i].url);
        assert_string_equal(fake.body_sent, cases[i].body);
        assert_string_equal(fake.bearer, cases[i].bearer);
        assert_true(fake_http_sent(&fake, "Clerk-API-Version: 2026-05-12"));
        assert_true(fake_http_sent(&fake, "Content-Type: application/json"));
        assert_int_equal(fake.max_body, CLERK_VERIFICATION_MAX_BYTES);
    }
}

static void asks_nothing_without_a_key(void **state)
{
    static const struct {
        clerk_token_type type;
        const char *secret, *machine_secret;
        clerk_status want;
        int calls;
    } cases[] = {
        { CLERK_TOKEN_API_KEY, NULL, MACHINE_SECRET, CLERK_E_SECRET_KEY_INVALID, 0 },
        { CLERK_TOKEN_OAUTH, NULL, MACHINE_SECRET, CLERK_E_SECRET_KEY_INVALID, 0 },
        { CLERK_TOKEN_M2M, NULL, NULL, CLERK_E_SECRET_KEY_INVALID, 0 },
        { CLERK_TOKEN_M2M, NULL, MACHINE_SECRET, CLERK_OK, 1 },
        { CLERK_TOKEN_SESSION, SECRET, NULL, CLERK_E_UNEXPECTED, 0 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        clerk_instance instance = { .api_url = "https://api.clerk.com",
                                    .secret_key = cases[i].secret,
                                    .machine_secret_key = cases[i].machine_secret };
        clerk_api_failure failure;
        fake_http fake;
        clerk_slice json;

        fake_http_init(&fake, "{}");
        assert_int_equal(
            verify(&json, &fake, &instance, cases[i].type, TOKEN, &failure, *state),
            cases[i].want);
        assert_int_equal(atomic_load(&fake.calls), cases[i].calls);
    }
}

/* M06, M07, M08 */
static void judges_answers(void **state)
{
    static const struct {
        const char *label;
        apr_status_t result;
        int http_status;
        apr_interval_time_t retry_after;
        clerk_status want;
        int transient, is_busy;
    } cases[] = {
        { "M06", 0, 404, -1, CLERK_E_TOKEN_INVALID, 0, 0 },
        { "M07", 0, 401, -1, CLERK_E_SECRET_KEY_INVALID, 0, 0 },
        { "M08: 500", 0, 500, -1, CLERK_E_MACHINE_UNDECIDED, 1, 0 },
        { "down for a while", 0, 503, 7000000, CLERK_E_MACHINE_UNDECIDED, 1, 0 },
        { "busy", 0, 429, 3000000, CLERK_E_MACHINE_UNDECIDED, 0, 1 },
        { "forbidden", 0, 403, -1, CLERK_E_MACHINE_UNDECIDED, 0, 0 },
        { "switched off", 0, 422, -1, CLERK_E_MACHINE_UNDECIDED, 0, 0 },
        { "a bad request", 0, 400, -1, CLERK_E_MACHINE_UNDECIDED, 0, 0 },
        { "elsewhere", 0, 302, -1, CLERK_E_MACHINE_UNDECIDED, 0, 0 },
        { "another success", 0, 204, -1, CLERK_E_MACHINE_UNDECIDED, 0, 0 },
        { "no status", 0, 0, -1, CLERK_E_MACHINE_UNDECIDED, 0, 0 },
        { "M08: no connection", APR_EGENERAL, 0, -1, CLERK_E_MACHINE_UNDECIDED, 1, 0 },
        { "M08: no answer in time", APR_TIMEUP, 0, -1, CLERK_E_MACHINE_UNDECIDED, 1, 0 },
        { "an untrusted certificate", APR_EACCES, 0, -1, CLERK_E_MACHINE_UNDECIDED, 1,
          0 },
        { "too much", APR_ENOSPC, 0, -1, CLERK_E_MACHINE_UNDECIDED, 0, 0 },
    };
    static const clerk_instance instance = { .api_url = "https://api.clerk.com",
                                             .secret_key = SECRET };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        clerk_slice json = { NULL, 0 };
        clerk_api_failure failure;
        clerk_status status;
        fake_http fake;

        fake_http_init(&fake, "{\"object\":\"machine_to_machine_token\"}");
        fake.result = cases[i].result;
        fake.status = cases[i].http_status;
        fake.retry_after = cases[i].retry_after;
        status = verify(&json, &fake, &instance, CLERK_TOKEN_M2M, TOKEN, &failure, *state);
        if (status != cases[i].want || failure.error.status != cases[i].want
            || !!failure.transient != cases[i].transient
            || !!failure.is_busy != cases[i].is_busy
            || failure.retry_after != cases[i].retry_after || json.ptr != NULL
            || failure.error.detail == NULL
            || strstr(failure.error.detail, "not_for_logs") != NULL)
        {
            fail_msg("%s: %s, %s", cases[i].label, clerk_status_reason(status),
                     failure.error.detail);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(asks_each_endpoint_in_its_way),
        support_test(asks_nothing_without_a_key),
        support_test(judges_answers),
    };

    return support_run("backend_verification", tests);
}
