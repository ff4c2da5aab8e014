/* SPDX-License-Identifier: Apache-2.0 - a bounded part of the table of verified JWTs */
#ifndef CLERK_VERIFIED_PART_H
#define CLERK_VERIFIED_PART_H

#include <apr_errno.h>
#include <apr_time.h>

#include "../core/fingerprint.h"
#include "readers.h"

/** How long an entry is good, and what else must be as it was. */
typedef struct clerk_verified_term {
    apr_time_t until;
    apr_uint64_t edition; /* of the key set that vouched (clerk_key_store_edition); or 0 */
} clerk_verified_term;

/** On average an entry may have this many bytes; where they have more there are fewer. */
enum { CLERK_VERIFIED_ENTRY_BYTES = 2048 };

/**
 * Runs of bytes by fingerprint. Threads that look for one share nothing that they write to;
 * those that change something do so one at a time.
 */
typedef struct clerk_verified_part clerk_verified_part;

/**
 * @param readers     of all parts of the table; must outlive the part
 * @param room        for so many entries
 * @param pool        frees all at its end, when nobody reads any more
 * @return APR_ENOMEM, or what a lock costs
 */
apr_status_t clerk_verified_part_create(clerk_verified_part **part,
                                        clerk_readers *readers, apr_size_t room,
                                        apr_pool_t *pool);

/** @return a copy in @a pool, or NULL where there is none or it has expired */
const char *clerk_verified_part_find(clerk_verified_term *term, clerk_verified_part *part,
                                     const unsigned char print[CLERK_FINGERPRINT_LENGTH],
                                     apr_time_t now, apr_pool_t *pool);

/**
 * Keep a copy of @a packed in place of an earlier one, if there is memory. Another entry may
 * have to go, which was not asked for of late.
 */
void clerk_verified_part_keep(clerk_verified_part *part,
                              const unsigned char print[CLERK_FINGERPRINT_LENGTH],
                              clerk_slice packed, const clerk_verified_term *term,
                              apr_time_t now);

/** The key set is another one now and vouches for the entry, too. */
void clerk_verified_part_confirm(clerk_verified_part *part,
                                 const unsigned char print[CLERK_FINGERPRINT_LENGTH],
                                 apr_uint64_t edition);

void clerk_verified_part_drop(clerk_verified_part *part,
                              const unsigned char print[CLERK_FINGERPRINT_LENGTH]);

/** How many entries there are now, expired ones among them. */
apr_size_t clerk_verified_part_count(clerk_verified_part *part);

#endif
