/* SPDX-License-Identifier: Apache-2.0 - what a handshake brought back */
#ifndef CLERK_HANDSHAKE_RESOLUTION_H
#define CLERK_HANDSHAKE_RESOLUTION_H

#include "inquiry.h"

/** Whether the browser comes back from a handshake: it brings a nonce or a token. */
int clerk_handshake_is_back(const clerk_inquiry *inquiry);

/**
 * Take what it brings (resolveHandshake in `@clerk/backend`): the nonce, which is redeemed,
 * else the token, which must verify.
 *
 * Its session token is verified like any other; in development, where clocks are less than
 * perfect, with a day of skew when time is all that is wrong. A nonce that cannot be
 * redeemed brings nothing, and its cookie is cleared. A handshake token that does not verify
 * is another site's in production, so it does not count; in development it ends the
 * request as signed out.
 *
 * @param status  filled when the request is decided, as the verdict's decision is
 * @return 0 when nothing came of it, and the request goes on as if it were not there
 */
int clerk_handshake_resolve(clerk_status *status, clerk_inquiry *inquiry);

#endif
