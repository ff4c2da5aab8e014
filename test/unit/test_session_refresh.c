/* SPDX-License-Identifier: Apache-2.0 - tests: an expired session is refreshed, or not */
#include <pthread.h>

#include "browser_world.h"

#define OUT CLERK_UNAUTHENTICATED
#define IN CLERK_AUTHENTICATED
#define HS CLERK_HANDSHAKE
#define EXPIRED "session-token-expired-refresh-"

/** The cookies of a session that has expired; the refresh cookie is always suffixed. */
static const char *expired(browser_world *w, const char *session)
{
    return apr_psprintf(w->pool, "__session=%s; __client_uat=1; __refresh_@=r1", session);
}

static void answer_refresh(browser_world *w, const char *session)
{
    browser_world_answer(
        w, 200,
        apr_psprintf(w->pool, "{\"object\":\"cookies\",\"cookies\":[" DIRECTIVES "]}",
                     browser_world_text(w, session)));
}

static void check_reason(browser_world *w, clerk_decision_kind kind, const char *refresh)
{
    const clerk_decision *decision = browser_world_decision(w);

    assert_string_equal(decision->reason, apr_pstrcat(w->pool, EXPIRED, refresh, NULL));
    assert_int_equal(decision->kind, kind);
    assert_int_equal(w->verifier->verdict.status, CLERK_E_SESSION_TOKEN_EXPIRED);
}

/* R01 */
static void goes_on_as_the_refreshed_session(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    const clerk_verdict *verdict;

    answer_refresh(w, "$good");
    verdict = browser_world_ask(w, expired(w, "$expired"));
    assert_int_equal(verdict->status, CLERK_OK);
    assert_int_equal(verdict->decision.kind, IN);
    assert_string_equal(verdict->auth->session_id, "sess_2abc");
    assert_true(clerk_slice_is(verdict->token, browser_world_text(w, "$good")));
    browser_world_check_cookies(w, "$good");
    assert_int_equal(browser_world_calls(w), 1);

    /* it is no document: all the better that nobody is sent away */
    w->verifier->facts.sec_fetch_dest = clerk_slice_of("empty");
    assert_int_equal(browser_world_ask(w, expired(w, "$expired"))->decision.kind, IN);

    /* what comes after does not matter to it */
    w->verifier->options.cross_origin_sync = 1;
    w->verifier->facts.referer = clerk_slice_of("https://elsewhere.example/");
    w->verifier->facts.sec_fetch_dest = clerk_slice_of("document");
    w->verifier->options.organization.kind = CLERK_ORGANIZATION_BY_SLUG;
    w->verifier->options.organization.value = "b";
    assert_int_equal(browser_world_ask(w, expired(w, "$expired"))->decision.kind, IN);
}

static json_t *body_sent(browser_world *w)
{
    json_t *body = json_loads(w->api.body_sent, 0, NULL);

    assert_non_null(body);
    return body;
}

static const char *sent_field(const json_t *body, const char *name)
{
    const json_t *values = json_object_get(json_object_get(body, "request_headers"), name);

    return json_string_value(json_array_get(values, 0));
}

/* R09, R02 */
static void sends_what_clerk_wants(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    apr_table_t *fields = apr_table_make(w->pool, 8);
    json_t *body;

    apr_table_add(fields, "User-Agent", "Browser/1 \"x\"");
    apr_table_add(fields, "Accept-Language", "de");
    apr_table_add(fields, "Accept-Language", "en");
    apr_table_add(fields, "Authorization", "Basic dXNlcjpwdw==");
    apr_table_add(fields, "Proxy-Authorization", "Basic dXNlcjpwdw==");
    apr_table_add(fields, "Cookie", "shop=secret; __client_uat=1;__session=s ; x__session=2");
    apr_table_add(fields, "X-Latin", "\xfc");
    w->verifier->facts.headers = fields;
    answer_refresh(w, "$good");
    browser_world_ask(w, apr_pstrcat(w->pool, expired(w, "$expired"), "; __refresh=plain",
                                     NULL));
    assert_string_equal(w->api.method, "POST");
    assert_string_equal(w->api.url, "https://api.clerk.com/v1/sessions/sess_2abc/refresh");
    assert_string_equal(w->api.bearer, "sk_test_not_for_logs");
    assert_true(fake_http_sent(&w->api, "Content-Type: application/json"));
    assert_true(fake_http_sent(&w->api, "Clerk-API-Version: 2026-05-12"));
    body = body_sent(w);
    assert_int_equal(json_object_size(body), 5);
    assert_string_equal(json_string_value(json_object_get(body, "format")), "cookie");
    assert_string_equal(json_string_value(json_object_get(body, "expired_token")),
                        browser_world_text(w, "$expired"));
    assert_string_equal(json_string_value(json_object_get(body, "refresh_token")), "r1");
    assert_string_equal(json_string_value(json_object_get(body, "request_origin")),
                        OWN_ORIGIN);
    assert_string_equal(sent_field(body, "user-agent"), "Browser/1 \"x\"");
    assert_string_equal(sent_field(body, "accept-language"), "de");
    assert_string_equal(sent_field(body, "cookie"), "__client_uat=1; __session=s");
    assert_null(sent_field(body, "authorization"));
    assert_null(sent_field(body, "proxy-authorization"));
    assert_null(sent_field(body, "x-latin"));
    json_decref(body);

    browser_world_ask(w, "__session_@=$expired; __client_uat_@=1; __refresh_@=r2");
    assert_string_equal(w->api.url, "https://api.clerk.com/v1/sessions/sess_2abc/refresh"
                                    "?suffixed_cookies=true");
}

