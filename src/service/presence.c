/* SPDX-License-Identifier: Apache-2.0 - whether a service is there, when to try it, and when to speak of it */
#include "presence.h"

int clerk_presence_lose(clerk_presence *presence, apr_status_t why, apr_time_t now)
{
    apr_interval_time_t silence = now - presence->said_at;

    presence->away = why;
    presence->tried_at = now;
    if (presence->away_is_said
        || (presence->said_at != 0 && silence >= 0 && silence < CLERK_PRESENCE_QUIET))
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

/** A clock that was set back must not make the pause longer than it was meant to be. */
apr_interval_time_t clerk_presence_pause(const clerk_presence *presence,
                                         apr_interval_time_t interval, apr_time_t now)
{
    apr_interval_time_t left = presence->tried_at + interval - now;

    return left > interval ? 0 : left;
}
