/* SPDX-License-Identifier: Apache-2.0 - who is sent to sign in, and to which URL */
#ifndef CLERK_SIGN_IN_H
#define CLERK_SIGN_IN_H

#include "instance.h"
#include "session.h"

/**
 * A browser navigation: GET or HEAD with Sec-Fetch-Dest `document` or `iframe`, or without
 * that field and with `text/html` in Accept. So form posts and fetch() are not.
 */
int clerk_is_navigation(const clerk_facts *facts);

/** A page request as auth.protect() in `@clerk/nextjs` sees it: any method, either sign suffices. */
int clerk_is_page_request(const clerk_facts *facts);

/** Where a person without a session is sent; strings NULL where unset. */
typedef struct clerk_sign_in_request {
    const char *sign_in_url; /* absolute, or a path on this site; NULL: the Account Portal's */
    const char *own_url;     /* this request's public URL, absolute: to resolve against and to come back to */
    int pending;             /* to the tasks of a pending session */
    const char *dev_browser; /* token to hand over in development, cross-origin only */
} clerk_sign_in_request;

/**
 * The URL of redirectToSignIn in `@clerk/backend`: target, `/tasks` on its path for a pending session,
 * `redirect_url` (replacing one that is there), then `__clerk_db_jwt` where it belongs. A query in the sign-in URL is kept.
 *
 * @return owned by @a pool; NULL when there is neither a configured URL nor a portal
 */
const char *clerk_sign_in_location(const clerk_instance *instance,
                                   const clerk_sign_in_request *request,
                                   apr_pool_t *pool);

#endif