/* R03, R04, F13, and other failures: nothing that a refresh could cure */
static void asks_for_expired_tokens_only(void **state)
{
    static const char *const tokens[] = { "$good",     "$early",  "$future", "$forged",
                                          "$template", "$garbage" };
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    apr_size_t i;

    answer_refresh(w, "$good");
    for (i = 0; i < support_count(tokens); i++) {
        browser_world_ask(w, expired(w, tokens[i]));
        assert_int_equal(browser_world_calls(w), 0);
    }
    w->verifier->facts.method = "POST";
    browser_world_ask(w, expired(w, "$expired"));
    check_reason(w, OUT, "non-eligible-non-get");
    assert_int_equal(browser_world_calls(w), 0);
}

/* R05 to R08 */
static void says_why_it_failed(void **state)
{
    static const struct {
        const char *label, *session;
        apr_status_t network;
        int http_status;
        const char *body, *want;
    } cases[] = {
        { "R05", "$expired", APR_SUCCESS, 401,
          "{\"errors\":[{\"code\":\"refresh_token_not_found\"},{\"code\":\"other\"}]}",
          "refresh_token_not_found" },
        { "R05: what is no code", "$expired", APR_SUCCESS, 401,
          "{\"errors\":[{\"code\":\"a b\\r\\nc\\u00e9/?&\"}]}", "a_b__c_____" },
        { "R05: none", "$expired", APR_SUCCESS, 401, "{\"errors\":[{\"code\":\"\"}]}",
          "unexpected-bapi-error" },
        { "R05: too long", "$expired", APR_SUCCESS, 401,
          "{\"errors\":[{\"code\":\"0123456789012345678901234567890123456789"
          "0123456789012345678901234567890123456789\"}]}",
          "0123456789012345678901234567890123456789012345678901234567890123" },
        { "R06", "$expired", APR_EGENERAL, 0, NULL, "fetch-error" },
        { "R06: time", "$expired", APR_TIMEUP, 0, NULL, "fetch-error" },
        { "R06: no list", "$expired", APR_SUCCESS, 500, "<html>", "unexpected-bapi-error" },
        { "R06: an empty one", "$expired", APR_SUCCESS, 422, "{\"errors\":[]}",
          "unexpected-bapi-error" },
        { "R06: no list at all", "$expired", APR_SUCCESS, 400, "{\"errors\":\"x\"}",
          "unexpected-bapi-error" },
        { "R07", "$expired", APR_SUCCESS, 200, "{\"cookies\":[\"__session=a.b.c\"]}",
          "invalid-session-token" },
        { "R07: no session", "$expired", APR_SUCCESS, 200, "{\"cookies\":[\"a=b\"]}",
          "invalid-session-token" },
        { "no cookies", "$expired", APR_SUCCESS, 200, "{\"cookies\":[]}",
          "unexpected-sdk-error" },
        { "no answer of Clerk's", "$expired", APR_SUCCESS, 200, "oops",
          "unexpected-sdk-error" },
        { "another success", "$expired", APR_SUCCESS, 204, "", "unexpected-sdk-error" },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(LIVE_KEY, *state);

        browser_world_answer(w, cases[i].http_status, cases[i].body);
        w->api.result = cases[i].network;
        browser_world_ask(w, expired(w, cases[i].session));
        check_reason(w, HS, cases[i].want);
        assert_int_equal(browser_world_cookies(w), 1); /* the counter's */
        assert_string_equal(browser_world_parameter(w, "__clerk_hs_reason"),
                            browser_world_decision(w)->reason);
    }
}

