/* SPDX-License-Identifier: Apache-2.0 - the key set in use, its age, and the last failure */
#ifndef CLERK_KEY_HOLDING_H
#define CLERK_KEY_HOLDING_H

#include <stdatomic.h>

#include "key_snapshot.h"
#include "key_store.h"

/**
 * What is known of a key set without a lock: its number, and when it may serve. A set of
 * another age, or whose age is counted anew, has another number.
 */
typedef struct clerk_key_notice {
    _Atomic(apr_uint64_t) edition; /* 0: none, or it is being changed */
    _Atomic(apr_time_t) from;      /* earlier than that the clock was set back */
    _Atomic(apr_time_t) until;
} clerk_key_notice;

/** What a process has of one source; whoever has it guards all but the notice by a lock. */
typedef struct clerk_key_holding {
    const clerk_key_store_options *options;
    clerk_key_snapshot *snapshot; /* NULL before the first success */
    apr_time_t dated_at;          /* age is counted from here */
    clerk_error failure;          /* of the last fetch; CLERK_OK when it succeeded */
    apr_time_t failed_at;         /* 0: never */
    clerk_key_notice notice;
    apr_uint64_t editions; /* how many there were */
} clerk_key_holding;

/** @param pool  lets go of the key set when it goes; @a options must outlive it */
void clerk_key_holding_init(clerk_key_holding *holding,
                            const clerk_key_store_options *options, apr_pool_t *pool);

/**
 * A clock that was set back must not make a set young until it has caught up, nor free it
 * from max_stale: the set counts as due from this moment on.
 */
void clerk_key_holding_follow_clock(clerk_key_holding *holding, apr_time_t now);

/** Keys serve until they are that old. */
apr_interval_time_t clerk_key_longest_age(const clerk_key_store_options *options);

/** Whether there are keys, and young enough to serve. */
int clerk_key_holding_is_usable(const clerk_key_holding *holding, apr_time_t now);

/** The key of that kid in a set that is usable, else NULL. */
const clerk_key *clerk_key_holding_find(const clerk_key_holding *holding, clerk_slice kid,
                                        apr_time_t now);

/** clerk_key_store_edition for this source; takes no lock. */
apr_uint64_t clerk_key_holding_edition(const clerk_key_holding *holding, apr_time_t now);

/** Whether the background is to fetch a set; also where there is none. */
int clerk_key_holding_is_due(const clerk_key_holding *holding, apr_time_t now);

/** Whether a set that was fetched then is newer than the one in use. */
int clerk_key_holding_is_newer(apr_time_t fetched_at, const clerk_key_holding *holding);

/** Use @a snapshot, whose reference passes to @a holding, in place of the one before. */
void clerk_key_holding_adopt(clerk_key_holding *holding, clerk_key_snapshot *snapshot);

/** All but the instance. */
void clerk_key_holding_report(clerk_key_report *report, const clerk_key_holding *holding,
                              apr_time_t now);

#endif
