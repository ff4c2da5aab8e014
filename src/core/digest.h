/* SPDX-License-Identifier: Apache-2.0 - SHA-256 with what OpenSSL needs for it made once */
#ifndef CLERK_DIGEST_H
#define CLERK_DIGEST_H

#include "slice.h"

enum { CLERK_DIGEST_LENGTH = 32 };

/** Any number of threads may share one. */
typedef struct clerk_digester clerk_digester;

/** @return NULL when OpenSSL offers no SHA-256 */
clerk_digester *clerk_digester_create(apr_pool_t *pool);

/**
 * SHA-256 (FIPS 180-4) over @a parts, one behind the other: two lists of parts are told
 * apart only where all but the last part are of fixed length.
 *
 * @return 0 without memory
 */
int clerk_digest(unsigned char digest[CLERK_DIGEST_LENGTH], clerk_digester *digester,
                 const clerk_slice *parts, int count);

#endif
