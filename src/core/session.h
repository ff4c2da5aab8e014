/* SPDX-License-Identifier: Apache-2.0 - the session state machine: a situation to a decision */
#ifndef CLERK_SESSION_H
#define CLERK_SESSION_H

#include "credential.h"
#include "decision.h"
#include "situation.h"

/*
 * authenticateRequestWithTokenInCookie and handleSessionTokenError in `@clerk/backend`,
 * without what they fetch. What a handshake brought goes before all this
 * (clerk_handshake_conclude).
 */

/**
 * Judge what the browser sent, before anything is verified.
 *
 * @param decision  filled unless the call succeeds
 * @return CLERK_OK when the session cookie is to be verified, else why not
 */
clerk_status clerk_session_decide_unverified(clerk_decision *decision,
                                             const clerk_situation *situation);

/**
 * Judge a session cookie that was verified: situation->auth.
 *
 * @param decision  filled
 * @return CLERK_OK when who is asking may go on, else why not
 */
clerk_status clerk_session_decide_verified(clerk_decision *decision,
                                           const clerk_situation *situation);

/** A session token, of either carrier, that is no good. */
typedef struct clerk_session_failure {
    clerk_status status; /* of verification */
    const char *detail;  /* static, or NULL */
    clerk_carrier carrier;
    /**
     * Of an expired token: what became of its refresh; NULL: it was not to be refreshed
     * (clerk_session_may_be_refreshed).
     */
    const char *refresh;
} clerk_session_failure;

/** Whether a refresh is to be tried: a GET with a refresh cookie. */
int clerk_session_may_be_refreshed(const clerk_situation *situation);

/**
 * Judge a token that is no good. A wrong time may be cured by a handshake, nothing else.
 *
 * @param decision  filled
 * @return why: the time failures become those of the session, all others stay
 */
clerk_status clerk_session_decide_failed(clerk_decision *decision,
                                         const clerk_situation *situation,
                                         const clerk_session_failure *failure);

#endif
