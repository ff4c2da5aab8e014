/* SPDX-License-Identifier: Apache-2.0 - tests: a cache whose server may hang, asked in a thread of its own */
#include "service/bounded_cache.h"

#include <stdatomic.h>

#include <apr_thread_proc.h>

#include "support.h"

enum { THREADS = 6 };

#define MSEC(n) apr_time_from_msec(n)

/** One entry, and all that can go wrong. */
typedef struct slow_cache {
    clerk_cache port;
    atomic_int hangs;  /* calls that begin now do not return before `freed` says so */
    atomic_int freed;
    atomic_int inside; /* calls that do not return */
    atomic_int gets;
    atomic_int puts;
    _Atomic apr_status_t broken; /* what calls return, unless APR_SUCCESS */
    atomic_int is_full;          /* there is an entry */
} slow_cache;

typedef struct bounded_world {
    slow_cache slow;
    clerk_bounded_cache_options options;
    const clerk_cache *cache;
    atomic_int away; /* how often that was said */
    atomic_int back;
    _Atomic apr_status_t why;
    apr_pool_t *pchild;
    apr_pool_t *pool;
} bounded_world;

static const unsigned char KEY[CLERK_DIGEST_LENGTH] = "key";
static const char TEXT[] = "some bytes";

static apr_status_t pass(slow_cache *self)
{
    int hangs = atomic_load(&self->hangs);

    atomic_fetch_add(&self->inside, 1);
    while (hangs && !atomic_load(&self->freed)) {
        apr_sleep(MSEC(1));
    }
    atomic_fetch_sub(&self->inside, 1);
    return atomic_load(&self->broken);
}

static apr_status_t slow_get(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                             clerk_slice *value, apr_pool_t *pool)
{
    slow_cache *self = baton;
    apr_status_t status;

    atomic_fetch_add(&self->gets, 1);
    status = pass(self);
    if (status == APR_SUCCESS && !atomic_load(&self->is_full)) {
        status = APR_NOTFOUND;
    }
    if (status == APR_SUCCESS && memcmp(key, KEY, CLERK_DIGEST_LENGTH) == 0) {
        *value = support_text(TEXT, pool);
    }
    return status;
}

static apr_status_t slow_put(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                             clerk_slice value, apr_time_t expires, apr_pool_t *pool)
{
    slow_cache *self = baton;
    apr_status_t status;

    (void)pool;
    atomic_fetch_add(&self->puts, 1);
    status = pass(self);
    if (status == APR_SUCCESS && memcmp(key, KEY, CLERK_DIGEST_LENGTH) == 0) {
        assert_true(clerk_slice_is(value, TEXT));
        assert_int_equal(expires, SUPPORT_NOW);
        atomic_store(&self->is_full, 1);
    }
    return status;
}

static void note(void *baton, apr_status_t status)
{
    bounded_world *w = baton;

    if (status == APR_SUCCESS) {
        atomic_fetch_add(&w->back, 1);
    }
    else {
        atomic_store(&w->why, status);
        atomic_fetch_add(&w->away, 1);
    }
}

static bounded_world *world_make(apr_pool_t *pool)
{
    bounded_world *w = apr_pcalloc(pool, sizeof(*w));

    w->pool = pool;
    w->slow.port.get = slow_get;
    w->slow.port.put = slow_put;
    w->slow.port.baton = &w->slow;
    w->options.patience = MSEC(150);
    w->options.probe_interval = MSEC(30);
    w->options.hopeless_after = apr_time_from_sec(60);
    w->options.notify = note;
    w->options.baton = w;
    return w;
}

static void start(bounded_world *w)
{
    apr_pool_create(&w->pchild, w->pool);
    assert_int_equal(
        clerk_bounded_cache_create(&w->cache, &w->slow.port, &w->options, w->pchild),
        APR_SUCCESS);
}

static apr_status_t get(bounded_world *w, apr_pool_t *pool)
{
    clerk_slice value = { NULL, 0 };
    apr_status_t status = w->cache->get(w->cache->baton, KEY, &value, pool);

    if (status == APR_SUCCESS) {
        assert_true(clerk_slice_is(value, TEXT));
    }
    return status;
}

static apr_status_t put(bounded_world *w)
{
    return w->cache->put(w->cache->baton, KEY, clerk_slice_of(TEXT), SUPPORT_NOW, w->pool);
}

