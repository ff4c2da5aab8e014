/* SPDX-License-Identifier: Apache-2.0 - what a verified token must also satisfy */
#ifndef CLERK_POLICY_H
#define CLERK_POLICY_H

#include "claims.h"
#include "instance.h"
#include "token_type.h"

/** Immutable; lists are NULL-terminated, NULL means not set. Byte-wise comparisons. */
typedef struct clerk_policy {
    unsigned accepts; /* bits of clerk_token_type */
    const char *const *authorized_parties;
    const char *const *audiences;
    const char *const *issuers;    /* NULL: those of the instance */
    int any_issuer;                /* do not look at iss */
    apr_interval_time_t clock_skew; /* microseconds, >= 0 */
    int admits_pending;            /* a pending session counts as signed in */
} clerk_policy;

/**
 * Judge the claims of a session token, in the order of verifyToken in `@clerk/backend`:
 * sub, sid, aud, azp, iss, exp, nbf, iat. The first failure ends.
 *
 * - sub, sid: non-empty strings (CLERK_E_TOKEN_VERIFICATION_FAILED)
 * - aud: looked at only when audiences are set and the claim is present and not empty;
 *   a string or an array of strings must share a value, another shape fails
 * - azp: must be one of the authorized parties where those are set, so absence fails
 * - iss: one of policy->issuers, else of instance->issuers; not looked at when
 *   any_issuer, or when neither has a value
 * - exp: required; expired when exp <= now - skew; nbf, iat: too early when > now +
 *   skew (all compared in microseconds of whole-second claims)
 */
clerk_status clerk_policy_check_session(const clerk_policy *policy,
                                        const clerk_instance *instance,
                                        const clerk_claims *claims, apr_time_t now,
                                        clerk_error *error);

/**
 * Judge the claims of a machine JWT: sub, aud, exp, nbf, iat. Neither azp nor iss is looked
 * at. Every failure is CLERK_E_TOKEN_VERIFICATION_FAILED.
 *
 * - aud of an M2M token: as for a session; of an OAuth token: as
 *   clerk_policy_check_oauth_audience says
 */
clerk_status clerk_policy_check_machine(const clerk_policy *policy, clerk_token_type type,
                                        const clerk_claims *claims, apr_time_t now,
                                        clerk_error *error);

/**
 * Where audiences are set an OAuth token, a JWT or not, must name one of them: `aud` is a
 * non-empty string, or an array of nothing but such, not empty.
 *
 * @return CLERK_OK or CLERK_E_TOKEN_VERIFICATION_FAILED
 */
clerk_status clerk_policy_check_oauth_audience(const clerk_policy *policy,
                                               const clerk_node *aud, clerk_error *error);

#endif
