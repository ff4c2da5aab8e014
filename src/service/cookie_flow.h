/* SPDX-License-Identifier: Apache-2.0 - a request that carries its session in cookies, if at all */
#ifndef CLERK_COOKIE_FLOW_H
#define CLERK_COOKIE_FLOW_H

#include "inquiry.h"

/**
 * Find out who is asking by cookies (authenticateRequestWithTokenInCookie in
 * `@clerk/backend`): what a handshake brought; what can be said unverified; the session
 * cookie; what goes beyond it. The verdict's decision is filled.
 */
clerk_status clerk_cookie_flow(clerk_inquiry *inquiry);

#endif
