/* SPDX-License-Identifier: Apache-2.0 - threads that run errands to a slow cache, one at a time */
#include "cache_runner.h"

#include <signal.h>

#include <apr_thread_proc.h>

#include "own_pool.h"

static const unsigned char PROBE_KEY[CLERK_DIGEST_LENGTH + 1] =
    "mod_clerk_auth: is it there again";

typedef struct clerk_cache_runner {
    clerk_cache_desk *desk;
    apr_pool_t *pool; /* its thread's, and of the calls */
    apr_thread_t *thread;
    int has_ended;
} runner;

/** A get tells too little: of a server that is known to be down httpd's say "not found". */
static apr_status_t put_probe(const clerk_cache *slow, apr_pool_t *pool)
{
    return slow->put(slow->baton, PROBE_KEY, clerk_slice_of("?"),
                     apr_time_now() + apr_time_from_sec(60), pool);
}

/* ---------------------------------------------------------------- the runner, lock held */

static int is_hired(const runner *self)
{
    return self->desk->current == self && !self->desk->is_closed;
}

/** Who was given up meanwhile has nothing to tell: another has taken its place. */
static void note_call(runner *self, int is_news, apr_status_t status)
{
    clerk_cache_desk *desk = self->desk;

    desk->busy_since = 0;
    apr_thread_mutex_unlock(desk->mutex);
    clerk_cache_desk_say(desk, is_news, status);
    apr_thread_mutex_lock(desk->mutex);
}

/** The lock is given up during the call. */
static void run_errand(runner *self, clerk_errand *errand, apr_pool_t *pool)
{
    clerk_cache_desk *desk = self->desk;
    int was_served;
    int is_news = 0;
    apr_status_t status;

    desk->busy_since = apr_time_now();
    apr_thread_mutex_unlock(desk->mutex);
    clerk_errand_run(errand, desk->slow, pool);
    apr_pool_clear(pool);
    apr_thread_mutex_lock(desk->mutex);

    was_served = clerk_errand_was_served(errand);
    status = errand->status;
    clerk_cache_desk_finish(desk, errand);
    if (!is_hired(self)) {
        return;
    }
    if (!was_served) {
        is_news = clerk_cache_desk_go_away(desk, status);
    }
    else if (clerk_cache_desk_is_away(desk)) {
        desk->presence.tried_at = 0; /* it was merely late: see at once */
    }
    note_call(self, is_news, status);
}

/** The lock is given up during the call. */
static void probe(runner *self, apr_pool_t *pool)
{
    clerk_cache_desk *desk = self->desk;
    apr_status_t status;
    int is_there;

    desk->busy_since = apr_time_now();
    apr_thread_mutex_unlock(desk->mutex);
    status = put_probe(desk->slow, pool);
    apr_pool_clear(pool);
    apr_thread_mutex_lock(desk->mutex);

    if (is_hired(self)) {
        is_there = status == APR_SUCCESS || APR_STATUS_IS_ENOSPC(status);
        note_call(self,
                  is_there ? clerk_presence_regain(&desk->presence)
                           : clerk_cache_desk_go_away(desk, status),
                  is_there ? APR_SUCCESS : status);
    }
}

static void work(runner *self, apr_pool_t *pool)
{
    clerk_cache_desk *desk = self->desk;

    while (is_hired(self)) {
        apr_interval_time_t pause = clerk_presence_pause(
            &desk->presence, desk->options.probe_interval, apr_time_now());
        clerk_errand *errand = clerk_errands_take(&desk->errands);

        if (errand != NULL) {
            run_errand(self, errand, pool);
        }
        else if (!clerk_cache_desk_is_away(desk)) {
            apr_thread_cond_wait(desk->left, desk->mutex);
        }
        else if (pause > 0) {
            apr_thread_cond_timedwait(desk->left, desk->mutex, pause);
        }
        else {
            probe(self, pool);
        }
    }
}

/** Nothing that it could free is needed any more, nor may it touch what others do. */
static void await_end_of_process(void)
{
    for (;;) {
        apr_sleep(apr_time_from_sec(3600));
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *baton)
{
    runner *self = baton;
    clerk_cache_desk *desk = self->desk;
    /* Leak checkers look for pointers on stacks, and not in what APR maps for its pools. */
    apr_allocator_t *volatile kept[2];
    apr_pool_t *pool;

    (void)thread;
    kept[0] = apr_pool_allocator_get(desk->pool);
    kept[1] = apr_pool_allocator_get(self->pool);
    (void)kept;
    apr_pool_create(&pool, self->pool);
    apr_thread_mutex_lock(desk->mutex);
    work(self, pool);
    if (desk->is_abandoned) {
        apr_thread_mutex_unlock(desk->mutex);
        await_end_of_process();
    }
    apr_pool_destroy(pool);
    self->has_ended = 1;
    apr_thread_mutex_unlock(desk->mutex);
    return NULL;
}

/* ---------------------------------------------------------------- hiring, lock held */

static void dismiss(runner *gone)
{
    apr_status_t status;

    apr_thread_join(&status, gone->thread);
    apr_pool_destroy(gone->pool);
}

static runner **free_place(clerk_cache_desk *desk)
{
    int i;

    clerk_cache_runners_dismiss(desk);
    for (i = 0; i < CLERK_CACHE_MAX_THREADS; i++) {
        if (desk->runners[i] == NULL) {
            return &desk->runners[i];
        }
    }
    return NULL;
}

/** Signals are for httpd's own threads: in prefork their handlers end the process. */
static apr_status_t start_without_signals(runner *self)
{
    sigset_t all, before;
    apr_status_t status;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = apr_thread_create(&self->thread, NULL, run, self, self->pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

apr_status_t clerk_cache_runner_hire(clerk_cache_desk *desk)
{
    runner **place = free_place(desk);
    runner *before = desk->current;
    apr_pool_t *pool;
    runner *hired;
    apr_status_t status;

    if (place == NULL) {
        return APR_EAGAIN;
    }
    status = clerk_own_pool_create(&pool, NULL);
    if (status != APR_SUCCESS) {
        return status;
    }
    hired = apr_pcalloc(pool, sizeof(*hired));
    hired->desk = desk;
    hired->pool = pool;
    desk->current = hired;
    status = start_without_signals(hired);
    if (status != APR_SUCCESS) {
        desk->current = before;
        apr_pool_destroy(pool);
        return status;
    }
    desk->busy_since = 0;
    *place = hired;
    return APR_SUCCESS;
}

/** A connection that was cut without a word would keep the runner for ever. */
void clerk_cache_runner_replace(clerk_cache_desk *desk)
{
    if (clerk_cache_desk_is_away(desk) && desk->busy_since != 0
        && apr_time_now() - desk->busy_since > desk->options.hopeless_after)
    {
        desk->busy_since = apr_time_now(); /* where none can be hired, not again soon */
        clerk_cache_runner_hire(desk);
    }
}

int clerk_cache_runners_have_ended(const clerk_cache_desk *desk)
{
    int i;

    for (i = 0; i < CLERK_CACHE_MAX_THREADS; i++) {
        if (desk->runners[i] != NULL && !desk->runners[i]->has_ended) {
            return 0;
        }
    }
    return 1;
}

void clerk_cache_runners_dismiss(clerk_cache_desk *desk)
{
    int i;

    for (i = 0; i < CLERK_CACHE_MAX_THREADS; i++) {
        if (desk->runners[i] != NULL && desk->runners[i]->has_ended) {
            dismiss(desk->runners[i]);
            desk->runners[i] = NULL;
        }
    }
}
