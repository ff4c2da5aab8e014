/* SPDX-License-Identifier: Apache-2.0 - strict base64url without padding */
#ifndef CLERK_BASE64URL_H
#define CLERK_BASE64URL_H

#include "slice.h"

/** Not zero for the characters of base64url. */
extern const unsigned char clerk_base64url_values[256];

static inline int clerk_is_base64url(char c)
{
    return clerk_base64url_values[(unsigned char)c] != 0;
}

/**
 * Decode base64url without padding (RFC 7515, 2; RFC 4648, 5).
 *
 * Refused: any other byte, `=`, a length of 1 modulo 4, and bits that are set beyond
 * the last byte, so that every value has exactly one spelling.
 *
 * @param out   bytes owned by @a pool, followed by a NUL that does not count
 * @return 1, or 0 with @a out untouched
 */
int clerk_base64url_decode(clerk_slice *out, clerk_slice text, apr_pool_t *pool);

/**
 * Decode standard base64 by the WHATWG "forgiving" rules: ASCII white space is ignored,
 * padding optional, `-` and `_` refused. Publishable keys are written so.
 */
int clerk_base64_decode_forgiving(clerk_slice *out, clerk_slice text, apr_pool_t *pool);

#endif
