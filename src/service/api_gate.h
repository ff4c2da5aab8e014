/* SPDX-License-Identifier: Apache-2.0 - which calls to the Backend API may be made now */
#ifndef CLERK_API_GATE_H
#define CLERK_API_GATE_H

#include <apr_errno.h>
#include <apr_time.h>

#include "board.h"

/** A call is never put off for longer, whatever Retry-After says. */
#define CLERK_API_LONGEST_STOP apr_time_from_sec(300)

/** After a 429 that says no time. */
#define CLERK_API_SHORTEST_STOP apr_time_from_sec(1)

/**
 * One a process. It bounds the calls under way, and for each instance it stops all calls for
 * as long as an answer's Retry-After said, or while a breaker is open (breaker.h). On a board
 * a stop holds for all processes that have it.
 */
typedef struct clerk_api_gate clerk_api_gate;

/** Leave to make one call, to be given back. */
typedef struct clerk_api_pass {
    struct clerk_api_peer *peer;
    int is_probe;
} clerk_api_pass;

/** How a call ended. */
typedef struct clerk_api_outcome {
    int has_failed;                  /* network failure, time-out or 5xx */
    int is_busy;                     /* 429 */
    apr_interval_time_t retry_after; /* -1: the answer named none */
} clerk_api_outcome;

/** @param board  NULL: stops are this process's own; else it must outlive the gate */
apr_status_t clerk_api_gate_create(clerk_api_gate **gate, unsigned connections,
                                   clerk_board *board, apr_pool_t *pchild);

/**
 * Ask for leave to make one call for @a instance. Never waits.
 *
 * @param pass   filled on success: clerk_api_gate_leave must follow
 * @param after  filled otherwise: when asking again could help
 * @return CLERK_OK or CLERK_E_MACHINE_UNDECIDED
 */
clerk_status clerk_api_gate_enter(clerk_api_pass *pass, clerk_api_gate *gate,
                                  const clerk_instance *instance, apr_time_t now,
                                  apr_interval_time_t *after, clerk_error *error);

/** For a status page: what keeps calls for one instance from being made. */
typedef struct clerk_api_report {
    apr_interval_time_t stop_left; /* of a Retry-After; 0: none */
    int is_open;                   /* this process's breaker */
    unsigned failures;             /* in a row, in this process */
    apr_interval_time_t probe_in;  /* while open: until a call may be tried */
} clerk_api_report;

void clerk_api_gate_report(clerk_api_report *report, clerk_api_gate *gate,
                           const clerk_instance *instance, apr_time_t now);

/** @param now  when the call ended */
void clerk_api_gate_leave(clerk_api_gate *gate, const clerk_api_pass *pass,
                          const clerk_api_outcome *outcome, apr_time_t now);

#endif
