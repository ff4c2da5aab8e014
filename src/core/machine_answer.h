/* SPDX-License-Identifier: Apache-2.0 - what the Backend API says of an opaque machine token */
#ifndef CLERK_MACHINE_ANSWER_H
#define CLERK_MACHINE_ANSWER_H

#include "auth.h"

typedef struct clerk_machine_answer {
    const clerk_auth *auth;
    const clerk_node *aud; /* of an OAuth token; NULL where it has none */
} clerk_machine_answer;

/**
 * Read the body of a 200 from the endpoint that verifies tokens of @a type.
 *
 * Stricter than `@clerk/backend`, which looks at none of these: CLERK_E_TOKEN_INVALID where
 * the answer is about another `object`, has no `subject`, or says `revoked`, `expired` or not
 * `active`; a value of the wrong type there is taken for the worse one.
 *
 * `expiration` may be in seconds or milliseconds, since Clerk's endpoints differ: auth->expires
 * is the moment, APR_INT64_MAX without one, 0 where it cannot be read.
 *
 * @param answer  filled only when the call succeeds; owned by @a pool
 * @return CLERK_OK, CLERK_E_TOKEN_INVALID, or CLERK_E_MACHINE_UNDECIDED where @a json is no
 *         JSON object
 */
clerk_status clerk_machine_answer_read(clerk_machine_answer *answer, clerk_slice json,
                                       clerk_token_type type, apr_pool_t *pool,
                                       clerk_error *error);

#endif
