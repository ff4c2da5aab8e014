/* SPDX-License-Identifier: Apache-2.0 - threads that run errands to a slow cache, one at a time */
#ifndef CLERK_CACHE_RUNNER_H
#define CLERK_CACHE_RUNNER_H

#include "cache_desk.h"

/* All with the desk's lock held. */

/** Start a thread for the desk in place of the current one, if there is a place free. */
apr_status_t clerk_cache_runner_hire(clerk_cache_desk *desk);

/** Start another where the current one has hung for too long. */
void clerk_cache_runner_replace(clerk_cache_desk *desk);

/** Whether no thread is left that may touch the desk. */
int clerk_cache_runners_have_ended(const clerk_cache_desk *desk);

/** Wait for the last steps of threads that have ended, and free what they had. */
void clerk_cache_runners_dismiss(clerk_cache_desk *desk);

#endif
