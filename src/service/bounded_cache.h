/* SPDX-License-Identifier: Apache-2.0 - a cache whose server may hang, asked in a thread of its own */
#ifndef CLERK_BOUNDED_CACHE_H
#define CLERK_BOUNDED_CACHE_H

#include "cache.h"

/** A look-up takes no longer, whatever the cache's server does. */
#define CLERK_CACHE_PATIENCE apr_time_from_msec(200)

/** How often a cache that is away is tried. */
#define CLERK_CACHE_PROBE_INTERVAL apr_time_from_sec(2)

/** A thread that hangs for longer is given up for another one. */
#define CLERK_CACHE_HOPELESS_AFTER apr_time_from_sec(30)

enum { CLERK_CACHE_MAX_THREADS = 4, CLERK_CACHE_MAX_QUEUED = 64 };

typedef struct clerk_bounded_cache_options {
    apr_interval_time_t patience;
    apr_interval_time_t probe_interval;
    apr_interval_time_t hopeless_after;
    /**
     * Told when the cache goes away and when it is back, each once: APR_SUCCESS is back, all
     * else why it went (APR_TIMEUP: no answer in time). On any thread, no lock held.
     */
    void (*notify)(void *baton, apr_status_t status);
    void *baton;
} clerk_bounded_cache_options;

/**
 * Put a bound to a cache that may block without end. For one process: made after the fork.
 *
 * A get waits for `patience`; a put never. When a get was not answered in time, or a call
 * failed, the cache is away: until a put of the thread's own succeeds, nothing is looked for
 * and nothing is put, at once and without a call. The end of @a pchild waits for a thread
 * that is idle and leaves behind one that hangs, with all that it may still touch.
 *
 * @param bounded  lives as long as @a pchild
 * @param slow     called by one thread at a time, until one is given up; it must stay usable
 *                 to the end of the process
 * @param options  copied
 */
apr_status_t clerk_bounded_cache_create(const clerk_cache **bounded,
                                        const clerk_cache *slow,
                                        const clerk_bounded_cache_options *options,
                                        apr_pool_t *pchild);

/** Whether @a bounded is away at the moment. @param bounded  of clerk_bounded_cache_create */
int clerk_bounded_cache_is_away(const clerk_cache *bounded);

#endif
