/* SPDX-License-Identifier: Apache-2.0 - a cache whose server may hang, asked in a thread of its own */
#include "bounded_cache.h"

#include "cache_desk.h"
#include "cache_runner.h"
#include "own_pool.h"

/* The end of the process is held up by an idle thread or a busy lock for no longer. */
enum { END_TRIES = 100 };
static const apr_interval_time_t END_PAUSE = 2000;

/* ---------------------------------------------------------------- the port */

static int takes_errands(clerk_cache_desk *self)
{
    clerk_cache_runner_replace(self);
    return !clerk_cache_desk_is_away(self) && !self->is_closed
           && self->errands.count < CLERK_CACHE_MAX_QUEUED;
}

static void leave_errand(clerk_cache_desk *self, clerk_errand *errand)
{
    clerk_errands_add(&self->errands, errand);
    apr_thread_cond_signal(self->left);
}

/** @return 1 when the cache has just been found to be away and that is to be said */
static int await(clerk_cache_desk *self, const clerk_errand *errand)
{
    apr_interval_time_t patience = self->options.patience;
    apr_time_t deadline = apr_time_now() + patience;

    while (!errand->is_done && !clerk_cache_desk_is_away(self)) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0 || left > patience) { /* or the clock was set back */
            return clerk_cache_desk_go_away(self, APR_TIMEUP);
        }
        apr_thread_cond_timedwait(self->done, self->mutex, left);
    }
    return 0;
}

static apr_status_t take_answer(clerk_slice *value, clerk_errand *errand, apr_pool_t *pool)
{
    apr_status_t status = errand->status;

    if (!errand->is_done) {
        errand->is_awaited = 0; /* it is under way; the runner frees it */
        return APR_TIMEUP;
    }
    if (status == APR_SUCCESS) {
        value->ptr = apr_pmemdup(pool, errand->bytes, errand->len);
        value->len = errand->len;
    }
    clerk_errand_free(errand);
    return status;
}

static apr_status_t bounded_get(void *baton,
                                const unsigned char key[CLERK_DIGEST_LENGTH],
                                clerk_slice *value, apr_pool_t *pool)
{
    clerk_cache_desk *self = baton;
    apr_status_t status = APR_EAGAIN;
    clerk_errand *errand;
    int is_news = 0;

    apr_thread_mutex_lock(self->mutex);
    if (takes_errands(self) && (errand = clerk_errand_to_get(key)) != NULL) {
        errand->is_awaited = 1;
        leave_errand(self, errand);
        is_news = await(self, errand);
        status = take_answer(value, errand, pool);
    }
    apr_thread_mutex_unlock(self->mutex);
    clerk_cache_desk_say(self, is_news, APR_TIMEUP);
    return status;
}

static apr_status_t bounded_put(void *baton,
                                const unsigned char key[CLERK_DIGEST_LENGTH],
                                clerk_slice value, apr_time_t expires, apr_pool_t *pool)
{
    clerk_cache_desk *self = baton;
    apr_status_t status = APR_EAGAIN;
    clerk_errand *errand;

    (void)pool;
    apr_thread_mutex_lock(self->mutex);
    if (takes_errands(self)
        && (errand = clerk_errand_to_put(key, value, expires)) != NULL) {
        leave_errand(self, errand);
        status = APR_SUCCESS;
    }
    apr_thread_mutex_unlock(self->mutex);
    return status;
}

/* ---------------------------------------------------------------- life */

/** In prefork a signal may end the process in the middle of a call that holds the lock. */
static int lock_soon(clerk_cache_desk *self, int *tries)
{
    while (apr_thread_mutex_trylock(self->mutex) != APR_SUCCESS) {
        if (--*tries <= 0) {
            return 0;
        }
        apr_sleep(END_PAUSE);
    }
    return 1;
}

static void free_desk(clerk_cache_desk *self)
{
    clerk_cache_desk_clear(self);
    clerk_cache_runners_dismiss(self);
    apr_thread_mutex_unlock(self->mutex);
    apr_pool_destroy(self->pool);
}

static apr_status_t close_desk(void *baton)
{
    clerk_cache_desk *self = baton;
    int tries = END_TRIES;

    while (lock_soon(self, &tries)) {
        self->is_closed = 1;
        if (clerk_cache_runners_have_ended(self)) {
            free_desk(self);
            return APR_SUCCESS;
        }
        self->is_abandoned = --tries <= 0;
        apr_thread_cond_broadcast(self->left);
        apr_thread_mutex_unlock(self->mutex);
        if (tries <= 0) {
            break;
        }
        apr_sleep(END_PAUSE);
    }
    return APR_SUCCESS;
}

static apr_status_t furnish(clerk_cache_desk *self)
{
    apr_status_t status =
        apr_thread_mutex_create(&self->mutex, APR_THREAD_MUTEX_DEFAULT, self->pool);

    if (status == APR_SUCCESS) {
        status = apr_thread_cond_create(&self->left, self->pool);
    }
    if (status == APR_SUCCESS) {
        status = apr_thread_cond_create(&self->done, self->pool);
    }
    if (status == APR_SUCCESS) {
        apr_thread_mutex_lock(self->mutex);
        status = clerk_cache_runner_hire(self);
        apr_thread_mutex_unlock(self->mutex);
    }
    return status;
}

apr_status_t clerk_bounded_cache_create(const clerk_cache **bounded,
                                        const clerk_cache *slow,
                                        const clerk_bounded_cache_options *options,
                                        apr_pool_t *pchild)
{
    apr_pool_t *pool;
    clerk_cache_desk *made;
    apr_status_t status = clerk_own_pool_create(&pool, NULL);

    if (status != APR_SUCCESS) {
        return status;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->port.get = bounded_get;
    made->port.put = bounded_put;
    made->port.baton = made;
    made->slow = slow;
    made->options = *options;
    made->pool = pool;
    status = furnish(made);
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return status;
    }
    apr_pool_pre_cleanup_register(pchild, made, close_desk);
    *bounded = &made->port;
    return APR_SUCCESS;
}

int clerk_bounded_cache_is_away(const clerk_cache *bounded)
{
    clerk_cache_desk *self = bounded->baton;
    int is_away;

    apr_thread_mutex_lock(self->mutex);
    is_away = clerk_cache_desk_is_away(self);
    apr_thread_mutex_unlock(self->mutex);
    return is_away;
}
