/* SPDX-License-Identifier: Apache-2.0 - tests: counters that processes share, and their names */
#include "service/stats.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum { PROCESSES = 70, TIMES = 500, THREADS = 4 };

static clerk_stats *make_stats(apr_pool_t *pool)
{
    clerk_stats *stats;

    assert_int_equal(clerk_stats_create(&stats, SUPPORT_NOW, pool), APR_SUCCESS);
    return stats;
}

static void *count(void *unused)
{
    int i;

    (void)unused;
    for (i = 0; i < TIMES; i++) {
        clerk_count(CLERK_COUNT_REFUSED);
        clerk_count_api(CLERK_API_USER, CLERK_API_PUT_OFF);
    }
    return NULL;
}

/* More processes than places: some share one. */
static void loses_nothing_of_any_process(void **state)
{
    clerk_stats *stats = make_stats(*state);
    pid_t children[PROCESSES];
    int i;

    for (i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            clerk_stats_join(stats);
            count(NULL);
            _exit(0);
        }
    }
    for (i = 0; i < PROCESSES; i++) {
        waitpid(children[i], NULL, 0);
    }
    assert_int_equal(clerk_stats_sum(stats, CLERK_COUNT_REFUSED), PROCESSES * TIMES);
    assert_int_equal(clerk_stats_sum(stats, CLERK_COUNT_API_LAST), PROCESSES * TIMES);
    assert_int_equal(clerk_stats_sum(stats, CLERK_COUNT_ABSENT), 0);
    assert_int_equal(clerk_stats_processes(stats), PROCESSES);
    assert_true(clerk_stats_started_at(stats) == SUPPORT_NOW);
}

static void counts_alone_without_shared_memory(void **state)
{
    uint64_t before = clerk_stats_sum(NULL, CLERK_COUNT_REFUSED);

    (void)state;
    clerk_stats_join(NULL);
    count(NULL);
    assert_int_equal(clerk_stats_sum(NULL, CLERK_COUNT_REFUSED), before + TIMES);
}

static void loses_nothing_of_any_thread(void **state)
{
    uint64_t before = clerk_stats_sum(NULL, CLERK_COUNT_REFUSED);
    pthread_t threads[THREADS];
    int i;

    (void)state;
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(clerk_stats_sum(NULL, CLERK_COUNT_REFUSED), before + THREADS * TIMES);
}

/* Or a form in which they are told would name one twice, or a metric without its help. */
static void each_counter_has_a_name_of_its_own(void **state)
{
    int i, j;

    (void)state;
    for (i = 0; i < CLERK_COUNTERS; i++) {
        const clerk_counter_name *name = &clerk_counter_names[i];

        assert_non_null(name->metric);
        assert_true(i == 0
                    || (strcmp(name->metric, clerk_counter_names[i - 1].metric) != 0)
                           == (name->help != NULL));
        for (j = 0; j < i; j++) {
            const clerk_counter_name *other = &clerk_counter_names[j];

            assert_false(strcmp(name->metric, other->metric) == 0
                         && strcmp(name->value, other->value) == 0
                         && (name->value_2 == NULL || other->value_2 == NULL
                             || strcmp(name->value_2, other->value_2) == 0));
        }
    }
}

static void names_stand_with_their_counters(void **state)
{
    static const struct {
        clerk_counter counter;
        const char *metric, *value;
    } cases[] = {
        { CLERK_COUNT_SESSION, "requests", "signed_in" },
        { CLERK_COUNT_INTERNAL, "requests", "internal_error" },
        { CLERK_COUNT_REFRESH_FAILED, "session_refreshes", "failed" },
        { CLERK_COUNT_TO_PAGE, "redirects", "page" },
        { CLERK_COUNT_DENIED_LAST, "denials", "other" },
        { CLERK_COUNT_LOG_ONLY_NOT_ALLOWED, "log_only_verdicts", "not_allowed" },
        { CLERK_COUNT_SIGNATURE_BAD, "jwt_signatures", "bad" },
        { CLERK_COUNT_TOKEN_MISS, "token_cache_lookups", "miss" },
        { CLERK_COUNT_ANSWER_JOINED, "api_answers_reused", "concurrent_request" },
        { CLERK_COUNT_KEY_FETCH_FAILED, "key_fetches", "failed" },
        { CLERK_COUNT_API, "api_calls", "verify_m2m_token" },
        { CLERK_COUNT_API_LAST, "api_calls", "user" },
        { CLERK_COUNT_PUT_OFF_BREAKER, "api_calls_put_off", "breaker" },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(clerk_counter_names[cases[i].counter].metric, cases[i].metric);
        assert_string_equal(clerk_counter_names[cases[i].counter].value, cases[i].value);
    }
    assert_string_equal(clerk_counter_names[CLERK_COUNT_CACHE_AWAY].metric,
                        "shared_cache_losses");
}

static void denials_are_told_apart_by_kind(void **state)
{
    (void)state;
    assert_int_equal(clerk_count_denied_by("clerk-role"), CLERK_COUNT_DENIED);
    assert_string_equal(clerk_counter_names[clerk_count_denied_by("clerk-claim")].value,
                        "clerk-claim");
    assert_int_equal(clerk_count_denied_by("group"), CLERK_COUNT_DENIED_LAST);
    assert_int_equal(clerk_count_denied_by(""), CLERK_COUNT_DENIED_LAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(loses_nothing_of_any_process),
        support_test(counts_alone_without_shared_memory),
        support_test(loses_nothing_of_any_thread),
        support_test(each_counter_has_a_name_of_its_own),
        support_test(names_stand_with_their_counters),
        support_test(denials_are_told_apart_by_kind),
    };

    return support_run("stats", tests);
}
