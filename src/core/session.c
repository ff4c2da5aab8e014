/* SPDX-License-Identifier: Apache-2.0 - the session state machine: a situation to a decision */
#include "session.h"

#include "cross_origin.h"
#include "handshake.h"
#include "organization_sync.h"
#include "satellite_sync.h"

/* ---------------------------------------------------------------- conditions */

static int is_development(const clerk_situation *situation)
{
    return situation->instance->type == CLERK_DEVELOPMENT;
}

static int brings_dev_browser(const clerk_situation *situation)
{
    return is_development(situation) && situation->browser.brings_dev_browser;
}

static int lacks_dev_browser(const clerk_situation *situation)
{
    return is_development(situation) && !situation->browser.dev_browser;
}

static int has_session(const clerk_situation *situation)
{
    return situation->browser.session != NULL;
}

static int has_client(const clerk_situation *situation)
{
    return situation->browser.client_uat != 0;
}

static int has_neither(const clerk_situation *situation)
{
    return !has_client(situation) && !has_session(situation);
}

static int lacks_client(const clerk_situation *situation)
{
    return !has_client(situation);
}

static int lacks_session(const clerk_situation *situation)
{
    return !has_session(situation);
}

static int is_undecodable(const clerk_situation *situation)
{
    return situation->jwt == NULL;
}

static int is_no_session(const clerk_situation *situation)
{
    return clerk_token_check_session(clerk_slice_of(situation->browser.session),
                                     situation->jwt, NULL)
           != CLERK_OK;
}

/*
 * Older than the browser's last sign-in or sign-out. Without a usable iat verification
 * has the last word.
 */
static int is_of_earlier_sign_in(const clerk_situation *situation)
{
    const clerk_claim_time *iat = &situation->claims.iat;

    return iat->form == CLERK_CLAIM_VALID
           && iat->seconds < situation->browser.client_uat;
}

static int is_to_finish_a_task(const clerk_situation *situation)
{
    return clerk_auth_is_pending(situation->auth) && !situation->policy->admits_pending;
}

/* ---------------------------------------------------------------- the table */

typedef int condition(const clerk_situation *situation);
typedef const char *destination(const clerk_situation *situation, const char *reason);

/** The first row whose condition holds decides. */
typedef struct row {
    condition *holds;
    clerk_status status;
    destination *location; /* NULL: signed out; else there, if a handshake is possible */
    const char *message;
} row;

/* clang-format off */
static const row unverified[] = {
    { clerk_satellite_may_stay_unsynced, CLERK_E_SESSION_TOKEN_AND_UAT_MISSING, NULL, "" },
    { clerk_satellite_needs_sync, CLERK_E_SATELLITE_NEEDS_SYNCING,
      clerk_satellite_sync_location, "" },
    { clerk_primary_is_asked_to_sync, CLERK_E_PRIMARY_RESPONDS_TO_SYNCING,
      clerk_primary_sync_location, "" },
    { brings_dev_browser, CLERK_E_DEV_BROWSER_SYNC, clerk_handshake_location, "" },
    { lacks_dev_browser, CLERK_E_DEV_BROWSER_MISSING, clerk_handshake_location, "" },
    { has_neither, CLERK_E_SESSION_TOKEN_AND_UAT_MISSING, NULL, "" },
    { lacks_client, CLERK_E_SESSION_TOKEN_BUT_NO_CLIENT_UAT, clerk_handshake_location, "" },
    { lacks_session, CLERK_E_CLIENT_UAT_BUT_NO_SESSION_TOKEN, clerk_handshake_location, "" },
    { is_undecodable, CLERK_E_TOKEN_INVALID, NULL,
      "the session cookie is no JWT (reason=token-invalid, token-carrier=cookie)" },
    { is_no_session, CLERK_E_TOKEN_TYPE_MISMATCH, NULL, "" },
    { is_of_earlier_sign_in, CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT,
      clerk_handshake_location, "" },
};

/* here the session cookie is verified; what is no good goes to decide_failed */

