/* SPDX-License-Identifier: Apache-2.0 - tests: the HTTP port over libcurl, against a server on the loopback address */
#include <pthread.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "http_world.h"

enum { BRIEF_MS = 300 };

#define SECRET "sk_test_not_for_logs"

/* ---------------------------------------------------------------- requests */

static void sends_secret_and_fields(void **state)
{
    static const char *const fields[] = { "Clerk-API-Version: 1", "X-Two: b", NULL };
    http_world *w = http_world_make(NULL, *state);

    w->request.bearer = SECRET;
    w->request.fields = fields;
    assert_int_equal(http_world_ask(w, "/x?y=1"), APR_SUCCESS);
    assert_int_equal(w->response.status, 200);
    assert_true(http_world_got(w, "GET /x?y=1 HTTP/1.1\r\n"));
    assert_true(http_world_was_sent(w, "Authorization: Bearer " SECRET));
    assert_true(http_world_was_sent(w, "Clerk-API-Version: 1"));
    assert_true(http_world_was_sent(w, "X-Two: b"));
    assert_true(http_world_was_sent(w, "Accept: application/json"));
    assert_true(http_world_was_sent(w, "User-Agent: mod_clerk_auth/test"));
}

static void sends_nothing_unasked(void **state)
{
    static const char *const unwanted[] = {
        "Authorization", "Clerk-", "Content-Type", "Accept-Encoding",
        "Cookie",        "Expect", "Referer",      "Proxy",
    };
    http_world *w = http_world_make(NULL, *state);
    apr_size_t i;

    w->request.bearer = SECRET; /* and the next request on that handle has none of it */
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
    w->request.bearer = NULL;
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
    for (i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++) {
        if (http_world_got(w, unwanted[i])) {
            fail_msg("sent unasked: %s", unwanted[i]);
        }
    }
}

static void posts_a_body(void **state)
{
    static const char *const fields[] = { "Content-Type: application/json", NULL };
    http_world *w = http_world_make(NULL, *state);

    w->request.method = "POST";
    w->request.body = "{\"token\":\"mt_x\"}";
    w->request.fields = fields;
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
    assert_true(http_world_got(w, "POST /x HTTP/1.1\r\n"));
    assert_true(http_world_got(w, "\r\n\r\n{\"token\":\"mt_x\"}"));
    assert_true(http_world_was_sent(w, "Content-Type: application/json"));
    assert_false(http_world_got(w, "Expect"));
    assert_false(http_world_got(w, "urlencoded"));

    w->request.body = NULL;
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
    assert_true(http_world_was_sent(w, "Content-Length: 0"));

    w->request.method = "PATCH";
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
    assert_true(http_world_got(w, "PATCH /x HTTP/1.1\r\n"));

    w->request.method = "GET"; /* the handle has forgotten the method */
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
    assert_true(http_world_got(w, "GET /x HTTP/1.1\r\n"));
    assert_false(http_world_got(w, "Content-Length"));
}

static void refuses_a_secret_that_could_end_a_field(void **state)
{
    static const char *const bad[] = { "", "sk_a\r\nX-Evil: 1", "sk_a\n", "sk a",
                                       "sk_\xc3\xa9" };
    http_world *w = http_world_make(NULL, *state);
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        w->request.bearer = bad[i];
        assert_int_equal(http_world_ask(w, "/x"), APR_EGENERAL);
        assert_non_null(w->why);
    }
    assert_int_equal(atomic_load(&w->server->connections), 0);
}

/* ---------------------------------------------------------------- answers */

static void hands_over_any_status(void **state)
{
    static const struct {
        const char *path;
        int status;
        apr_interval_time_t retry_after;
    } cases[] = {
        { "/busy-number", 429, 7 * APR_USEC_PER_SEC },
        { "/busy-date", 503, -1 },
        { "/busy-huge", 503, -1 },
        { "/early-hints", 503, -1 },
        { "/redirect", 302, -1 },
    };
    http_world *w = http_world_make(NULL, *state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(http_world_ask(w, cases[i].path), APR_SUCCESS);
        assert_int_equal(w->response.status, cases[i].status);
        assert_int_equal(w->response.retry_after, cases[i].retry_after);
        assert_true(clerk_slice_is(w->response.body, "{}"));
    }
    /* One request each: the redirect was not followed. */
    assert_int_equal(atomic_load(&w->server->requests),
                     sizeof(cases) / sizeof(cases[0]));
}

static void bounds_the_answer(void **state)
{
    static const char *const too_large[] = { "/over-bound", "/endless-chunks",
                                             "/endless-body", "/endless-fields" };
    http_world *w = http_world_make(NULL, *state);
    apr_size_t i;

    assert_int_equal(http_world_ask(w, "/at-bound"), APR_SUCCESS);
    assert_int_equal(w->response.body.len, MAX_BODY);
    assert_int_equal(w->response.body.ptr[MAX_BODY - 1], 'x');
    for (i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++) {
        assert_int_equal(http_world_ask(w, too_large[i]), APR_ENOSPC);
        assert_non_null(w->why);
    }
    w->request.max_body = 0; /* no body is none, not "no limit" */
    assert_int_equal(http_world_ask(w, "/endless-body"), APR_ENOSPC);
}

static void assert_ends_in_time(http_world *w, const char *path)
{
    apr_time_t start = apr_time_now();
    apr_interval_time_t spent;

    assert_int_equal(http_world_ask(w, path), APR_TIMEUP);
    assert_non_null(w->why);
    spent = apr_time_now() - start;
    assert_true(spent >= BRIEF_MS * 900);              /* it did wait */
    assert_true(spent < apr_time_from_sec(AMPLE) / 2); /* and not for the server */
}

