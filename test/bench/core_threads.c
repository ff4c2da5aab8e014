/* SPDX-License-Identifier: Apache-2.0 - what two threads do of what one does */
#include "core_threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <apr_time.h>

#include "service/token_verification.h"

enum { TOKENS = 512, MOST_ROUNDS = 100, SLICE = 40000 /* microseconds */ };

/** What the threads share. */
typedef struct shared {
    clerk_verification by;
    clerk_slice tokens[TOKENS];
    unsigned mask; /* of the tokens that are in use: their number less one */
    _Atomic(int) is_over;
} shared;

typedef struct worker {
    shared *with;
    unsigned at;
    unsigned long done;
    char apart[128]; /* no two workers count in one cache line */
} worker;

static apr_status_t answer(void *baton, clerk_http_response *response,
                           const clerk_http_request *request, const char **why,
                           apr_pool_t *pool)
{
    (void)request;
    (void)why;
    response->status = 200;
    response->body = clerk_slice_of(apr_pstrdup(pool, baton));
    response->retry_after = -1;
    return APR_SUCCESS;
}

static void prepare(shared *with, bench_site *site, apr_pool_t *pool)
{
    clerk_http *http = apr_pcalloc(pool, sizeof(*http));
    clerk_key_store_options options = {
        .refresh = apr_time_from_sec(300),
        .max_stale = apr_time_from_sec(86400),
        .min_interval = apr_time_from_sec(10),
        .wait = apr_time_from_sec(5),
    };
    int i;

    http->exchange = answer;
    http->baton = (void *)bench_jwk_set(site, 1, pool);
    site->instance.key_url = "https://api.example.com/v1/jwks";
    if (clerk_key_store_create(&with->by.keys, http, NULL, &options, pool)
        != APR_SUCCESS) {
        exit(2);
    }
    with->by.instance = &site->instance;
    with->by.policy = &site->policy;
    with->by.now = site->now;
    for (i = 0; i < TOKENS; i++) {
        with->tokens[i] = bench_token(site, (unsigned)i, "", pool);
    }
}

static void *work(void *argument)
{
    worker *self = argument;
    shared *with = self->with;
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    while (!atomic_load_explicit(&with->is_over, memory_order_relaxed)) {
        const clerk_auth *auth;

        if (clerk_verify_session_token(&auth, with->tokens[self->at++ & with->mask],
                                       &with->by, pool, NULL)
            != CLERK_OK)
        {
            fprintf(stderr, "bench: a good token was refused\n");
            exit(2);
        }
        self->done++;
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/** Verifications a microsecond of so many threads. */
static double rate_of(shared *with, int count)
{
    pthread_t threads[2];
    worker workers[2];
    apr_time_t start = apr_time_now();
    unsigned long done = 0;
    int i;

    atomic_store(&with->is_over, 0);
    for (i = 0; i < count; i++) {
        workers[i].with = with;
        workers[i].at = (unsigned)i * (TOKENS / 2);
        workers[i].done = 0;
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
            exit(2);
        }
    }
    apr_sleep(SLICE);
    atomic_store(&with->is_over, 1);
    for (i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        done += workers[i].done;
    }
    return (double)done / (double)(apr_time_now() - start);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void measure(const char *name, shared *with, int rounds)
{
    double ratios[MOST_ROUNDS];
    int i;

    rate_of(with, 2); /* so that everything is known that will be */
    for (i = 0; i < rounds; i++) {
        double before = rate_of(with, 1), two = rate_of(with, 2),
               after = rate_of(with, 1);

        ratios[i] = two / ((before + after) / 2);
    }
    qsort(ratios, (size_t)rounds, sizeof(ratios[0]), compare);
    printf("%-40s\t%6.3f\t%5.3f\n", name, ratios[rounds / 2],
           (ratios[3 * rounds / 4] - ratios[rounds / 4]) / ratios[rounds / 2]);
}

void bench_threads(bench_site *site, int rounds, apr_pool_t *pool)
{
    shared *with = apr_pcalloc(pool, sizeof(*with));

    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    prepare(with, site, pool);
    with->mask = TOKENS - 1;
    measure("tokens never seen before", with, rounds);
    if (clerk_verified_tokens_create(&with->by.verified, 8192, pool) != APR_SUCCESS) {
        exit(2);
    }
    measure("tokens seen before", with, rounds);
    with->mask = 0;
    measure("one token, seen before", with, rounds);
}
