/* SPDX-License-Identifier: Apache-2.0 - the closed list of outcomes and what each means outside */
#ifndef CLERK_ERROR_H
#define CLERK_ERROR_H

/**
 * Every way in which finding out who is asking can end. The names outside the program
 * (clerk_status_reason) are those of `@clerk/backend`: AuthErrorReason,
 * TokenVerificationErrorReason and MachineTokenVerificationErrorCode. One name may stand in
 * two families, since the SDK does not tell "no good" from "could not be judged".
 */
typedef enum clerk_status {
    CLERK_OK = 0,

    /* absent: no credential was sent that could be judged */
    CLERK_E_SESSION_TOKEN_AND_UAT_MISSING,
    CLERK_E_CLIENT_UAT_BUT_NO_SESSION_TOKEN,
    CLERK_E_DEV_BROWSER_MISSING,
    CLERK_E_NO_TOKEN_IN_HEADER,
    CLERK_E_SESSION_TOKEN_MISSING, /* a handshake brought none */
    CLERK_E_DEV_BROWSER_SYNC,
    CLERK_E_SATELLITE_NEEDS_SYNCING,
    CLERK_E_PRIMARY_RESPONDS_TO_SYNCING,
    CLERK_E_PRIMARY_DOMAIN_CROSS_ORIGIN_SYNC,
    CLERK_E_ACTIVE_ORGANIZATION_MISMATCH,

    /* refused: what was sent is no good */
    CLERK_E_TOKEN_INVALID,
    CLERK_E_TOKEN_INVALID_ALGORITHM,
    CLERK_E_TOKEN_INVALID_SIGNATURE,
    CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES,
    CLERK_E_TOKEN_INVALID_ISSUER,
    CLERK_E_TOKEN_VERIFICATION_FAILED,
    CLERK_E_TOKEN_EXPIRED,
    CLERK_E_TOKEN_NOT_ACTIVE_YET,
    CLERK_E_TOKEN_IAT_IN_THE_FUTURE,
    CLERK_E_TOKEN_TYPE_MISMATCH,
    CLERK_E_JWK_KID_MISMATCH,
    CLERK_E_SESSION_TOKEN_BUT_NO_CLIENT_UAT,
    CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT,
    CLERK_E_SESSION_TOKEN_NBF,
    CLERK_E_SESSION_TOKEN_IAT_IN_THE_FUTURE,
    CLERK_E_SESSION_TOKEN_EXPIRED, /* outside with what became of the refresh behind it */
    CLERK_E_SESSION_PENDING,

    /* undecided: the credential could not be judged, now or here */
    CLERK_E_JWK_FAILED_TO_LOAD,
    CLERK_E_JWK_FAILED_TO_RESOLVE,
    CLERK_E_JWK_LOCAL_MISSING,
    CLERK_E_SECRET_KEY_INVALID,
    CLERK_E_MACHINE_KEY_UNAVAILABLE, /* no key for a machine token's signature */
    CLERK_E_MACHINE_UNDECIDED,       /* the Backend API gave no answer about it */

    /* internal: our own fault or the machine's */
    CLERK_E_UNEXPECTED,

    CLERK_STATUS_COUNT
} clerk_status;

typedef enum clerk_family {
    CLERK_FAMILY_OK,
    CLERK_FAMILY_ABSENT,
    CLERK_FAMILY_REFUSED,
    CLERK_FAMILY_UNDECIDED,
    CLERK_FAMILY_INTERNAL
} clerk_family;

/** The first failure of a call; @a detail is static text and holds no byte of a token. */
typedef struct clerk_error {
    clerk_status status;
    const char *detail;
} clerk_error;

/** Note the failure in @a error (which may be NULL) and return its status. */
clerk_status clerk_fail(clerk_error *error, clerk_status status, const char *detail);

/** The reason string as `@clerk/backend` spells it; "" for CLERK_OK. */
const char *clerk_status_reason(clerk_status status);

clerk_family clerk_status_family(clerk_status status);

/** Whether it says nothing about the credential: undecided, or a fault of our own. */
int clerk_status_is_undecided(clerk_status status);

/** HTTP status of an API answer: 200, 401, 503 or 500. */
int clerk_status_http(clerk_status status);

/** The `error` value of RFC 6750, 3.1; NULL where none belongs. */
const char *clerk_status_bearer_error(clerk_status status);

#endif
