/* SPDX-License-Identifier: Apache-2.0 - tests: answers about tokens that processes share */
#include <pthread.h>

#include "fake_cache.h"
#include "token_cache_fixture.h"

enum { PROCESSES = 4, THREADS = 3 };

#define SECONDS(n) apr_time_from_sec(n)

static const char TOKEN[] = "ak_secret";

/** As one process has it, with what all processes of the server have. */
typedef struct sharing_world {
    token_world *w;
    fake_cache *shared;
    clerk_token_cache *processes[PROCESSES];
} sharing_world;

static void start_processes(sharing_world *s)
{
    int i;

    for (i = 0; i < PROCESSES; i++) {
        token_world_restart(s->w);
        s->processes[i] = s->w->cache;
    }
}

static sharing_world *world_make(apr_pool_t *pool)
{
    sharing_world *s = apr_pcalloc(pool, sizeof(*s));

    s->w = token_world_make(pool);
    s->shared = fake_cache_make(pool);
    s->w->options.shared = &s->shared->sealed;
    assert_int_equal(clerk_board_create(&s->w->options.turns, SECONDS(10), pool),
                     APR_SUCCESS);
    start_processes(s);
    return s;
}

static clerk_status ask(sharing_world *s, int process)
{
    s->w->cache = s->processes[process];
    return token_world_verify(s->w, TOKEN);
}

static void pass_time(apr_interval_time_t interval)
{
    atomic_fetch_add(&token_clock, interval);
}

/* ---------------------------------------------------------------- one after the other */

static void a_good_answer_serves_all_processes(void **state)
{
    sharing_world *s = world_make(*state);
    int i;

    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(ask(s, i), CLERK_OK);
        assert_string_equal(s->w->answer.auth->user_id, "user_2abc");
        pass_time(SECONDS(5));
    }
    assert_int_equal(token_world_calls(s->w), 1);
    assert_int_equal(s->shared->puts, 1);

    pass_time(SECONDS(30) - PROCESSES * SECONDS(5)); /* since it was asked for, not found */
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(ask(s, i), CLERK_OK);
    }
    assert_int_equal(token_world_calls(s->w), 1);
}

static void a_bad_answer_serves_them_for_a_moment(void **state)
{
    static const struct {
        int http_status;
        const char *body;
    } answers[] = { { 404, "{}" }, { 200, API_KEY_ANSWER(",\"revoked\":true") } };
    apr_size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        sharing_world *s = world_make(*state);

        token_world_answer(s->w, answers[i].http_status, answers[i].body);
        assert_int_equal(ask(s, 0), CLERK_E_TOKEN_INVALID);
        pass_time(CLERK_NEGATIVE_ANSWER_TTL - 1);
        assert_int_equal(ask(s, 1), CLERK_E_TOKEN_INVALID);
        assert_int_equal(token_world_calls(s->w), 1);
        pass_time(1);
        assert_int_equal(ask(s, 1), CLERK_E_TOKEN_INVALID);
        assert_int_equal(token_world_calls(s->w), 1);
    }
}

static void no_answer_is_no_answer(void **state)
{
    sharing_world *s = world_make(*state);
    int i;

    token_world_answer(s->w, 429, "{}");
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(ask(s, i), CLERK_E_MACHINE_UNDECIDED);
    }
    assert_int_equal(s->shared->puts, 0);
}

/** The token's own end, though the entry would be kept for longer. */
static void nothing_outlives_the_token(void **state)
{
    sharing_world *s = world_make(*state);

    token_world_answer(s->w, 200,
                       apr_psprintf(*state, API_KEY_ANSWER(",\"expiration\":%" APR_INT64_T_FMT),
                                    apr_time_as_msec(SUPPORT_NOW + SECONDS(10))));
    assert_int_equal(ask(s, 0), CLERK_OK);
    pass_time(SECONDS(10) - 1);
    assert_int_equal(ask(s, 1), CLERK_OK);
    assert_int_equal(token_world_calls(s->w), 1);
    pass_time(1);
    ask(s, 2);
    assert_int_equal(token_world_calls(s->w), 1);
}

static void a_ttl_of_zero_shares_nothing(void **state)
{
    sharing_world *s = world_make(*state);

    assert_int_equal(ask(s, 0), CLERK_OK); /* a server that does share */
    s->w->ttl = 0;
    start_processes(s);
    assert_int_equal(ask(s, 1), CLERK_OK);
    assert_int_equal(ask(s, 2), CLERK_OK);
    assert_int_equal(token_world_calls(s->w), 3);
    assert_int_equal(s->shared->puts, 1);
}

/** Of a server with a longer TTL an answer is kept no longer than here. */
static void the_reader_s_ttl_counts_too(void **state)
{
    sharing_world *s = world_make(*state);

    assert_int_equal(ask(s, 0), CLERK_OK);
    s->w->ttl = SECONDS(3);
    start_processes(s);
    assert_int_equal(ask(s, 1), CLERK_OK);
    s->shared->count = 0;
    pass_time(SECONDS(3) - 1);
    assert_int_equal(ask(s, 1), CLERK_OK);
    assert_int_equal(token_world_calls(s->w), 1);
    pass_time(1);
    assert_int_equal(ask(s, 1), CLERK_OK);
    assert_int_equal(token_world_calls(s->w), 1);
}

