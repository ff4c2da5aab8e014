/* SPDX-License-Identifier: Apache-2.0 - leave a service alone that is out of order, and try it now and then */
#include "breaker.h"

#include <string.h>

#include "time_left.h"

static void open_for(clerk_breaker *breaker, apr_interval_time_t pause, apr_time_t now)
{
    breaker->is_open = 1;
    breaker->pause =
        pause > CLERK_BREAKER_LAST_PAUSE ? CLERK_BREAKER_LAST_PAUSE : pause;
    breaker->until = now + breaker->pause;
}

clerk_breaker_leave clerk_breaker_ask(clerk_breaker *breaker, apr_time_t now)
{
    clerk_breaker_leave leave = { 1, 0, 0 };

    if (!breaker->is_open) {
        return leave;
    }
    leave.after = clerk_time_left(breaker->until, breaker->pause, now);
    if (breaker->is_probing || leave.after > 0) {
        leave.is_granted = 0;
        leave.after =
            leave.after > 0 ? leave.after : CLERK_BREAKER_FIRST_PAUSE; /* the probe's */
        return leave;
    }
    breaker->is_probing = 1;
    leave.is_probe = 1;
    return leave;
}

void clerk_breaker_note(clerk_breaker *breaker, int is_probe, int has_failed,
                        apr_time_t now)
{
    if (!has_failed) {
        memset(breaker, 0, sizeof(*breaker)); /* whichever call it was: it is back */
        return;
    }
    if (is_probe && breaker->is_open) {
        breaker->is_probing = 0;
        open_for(breaker, 2 * breaker->pause, now);
    }
    else if (!breaker->is_open && ++breaker->failures >= CLERK_BREAKER_FAILURES) {
        open_for(breaker, CLERK_BREAKER_FIRST_PAUSE, now);
    }
}
