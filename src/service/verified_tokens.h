/* SPDX-License-Identifier: Apache-2.0 - a bounded table of the JWTs that this process has verified */
#ifndef CLERK_VERIFIED_TOKENS_H
#define CLERK_VERIFIED_TOKENS_H

#include "../core/instance.h"
#include "../core/verified.h"
#include "verified_part.h"

/**
 * Signatures need not be verified twice. Only tokens whose signature was good are kept, by a
 * fingerprint of token and key source, so neither forgeries nor another instance's tokens
 * push one out. Any number of threads may share a table: it is parted, those that look for a
 * token take no lock and write nothing that another reads, and nobody gets to see memory of
 * the table.
 */
typedef struct clerk_verified_tokens clerk_verified_tokens;

/**
 * @param entries  > 0
 * @return APR_ENOTIMPL when OpenSSL offers no SHA-256, APR_ENOMEM, or what a lock costs
 */
apr_status_t clerk_verified_tokens_create(clerk_verified_tokens **tokens,
                                          apr_size_t entries, apr_pool_t *pool);

/** What names a token of an instance; make it once for the calls below. */
typedef struct clerk_verified_id {
    unsigned char print[CLERK_FINGERPRINT_LENGTH];
} clerk_verified_id;

/**
 * @param identity  of whatever vouches for the token: clerk_instance.key_id or .api_id
 * @return 0 without memory
 */
int clerk_verified_tokens_id(clerk_verified_id *id, clerk_verified_tokens *tokens,
                             const unsigned char identity[CLERK_DIGEST_LENGTH],
                             clerk_slice token);

/**
 * Look for a token. What was found says nothing yet: whoever asks judges whether the key
 * (verified->jwt.kid, verified->key_id) still is one of the instance's, which needs no
 * look where the key set's edition is the same; whether such a token is accepted; and its
 * claims.
 *
 * @param verified  owned by @a pool
 * @return 0 when it is not there, or has expired
 */
int clerk_verified_tokens_find(clerk_verified *verified, clerk_verified_term *term,
                               clerk_verified_tokens *tokens, const clerk_verified_id *id,
                               apr_time_t now, apr_pool_t *pool);

/**
 * Keep a token until that moment; another one may have to go, which was not asked for of
 * late.
 *
 * @param pool  for scratch
 */
void clerk_verified_tokens_keep(clerk_verified_tokens *tokens, const clerk_verified_id *id,
                                const clerk_verified *verified,
                                const clerk_verified_term *term, apr_time_t now,
                                apr_pool_t *pool);

/** The key that signed is in the key set of that edition, too. */
void clerk_verified_tokens_confirm(clerk_verified_tokens *tokens,
                                   const clerk_verified_id *id, apr_uint64_t edition);

/** Forget a token whose key is no longer one. */
void clerk_verified_tokens_drop(clerk_verified_tokens *tokens, const clerk_verified_id *id);

/** How many there are now, expired ones among them. */
apr_size_t clerk_verified_tokens_count(const clerk_verified_tokens *tokens);

#endif
