/* SPDX-License-Identifier: Apache-2.0 - the one table of outcomes: reason, family, HTTP status, RFC 6750 code */
#include "error.h"

#include <stddef.h>

/* What a family means to a client of an API. */
static const struct family_row {
    int http;
    const char *bearer_error;
} families[] = {
    [CLERK_FAMILY_OK] = { 200, NULL },
    /* RFC 6750, 3.1: a request without credentials is told no error code */
    [CLERK_FAMILY_ABSENT] = { 401, NULL },
    [CLERK_FAMILY_REFUSED] = { 401, "invalid_token" },
    [CLERK_FAMILY_UNDECIDED] = { 503, NULL },
    [CLERK_FAMILY_INTERNAL] = { 500, NULL },
};

/* clang-format off */
static const struct status_row {
    clerk_family family;
    const char *reason;
} statuses[CLERK_STATUS_COUNT] = {
    [CLERK_OK] =
        { CLERK_FAMILY_OK, "" },

    [CLERK_E_SESSION_TOKEN_AND_UAT_MISSING] =
        { CLERK_FAMILY_ABSENT, "session-token-and-uat-missing" },
    [CLERK_E_CLIENT_UAT_BUT_NO_SESSION_TOKEN] =
        { CLERK_FAMILY_ABSENT, "client-uat-but-no-session-token" },
    [CLERK_E_DEV_BROWSER_MISSING] =
        { CLERK_FAMILY_ABSENT, "dev-browser-missing" },
    [CLERK_E_NO_TOKEN_IN_HEADER] =
        { CLERK_FAMILY_ABSENT, "No token in header" },
    [CLERK_E_SESSION_TOKEN_MISSING] =
        { CLERK_FAMILY_ABSENT, "session-token-missing" },
    [CLERK_E_DEV_BROWSER_SYNC] =
        { CLERK_FAMILY_ABSENT, "dev-browser-sync" },
    [CLERK_E_SATELLITE_NEEDS_SYNCING] =
        { CLERK_FAMILY_ABSENT, "satellite-needs-syncing" },
    [CLERK_E_PRIMARY_RESPONDS_TO_SYNCING] =
        { CLERK_FAMILY_ABSENT, "primary-responds-to-syncing" },
    [CLERK_E_PRIMARY_DOMAIN_CROSS_ORIGIN_SYNC] =
        { CLERK_FAMILY_ABSENT, "primary-domain-cross-origin-sync" },
    [CLERK_E_ACTIVE_ORGANIZATION_MISMATCH] =
        { CLERK_FAMILY_ABSENT, "active-organization-mismatch" },

    [CLERK_E_TOKEN_INVALID] =
        { CLERK_FAMILY_REFUSED, "token-invalid" },
    [CLERK_E_TOKEN_INVALID_ALGORITHM] =
        { CLERK_FAMILY_REFUSED, "token-invalid-algorithm" },
    [CLERK_E_TOKEN_INVALID_SIGNATURE] =
        { CLERK_FAMILY_REFUSED, "token-invalid-signature" },
    [CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES] =
        { CLERK_FAMILY_REFUSED, "token-invalid-authorized-parties" },
    [CLERK_E_TOKEN_INVALID_ISSUER] =
        { CLERK_FAMILY_REFUSED, "token-invalid-issuer" },
    [CLERK_E_TOKEN_VERIFICATION_FAILED] =
        { CLERK_FAMILY_REFUSED, "token-verification-failed" },
    [CLERK_E_TOKEN_EXPIRED] =
        { CLERK_FAMILY_REFUSED, "token-expired" },
    [CLERK_E_TOKEN_NOT_ACTIVE_YET] =
        { CLERK_FAMILY_REFUSED, "token-not-active-yet" },
    [CLERK_E_TOKEN_IAT_IN_THE_FUTURE] =
        { CLERK_FAMILY_REFUSED, "token-iat-in-the-future" },
    [CLERK_E_TOKEN_TYPE_MISMATCH] =
        { CLERK_FAMILY_REFUSED, "token-type-mismatch" },
    [CLERK_E_JWK_KID_MISMATCH] =
        { CLERK_FAMILY_REFUSED, "jwk-kid-mismatch" },
    [CLERK_E_SESSION_TOKEN_BUT_NO_CLIENT_UAT] =
        { CLERK_FAMILY_REFUSED, "session-token-but-no-client-uat" },
    [CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT] =
        { CLERK_FAMILY_REFUSED, "session-token-iat-before-client-uat" },
    [CLERK_E_SESSION_TOKEN_NBF] =
        { CLERK_FAMILY_REFUSED, "session-token-nbf" },
    [CLERK_E_SESSION_TOKEN_IAT_IN_THE_FUTURE] =
        { CLERK_FAMILY_REFUSED, "session-token-iat-in-the-future" },
    [CLERK_E_SESSION_TOKEN_EXPIRED] =
        { CLERK_FAMILY_REFUSED, "session-token-expired" },
    /* The SDK has no reason for this one: it hands out a signed-out object in silence. */
    [CLERK_E_SESSION_PENDING] =
        { CLERK_FAMILY_REFUSED, "session-pending" },

    [CLERK_E_JWK_FAILED_TO_LOAD] =
        { CLERK_FAMILY_UNDECIDED, "jwk-remote-failed-to-load" },
    [CLERK_E_JWK_FAILED_TO_RESOLVE] =
        { CLERK_FAMILY_UNDECIDED, "jwk-failed-to-resolve" },
    [CLERK_E_JWK_LOCAL_MISSING] =
        { CLERK_FAMILY_UNDECIDED, "jwk-local-missing" },
    [CLERK_E_SECRET_KEY_INVALID] =
        { CLERK_FAMILY_UNDECIDED, "secret-key-invalid" },
    [CLERK_E_MACHINE_KEY_UNAVAILABLE] =
        { CLERK_FAMILY_UNDECIDED, "token-verification-failed" },
    [CLERK_E_MACHINE_UNDECIDED] =
        { CLERK_FAMILY_UNDECIDED, "unexpected-error" },

    [CLERK_E_UNEXPECTED] =
        { CLERK_FAMILY_INTERNAL, "unexpected-error" },
};
/* clang-format on */

/* A value outside the list, or one without a row, must not look like CLERK_OK. */
static const struct status_row *row_of(clerk_status status)
{
    if ((int)status < 0 || (int)status >= (int)CLERK_STATUS_COUNT
        || statuses[status].reason == NULL)
    {
        return &statuses[CLERK_E_UNEXPECTED];
    }
    return &statuses[status];
}

clerk_status clerk_fail(clerk_error *error, clerk_status status, const char *detail)
{
    if (error != NULL) {
        error->status = status;
        error->detail = detail;
    }
    return status;
}

const char *clerk_status_reason(clerk_status status)
{
    return row_of(status)->reason;
}

clerk_family clerk_status_family(clerk_status status)
{
    return row_of(status)->family;
}

int clerk_status_is_undecided(clerk_status status)
{
    clerk_family family = clerk_status_family(status);

    return family == CLERK_FAMILY_UNDECIDED || family == CLERK_FAMILY_INTERNAL;
}

int clerk_status_http(clerk_status status)
{
    return families[row_of(status)->family].http;
}

const char *clerk_status_bearer_error(clerk_status status)
{
    return families[row_of(status)->family].bearer_error;
}
