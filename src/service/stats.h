/* SPDX-License-Identifier: Apache-2.0 - counters that all processes of one server share */
#ifndef CLERK_STATS_H
#define CLERK_STATS_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "counters.h"

/**
 * Shared memory with a place for each process, made before processes fork. Places lie on
 * cache lines of their own, so that processes do not slow each other down; where there are
 * more processes than places, or one ends and another begins, they go on with a place that
 * was another's, and what was counted there stays.
 */
typedef struct clerk_stats clerk_stats;

/** Changes with the counters: memory of another layout must not be read as if it were ours. */
#define CLERK_STATS_LAYOUT "2:64x8x73"

/** @param now  from when it counts */
apr_status_t clerk_stats_create(clerk_stats **stats, apr_time_t now, apr_pool_t *pool);

/** From now on this process counts there. @param stats  NULL: by itself, as before */
void clerk_stats_join(clerk_stats *stats);

/** One counter, of all processes. @param stats  NULL: of this process */
uint64_t clerk_stats_sum(const clerk_stats *stats, clerk_counter counter);

/** From when @a stats counts, and how many processes have joined since. Not for NULL. */
apr_time_t clerk_stats_started_at(const clerk_stats *stats);
uint64_t clerk_stats_processes(const clerk_stats *stats);

#endif
