/* SPDX-License-Identifier: Apache-2.0 - (instance, kid) to a public key, from PEM, memory, cache or network */
#ifndef CLERK_KEY_STORE_H
#define CLERK_KEY_STORE_H

#include "backend_api.h"
#include "board.h"
#include "sealed_cache.h"

typedef struct clerk_key_store clerk_key_store;

/** What is known of one source. */
typedef struct clerk_key_report {
    const clerk_instance *instance; /* key_url says which source */
    apr_size_t keys;                /* in use; 0: none were ever had */
    apr_time_t fetched_at;          /* where keys > 0 */
    apr_interval_time_t age;        /* likewise */
    int is_usable;                  /* whether the keys are young enough to serve */
    clerk_error failure;            /* of the last fetch; CLERK_OK when it succeeded */
    apr_time_t failed_at;           /* when this process learnt of its last failure; 0: never */
} clerk_key_report;

typedef enum clerk_key_event {
    CLERK_KEYS_FETCHED,   /* each new set, in the process that fetched it */
    CLERK_KEYS_RECOVERED, /* likewise, and before that fetching had failed */
    CLERK_KEYS_FAILING    /* said again now and then, by one process of the server */
} clerk_key_event;

typedef struct clerk_key_store_options {
    /** A key set is fetched anew in the background before it is this old. */
    apr_interval_time_t refresh;
    /** Where that fails, known keys serve on until this age. */
    apr_interval_time_t max_stale;
    /** Between fetches of one source, by all who share the board. */
    apr_interval_time_t min_interval;
    /** > 0; a request waits no longer for a fetch, its retries included. */
    apr_interval_time_t wait;
    void (*pause)(apr_interval_time_t); /* between attempts; NULL: apr_sleep */

    /** Shared with other processes; either may be NULL, and then this one is alone. */
    clerk_board *board;
    struct clerk_key_shelf *shelf;
    /** The same in all processes that share the board, another in each server. */
    apr_uint32_t jitter;

    /** Told without a lock held, by the thread that fetched; NULL: nobody. */
    void (*tell)(void *baton, clerk_key_event event, const clerk_key_report *report);
    void *baton;
} clerk_key_store_options;

/** A key and the set that keeps it alive; hand it back with clerk_key_release. */
typedef struct clerk_key_ref {
    const clerk_key *key;
    struct clerk_key_snapshot *snapshot; /* NULL for a local PEM key */
} clerk_key_ref;

/**
 * Make the store of one process.
 *
 * @param cache    may be NULL; with @a http it must outlive the store
 * @param options  copied
 */
apr_status_t clerk_key_store_create(clerk_key_store **store, const clerk_http *http,
                                    const clerk_sealed_cache *cache,
                                    const clerk_key_store_options *options,
                                    apr_pool_t *pchild);

/**
 * Find the key for a token of @a instance, which must outlive the store.
 *
 * A local PEM key answers whatever the kid, without network. Else the instance's key set
 * does: never another's, though it have the same kid. A known kid in a set younger than
 * max_stale takes one short lock and no wait, whatever else goes on: to keep sets young is
 * the work of clerk_key_store_refresh.
 *
 * Only an unknown kid, or no set that may serve, asks: first what other processes have
 * fetched, then the cache and the network, at most once per min_interval for all processes
 * that share the board. One fetches for all that wait, and no lock is held meanwhile. With
 * no set to serve, requests wait for that within options.wait; with one, only in the first
 * second of a fetch, so that invented kids hold up no crowd while the source hangs. An empty
 * kid never asks. A new set replaces the old one whole.
 *
 * After a failure nothing is asked for min_interval, or for as long as the answer's
 * Retry-After said, at most five minutes: known keys younger than max_stale serve on,
 * and for others the failure is remembered.
 *
 * @param now  the clock, read for this call and not when the request began: a moment more
 *             than a minute older than one that was seen before means that the clock was
 *             set back, and what was fetched in the future counts as stale
 * @return CLERK_OK with @a ref to be released; CLERK_E_JWK_KID_MISMATCH;
 *         CLERK_E_JWK_FAILED_TO_LOAD; CLERK_E_JWK_FAILED_TO_RESOLVE;
 *         CLERK_E_SECRET_KEY_INVALID; CLERK_E_UNEXPECTED without memory
 */
clerk_status clerk_key_store_find(clerk_key_ref *ref, clerk_key_store *store,
                                  const clerk_instance *instance, clerk_slice kid,
                                  apr_time_t now, clerk_error *error);

/** The edition of a local PEM key, which is never another. */
enum { CLERK_KEY_EDITION_LOCAL = 1 };

/**
 * The number of the key set in which a key of @a instance would be found now. As long as it is
 * the same, the same keys are. Takes no lock and writes nothing.
 *
 * @param now  as for clerk_key_store_find
 * @return 0 where there is none that may serve, or it is just being replaced
 */
apr_uint64_t clerk_key_store_edition(const clerk_key_store *store,
                                     const clerk_instance *instance, apr_time_t now);

/** Give @a ref back; its key must not be used after. */
void clerk_key_release(clerk_key_ref *ref);

/**
 * Make the source of @a instance known, so that clerk_key_store_refresh fetches its keys
 * before a request asks for them. What other processes have fetched is there at once.
 */
void clerk_key_store_add(clerk_key_store *store, const clerk_instance *instance,
                         apr_time_t now);

/**
 * For a background thread, to be called often: take over what other processes have fetched,
 * and fetch what was never had, or is older than half the refresh age and a share of the
 * other half that depends on options.jitter. The limits of clerk_key_store_find hold here
 * too.
 *
 * @return how many sources were asked and failed
 */
int clerk_key_store_refresh(clerk_key_store *store, apr_time_t now);

/**
 * The process ends, and breaks off its fetches: those count for nothing, and the other
 * processes may ask at once. Keys that are known are found until the store goes.
 */
void clerk_key_store_close(clerk_key_store *store);

/** Call @a visit with what is known of each source, no lock held. */
void clerk_key_store_report(clerk_key_store *store, apr_time_t now,
                            void (*visit)(void *baton, const clerk_key_report *report),
                            void *baton);

#endif
