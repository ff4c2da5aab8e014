/* SPDX-License-Identifier: Apache-2.0 - tests: many threads and one token cache */
#include <pthread.h>

#include "token_cache_fixture.h"

enum { THREADS = 8, PATIENCE_MS = 5000 };

/** What one thread asks and gets. */
typedef struct asker {
    token_world *w;
    const char *token;
    clerk_status status;
    apr_interval_time_t spent;
    int is_user; /* whether the answer names the user */
    pthread_t thread;
} asker;

static void *ask(void *baton)
{
    asker *self = baton;
    apr_time_t start = apr_time_now();
    clerk_machine_answer answer = { NULL, NULL };
    clerk_api_failure failure;
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    self->status =
        clerk_token_cache_verify(&answer, self->w->cache, &self->w->one,
                                 CLERK_TOKEN_API_KEY, clerk_slice_of(self->token),
                                 start, &failure, pool);
    self->is_user = self->status == CLERK_OK && answer.auth->user_id != NULL
                    && strcmp(answer.auth->user_id, "user_2abc") == 0;
    self->spent = apr_time_now() - start;
    apr_pool_destroy(pool);
    return NULL;
}

static void start(asker *self, token_world *w, const char *token)
{
    *self = (asker){ .w = w, .token = token };
    assert_int_equal(pthread_create(&self->thread, NULL, ask, self), 0);
}

static void join(asker *self)
{
    assert_int_equal(pthread_join(self->thread, NULL), 0);
}

static void answer_slowly(fake_http *fake, const clerk_http_request *request)
{
    (void)fake;
    (void)request;
    apr_sleep(150 * 1000);
}

static void one_call_answers_all_who_ask_the_same(void **state)
{
    static const struct {
        apr_interval_time_t ttl;
        int http_status;
        const char *body;
        clerk_status want;
    } cases[] = {
        { APR_TIME_C(30000000), 200, API_KEY_ANSWER(""), CLERK_OK },
        { 0, 200, API_KEY_ANSWER(""), CLERK_OK },
        { APR_TIME_C(30000000), 404, "{}", CLERK_E_TOKEN_INVALID },
        { 0, 200, API_KEY_ANSWER(",\"revoked\":true"), CLERK_E_TOKEN_INVALID },
        { APR_TIME_C(30000000), 500, "{}", CLERK_E_MACHINE_UNDECIDED },
        { APR_TIME_C(30000000), 200, "<html>", CLERK_E_MACHINE_UNDECIDED },
    };
    apr_size_t c;
    int i;

    for (c = 0; c < support_count(cases); c++) {
        token_world *w = token_world_make(*state);
        asker askers[THREADS];

        w->ttl = cases[c].ttl;
        w->connections = 1; /* who waits needs none */
        token_world_restart(w);
        token_world_answer(w, cases[c].http_status, cases[c].body);
        w->fake.before = answer_slowly;
        for (i = 0; i < THREADS; i++) {
            start(&askers[i], w, "ak_1");
        }
        for (i = 0; i < THREADS; i++) {
            join(&askers[i]);
            assert_int_equal(askers[i].status, cases[c].want);
            assert_int_equal(askers[i].is_user, cases[c].want == CLERK_OK);
            assert_true(askers[i].spent < w->options.patience); /* told, not timed out */
        }
        assert_int_equal(token_world_calls(w), 1);
    }
}

/* ---------------------------------------------------------------- an API that hangs */

/** Requests hang until `open` is set. */
typedef struct gate {
    atomic_int entered;
    atomic_int open;
} gate;

static void stand_before_gate(fake_http *fake, const clerk_http_request *request)
{
    gate *self = fake->baton;
    int left = PATIENCE_MS;

    (void)request;
    atomic_fetch_add(&self->entered, 1);
    while (!atomic_load(&self->open) && left-- > 0) {
        apr_sleep(1000);
    }
}

static void await(atomic_int *count, int want)
{
    int left = PATIENCE_MS;

    while (atomic_load(count) < want && left-- > 0) {
        apr_sleep(1000);
    }
    assert_int_equal(atomic_load(count), want);
}

