/* SPDX-License-Identifier: Apache-2.0 - a session token that is no good: refresh, handshake, or nothing */
#ifndef CLERK_SESSION_RECOVERY_H
#define CLERK_SESSION_RECOVERY_H

#include "inquiry.h"

/**
 * Decide about a session token that did not verify (handleSessionTokenError in
 * `@clerk/backend`): an expired one is refreshed where that can be done, and then its
 * request is one of who was found; else clerk_session_decide_failed has the word.
 *
 * @param status   of verification, with inquiry->error
 * @return CLERK_OK when it was refreshed; CLERK_E_SESSION_PENDING; else why not
 */
clerk_status clerk_session_recover(clerk_inquiry *inquiry, clerk_status status,
                                   clerk_carrier carrier);

#endif
