/* SPDX-License-Identifier: Apache-2.0 - a bounded table of the Backend API's answers */
#ifndef CLERK_KEPT_ANSWERS_H
#define CLERK_KEPT_ANSWERS_H

#include <apr_time.h>

#include "../core/instance.h"

/**
 * Bodies of answers by digest, each until a moment. The one that was not asked for longest
 * goes when there are too many. Whoever has it guards it by a lock.
 */
typedef struct clerk_kept_answers clerk_kept_answers;

/**
 * @param pool  frees all answers at its end
 * @return NULL without memory
 */
clerk_kept_answers *clerk_kept_answers_create(apr_size_t max_entries,
                                                apr_size_t max_bytes, apr_pool_t *pool);

/**
 * Find what is still good at @a now.
 *
 * @param body  a copy in @a pool; empty where the answer was "no such thing"
 * @return 0 when there is nothing
 */
int clerk_kept_answers_find(clerk_slice *body, clerk_kept_answers *answers,
                             const unsigned char digest[CLERK_DIGEST_LENGTH],
                             apr_time_t now, apr_pool_t *pool);

/** Keep @a body, copied, in place of an earlier one; not at all where that cannot be done. */
void clerk_kept_answers_keep(clerk_kept_answers *answers,
                              const unsigned char digest[CLERK_DIGEST_LENGTH],
                              clerk_slice body, apr_time_t now, apr_time_t until);

#endif
