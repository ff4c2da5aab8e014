/* SPDX-License-Identifier: Apache-2.0 - where requests leave errands to a slow cache */
#include "cache_desk.h"

#include "counters.h"

int clerk_cache_desk_is_away(const clerk_cache_desk *desk)
{
    return desk->presence.away != APR_SUCCESS;
}

void clerk_cache_desk_finish(clerk_cache_desk *desk, clerk_errand *errand)
{
    if (errand->is_awaited) {
        errand->is_done = 1;
        apr_thread_cond_broadcast(desk->done);
    }
    else {
        clerk_errand_free(errand);
    }
}

void clerk_cache_desk_clear(clerk_cache_desk *desk)
{
    clerk_errand *errand;

    while ((errand = clerk_errands_take(&desk->errands)) != NULL) {
        errand->status = APR_EAGAIN;
        clerk_cache_desk_finish(desk, errand);
    }
}

int clerk_cache_desk_go_away(clerk_cache_desk *desk, apr_status_t why)
{
    if (!clerk_cache_desk_is_away(desk)) {
        clerk_count(CLERK_COUNT_CACHE_AWAY);
    }
    clerk_cache_desk_clear(desk);
    apr_thread_cond_broadcast(desk->done);
    return clerk_presence_lose(&desk->presence, why, apr_time_now());
}

void clerk_cache_desk_say(clerk_cache_desk *desk, int is_news, apr_status_t status)
{
    if (is_news && desk->options.notify != NULL) {
        desk->options.notify(desk->options.baton, status);
    }
}
