/* SPDX-License-Identifier: Apache-2.0 - what the state machine decided about a request */
#ifndef CLERK_DECISION_H
#define CLERK_DECISION_H

#include <apr_tables.h>

#include "error.h"
#include "slice.h"

typedef enum clerk_decision_kind {
    CLERK_UNAUTHENTICATED = 0, /* go on as nobody: authorization refuses where it must */
    CLERK_AUTHENTICATED,       /* go on as who was found */
    CLERK_HANDSHAKE            /* answer 307 with the location now, whatever is required */
} clerk_decision_kind;

/**
 * The request state of `@clerk/backend`. All texts are printable ASCII without line ends,
 * so that each may be a field value; "" where there is none, unless it says otherwise.
 */
typedef struct clerk_decision {
    clerk_decision_kind kind;
    /**
     * AuthStatus: `signed-in`, `signed-out` or `handshake`. Of a redirect that only cleans
     * up the URL after a handshake (development) it is one of the first two.
     */
    const char *state;
    /**
     * AuthErrorReason or a verification reason; "" where state is `signed-in`. Not a closed
     * list: `session-token-expired-refresh-` is followed by whatever code the Backend API
     * gave, cut to 64 characters of `A-Za-z0-9_.-`.
     */
    const char *reason;
    /** For people; names no token, claim or setting. */
    const char *message;
    /** CLERK_HANDSHAKE only, else NULL: absolute URL. It carries tokens: not for logs. */
    const char *location;
    /** Set-Cookie values (const char *) to send in this order, whatever the kind; NULL: none. */
    const apr_array_header_t *cookies;
    /** A handshake ends here: its fields for cross-origin requests belong to the answer. */
    int ends_handshake;
    /** What an administrator should know, static text for the log at warning level; or NULL. */
    const char *advice;
} clerk_decision;

/** The texts of a decision that nothing else is known of, "" and NULL, and signed out. */
void clerk_decision_begin(clerk_decision *decision);

void clerk_decision_sign_in(clerk_decision *decision);

/** @param reason, message  printable ASCII that lives as long as the decision */
void clerk_decision_sign_out(clerk_decision *decision, const char *reason,
                             const char *message);

/**
 * `session-token-expired-refresh-` and what became of the refresh, made fit for a header.
 *
 * @param refresh  any text, a stranger's too
 * @return owned by @a pool
 */
const char *clerk_expired_reason(clerk_slice refresh, apr_pool_t *pool);

#endif
