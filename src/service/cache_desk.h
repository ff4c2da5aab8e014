/* SPDX-License-Identifier: Apache-2.0 - where requests leave errands to a slow cache */
#ifndef CLERK_CACHE_DESK_H
#define CLERK_CACHE_DESK_H

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "bounded_cache.h"
#include "errand.h"
#include "presence.h"

/** Inside of bounded_cache.c, which makes it, and cache_runner.c, whose threads serve it. */
typedef struct clerk_cache_desk {
    clerk_cache port;
    const clerk_cache *slow;
    clerk_bounded_cache_options options;
    apr_pool_t *pool;          /* for what is made with the desk; outlives every runner */
    apr_thread_mutex_t *mutex; /* guards all below; never held during a call */
    apr_thread_cond_t *left;   /* an errand, or there is something else to do */
    apr_thread_cond_t *done;   /* an errand, or nothing will be */
    clerk_errands errands;
    int is_closed;
    int is_abandoned; /* the process ends, and leaves runners behind that hang */
    struct clerk_cache_runner *runners[CLERK_CACHE_MAX_THREADS]; /* NULL: a free place */
    struct clerk_cache_runner *current;                          /* others were given up */
    apr_time_t busy_since; /* of the current one; 0: it is idle */
    clerk_presence presence;
} clerk_cache_desk;

/* With the lock held: */

int clerk_cache_desk_is_away(const clerk_cache_desk *desk);

/** An errand is done, or will not be. */
void clerk_cache_desk_finish(clerk_cache_desk *desk, clerk_errand *errand);

/** Finish all errands that nobody has begun. */
void clerk_cache_desk_clear(clerk_cache_desk *desk);

/** The cache is away, so nobody waits any longer. @return 1 when that is to be said */
int clerk_cache_desk_go_away(clerk_cache_desk *desk, apr_status_t why);

/* Without it: */

/** Tell options.notify, if that is to be said. */
void clerk_cache_desk_say(clerk_cache_desk *desk, int is_news, apr_status_t status);

#endif
