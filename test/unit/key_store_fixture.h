/* SPDX-License-Identifier: Apache-2.0 - a key store over a fake network, with a clock that the test sets */
#ifndef CLERK_TEST_KEY_STORE_FIXTURE_H
#define CLERK_TEST_KEY_STORE_FIXTURE_H

#include <stdatomic.h>

#include "fake_http.h"
#include "service/key_store.h"
#include "support.h"

enum { MAX_PAUSES = 16 };

#define SECONDS(n) apr_time_from_sec(n)

typedef struct key_world {
    fake_http fake;
    clerk_key_store_options
        options; /* refresh 300 s, stale 24 h, interval 10 s, wait 5 s */
    const clerk_sealed_cache *cache;
    clerk_key_store *store;
    clerk_instance one; /* two instances: other sources, the same kid */
    clerk_instance two;
    const char *own_set; /* the signing key under SUPPORT_KID */
    apr_time_t now;
    clerk_error error;
    apr_pool_t *pool;
} key_world;

/** Ready to be asked; the network answers with the signing key's set. */
key_world *key_world_make(apr_pool_t *pool);

/** Another store with the options and the cache of now, as another process has it. */
void key_world_restart(key_world *w);

/** Ask for a key of `one` and hand it back at once. */
clerk_status key_world_find(key_world *w, const char *kid);

/** Network requests since the last call of this. */
int key_world_calls(key_world *w);

/** The network answers with that status and `{}` from now on. */
void key_world_break(key_world *w, int http_status);

/** And with a good set again. */
void key_world_mend(key_world *w, const char *key_set);

/** A set of `one` that was fetched then is refreshed once between half and 9/10 of 300 s. */
void key_world_assert_due_once(key_world *w, apr_time_t fetched_at);

enum { PROCESSES = 4 };

/** Several stores over one board and shelf: most tests need no more of a process. */
typedef struct key_server {
    key_world *w;
    clerk_key_store *stores[PROCESSES];
} key_server;

key_server key_server_make(apr_pool_t *pool);

/** Ask one of them for a key of `one`. */
clerk_status key_server_find(key_server *s, int process, const char *kid);

/** What the background of one of them does now; how many sources failed. */
int key_server_refresh(key_server *s, int process);

/** The slot of `one`. */
clerk_board_slot *key_server_slot(key_server *s);

/** What options.pause was called with since key_world_make. */
extern atomic_int pause_count;
extern apr_interval_time_t pauses[MAX_PAUSES];

#endif
