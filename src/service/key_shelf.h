/* SPDX-License-Identifier: Apache-2.0 - key sets in memory that the processes of one server share */
#ifndef CLERK_KEY_SHELF_H
#define CLERK_KEY_SHELF_H

#include "shared_table.h"

/**
 * One process fetches a key set for all of a server. Unlike the cache it takes no lock, asks
 * no other server, and is there when none is configured. What does not fit (a set of more
 * than CLERK_KEY_SHELF_MAX_BYTES, or more sources than CLERK_KEY_SHELF_PLACES) is not put
 * there, and processes go on without.
 */
typedef struct clerk_key_shelf clerk_key_shelf;

enum { CLERK_KEY_SHELF_PLACES = 64, CLERK_KEY_SHELF_MAX_BYTES = 16 * 1024 };

#define CLERK_KEY_SHELF_LAYOUT "1:64x16k"

/** Make one, before processes fork. */
apr_status_t clerk_key_shelf_create(clerk_key_shelf **shelf, apr_interval_time_t keep,
                                    apr_pool_t *pool);

/**
 * Put the key set of the source @a id there, in place of the one before. Two who do so at
 * once spoil it, which a reader notices: let a lease keep others out (board.h).
 *
 * @param shelf  may be NULL
 * @return 0 when it does not fit
 */
int clerk_key_shelf_put(clerk_key_shelf *shelf, const unsigned char id[CLERK_DIGEST_LENGTH],
                        clerk_slice json, apr_time_t fetched_at, apr_time_t now);

/**
 * Take a copy of the key set of the source @a id, as somebody put it there whole.
 *
 * @param shelf  may be NULL
 * @param json   not parsed; owned by @a pool
 * @return 0 when there is none, or it is being replaced
 */
int clerk_key_shelf_get(clerk_slice *json, apr_time_t *fetched_at, clerk_key_shelf *shelf,
                        const unsigned char id[CLERK_DIGEST_LENGTH], apr_time_t now,
                        apr_pool_t *pool);

#endif
