/* SPDX-License-Identifier: Apache-2.0 - whether a service is there, when to try it, and when to speak of it */
#ifndef CLERK_PRESENCE_H
#define CLERK_PRESENCE_H

#include <apr_errno.h>
#include <apr_time.h>

/** A service that comes and goes is spoken of no more often. */
#define CLERK_PRESENCE_QUIET apr_time_from_sec(60)

/** All zero: it is there. Whoever has it guards it by a lock. */
typedef struct clerk_presence {
    apr_status_t away; /* why; APR_SUCCESS: it is there */
    apr_time_t tried_at;
    int away_is_said;
    apr_time_t said_at; /* 0: never */
} clerk_presence;

/** It failed. @return 1 when that is news; not so soon after the last time */
int clerk_presence_lose(clerk_presence *presence, apr_status_t why, apr_time_t now);

/** It works. @return 1 when somebody was told that it was away */
int clerk_presence_regain(clerk_presence *presence);

/** How long to wait before it is tried again, @a interval after the last time; 0: not. */
apr_interval_time_t clerk_presence_pause(const clerk_presence *presence,
                                         apr_interval_time_t interval, apr_time_t now);

#endif