static void bounds_the_time(void **state)
{
    http_world *w = http_world_make(NULL, *state);

    w->request.timeout = BRIEF_MS * 1000; /* less than the adapter's own */
    assert_ends_in_time(w, "/silent");
    assert_ends_in_time(w, "/drip");
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);

    w->options.total_timeout = BRIEF_MS * 1000;
    w->request.timeout = apr_time_from_sec(AMPLE); /* cannot widen the adapter's */
    http_world_connect(w);
    assert_ends_in_time(w, "/silent");
    w->request.timeout = 0;
    assert_ends_in_time(w, "/drip");
}

static void fails_on_what_is_no_whole_answer(void **state)
{
    static const char *const broken[] = { "/truncated", "/no-head" };
    http_world *w = http_world_make(NULL, *state);
    apr_size_t i;

    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(http_world_ask(w, broken[i]), APR_EGENERAL);
        assert_non_null(w->why);
    }
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
}

static void fails_where_nobody_listens(void **state)
{
    apr_pool_t *pool = *state;
    apr_pool_t *brief;
    http_world *w;
    const char *url;

    apr_pool_create(&brief, pool);
    url = http_world_url(http_world_make(NULL, brief), "http", "127.0.0.1", "/x");
    url = apr_pstrdup(pool, url);
    apr_pool_destroy(brief);

    w = http_world_make(NULL, pool);
    assert_int_equal(http_world_ask_url(w, url), APR_EGENERAL);
    assert_non_null(w->why);
}

static void speaks_http_only(void **state)
{
    http_world *w = http_world_make(NULL, *state);

    assert_int_equal(http_world_ask_url(w, "file:///etc/hostname"), APR_EGENERAL);
    assert_int_equal(http_world_ask_url(w, http_world_url(w, "ftp", "127.0.0.1", "/x")),
                     APR_EGENERAL);
    assert_int_equal(
        http_world_ask_url(w, http_world_url(w, "gopher", "127.0.0.1", "/x")),
        APR_EGENERAL);
    assert_int_equal(
        http_world_ask_url(w, http_world_url(w, "http", "user:pw@127.0.0.1", "/x")),
        APR_EGENERAL);
    assert_int_equal(atomic_load(&w->server->connections), 0);
}

/* ---------------------------------------------------------------- connections */

static void keeps_its_connection(void **state)
{
    http_world *w = http_world_make(NULL, *state);

    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
    assert_int_equal(http_world_ask(w, "/at-bound"), APR_SUCCESS);
    assert_int_equal(http_world_ask(w, "/busy-number"), APR_SUCCESS);
    assert_int_equal(atomic_load(&w->server->requests), 3);
    assert_int_equal(atomic_load(&w->server->connections), 1);
}

enum { THREADS = 6, ROUNDS = 10 };

typedef struct asker {
    const http_world *w;
    int number;
    int good;
} asker;

/** Each thread must get the answer to its own request. */
static void *ask_often(void *baton)
{
    asker *self = baton;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        http_world mine = *self->w;
        const char *path;

        if (apr_pool_create_unmanaged_ex(&mine.pool, NULL, NULL) != APR_SUCCESS) {
            return NULL;
        }
        path = apr_psprintf(mine.pool, "/x/%d/%d", self->number, round);
        self->good +=
            http_world_ask(&mine, path) == APR_SUCCESS
            && http_world_got(&mine, apr_pstrcat(mine.pool, "GET ", path, " ", NULL));
        apr_pool_destroy(mine.pool);
    }
    return NULL;
}

static void serves_threads(void **state)
{
    http_world *w = http_world_make(NULL, *state);
    pthread_t threads[THREADS];
    asker askers[THREADS];
    int i;

    for (i = 0; i < THREADS; i++) {
        askers[i] = (asker){ w, i, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].good, ROUNDS);
    }
    assert_true(atomic_load(&w->server->connections) <= THREADS);
}

/* ---------------------------------------------------------------- proxies */

static void ignores_the_environments_proxies(void **state)
{
    http_world *w = http_world_make(NULL, *state);
    apr_status_t result;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    result = http_world_ask(w, "/x");
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    assert_int_equal(result, APR_SUCCESS);
}

static void uses_the_proxy_it_was_given(void **state)
{
    http_world *w = http_world_make(NULL, *state);
    apr_status_t result;

    w->options.proxy = http_world_url(w, "http", "127.0.0.1", "");
    http_world_connect(w);
    setenv("no_proxy", "*", 1);
    result = http_world_ask_url(w, "http://clerk.invalid/x");
    unsetenv("no_proxy");
    assert_int_equal(result, APR_SUCCESS);
    assert_true(http_world_got(w, "GET http://clerk.invalid/x HTTP/1.1\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(sends_secret_and_fields),
        support_test(sends_nothing_unasked),
        support_test(posts_a_body),
        support_test(refuses_a_secret_that_could_end_a_field),
        support_test(hands_over_any_status),
        support_test(bounds_the_answer),
        support_test(bounds_the_time),
        support_test(fails_on_what_is_no_whole_answer),
        support_test(fails_where_nobody_listens),
        support_test(speaks_http_only),
        support_test(keeps_its_connection),
        support_test(serves_threads),
        support_test(ignores_the_environments_proxies),
        support_test(uses_the_proxy_it_was_given),
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = support_run("http_curl", tests);
    curl_global_cleanup();
    return failed;
}
