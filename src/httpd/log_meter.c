/* SPDX-License-Identifier: Apache-2.0 - how many lines of one kind a log is given */
#include "log_meter.h"

int clerk_log_meter_take(clerk_log_meter *meter, apr_time_t now, unsigned *left_out)
{
    apr_int64_t paid = atomic_load(&meter->paid_until);
    apr_int64_t next;

    do {
        /* further ahead than any burst: the clock was set back */
        if (paid > now + (CLERK_LOG_BURST + 1) * CLERK_LOG_INTERVAL) {
            next = now;
        }
        else {
            next = paid > now ? paid : now;
        }
        next += CLERK_LOG_INTERVAL;
        if (next > now + CLERK_LOG_BURST * CLERK_LOG_INTERVAL) {
            atomic_fetch_add(&meter->left_out, 1);
            return 0;
        }
    } while (!atomic_compare_exchange_weak(&meter->paid_until, &paid, next));
    *left_out = atomic_exchange(&meter->left_out, 0);
    return 1;
}
