/* SPDX-License-Identifier: Apache-2.0 - what a JWT was found to be, and as one run of bytes */
#ifndef CLERK_VERIFIED_H
#define CLERK_VERIFIED_H

#include "auth.h"
#include "jwk.h"

/**
 * A JWT whose signature was verified and whose header suits its type. Policy is not part of
 * it: that is judged by the claims wherever the token is shown.
 */
typedef struct clerk_verified {
    clerk_jwt jwt;       /* unpacked: what its header says, and sub */
    clerk_claims claims; /* unpacked: without payload */
    const clerk_auth *auth;
    unsigned char key_id[CLERK_KEY_ID_LENGTH]; /* of the key that signed */
} clerk_verified;

/** Those that pack into more are not worth keeping. */
enum { CLERK_PACKED_MAX = 32 * 1024 };

/**
 * Pack @a verified, except what the record says, into one run of bytes that may be copied
 * anywhere. Texts that point into the claims' JSON, as most do, take no room of their own.
 *
 * @param room  of @a size bytes, at an address that suits any type; used where it suffices,
 *              so that what is copied at once takes nothing of a request's memory
 * @return in @a room or owned by @a pool; empty when it would be longer than CLERK_PACKED_MAX
 */
clerk_slice clerk_verified_pack(const clerk_verified *verified, void *room, apr_size_t size,
                                apr_pool_t *pool);

/**
 * The reverse, without parsing anything.
 *
 * @param packed  as clerk_verified_pack made it, at an address that suits any type; must
 *                outlive @a verified
 */
void clerk_verified_unpack(clerk_verified *verified, const char *packed,
                           apr_pool_t *pool);

#endif
