/* SPDX-License-Identifier: Apache-2.0 - one request as the state machine sees it, and what kind it is */
#ifndef CLERK_FACTS_H
#define CLERK_FACTS_H

#include <apr_tables.h>

#include "slice.h"

/**
 * One request as authenticateRequest in `@clerk/backend` sees it. Borrowed; NULL or
 * empty where absent.
 */
typedef struct clerk_facts {
    const char *method;
    /**
     * The URL that the browser asked for, absolute. Scheme, host and port are those that
     * configuration names, never merely the client's word, since redirects are made of
     * them; path and query are as sent. NULL: there is no redirect of any kind.
     */
    const char *own_url;
    /** Asked where own_url is NULL and matters, as for most good tokens it does not; or NULL. */
    const char *(*find_own_url)(void *request);
    void *request;
    /* field values */
    clerk_slice authorization;
    clerk_slice cookie;
    clerk_slice accept;
    clerk_slice sec_fetch_dest;
    clerk_slice referer;
    /** All header fields, for the body of a refresh (session_api.h); NULL: none is sent. */
    const apr_table_t *headers;
} clerk_facts;

/**
 * A browser navigation: GET or HEAD with Sec-Fetch-Dest `document` or `iframe`, or
 * without that field and with `text/html` in Accept. So form posts and fetch() are not.
 */
int clerk_is_navigation(const clerk_facts *facts);

/**
 * A page request as auth.protect() in `@clerk/nextjs` sees it: any method, either sign
 * suffices.
 */
int clerk_is_page_request(const clerk_facts *facts);

/**
 * Whether a redirect to the handshake would come back (isRequestEligibleForHandshake in
 * `@clerk/backend`): GET with Sec-Fetch-Dest `document` or `iframe`, or without that
 * field and with an Accept that begins with `text/html`.
 */
int clerk_is_handshake_eligible(const clerk_facts *facts);

/** GET with Sec-Fetch-Dest `document`: a page of its own, which satellites are synced for. */
int clerk_is_document(const clerk_facts *facts);

#endif