/* R08; a session id is a segment of a path; what is verified by whom */
static void asks_about_sessions_only(void **state)
{
    static const struct {
        const char *sid, *want;
    } cases[] = {
        { "../users/user_1", "unexpected-bapi-error" },
        { "%2e%2e", "unexpected-bapi-error" },
        { "sess_1?x=1", "unexpected-bapi-error" },
        { "s", "ok" },
    };
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    apr_size_t i;

    answer_refresh(w, "$good");
    for (i = 0; i < support_count(cases); i++) {
        const char *payload = apr_psprintf(
            w->pool,
            "{\"iss\":\"https://clerk.example.com\",\"sub\":\"u\",\"sid\":\"%s\","
            "\"iat\":1699999900,\"exp\":1699999960}",
            cases[i].sid);
        const char *token = support_sign_jwt(SUPPORT_HEADER, payload, w->pool);

        browser_world_ask(w, expired(w, token));
        if (strcmp(cases[i].want, "ok") == 0) {
            assert_int_equal(browser_world_decision(w)->kind, IN);
            assert_int_equal(browser_world_calls(w), 1);
        }
        else {
            check_reason(w, HS, cases[i].want);
            assert_int_equal(browser_world_calls(w), 0);
        }
    }
    /* sid is judged before exp, so that such a token is never refreshed on its own account */
    browser_world_ask(w, expired(w, "$old"));
    assert_string_equal(browser_world_decision(w)->reason, "token-verification-failed");

    /* R08: a header's token has expired, the cookie's has no sid */
    w->verifier->facts.authorization =
        support_text(browser_world_text(w, "Bearer $expired"), w->pool);
    browser_world_ask(w, expired(w, "$old"));
    check_reason(w, HS, "expired-session-token-missing-sid-claim");
    browser_world_ask(w, expired(w, "$garbage"));
    check_reason(w, HS, "expired-session-token-decode-failed");
    assert_int_equal(browser_world_calls(w), 0);
    browser_world_ask(w, "__refresh_@=r1");
    assert_int_equal(browser_world_decision(w)->kind, IN);
    assert_int_equal(browser_world_calls(w), 1);
}

static void needs_the_means(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);

    w->verifier->verifier.renewal = NULL;
    browser_world_ask(w, expired(w, "$expired"));
    check_reason(w, HS, "missing-api-client");
    w = browser_world_make(LIVE_KEY, *state);
    w->verifier->instance.secret_key = NULL;
    browser_world_ask(w, expired(w, "$expired"));
    check_reason(w, HS, "missing-api-client");
    w = browser_world_make(LIVE_KEY, *state);
    w->verifier->options.handshake = 0;
    browser_world_ask(w, expired(w, "$expired"));
    check_reason(w, OUT, "missing-api-client");
    assert_int_equal(browser_world_calls(w), 0);
}

/* ---------------------------------------------------------------- many at once */

/* Clerk refreshes a token once. Who asks again with the old one gets the same answer. */
static void asks_once_for_a_browser(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);

    answer_refresh(w, "$good");
    browser_world_ask(w, expired(w, "$expired"));
    browser_world_answer(w, 401, "{\"errors\":[{\"code\":\"consumed\"}]}");
    browser_world_ask(w, expired(w, "$expired"));
    assert_int_equal(browser_world_decision(w)->kind, IN);
    browser_world_check_cookies(w, "$good");
    assert_int_equal(browser_world_calls(w), 1);

    /* another refresh token is another browser's */
    browser_world_ask(w, apr_pstrcat(w->pool, expired(w, "$expired"), "x", NULL));
    check_reason(w, HS, "consumed");
    assert_int_equal(browser_world_calls(w), 1);
    /* and another instance has other sessions */
    w->verifier->instance.api_id[0] ^= 1;
    browser_world_ask(w, expired(w, "$expired"));
    check_reason(w, HS, "consumed");
    assert_int_equal(browser_world_calls(w), 1);
}

enum { THREADS = 8 };

typedef struct tab {
    browser_world *w;
    const char *token;
    const char *why;
    int cookies;
} tab;

static void *refresh_one(void *baton)
{
    tab *self = baton;
    clerk_facts facts = { .method = "GET" };
    clerk_refresh_request request = { .session_id = "sess_1",
                                      .expired_token = clerk_slice_of(self->token),
                                      .refresh_token = "r",
                                      .origin = OWN_ORIGIN,
                                      .facts = &facts };
    clerk_set_cookies cookies;
    apr_pool_t *pool;

    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        return NULL;
    }
    self->why = clerk_session_renewal_refresh(&cookies, self->w->renewal,
                                              &self->w->verifier->instance, &request, pool);
    self->cookies = self->why == NULL ? cookies.values->nelts : 0;
    apr_pool_destroy(pool);
    return NULL;
}

/** Slow enough for all others to come. */
static void dawdle(fake_http *self, const clerk_http_request *request)
{
    (void)self;
    (void)request;
    apr_sleep(apr_time_from_msec(300));
}

static void asks_once_for_many_threads(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    pthread_t threads[THREADS];
    tab tabs[THREADS];
    int i;

    answer_refresh(w, "$good");
    w->api.before = dawdle;
    for (i = 0; i < THREADS; i++) {
        tabs[i].w = w;
        tabs[i].token = "token";
        tabs[i].why = "never ran";
        assert_int_equal(pthread_create(&threads[i], NULL, refresh_one, &tabs[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_null(tabs[i].why);
        assert_int_equal(tabs[i].cookies, 3);
    }
    assert_int_equal(browser_world_calls(w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(goes_on_as_the_refreshed_session),
        support_test(sends_what_clerk_wants),
        support_test(asks_for_expired_tokens_only),
        support_test(says_why_it_failed),
        support_test(asks_about_sessions_only),
        support_test(needs_the_means),
        support_test(asks_once_for_a_browser),
        support_test(asks_once_for_many_threads),
    };

    return support_run("session_refresh", tests);
}
