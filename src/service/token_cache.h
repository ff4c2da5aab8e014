/* SPDX-License-Identifier: Apache-2.0 - answers for opaque machine tokens: remembered, or asked for once */
#ifndef CLERK_TOKEN_CACHE_H
#define CLERK_TOKEN_CACHE_H

#include "../core/machine_answer.h"
#include "api_gate.h"
#include "backend_api.h"
#include "board.h"
#include "sealed_cache.h"

/** That a token is not known is remembered no longer than this. */
#define CLERK_NEGATIVE_ANSWER_TTL apr_time_from_sec(5)

/**
 * How long a question may be under way for one more thread to wait for it, where
 * options.patient wait already: an API that hangs must not take all threads with it.
 */
#define CLERK_HASTE apr_time_from_msec(500)

/** One a process: many threads may ask it. */
typedef struct clerk_token_cache clerk_token_cache;

typedef struct clerk_token_cache_options {
    apr_interval_time_t ttl; /* of a good answer; 0: none is remembered */
    clerk_api_gate *gate;    /* shared with others who call; NULL: one of its own */
    unsigned connections;    /* of a gate of its own: requests under way at most */
    const clerk_sealed_cache *shared; /* other processes' answers; or NULL */
    clerk_board *turns; /* of the processes that share it, by digests of tokens; or NULL */
    apr_interval_time_t patience; /* with the question of another thread or process */
    unsigned patient; /* threads that wait so at a time; more of them only for a moment */
    apr_size_t max_entries;
    apr_size_t max_bytes;
    apr_time_t (*clock)(void); /* NULL: apr_time_now */
} clerk_token_cache_options;

/** @param http  must outlive the cache; @param options  copied */
apr_status_t clerk_token_cache_create(clerk_token_cache **cache, const clerk_http *http,
                                      const clerk_token_cache_options *options,
                                      apr_pool_t *pchild);

/**
 * Find out what an opaque machine token stands for, as clerk_backend_api_verify_token and
 * clerk_machine_answer_read say.
 *
 * A good answer is remembered for the TTL, but not beyond the token's own expiry; that a
 * token is no good for at most CLERK_NEGATIVE_ANSWER_TTL; that it could not be judged not at
 * all. The key is a digest of purpose, type, instance and token. While a question is under
 * way others who have the same wait for its answer. No lock is held meanwhile. What the gate
 * (api_gate.h) does not let pass fails at once.
 *
 * Where a cache is shared, what this process does not remember is looked for there, and what
 * is found is judged as if the API had just said it. One process asks at a time; the others
 * wait until it has answered, and ask themselves if its answer does not arrive. With a TTL of
 * 0 nothing is shared.
 *
 * @param token    clerk_token_is_opaque
 * @param answer   filled on success; owned by @a pool
 * @param failure  filled otherwise; retry_after: when asking again could help, -1 unknown
 * @return CLERK_OK, CLERK_E_TOKEN_INVALID, CLERK_E_SECRET_KEY_INVALID,
 *         CLERK_E_MACHINE_UNDECIDED, or CLERK_E_UNEXPECTED without memory
 */
clerk_status clerk_token_cache_verify(clerk_machine_answer *answer,
                                      clerk_token_cache *cache,
                                      const clerk_instance *instance,
                                      clerk_token_type type, clerk_slice token,
                                      clerk_api_failure *failure, apr_pool_t *pool);

#endif
