/* SPDX-License-Identifier: Apache-2.0 - records that all processes of one server see, found by a digest */
#ifndef CLERK_SHARED_TABLE_H
#define CLERK_SHARED_TABLE_H

#include <stdatomic.h>
#include <stdint.h>

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "../core/instance.h"

/**
 * A segment of anonymous shared memory, made before processes fork, with records of one
 * size. No lock: a process that dies in mid-work leaves nothing locked.
 *
 * A record belongs to one digest (by its first 64 bits) until a time that every use moves
 * on; after that another digest may take it over, with whatever stands in it. So what is
 * kept in a record must be either out of date by then, or checked by its reader; and as a
 * take-over may coincide with a use, it may only be what costs time when it is wrong,
 * never what decides about a token.
 */
typedef struct clerk_shared_table clerk_shared_table;

/** What each record begins with. */
typedef struct clerk_shared_head {
    _Atomic(uint64_t) id;        /* 0: never used */
    _Atomic(int64_t) kept_until; /* 0 with an id: about to be dated */
} clerk_shared_head;

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared memory needs lock-free 64-bit atomics");

/**
 * @param record_size  a clerk_shared_head included; a multiple of 8
 * @param keep         how long a record stays its owner's after the last use
 * @param pool         the segment is unmapped with it, here and not in other processes
 */
apr_status_t clerk_shared_table_create(clerk_shared_table **table, unsigned records,
                                       apr_size_t record_size, apr_interval_time_t keep,
                                       apr_pool_t *pool);

/**
 * The record of @a id. Behind its head a new one is all zero, unless it was another's.
 *
 * @return NULL when there is no room; else good for a use now: ask again for the next
 */
void *clerk_shared_table_claim(clerk_shared_table *table,
                               const unsigned char id[CLERK_DIGEST_LENGTH],
                               apr_time_t now);

/** The record of @a id where there is one, else NULL. */
void *clerk_shared_table_find(clerk_shared_table *table,
                              const unsigned char id[CLERK_DIGEST_LENGTH]);

#endif
