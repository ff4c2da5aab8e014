/* SPDX-License-Identifier: Apache-2.0 - what is left of a pause that somebody else may have begun */
#ifndef CLERK_TIME_LEFT_H
#define CLERK_TIME_LEFT_H

#include <apr_time.h>

/**
 * Callers read the clock first and look at what is shared then, so who was held up in between
 * comes with a moment that lies before others' newest. One that is further back comes from a
 * clock that was set back.
 */
#define CLERK_CLOCK_LAG apr_time_from_sec(5)

/**
 * What is left until a moment that was set at most @a longest ahead. A clock that was set back
 * does not make it longer than it was meant to be, but for CLERK_CLOCK_LAG.
 *
 * @return 0 when it is over
 */
static inline apr_interval_time_t clerk_time_left(apr_time_t until,
                                                  apr_interval_time_t longest, apr_time_t now)
{
    return until > now && until - now <= longest + CLERK_CLOCK_LAG ? until - now : 0;
}

#endif
