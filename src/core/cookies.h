/* SPDX-License-Identifier: Apache-2.0 - Clerk's cookies of one request, suffixed or not */
#ifndef CLERK_COOKIES_H
#define CLERK_COOKIES_H

#include <apr_time.h>

#include "instance.h"

/** After so many redirects in a row a browser is left where it is. */
enum { CLERK_REDIRECT_LIMIT = 3 };

/**
 * What the browser holds of an instance, in its cookies and in the query of this request's
 * URL (AuthenticateContext in `@clerk/backend`). Strings are NULL where the source is
 * absent or empty. Nothing here has been verified.
 */
typedef struct clerk_browser_state {
    int suffixed;               /* whether the suffixed cookies were chosen */
    const char *session;        /* __session */
    const char *dev_browser;    /* __clerk_db_jwt: of the query, else the cookie */
    const char *refresh;        /* __refresh, suffixed only */
    apr_int64_t client_uat;     /* __client_uat: seconds of the last sign-in or out; 0 signed out */
    const char *handshake;      /* __clerk_handshake: of the query, else the cookie */
    const char *nonce;          /* __clerk_handshake_nonce: likewise */
    int has_nonce_cookie;       /* whether that is a cookie */
    int redirects;              /* __clerk_redirect_count: 0 to CLERK_REDIRECT_LIMIT */

    /* of the query alone */
    int brings_dev_browser;       /* __clerk_db_jwt is there, even empty */
    const char *synced;           /* __clerk_synced: `false` wanted, `true` done */
    const char *sync_redirect_url; /* __clerk_redirect_url: the satellite's page */
} clerk_browser_state;

/**
 * One cookie's value: split on `;`, cut at the first `=`, spaces and tabs trimmed, no
 * quotes removed, percent-decoded only where that gives valid UTF-8 without NUL or
 * other control characters (else raw), the first of several wins. Splitting before
 * decoding matters: an encoded `;` must not forge a cookie.
 *
 * @return owned by @a pool; NULL when absent
 */
const char *clerk_cookie_value(clerk_slice field, const char *name, apr_pool_t *pool);

/**
 * Read the cookies of @a instance, choosing suffixed or plain ones by
 * usesSuffixedCookies of `@clerk/backend`'s AuthenticateContext, and what Clerk put into
 * the query. Without a publishable key only plain cookies are looked at.
 *
 * A redirect count that is no number is 0, a negative one CLERK_REDIRECT_LIMIT.
 *
 * @param field  the Cookie field; empty when absent
 * @param query  of this request's URL, without `?`; empty when absent
 * @param now    for the rule on expired suffixed sessions of development instances
 */
void clerk_browser_state_read(clerk_browser_state *state, clerk_slice field,
                              clerk_slice query, const clerk_instance *instance, apr_time_t now,
                              apr_pool_t *pool);

#endif
