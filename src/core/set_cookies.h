/* SPDX-License-Identifier: Apache-2.0 - Set-Cookie values that Clerk wants the browser to have */
#ifndef CLERK_SET_COOKIES_H
#define CLERK_SET_COOKIES_H

#include <apr_tables.h>

#include "instance.h"
#include "node.h"

typedef struct clerk_set_cookies {
    apr_array_header_t *values; /* of const char *; may be empty */
    const char *session; /* the session token among them, not verified; NULL without one */
} clerk_set_cookies;

/**
 * Take the directives of a handshake payload or of a refresh, as they are. Dropped: what is
 * no string, and what has control characters, which could be more than one field.
 *
 * The session token is the value of the last cookie whose name begins with `__session`
 * (getCookieName, getCookieValue in `@clerk/backend`).
 *
 * @param directives  anything but an array is an empty one; must outlive @a cookies
 */
void clerk_set_cookies_read(clerk_set_cookies *cookies, const clerk_node *directives,
                            apr_pool_t *pool);

/**
 * Clear the cookie `__clerk_handshake_nonce`: that of this host, and that of the domain
 * which the Frontend API's host has in common with @a host, where it sets it.
 *
 * @param host  of this request's URL
 */
void clerk_set_cookies_clear_nonce(clerk_set_cookies *cookies,
                                   const clerk_instance *instance, clerk_slice host,
                                   apr_pool_t *pool);

#endif