static void others_fail_at_once_when_all_connections_are_taken(void **state)
{
    token_world *w = token_world_make(*state);
    gate hung = { 0 };
    asker first, second, third;

    w->connections = 2;
    token_world_restart(w);
    assert_int_equal(token_world_verify(w, "ak_known"), CLERK_OK);
    token_world_calls(w);
    w->fake.before = stand_before_gate;
    w->fake.baton = &hung;
    start(&first, w, "ak_1");
    start(&second, w, "ak_2");
    await(&hung.entered, 2);

    start(&third, w, "ak_3");
    join(&third);
    assert_int_equal(third.status, CLERK_E_MACHINE_UNDECIDED);
    assert_true(third.spent < apr_time_from_sec(1));
    start(&third, w, "ak_known"); /* answers that are there go on */
    join(&third);
    assert_int_equal(third.status, CLERK_OK);
    assert_int_equal(token_world_calls(w), 2);

    atomic_store(&hung.open, 1);
    join(&first);
    join(&second);
    assert_int_equal(first.status, CLERK_OK);
    assert_int_equal(second.status, CLERK_OK);
    assert_int_equal(token_world_verify(w, "ak_3"), CLERK_OK);
}

static void nobody_waits_for_ever(void **state)
{
    token_world *w = token_world_make(*state);
    gate hung = { 0 };
    asker first, second;

    w->options.patience = 50 * 1000;
    token_world_restart(w);
    w->fake.before = stand_before_gate;
    w->fake.baton = &hung;
    start(&first, w, "ak_1");
    await(&hung.entered, 1);
    start(&second, w, "ak_1");
    join(&second);
    assert_int_equal(second.status, CLERK_E_MACHINE_UNDECIDED);
    assert_true(second.spent >= 50 * 1000 && second.spent < apr_time_from_sec(3));
    atomic_store(&hung.open, 1);
    join(&first);
    assert_int_equal(first.status, CLERK_OK);
    assert_int_equal(token_world_calls(w), 1);
}

/** Of threads that ask the same only so many wait for an API that hangs. */
static void most_threads_stay_free(void **state)
{
    token_world *w = token_world_make(*state);
    gate hung = { 0 };
    asker first, patient, hasty, late;

    w->options.patient = 1;
    token_world_restart(w);
    w->fake.before = stand_before_gate;
    w->fake.baton = &hung;
    start(&first, w, "ak_1");
    await(&hung.entered, 1);
    start(&patient, w, "ak_1");
    apr_sleep(100 * 1000);
    start(&hasty, w, "ak_1");
    join(&hasty);
    assert_int_equal(hasty.status, CLERK_E_MACHINE_UNDECIDED);
    assert_true(hasty.spent < CLERK_HASTE);
    start(&late, w, "ak_1");
    join(&late);
    assert_int_equal(late.status, CLERK_E_MACHINE_UNDECIDED);
    assert_true(late.spent < CLERK_HASTE);

    atomic_store(&hung.open, 1);
    join(&first);
    join(&patient);
    assert_int_equal(first.status, CLERK_OK);
    assert_int_equal(patient.status, CLERK_OK);
    assert_int_equal(token_world_calls(w), 1);
}

static void all_wait_for_an_answer_that_comes_soon(void **state)
{
    token_world *w = token_world_make(*state);
    asker askers[THREADS];
    int i;

    w->options.patient = 0;
    token_world_restart(w);
    w->fake.before = answer_slowly;
    for (i = 0; i < THREADS; i++) {
        start(&askers[i], w, "ak_1");
    }
    for (i = 0; i < THREADS; i++) {
        join(&askers[i]);
        assert_int_equal(askers[i].status, CLERK_OK);
    }
    assert_int_equal(token_world_calls(w), 1);
}

/** Some of everything at once, for the sanitizers. */
static void threads_get_along(void **state)
{
    static const char *const tokens[] = { "ak_1", "ak_2", "ak_3" };
    token_world *w = token_world_make(*state);
    asker askers[THREADS];
    int round, i;

    w->options.max_entries = 2;
    w->ttl = 1;
    token_world_restart(w);
    for (round = 0; round < 20; round++) {
        for (i = 0; i < THREADS; i++) {
            start(&askers[i], w, tokens[i % 3]);
        }
        atomic_fetch_add(&token_clock, 1);
        for (i = 0; i < THREADS; i++) {
            join(&askers[i]);
            assert_int_equal(askers[i].status, CLERK_OK);
            assert_true(askers[i].is_user);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(one_call_answers_all_who_ask_the_same),
        support_test(others_fail_at_once_when_all_connections_are_taken),
        support_test(nobody_waits_for_ever),
        support_test(most_threads_stay_free),
        support_test(all_wait_for_an_answer_that_comes_soon),
        support_test(threads_get_along),
    };

    return support_run("token_threads", tests);
}
