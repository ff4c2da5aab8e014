/* SPDX-License-Identifier: Apache-2.0 - from a request's facts to who is asking */
#ifndef CLERK_VERIFIER_H
#define CLERK_VERIFIER_H

#include "verdict.h"

/**
 * Find out who is asking (authenticateRequest in `@clerk/backend`).
 *
 * A token in Authorization goes before cookies, which carry sessions only. Order for each
 * token: length, decode, type, whether it is accepted, category, `typ`, `alg`, key, signature,
 * claims; where the token is known from before, whether its key still serves, and claims;
 * for an opaque machine token whether it is well formed, then what the token cache
 * knows or asks. A pending session is CLERK_E_SESSION_PENDING unless the policy admits it.
 *
 * Where the options allow it, what a handshake brought is redeemed and an expired session is
 * refreshed, with a call to the Backend API each; that either cannot be had is decided as in
 * the SDK and is never "undecided".
 *
 * @param verdict  always filled
 * @param options  NULL: nobody is sent anywhere, nothing is redeemed
 */
void clerk_verifier_identify(clerk_verdict *verdict, const clerk_verifier *verifier,
                             const clerk_instance *instance, const clerk_policy *policy,
                             const clerk_session_options *options,
                             const clerk_facts *facts, apr_time_t now, apr_pool_t *pool);

#endif