/** Up to ten seconds, for a machine that is busy otherwise. */
#define WAIT_UNTIL(condition)                                  \
    do {                                                       \
        int tries = 10000;                                     \
        while (!(condition) && --tries > 0) {                  \
            apr_sleep(MSEC(1));                                \
        }                                                      \
        if (tries == 0) {                                      \
            fail_msg("in vain waited until %s", #condition);   \
        }                                                      \
    } while (0)

static void release(bounded_world *w)
{
    atomic_store(&w->slow.hangs, 0);
    atomic_store(&w->slow.freed, 1);
}

static int is_back(bounded_world *w)
{
    return put(w) == APR_SUCCESS;
}

/* ---------------------------------------------------------------- there */

static void hands_on_what_is_asked_and_answered(void **state)
{
    bounded_world *w = world_make(*state);

    w->options.patience = apr_time_from_sec(10);
    start(w);
    assert_true(APR_STATUS_IS_NOTFOUND(get(w, w->pool)));
    assert_int_equal(put(w), APR_SUCCESS);
    assert_int_equal(get(w, w->pool), APR_SUCCESS); /* in the order of asking */
    assert_int_equal(atomic_load(&w->slow.gets), 2);
    assert_int_equal(atomic_load(&w->slow.puts), 1);
    apr_pool_destroy(w->pchild);
    assert_int_equal(atomic_load(&w->away), 0);
}

/** A missing entry, one that is too long, one that is over: the cache works. */
static void takes_no_offence_at_an_entry(void **state)
{
    static const apr_status_t fine[] = { APR_ENOSPC, APR_EINVAL, APR_ENOMEM };
    bounded_world *w = world_make(*state);
    apr_size_t i;

    w->options.patience = apr_time_from_sec(10);
    start(w);
    for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        atomic_store(&w->slow.broken, fine[i]);
        assert_int_equal(put(w), APR_SUCCESS);
        assert_int_equal(get(w, w->pool), fine[i]);
    }
    assert_int_equal(atomic_load(&w->slow.gets), 3);
    assert_int_equal(atomic_load(&w->away), 0);
    apr_pool_destroy(w->pchild);
}

/* ---------------------------------------------------------------- away */

static void waits_no_longer_than_its_patience(void **state)
{
    bounded_world *w = world_make(*state);
    apr_time_t begun;
    int i;

    start(w);
    atomic_store(&w->slow.hangs, 1);
    begun = apr_time_now();
    assert_int_equal(get(w, w->pool), APR_TIMEUP);
    assert_true(apr_time_now() - begun >= w->options.patience);
    assert_int_equal(atomic_load(&w->why), APR_TIMEUP);

    begun = apr_time_now();
    for (i = 0; i < 10000; i++) { /* the rest go on without it, at once */
        assert_int_equal(get(w, w->pool), APR_EAGAIN);
        assert_int_equal(put(w), APR_EAGAIN);
    }
    assert_true(apr_time_now() - begun < 10000 * w->options.patience / 100);
    assert_int_equal(atomic_load(&w->slow.gets), 1);
    assert_int_equal(atomic_load(&w->slow.puts), 0);

    release(w);
    WAIT_UNTIL(is_back(w));
    WAIT_UNTIL(get(w, w->pool) == APR_SUCCESS);
    assert_int_equal(atomic_load(&w->away), 1);
    assert_int_equal(atomic_load(&w->back), 1);
    apr_pool_destroy(w->pchild);
}

