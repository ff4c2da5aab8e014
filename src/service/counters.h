/* SPDX-License-Identifier: Apache-2.0 - what is counted, and the one line that counts it */
#ifndef CLERK_COUNTERS_H
#define CLERK_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "../core/thread_place.h"

/**
 * Counters only ever grow. Those of one group stand together, in the order of the table in
 * counters.c, which has their names outside.
 */
typedef enum clerk_counter {
    /* verdicts on who is asking */
    CLERK_COUNT_SESSION,
    CLERK_COUNT_OAUTH,
    CLERK_COUNT_M2M,
    CLERK_COUNT_API_KEY,
    CLERK_COUNT_HANDSHAKE,
    CLERK_COUNT_ABSENT,
    CLERK_COUNT_REFUSED,
    CLERK_COUNT_UNDECIDED,
    CLERK_COUNT_INTERNAL,

    /* refreshes of sessions that had expired */
    CLERK_COUNT_REFRESH_OK,
    CLERK_COUNT_REFRESH_FAILED,

    /* browsers sent away */
    CLERK_COUNT_TO_HANDSHAKE,
    CLERK_COUNT_TO_CLEAN_URL,
    CLERK_COUNT_TO_PAGE,

    /* who was authenticated and not allowed, by the Require line that decided */
    CLERK_COUNT_DENIED,
    CLERK_COUNT_DENIED_LAST = CLERK_COUNT_DENIED + 14,

    /* what ClerkEnforce LogOnly let pass */
    CLERK_COUNT_LOG_ONLY_HANDSHAKE,
    CLERK_COUNT_LOG_ONLY_NOT_AUTHENTICATED,
    CLERK_COUNT_LOG_ONLY_NOT_ALLOWED,

    /* signatures of JWTs */
    CLERK_COUNT_SIGNATURE_GOOD,
    CLERK_COUNT_SIGNATURE_BAD,

    /* ClerkTokenCache */
    CLERK_COUNT_TOKEN_HIT,
    CLERK_COUNT_TOKEN_MISS,

    /* answers of the Backend API that were not asked for again */
    CLERK_COUNT_ANSWER_KEPT,
    CLERK_COUNT_ANSWER_SHARED,
    CLERK_COUNT_ANSWER_JOINED,

    /* key sets asked for */
    CLERK_COUNT_KEY_FETCH_OK,
    CLERK_COUNT_KEY_FETCH_FAILED,

    /* calls to the Backend API: clerk_api_counter */
    CLERK_COUNT_API,
    CLERK_COUNT_API_LAST = CLERK_COUNT_API + 27,

    /* why calls were not made */
    CLERK_COUNT_PUT_OFF_RETRY_AFTER,
    CLERK_COUNT_PUT_OFF_CONNECTIONS,
    CLERK_COUNT_PUT_OFF_BREAKER,

    CLERK_COUNT_CACHE_AWAY, /* how often the shared cache was found to be */

    CLERK_COUNTERS
} clerk_counter;

/** What the Backend API is asked for. */
typedef enum clerk_api_endpoint {
    CLERK_API_VERIFY_M2M,
    CLERK_API_VERIFY_OAUTH,
    CLERK_API_VERIFY_API_KEY,
    CLERK_API_HANDSHAKE,
    CLERK_API_REFRESH,
    CLERK_API_TEMPLATE,
    CLERK_API_USER,
    CLERK_API_ENDPOINTS
} clerk_api_endpoint;

/** How a call ended. */
typedef enum clerk_api_result {
    CLERK_API_OK,      /* 2xx */
    CLERK_API_REFUSED, /* another answer below 500 */
    CLERK_API_FAILED,  /* no answer, or a server error */
    CLERK_API_PUT_OFF, /* not made */
    CLERK_API_RESULTS
} clerk_api_result;

/** Threads count apart from each other, as a rule; the sum is what counts. */
enum {
    CLERK_COUNTER_STRIPES = 8,
    CLERK_COUNTERS_OF_A_LINE = CLERK_CACHE_LINE / 8,
    CLERK_COUNTER_WORDS = (CLERK_COUNTERS + CLERK_COUNTERS_OF_A_LINE - 1)
                          / CLERK_COUNTERS_OF_A_LINE * CLERK_COUNTERS_OF_A_LINE
};

/** What one process counts. */
typedef struct clerk_counts {
    _Alignas(CLERK_CACHE_LINE)
        _Atomic(uint64_t) stripes[CLERK_COUNTER_STRIPES][CLERK_COUNTER_WORDS];
} clerk_counts;

/** Where this process counts: memory of its own until clerk_stats_join gives it a place. */
extern clerk_counts *clerk_count_at;

/** One relaxed addition; any thread, at any time. */
static inline void clerk_count(clerk_counter counter)
{
    atomic_fetch_add_explicit(
        &clerk_count_at->stripes[clerk_thread_place(CLERK_COUNTER_STRIPES)][counter], 1,
        memory_order_relaxed);
}

/** What all threads have counted there. */
uint64_t clerk_counts_sum(const clerk_counts *counts, clerk_counter counter);

static inline void clerk_count_api(clerk_api_endpoint endpoint, clerk_api_result result)
{
    clerk_count((clerk_counter)(CLERK_COUNT_API + endpoint * CLERK_API_RESULTS + result));
}

/** Which of a process's counters is for a denial by a line of that kind (`clerk-role`). */
clerk_counter clerk_count_denied_by(const char *kind);

/** A counter's names outside. Static text. */
typedef struct clerk_counter_name {
    const char *metric;  /* without `clerk_` before and `_total` behind */
    const char *label;   /* NULL: the metric has this counter only */
    const char *value;   /* of the label */
    const char *label_2; /* likewise */
    const char *value_2;
    const char *help;    /* of the metric; for its first counter, else NULL */
} clerk_counter_name;

extern const clerk_counter_name clerk_counter_names[CLERK_COUNTERS];

#endif