static const row verified[] = {
    { clerk_cross_origin_needs_sync, CLERK_E_PRIMARY_DOMAIN_CROSS_ORIGIN_SYNC,
      clerk_handshake_location,
      "Cross-origin request from satellite domain requires handshake" },
    { is_to_finish_a_task, CLERK_E_SESSION_PENDING, NULL, "" },
    { clerk_organization_needs_sync, CLERK_E_ACTIVE_ORGANIZATION_MISMATCH,
      clerk_handshake_location, "" },
};
/* clang-format on */

static clerk_status decide(clerk_decision *decision, const clerk_situation *situation,
                           const row *rows, apr_size_t count)
{
    const row *end = rows + count;
    const char *reason;

    while (rows < end && !rows->holds(situation)) {
        rows++;
    }
    if (rows == end) {
        return CLERK_OK;
    }
    reason = clerk_status_reason(rows->status);
    if (!rows->location || !clerk_handshake_is_possible(situation)) {
        clerk_decision_sign_out(decision, reason, rows->message);
    }
    else {
        clerk_handshake_begin(decision, situation, reason, rows->message,
                              rows->location(situation, reason));
    }
    return rows->status;
}

clerk_status clerk_session_decide_unverified(clerk_decision *decision,
                                             const clerk_situation *situation)
{
    return decide(decision, situation, unverified,
                  sizeof(unverified) / sizeof(unverified[0]));
}

clerk_status clerk_session_decide_verified(clerk_decision *decision,
                                           const clerk_situation *situation)
{
    clerk_status status = decide(decision, situation, verified,
                                 sizeof(verified) / sizeof(verified[0]));

    if (status == CLERK_OK) {
        clerk_decision_sign_in(decision);
    }
    return status;
}

/* ---------------------------------------------------------------- tokens that are no good */

static int is_get(const clerk_situation *situation)
{
    return situation->facts->method && strcmp(situation->facts->method, "GET") == 0;
}

int clerk_session_may_be_refreshed(const clerk_situation *situation)
{
    return is_get(situation) && situation->browser.refresh != NULL;
}

static const char *reason_without_refresh(const clerk_situation *situation)
{
    return !is_get(situation)              ? "non-eligible-non-get"
           : !situation->browser.refresh ? "non-eligible-no-refresh-cookie"
                                           : "missing-api-client";
}

/* TokenVerificationError.getFullMessage */
static const char *message_of(const clerk_session_failure *failure, apr_pool_t *pool)
{
    return apr_pstrcat(
        pool, failure->detail ? failure->detail : "the token is no good", " (reason=",
        clerk_status_reason(failure->status), ", token-carrier=",
        failure->carrier == CLERK_CARRIER_HEADER ? "header" : "cookie", ")", NULL);
}

static void try_handshake(clerk_decision *decision, const clerk_situation *situation,
                          const char *reason, const clerk_session_failure *failure)
{
    const char *location = clerk_handshake_is_possible(situation)
                               ? clerk_handshake_location(situation, reason)
                               : NULL;

    clerk_handshake_begin(decision, situation, reason,
                          message_of(failure, situation->pool), location);
}

clerk_status clerk_session_decide_failed(clerk_decision *decision,
                                         const clerk_situation *situation,
                                         const clerk_session_failure *failure)
{
    clerk_status status = failure->status;
    const char *refresh = failure->refresh;

    switch (status) {
    case CLERK_E_TOKEN_EXPIRED:
        refresh = refresh ? refresh : reason_without_refresh(situation);
        try_handshake(decision, situation,
                      clerk_expired_reason(clerk_slice_of(refresh), situation->pool),
                      failure);
        return CLERK_E_SESSION_TOKEN_EXPIRED;
    case CLERK_E_TOKEN_NOT_ACTIVE_YET:
        status = CLERK_E_SESSION_TOKEN_NBF;
        break;
    case CLERK_E_TOKEN_IAT_IN_THE_FUTURE:
        status = CLERK_E_SESSION_TOKEN_IAT_IN_THE_FUTURE;
        break;
    case CLERK_E_TOKEN_TYPE_MISMATCH:
        clerk_decision_sign_out(decision, clerk_status_reason(status), "");
        return status;
    default:
        clerk_decision_sign_out(decision, clerk_status_reason(status),
                                message_of(failure, situation->pool));
        return status;
    }
    try_handshake(decision, situation, clerk_status_reason(status), failure);
    return status;
}
