/* SPDX-License-Identifier: Apache-2.0 - values as they can stand in a header field */
#ifndef CLERK_HEADER_TEXT_H
#define CLERK_HEADER_TEXT_H

#include <apr_pools.h>

/**
 * @a value itself where all of it is printable ASCII with no space at either end; else
 * percent-encoded (RFC 3986, 2.1): bytes that are not printable, `%`, and where there is a space
 * at an end all spaces, so that decoding gives the value back.
 */
const char *clerk_header_text(const char *value, apr_pool_t *pool);

/**
 * @a value itself where it has no control character (bytes below 0x20, and 0x7f); else those
 * and `%` percent-encoded. Other bytes stay, so UTF-8 is left alone.
 */
const char *clerk_text_without_controls(const char *value, apr_pool_t *pool);

#endif
