/* SPDX-License-Identifier: Apache-2.0 - redirects to the handshake, and how they end */
#ifndef CLERK_HANDSHAKE_H
#define CLERK_HANDSHAKE_H

#include "decision.h"
#include "situation.h"

/**
 * Whether this request could be sent to the handshake: it is allowed, the request is
 * eligible (clerk_is_handshake_eligible), and it is known what to come back to.
 */
int clerk_handshake_is_possible(const clerk_situation *situation);

/**
 * The URL of the handshake (buildRedirectToHandshake in `@clerk/backend`):
 * `/v1/client/handshake` at the Frontend API, its proxy, or a satellite's own, with
 *
 *     redirect_url         own URL without `__clerk_db_jwt` and `__dev_session`
 *     __clerk_api_version  CLERK_API_VERSION
 *     suffixed_cookies     `true` or `false`
 *     __clerk_hs_reason    @a reason
 *     format               `nonce`, where there is a secret key to redeem one
 *     __session            the session cookie's token, else that of Authorization
 *     __clerk_db_jwt       in development
 *     organization_id      id, slug, or empty for the personal account; where the URL asks
 *
 * in this order, each where there is something to say.
 *
 * @return NULL without a Frontend API or own URL
 */
const char *clerk_handshake_location(const clerk_situation *situation,
                                     const char *reason);

/**
 * Send the browser to @a location, if that is possible, with one more on the counter
 * `__clerk_redirect_count`; else, and when the counter is at CLERK_REDIRECT_LIMIT, it is
 * signed out for the same reason (handleMaybeHandshakeStatus in `@clerk/backend`).
 *
 * @param location  NULL: nowhere
 * @return whether it is sent
 */
int clerk_handshake_begin(clerk_decision *decision, const clerk_situation *situation,
                          const char *reason, const char *message,
                          const char *location);

/**
 * The handshake has brought what it brought: cookies, and in development a redirect to
 * the own URL without `__clerk_handshake`, `__clerk_handshake_nonce`, `__clerk_help` and
 * `__clerk_db_jwt` (resolveHandshake in `@clerk/backend`). The decision says already
 * whether anybody is signed in.
 */
void clerk_handshake_conclude(clerk_decision *decision, const clerk_situation *situation,
                              const apr_array_header_t *cookies);

#endif
