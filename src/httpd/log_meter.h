/* SPDX-License-Identifier: Apache-2.0 - how many lines of one kind a log is given */
#ifndef CLERK_LOG_METER_H
#define CLERK_LOG_METER_H

#include <stdatomic.h>

#include <apr_time.h>

/* So many at once, and so often in the long run: some 20 MB a day, whoever provokes them. */
enum { CLERK_LOG_BURST = 200 };
#define CLERK_LOG_INTERVAL apr_time_from_sec(1)

/** Of one kind of line. All zero is a fresh one; any number of threads may share it. */
typedef struct clerk_log_meter {
    _Atomic(apr_int64_t) paid_until; /* as if lines had come evenly, one an interval */
    _Atomic(unsigned) left_out;
} clerk_log_meter;

/**
 * Whether a line may be logged at @a now.
 *
 * @param left_out  filled when it may: how many were not since the last one that was
 */
int clerk_log_meter_take(clerk_log_meter *meter, apr_time_t now, unsigned *left_out);

#endif
