/* SPDX-License-Identifier: Apache-2.0 - whether a service is there, when to try it, and when to speak of it */
#include "presence.h"

#include "time_left.h"

int clerk_presence_lose(clerk_presence *presence, apr_status_t why, apr_time_t now)
{
    presence->away = why;
    presence->tried_at = now;
    if (presence->away_is_said
        || (presence->said_at != 0
            && clerk_time_left(presence->said_at + CLERK_PRESENCE_QUIET,
                               CLERK_PRESENCE_QUIET, now)
                   > 0))
    {
        return 0;
    }
    presence->away_is_said = 1;
    presence->said_at = now;
    return 1;
}

int clerk_presence_regain(clerk_presence *presence)
{
    int is_news = presence->away_is_said;

    presence->away = APR_SUCCESS;
    presence->away_is_said = 0;
    return is_news;
}

apr_interval_time_t clerk_presence_pause(const clerk_presence *presence,
                                         apr_interval_time_t interval, apr_time_t now)
{
    return clerk_time_left(presence->tried_at + interval, interval, now);
}
