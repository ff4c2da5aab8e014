/* SPDX-License-Identifier: Apache-2.0 - a token cache over a fake network, with a clock that the test sets */
#ifndef CLERK_TEST_TOKEN_CACHE_FIXTURE_H
#define CLERK_TEST_TOKEN_CACHE_FIXTURE_H

#include <stdatomic.h>

#include "fake_http.h"
#include "service/token_cache.h"
#include "support.h"

/** What the Backend API answers about a good API key; members begin with a comma. */
#define API_KEY_ANSWER(members) \
    "{\"object\":\"api_key\",\"id\":\"ak_2w\",\"subject\":\"user_2abc\"" members "}"

typedef struct token_world {
    fake_http fake;
    clerk_api_answers_options options; /* patience 5 s of 64 threads */
    apr_interval_time_t ttl;           /* 30 s */
    unsigned connections;              /* 8 */
    clerk_token_cache *cache;
    clerk_instance one; /* two instances of one API */
    clerk_instance two;
    clerk_machine_answer answer;
    clerk_api_failure failure;
    apr_pool_t *pool;
} token_world;

/** The clock of every cache of this program: SUPPORT_NOW at first. */
extern _Atomic apr_time_t token_clock;

/** Ready to be asked; the API answers API_KEY_ANSWER("") to everything. */
token_world *token_world_make(apr_pool_t *pool);

/** Another cache with the options of now. */
void token_world_restart(token_world *w);

/** Ask of `one` about an API key. */
clerk_status token_world_verify(token_world *w, const char *token);

clerk_status token_world_verify_for(token_world *w, const clerk_instance *instance,
                                    clerk_token_type type, const char *token);

/** Network requests since the last call of this. */
int token_world_calls(token_world *w);

/** The API answers that from now on. */
void token_world_answer(token_world *w, int http_status, const char *body);

#endif
