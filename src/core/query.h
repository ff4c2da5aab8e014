/* SPDX-License-Identifier: Apache-2.0 - the query of a URL and its encoding */
#ifndef CLERK_QUERY_H
#define CLERK_QUERY_H

#include "slice.h"

/**
 * Give a query (without `?`) one parameter @a name, as URLSearchParams.set does: it
 * replaces the first of that name, however that one is escaped; further ones are
 * dropped; where there is none it is appended. Other parameters stay as they are
 * written.
 *
 * @return owned by @a pool
 */
const char *clerk_query_set(clerk_slice query, const char *name, const char *value,
                            apr_pool_t *pool);

/** Add one parameter behind all others, as URLSearchParams.append does. */
const char *clerk_query_append(clerk_slice query, const char *name, const char *value,
                               apr_pool_t *pool);

/**
 * The query without any parameter of @a names (NULL-terminated), as URLSearchParams.delete
 * does; other parameters stay as they are written.
 */
const char *clerk_query_without(clerk_slice query, const char *const *names,
                                apr_pool_t *pool);

/**
 * The first value of a parameter, as URLSearchParams.get does.
 *
 * @param value  filled when it is there; owned by @a pool; "" also in place of a value with
 *               control characters
 * @return whether it is there
 */
int clerk_query_get(const char **value, clerk_slice query, const char *name,
                    apr_pool_t *pool);

/**
 * Form-urlencode (WHATWG URL, 5.2): all but `A-Za-z0-9*-._` escaped, a space as `+`.
 */
const char *clerk_form_encode(const char *text, apr_pool_t *pool);

/**
 * Undo percent-encoding (RFC 3986, 2.1); `+` stays.
 *
 * @param out  owned by @a pool, followed by a NUL that does not count; any octets
 * @return 1, or 0 with @a out untouched when a `%` lacks its two hexadecimal digits
 */
int clerk_percent_decode(clerk_slice *out, clerk_slice text, apr_pool_t *pool);

#endif
