/* SPDX-License-Identifier: Apache-2.0 - the URL that a person is sent to for signing in or up */
#ifndef CLERK_SIGN_IN_H
#define CLERK_SIGN_IN_H

#include "instance.h"
#include "facts.h"

/** Where a person is sent to sign in, or up; strings NULL where unset. */
typedef struct clerk_sign_in_request {
    /** Absolute, or a path on this site; NULL: the Account Portal's. */
    const char *sign_in_url;
    /** To sign up, not in. */
    int signs_up;
    /** The same for that; NULL: the sign-in URL with `/create` on its path, else the portal's. */
    const char *sign_up_url;
    /** This request's public URL, absolute: to resolve against. */
    const char *own_url;
    /** Where to come back to, absolute; NULL: own_url. */
    const char *return_url;
    /** The session is there and pending: to its tasks. */
    int pending;
    /** Nobody is to come back: no redirect_url. */
    int no_return;
    /** Token to hand over in development, to another host only. */
    const char *dev_browser;
} clerk_sign_in_request;

/**
 * The URL of redirectToSignIn and redirectToSignUp in `@clerk/backend`: target, `/tasks` on its path for a
 * pending session, `redirect_url` (replacing one that is there), then `__clerk_db_jwt`
 * where it belongs. Query and fragment of the sign-in URL are kept; what an earlier
 * handshake left in the query of the page to come back to is not.
 *
 * Always absolute: a path becomes one of own_url's origin, and `//HOST` or `/\HOST`,
 * which browsers take for another site, are refused.
 *
 * @return owned by @a pool; NULL when there is neither a configured URL nor a portal,
 *         when the configured URL is neither a path nor http(s), or when own_url or
 *         return_url cannot be parsed
 */
const char *clerk_sign_in_location(const clerk_instance *instance,
                                   const clerk_sign_in_request *request,
                                   apr_pool_t *pool);

/**
 * What is wrong with the sign-in URL of a satellite, which must be its primary's
 * (authenticateRequest's assertions in `@clerk/backend`): none in development, one on the
 * satellite itself.
 *
 * @param sign_in_url  as configured, or NULL
 * @param own_url      of the satellite; NULL: unknown
 * @return a sentence for the administrator; NULL when nothing is wrong or @a instance is no
 *         satellite
 */
const char *clerk_satellite_problem(const clerk_instance *instance,
                                    const char *sign_in_url, const char *own_url);

#endif
