/* SPDX-License-Identifier: Apache-2.0 - answers for opaque machine tokens: remembered, or asked for once */
#ifndef CLERK_TOKEN_CACHE_H
#define CLERK_TOKEN_CACHE_H

#include "../core/machine_answer.h"
#include "api_answers.h"
#include "api_call.h"
#include "verified_tokens.h"

/** What it takes to ask about tokens; many threads may. */
typedef struct clerk_token_cache {
    const clerk_api *api;
    clerk_api_answers *answers;
    apr_interval_time_t ttl; /* of a good answer; 0: none is remembered */
    /** Where good answers wait ready for use, beside their text in answers; or NULL. */
    clerk_verified_tokens *ready;
} clerk_token_cache;

/**
 * Find out what an opaque machine token stands for, as clerk_backend_api_verify_token and
 * clerk_machine_answer_read say. The answer is kept as clerk_api_answers_find does, but not
 * beyond the token's own expiry; that a token is no good is what the API does not know. What
 * the gate (api_gate.h) does not let pass fails at once.
 *
 * @param token    clerk_token_is_opaque
 * @param now      when the request began
 * @param answer   filled on success; owned by @a pool
 * @param failure  filled otherwise; retry_after: when asking again could help, -1 unknown
 * @return CLERK_OK, CLERK_E_TOKEN_INVALID, CLERK_E_SECRET_KEY_INVALID,
 *         CLERK_E_MACHINE_UNDECIDED, or CLERK_E_UNEXPECTED without memory
 */
clerk_status clerk_token_cache_verify(clerk_machine_answer *answer,
                                      const clerk_token_cache *cache,
                                      const clerk_instance *instance,
                                      clerk_token_type type, clerk_slice token,
                                      apr_time_t now, clerk_api_failure *failure,
                                      apr_pool_t *pool);

#endif