static void answers_are_of_one_instance_and_type(void **state)
{
    sharing_world *s = world_make(*state);

    assert_int_equal(ask(s, 0), CLERK_OK);
    s->w->cache = s->processes[1];
    assert_int_equal(token_world_verify_for(s->w, &s->w->two, CLERK_TOKEN_API_KEY, TOKEN),
                     CLERK_OK);
    token_world_verify_for(s->w, &s->w->one, CLERK_TOKEN_M2M, TOKEN);
    assert_int_equal(token_world_calls(s->w), 3);
}

/** Sealed by one who has the secret, and yet no answer: an older version, or a fault. */
static void what_is_found_is_judged_like_an_answer(void **state)
{
    static const char *const bodies[] = { "{}", "null", "user_2abc",
                                          API_KEY_ANSWER(",\"revoked\":true"),
                                          "{\"object\":\"m2m_token\"}" };
    sharing_world *s = world_make(*state);
    clerk_sealed_entry entry;
    apr_size_t i;

    assert_true(clerk_sealed_entry_name(&entry, "api_key", &s->w->one, s->w->one.api_id,
                                        clerk_slice_of(TOKEN)));
    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        clerk_sealed_cache_put(&s->shared->sealed, &entry, clerk_slice_of(bodies[i]),
                               SUPPORT_NOW, SUPPORT_NOW + SECONDS(30), *state);
        start_processes(s);
        assert_int_equal(ask(s, 0), CLERK_OK);
        if (token_world_calls(s->w) != 1) {
            fail_msg("believed %s", bodies[i]);
        }
    }
}

static void a_cache_that_fails_is_done_without(void **state)
{
    sharing_world *s = world_make(*state);
    int i;

    s->shared->broken = APR_TIMEUP;
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(ask(s, i), CLERK_OK);
    }
    assert_int_equal(token_world_calls(s->w), PROCESSES);
}

/* ---------------------------------------------------------------- at the same time */

typedef struct asker {
    sharing_world *s;
    int process;
    clerk_status status;
    apr_interval_time_t spent;
    pthread_t thread;
} asker;

static void *run(void *baton)
{
    asker *self = baton;
    apr_time_t begun = apr_time_now();
    clerk_machine_answer answer = { NULL, NULL };
    clerk_api_failure failure;
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    self->status = clerk_token_cache_verify(
        &answer, self->s->processes[self->process], &self->s->w->one, CLERK_TOKEN_API_KEY,
        clerk_slice_of(TOKEN), begun, &failure, pool);
    self->spent = apr_time_now() - begun;
    apr_pool_destroy(pool);
    return NULL;
}

static void answer_slowly(fake_http *fake, const clerk_http_request *request)
{
    (void)fake;
    (void)request;
    apr_sleep(apr_time_from_msec(200));
}

static void ask_all(asker *askers, sharing_world *s)
{
    int i;

    for (i = 0; i < PROCESSES * THREADS; i++) {
        askers[i] = (asker){ .s = s, .process = i % PROCESSES };
        assert_int_equal(pthread_create(&askers[i].thread, NULL, run, &askers[i]), 0);
    }
    for (i = 0; i < PROCESSES * THREADS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
    }
}

static void one_call_answers_all_processes(void **state)
{
    static const struct {
        int http_status;
        clerk_status want;
    } cases[] = {
        { 200, CLERK_OK },
        { 404, CLERK_E_TOKEN_INVALID },
        { 500, CLERK_E_MACHINE_UNDECIDED },
    };
    asker askers[PROCESSES * THREADS];
    apr_size_t i;
    int j;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sharing_world *s = world_make(*state);

        token_world_answer(s->w, cases[i].http_status, API_KEY_ANSWER(""));
        s->w->fake.before = answer_slowly;
        ask_all(askers, s);
        assert_int_equal(token_world_calls(s->w), 1);
        for (j = 0; j < PROCESSES * THREADS; j++) {
            assert_int_equal(askers[j].status, cases[i].want);
        }
    }
}

/** One who died with the turn: it is free again when its time is over. */
static void a_turn_that_nobody_ends_is_taken_over(void **state)
{
    sharing_world *s = world_make(*state);
    clerk_sealed_entry entry;
    clerk_board_slot *slot;

    assert_true(clerk_sealed_entry_name(&entry, "api_key", &s->w->one, s->w->one.api_id,
                                        clerk_slice_of(TOKEN)));
    slot = clerk_board_find(s->w->options.turns, entry.key, SUPPORT_NOW);
    s->w->options.patience = apr_time_from_msec(50);
    start_processes(s);
    assert_true(clerk_board_lease(slot, s->w->options.patience, SUPPORT_NOW) != 0);
    assert_int_equal(ask(s, 0), CLERK_E_MACHINE_UNDECIDED); /* it might still be at it */
    assert_int_equal(token_world_calls(s->w), 0);
    pass_time(s->w->options.patience);
    assert_int_equal(ask(s, 0), CLERK_OK);
    assert_int_equal(token_world_calls(s->w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(a_good_answer_serves_all_processes),
        support_test(a_bad_answer_serves_them_for_a_moment),
        support_test(no_answer_is_no_answer),
        support_test(nothing_outlives_the_token),
        support_test(a_ttl_of_zero_shares_nothing),
        support_test(the_reader_s_ttl_counts_too),
        support_test(answers_are_of_one_instance_and_type),
        support_test(what_is_found_is_judged_like_an_answer),
        support_test(a_cache_that_fails_is_done_without),
        support_test(one_call_answers_all_processes),
        support_test(a_turn_that_nobody_ends_is_taken_over),
    };

    return support_run("token_sharing", tests);
}
