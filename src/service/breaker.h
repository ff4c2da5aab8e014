/* SPDX-License-Identifier: Apache-2.0 - leave a service alone that is out of order, and try it now and then */
#ifndef CLERK_BREAKER_H
#define CLERK_BREAKER_H

#include <apr_time.h>

enum { CLERK_BREAKER_FAILURES = 5 };

/** The first pause; each failed probe doubles it, up to the last. */
#define CLERK_BREAKER_FIRST_PAUSE apr_time_from_sec(1)
#define CLERK_BREAKER_LAST_PAUSE apr_time_from_sec(30)

/**
 * CLERK_BREAKER_FAILURES failures in a row open it: for a pause every call is refused. Then
 * one call is let through as a probe; that one decides. All zero is closed. Whoever has it
 * guards it by a lock.
 */
typedef struct clerk_breaker {
    unsigned failures; /* in a row */
    int is_open;
    int is_probing;
    apr_time_t until;          /* while open: when the next probe is due */
    apr_interval_time_t pause; /* that led to `until` */
} clerk_breaker;

/** Whether one more call may be made. */
typedef struct clerk_breaker_leave {
    int is_granted;
    int is_probe;              /* to be handed back with the outcome */
    apr_interval_time_t after; /* not granted: when to ask again */
} clerk_breaker_leave;

clerk_breaker_leave clerk_breaker_ask(clerk_breaker *breaker, apr_time_t now);

/** The outcome of a call that was granted; each must have one. */
void clerk_breaker_note(clerk_breaker *breaker, int is_probe, int has_failed,
                        apr_time_t now);

#endif
