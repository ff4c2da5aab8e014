/* SPDX-License-Identifier: Apache-2.0 - the session state machine: facts and outcome to a decision */
#ifndef CLERK_SESSION_H
#define CLERK_SESSION_H

#include "claims.h"
#include "credential.h"
#include "decision.h"
#include "situation.h"

/**
 * Judge the cookies alone: development needs a dev browser, session and client_uat must
 * both be there.
 *
 * @return CLERK_OK when the session cookie should be looked at, else the reason
 */
clerk_status clerk_session_check_cookies(const clerk_browser_state *state,
                                         const clerk_instance *instance);

/**
 * A session older than the browser's last sign-in or sign-out is not this sign-in's.
 */
clerk_status clerk_session_check_age(const clerk_browser_state *state,
                                     const clerk_claims *unverified);

/**
 * What a verification failure means for the session: time failures get the reasons of
 * the request state (`session-token-expired`, `session-token-nbf`,
 * `session-token-iat-in-the-future`), all others stay.
 */
clerk_status clerk_session_outcome(clerk_status verification);

#endif
