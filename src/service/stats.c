/* SPDX-License-Identifier: Apache-2.0 - counters that all processes of one server share */
#include "stats.h"

#include <string.h>

#include <apr_shm.h>

enum { PLACES = 64 };

struct clerk_stats {
    int64_t started_at;
    _Atomic(uint64_t) processes;
    clerk_counts places[PLACES];
};

_Static_assert(PLACES == 64 && CLERK_COUNTER_STRIPES == 8 && CLERK_COUNTERS == 73,
               "CLERK_STATS_LAYOUT says 64x8x73");

apr_status_t clerk_stats_create(clerk_stats **stats, apr_time_t now, apr_pool_t *pool)
{
    clerk_stats *made;
    apr_shm_t *segment;
    apr_status_t status = apr_shm_create(&segment, sizeof(*made) + CLERK_CACHE_LINE, NULL, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    made = clerk_cache_line_align(apr_shm_baseaddr_get(segment));
    memset(made, 0, sizeof(*made));
    made->started_at = now;
    *stats = made;
    return APR_SUCCESS;
}

void clerk_stats_join(clerk_stats *stats)
{
    if (stats != NULL) {
        uint64_t number = atomic_fetch_add(&stats->processes, 1);

        clerk_count_at = &stats->places[number % PLACES];
    }
}

uint64_t clerk_stats_sum(const clerk_stats *stats, clerk_counter counter)
{
    uint64_t sum = 0;
    int i;

    if (stats == NULL) {
        return clerk_counts_sum(clerk_count_at, counter);
    }
    for (i = 0; i < PLACES; i++) {
        sum += clerk_counts_sum(&stats->places[i], counter);
    }
    return sum;
}

apr_time_t clerk_stats_started_at(const clerk_stats *stats)
{
    return stats->started_at;
}

uint64_t clerk_stats_processes(const clerk_stats *stats)
{
    return atomic_load_explicit(&stats->processes, memory_order_relaxed);
}