static void *APR_THREAD_FUNC ask(apr_thread_t *thread, void *baton)
{
    bounded_world *w = baton;
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    assert_int_not_equal(get(w, pool), APR_SUCCESS);
    apr_pool_destroy(pool);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/** Not one behind the other: the first whose patience ends is the last who waits. */
static void lets_all_go_who_wait(void **state)
{
    bounded_world *w = world_make(*state);
    apr_thread_t *threads[THREADS];
    apr_time_t begun = apr_time_now();
    apr_status_t status;
    int i;

    w->options.patience = apr_time_from_sec(1);
    start(w);
    atomic_store(&w->slow.hangs, 1);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(apr_thread_create(&threads[i], NULL, ask, w, w->pool),
                         APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
    }
    assert_true(apr_time_now() - begun < THREADS * w->options.patience);
    assert_int_equal(atomic_load(&w->slow.gets), 1);
    release(w);
    WAIT_UNTIL(is_back(w));
    assert_int_equal(atomic_load(&w->slow.gets), 1); /* the others' were dropped */
    assert_int_equal(atomic_load(&w->away), 1);
    apr_pool_destroy(w->pchild);
}

static void puts_never_wait(void **state)
{
    bounded_world *w = world_make(*state);
    int taken = 0;
    int i;

    w->options.patience = apr_time_from_sec(10);
    start(w);
    atomic_store(&w->slow.hangs, 1);
    assert_int_equal(put(w), APR_SUCCESS);
    WAIT_UNTIL(atomic_load(&w->slow.inside) == 1);
    for (i = 0; i < 2 * CLERK_CACHE_MAX_QUEUED; i++) {
        taken += put(w) == APR_SUCCESS;
    }
    assert_int_equal(taken, CLERK_CACHE_MAX_QUEUED);
    release(w);
    WAIT_UNTIL(atomic_load(&w->slow.puts) == 1 + CLERK_CACHE_MAX_QUEUED);
    assert_int_equal(get(w, w->pool), APR_SUCCESS);
    apr_pool_destroy(w->pchild);
}

static void calls_rarely_while_calls_fail(void **state)
{
    bounded_world *w = world_make(*state);
    int i;

    w->options.probe_interval = apr_time_from_sec(30);
    start(w);
    atomic_store(&w->slow.broken, APR_ECONNREFUSED);
    assert_int_equal(get(w, w->pool), APR_ECONNREFUSED);
    WAIT_UNTIL(atomic_load(&w->away) == 1);
    assert_int_equal(atomic_load(&w->why), APR_ECONNREFUSED);
    for (i = 0; i < 1000; i++) {
        assert_int_equal(get(w, w->pool), APR_EAGAIN);
    }
    assert_int_equal(atomic_load(&w->slow.gets) + atomic_load(&w->slow.puts), 1);
    apr_pool_destroy(w->pchild);
}

/** httpd's providers answer "not found" for a server that they know to be down. */
static void is_tried_by_putting(void **state)
{
    bounded_world *w = world_make(*state);

    start(w);
    atomic_store(&w->slow.broken, APR_NOTFOUND);
    assert_true(APR_STATUS_IS_NOTFOUND(get(w, w->pool)));
    assert_int_equal(put(w), APR_SUCCESS);
    WAIT_UNTIL(atomic_load(&w->away) == 1);
    WAIT_UNTIL(atomic_load(&w->slow.puts) > 3);
    assert_int_equal(atomic_load(&w->back), 0);
    assert_int_equal(get(w, w->pool), APR_EAGAIN);
    atomic_store(&w->slow.broken, APR_SUCCESS);
    WAIT_UNTIL(atomic_load(&w->back) == 1);
    assert_int_equal(put(w), APR_SUCCESS);
    assert_int_equal(get(w, w->pool), APR_SUCCESS);
    assert_int_equal(atomic_load(&w->away), 1);
    apr_pool_destroy(w->pchild);
}

/** A connection that was cut without a word. */
static void gives_up_a_thread_that_hangs_for_ever(void **state)
{
    bounded_world *w = world_make(*state);

    w->options.hopeless_after = MSEC(100);
    start(w);
    atomic_store(&w->slow.hangs, 1);
    assert_int_equal(get(w, w->pool), APR_TIMEUP);
    WAIT_UNTIL(!is_back(w) && atomic_load(&w->slow.inside) == CLERK_CACHE_MAX_THREADS);
    assert_int_equal(put(w), APR_EAGAIN);
    release(w);
    WAIT_UNTIL(is_back(w));
    WAIT_UNTIL(get(w, w->pool) == APR_SUCCESS);
    apr_pool_destroy(w->pchild);
}

static void works_on_with_another_thread(void **state)
{
    bounded_world *w = world_make(*state);

    w->options.hopeless_after = MSEC(100);
    start(w);
    atomic_store(&w->slow.hangs, 1);
    assert_int_equal(get(w, w->pool), APR_TIMEUP);
    atomic_store(&w->slow.hangs, 0); /* for new calls; the first is still inside */
    WAIT_UNTIL(is_back(w));
    assert_int_equal(atomic_load(&w->slow.inside), 1);
    WAIT_UNTIL(get(w, w->pool) == APR_SUCCESS);
    release(w);
    WAIT_UNTIL(atomic_load(&w->slow.inside) == 0);
    assert_int_equal(get(w, w->pool), APR_SUCCESS);
    apr_pool_destroy(w->pchild);
}

/* ---------------------------------------------------------------- the end */

static void ends_with_the_process_though_it_hangs(void **state)
{
    bounded_world *w = world_make(*state);
    apr_time_t begun;

    start(w);
    atomic_store(&w->slow.hangs, 1);
    assert_int_equal(get(w, w->pool), APR_TIMEUP);
    begun = apr_time_now();
    apr_pool_destroy(w->pchild);
    assert_true(apr_time_now() - begun < apr_time_from_sec(5));
    assert_int_equal(atomic_load(&w->slow.inside), 1);

    /* It comes back into an empty house, and touches nothing that is gone. */
    release(w);
    WAIT_UNTIL(atomic_load(&w->slow.inside) == 0);
    apr_sleep(MSEC(20));
    assert_int_equal(atomic_load(&w->back), 0);
}

static void ends_with_errands_that_nobody_began(void **state)
{
    bounded_world *w = world_make(*state);

    start(w);
    atomic_store(&w->slow.hangs, 1);
    assert_int_equal(put(w), APR_SUCCESS);
    WAIT_UNTIL(atomic_load(&w->slow.inside) == 1);
    assert_int_equal(put(w), APR_SUCCESS);
    release(w);
    apr_pool_destroy(w->pchild);
    assert_int_equal(atomic_load(&w->slow.inside), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(hands_on_what_is_asked_and_answered),
        support_test(takes_no_offence_at_an_entry),
        support_test(waits_no_longer_than_its_patience),
        support_test(lets_all_go_who_wait),
        support_test(puts_never_wait),
        support_test(calls_rarely_while_calls_fail),
        support_test(is_tried_by_putting),
        support_test(gives_up_a_thread_that_hangs_for_ever),
        support_test(works_on_with_another_thread),
        support_test(ends_with_the_process_though_it_hangs),
        support_test(ends_with_errands_that_nobody_began),
    };

    return support_run("bounded_cache", tests);
}
