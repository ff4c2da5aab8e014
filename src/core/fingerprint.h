/* SPDX-License-Identifier: Apache-2.0 - what tells texts apart within one process, faster than a digest */
#ifndef CLERK_FINGERPRINT_H
#define CLERK_FINGERPRINT_H

#include "slice.h"

enum { CLERK_FINGERPRINT_LENGTH = 16 };

/** Has a random key of its own; any number of threads may share one. */
typedef struct clerk_fingerprinter clerk_fingerprinter;

typedef enum clerk_fingerprint_kind {
    CLERK_FINGERPRINT_POLY1305, /* RFC 8439, 2.5, of long texts; SHA-256 of short ones */
    CLERK_FINGERPRINT_SHA256    /* also where only approved algorithms are (FIPS 140) */
} clerk_fingerprint_kind;

/** From some such length on Poly1305 is the quicker one; for 3 KB, five times. */
enum { CLERK_FINGERPRINT_LONG = 256 };

/** @return NULL when OpenSSL does not offer what @a kind takes */
clerk_fingerprinter *clerk_fingerprinter_create(clerk_fingerprint_kind kind,
                                                apr_pool_t *pool);

/**
 * The fingerprint of @a parts, one behind the other: two lists of parts are told apart only
 * where all but the last part are of fixed length.
 *
 * It is to stand for what nobody but its owner knows, such as a token, in a table of this
 * process, and never to leave it. Poly1305 with a fixed key, and SHA-256 with a key in front,
 * are no MACs that could be shown to anybody. But a text hits the entry of another one, which
 * who sends it does not know, with a probability of at most 8 * ceil(L / 16) / 2^106 for L
 * bytes, 2^-93 for 16 KB (D. J. Bernstein, "The Poly1305-AES message-authentication code",
 * theorem 3.3), and tells nobody but by hitting; with SHA-256, 2^-128. Who finds another text
 * for his own entry hits what he has anyway.
 *
 * @param count  at most 4
 * @return 0 without memory
 */
int clerk_fingerprint(unsigned char print[CLERK_FINGERPRINT_LENGTH],
                      clerk_fingerprinter *fingerprinter, const clerk_slice *parts,
                      int count);

/**
 * A number of which all bits are spread evenly, for a place in a table: those of Poly1305 need
 * not be where texts differ in few bytes.
 */
static inline apr_uint64_t
clerk_fingerprint_number(const unsigned char print[CLERK_FINGERPRINT_LENGTH])
{
    apr_uint64_t low, high;

    memcpy(&low, print, sizeof(low));
    memcpy(&high, print + sizeof(low), sizeof(high));
    low ^= high * APR_UINT64_C(0x9E3779B97F4A7C15);
    low = (low ^ low >> 32) * APR_UINT64_C(0xD6E8FEB86659FD93); /* as hash finalizers do */
    return low ^ low >> 32;
}

#endif
