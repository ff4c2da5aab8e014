/* SPDX-License-Identifier: Apache-2.0 - tests: requests to Clerk's APIs and what their answers mean */
#include "service/backend_api.h"

#include "fake_http.h"
#include "support.h"

#define SECRET "sk_test_not_for_logs"
#define KEY_INVALID                                                                    \
    "{\"errors\":[{\"code\":\"other\"},{\"message\":\"m\",\"code\":\"clerk_key_invalid\"}]}"

static const clerk_instance backend_source = {
    .api_url = "https://api.clerk.com",
    .key_url = "https://api.clerk.com/v1/jwks",
    .key_bearer = SECRET,
};

static const clerk_instance frontend_source = {
    .api_url = "https://api.clerk.com",
    .key_url = "https://clerk.example.com/.well-known/jwks.json",
};

static clerk_status fetch(clerk_slice *json, const fake_http *fake,
                          const clerk_instance *instance, clerk_api_failure *failure,
                          apr_pool_t *pool)
{
    memset(failure, 0x55, sizeof(*failure)); /* so that what is not set shows */
    return clerk_backend_api_fetch_jwks(json, &fake->http, instance, 123, failure,
                                        pool);
}

/* W04 (the request), W05: the URL is the instance's */
static void asks_the_backend_api_with_secret_and_version(void **state)
{
    clerk_api_failure failure;
    fake_http fake;
    clerk_slice json;

    fake_http_init(&fake, "{\"keys\":[]}");
    assert_int_equal(fetch(&json, &fake, &backend_source, &failure, *state), CLERK_OK);
    assert_true(clerk_slice_is(json, "{\"keys\":[]}"));
    assert_int_equal(atomic_load(&fake.calls), 1);
    assert_string_equal(fake.method, "GET");
    assert_string_equal(fake.url, "https://api.clerk.com/v1/jwks");
    assert_string_equal(fake.bearer, SECRET);
    assert_null(fake.body_sent);
    assert_true(fake_http_sent(&fake, "Clerk-API-Version: 2026-05-12"));
    assert_true(fake_http_sent(&fake, "Content-Type: application/json"));
    assert_int_equal(fake.max_body, CLERK_JWKS_MAX_BYTES);
    assert_int_equal(fake.timeout, 123);
}

static void asks_the_frontend_api_for_the_public_set_plainly(void **state)
{
    clerk_api_failure failure;
    fake_http fake;
    clerk_slice json;

    fake_http_init(&fake, "{}");
    assert_int_equal(fetch(&json, &fake, &frontend_source, &failure, *state), CLERK_OK);
    assert_string_equal(fake.url, "https://clerk.example.com/.well-known/jwks.json");
    assert_null(fake.bearer);
    assert_null(fake.fields);
}

/* W14 */
static void has_nowhere_to_ask(void **state)
{
    static const clerk_instance nowhere = { .api_url = "https://api.clerk.com" };
    clerk_api_failure failure;
    fake_http fake;
    clerk_slice json;

    fake_http_init(&fake, "{}");
    assert_int_equal(fetch(&json, &fake, &nowhere, &failure, *state),
                     CLERK_E_JWK_FAILED_TO_RESOLVE);
    assert_int_equal(failure.error.status, CLERK_E_JWK_FAILED_TO_RESOLVE);
    assert_false(failure.transient);
    assert_int_equal(failure.retry_after, -1);
    assert_int_equal(atomic_load(&fake.calls), 0);
}

static void reports_failed_exchanges(void **state)
{
    static const struct {
        apr_status_t result;
        int transient;
    } cases[] = {
        { APR_TIMEUP, 1 },
        { APR_EGENERAL, 1 },
        { APR_EACCES, 0 }, /* nor does a certificate turn good */
        { APR_ENOSPC, 0 }, /* an answer over the bound is so the next time too */
    };
    clerk_slice json = { NULL, 0 };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clerk_api_failure failure;
        fake_http fake;

        fake_http_init(&fake, "{}");
        fake.result = cases[i].result;
        fake.why = "the reason";
        assert_int_equal(fetch(&json, &fake, &backend_source, &failure, *state),
                         CLERK_E_JWK_FAILED_TO_LOAD);
        assert_int_equal(failure.error.status, CLERK_E_JWK_FAILED_TO_LOAD);
        assert_string_equal(failure.error.detail, "the reason");
        assert_int_equal(!!failure.transient, cases[i].transient);
        assert_int_equal(failure.retry_after, -1);
        assert_null(json.ptr);
    }
}

/* W11, W12: which answers end it, which are worth another attempt, and what they say */
static void judges_answers(void **state)
{
    static const struct {
        const char *label;
        const clerk_instance *instance;
        int http_status;
        const char *body;
        apr_interval_time_t retry_after;
        clerk_status want;
        int transient;
    } cases[] = {
        { "the secret key is wrong", &backend_source, 401, KEY_INVALID, -1,
          CLERK_E_SECRET_KEY_INVALID, 0 },
        { "the public set needs no key", &frontend_source, 401, KEY_INVALID, -1,
          CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "another code", &backend_source, 401,
          "{\"errors\":[{\"code\":\"authentication_invalid\"}]}", -1,
          CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "the code in another place", &backend_source, 401,
          "{\"code\":\"clerk_key_invalid\",\"errors\":\"clerk_key_invalid\"}", -1,
          CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "entries of other types", &backend_source, 401,
          "{\"errors\":[null,1,\"clerk_key_invalid\",[],{\"code\":null}]}", -1,
          CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "a proxy's page", &backend_source, 401, "<html>clerk_key_invalid</html>", -1,
          CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "nothing", &backend_source, 401, "", -1, CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "not found", &backend_source, 404, "{}", -1, CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "busy", &backend_source, 429, "{}", 7000000, CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "down", &backend_source, 500, "{}", -1, CLERK_E_JWK_FAILED_TO_LOAD, 1 },
        { "down for long", &frontend_source, 503, "{}", 9000000,
          CLERK_E_JWK_FAILED_TO_LOAD, 1 },
        { "elsewhere", &backend_source, 302, "{\"keys\":[]}", -1,
          CLERK_E_JWK_FAILED_TO_LOAD, 0 },
        { "another success", &backend_source, 204, "", -1, CLERK_E_JWK_FAILED_TO_LOAD,
          0 },
        { "no HTTP status", &backend_source, 0, "{\"keys\":[]}", -1,
          CLERK_E_JWK_FAILED_TO_LOAD, 0 },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clerk_api_failure failure;
        clerk_slice json = { NULL, 0 };
        clerk_status status;
        fake_http fake;

        fake_http_init(&fake, cases[i].body);
        fake.status = cases[i].http_status;
        fake.retry_after = cases[i].retry_after;
        status = fetch(&json, &fake, cases[i].instance, &failure, *state);
        if (status != cases[i].want || failure.error.status != cases[i].want
            || !!failure.transient != cases[i].transient
            || failure.retry_after != cases[i].retry_after || json.ptr != NULL
            || failure.error.detail == NULL
            || strstr(failure.error.detail, SECRET) != NULL)
        {
            fail_msg("%s: status %d, transient %d, detail %s", cases[i].label, status,
                     failure.transient, failure.error.detail);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(asks_the_backend_api_with_secret_and_version),
        support_test(asks_the_frontend_api_for_the_public_set_plainly),
        support_test(has_nowhere_to_ask),
        support_test(reports_failed_exchanges),
        support_test(judges_answers),
    };

    return support_run("backend_api", tests);
}
