/* SPDX-License-Identifier: Apache-2.0 - what a handshake brought back */
#include "handshake_resolution.h"

#include "../core/handshake.h"

#define DEVELOPMENT_SKEW apr_time_from_sec(86400)

int clerk_handshake_is_back(const clerk_inquiry *inquiry)
{
    return inquiry->situation.browser.nonce != NULL
           || inquiry->situation.browser.handshake != NULL;
}

static int is_development(const clerk_inquiry *inquiry)
{
    return inquiry->situation.instance->type == CLERK_DEVELOPMENT;
}

static clerk_decision *decision_of(clerk_inquiry *inquiry)
{
    return &inquiry->verdict->decision;
}

/* ---------------------------------------------------------------- its cookies */

static const clerk_node *redeem(clerk_inquiry *inquiry)
{
    const clerk_situation *situation = &inquiry->situation;
    const clerk_node *directives = NULL;
    const char *why = "there is no secret key";

    if (inquiry->verifier->renewal == NULL
        || !clerk_session_renewal_redeem(&directives, inquiry->verifier->renewal,
                                         situation->instance, situation->browser.nonce,
                                         &why, inquiry->pool))
    {
        decision_of(inquiry)->advice = apr_pstrcat(
            inquiry->pool, "the nonce of a handshake could not be redeemed: ", why, NULL);
        return NULL;
    }
    return directives;
}

static void take_nonce(clerk_set_cookies *cookies, clerk_inquiry *inquiry)
{
    const clerk_situation *situation = &inquiry->situation;
    const clerk_node *directives = redeem(inquiry);

    clerk_set_cookies_read(cookies, directives, inquiry->pool);
    if (directives == NULL && situation->browser.has_nonce_cookie) {
        clerk_set_cookies_clear_nonce(
            cookies, situation->instance,
            situation->has_own_url ? situation->own.host : clerk_slice_of(NULL),
            inquiry->pool);
    }
}

static clerk_status take_token(clerk_set_cookies *cookies, clerk_inquiry *inquiry)
{
    const clerk_node *payload;
    clerk_status status = clerk_verify_handshake_token(
        &payload, clerk_slice_of(inquiry->situation.browser.handshake),
        &inquiry->verification, inquiry->pool, &inquiry->error);

    if (status == CLERK_OK) {
        clerk_set_cookies_read(cookies, clerk_node_member(payload, "handshake"),
                               inquiry->pool);
    }
    return status;
}

/* ---------------------------------------------------------------- its session */

static int is_about_time(clerk_status status)
{
    return status == CLERK_E_TOKEN_EXPIRED || status == CLERK_E_TOKEN_NOT_ACTIVE_YET
           || status == CLERK_E_TOKEN_IAT_IN_THE_FUTURE;
}

static clerk_status verify_with_skew(const clerk_auth **auth, clerk_slice token,
                                     clerk_inquiry *inquiry)
{
    clerk_policy policy = *inquiry->situation.policy;
    clerk_verification by = inquiry->verification;

    policy.clock_skew = DEVELOPMENT_SKEW;
    by.policy = &policy;
    return clerk_verify_session_token(auth, token, &by, inquiry->pool, &inquiry->error);
}

static clerk_status verify(const clerk_auth **auth, clerk_slice token,
                           clerk_inquiry *inquiry)
{
    clerk_status status = clerk_verify_session_token(
        auth, token, &inquiry->verification, inquiry->pool, &inquiry->error);

    if (!is_development(inquiry) || !is_about_time(status)) {
        return status;
    }
    status = verify_with_skew(auth, token, inquiry);
    if (status == CLERK_OK) {
        decision_of(inquiry)->advice =
            "a fresh session token is not valid now: this server's clock is off, which is "
            "forgiven for handshakes of development instances alone";
    }
    return status;
}

/** No key, no verdict; the browser gets its cookies, so that it need not start again. */
static int is_undecided(clerk_status status)
{
    return clerk_status_family(status) == CLERK_FAMILY_UNDECIDED
           || clerk_status_family(status) == CLERK_FAMILY_INTERNAL;
}

static int take_session(clerk_status *status, clerk_inquiry *inquiry,
                        const clerk_set_cookies *cookies)
{
    clerk_slice token = clerk_slice_of(cookies->session);
    const clerk_auth *auth;
    clerk_status verification = verify(&auth, token, inquiry);

    if (is_undecided(verification)) {
        clerk_decision_sign_out(decision_of(inquiry), clerk_status_reason(verification),
                                "");
        decision_of(inquiry)->cookies = cookies->values;
        *status = verification;
        return 1;
    }
    if (verification != CLERK_OK) {
        decision_of(inquiry)->advice = "the session of a handshake did not verify";
        return 0;
    }
    clerk_inquiry_identified(inquiry, auth, token, CLERK_CARRIER_COOKIE);
    *status = clerk_inquiry_admit(inquiry);
    clerk_handshake_conclude(decision_of(inquiry), &inquiry->situation, cookies->values);
    return 1;
}

/* ---------------------------------------------------------------- all of it */

static int refuse_token(clerk_status *status, clerk_inquiry *inquiry,
                        clerk_status refusal)
{
    clerk_session_failure failure = { refusal, inquiry->error.detail,
                                      CLERK_CARRIER_COOKIE, NULL };

    if (!is_development(inquiry)) {
        return 0; /* perhaps that of another site below the same domain */
    }
    decision_of(inquiry)->advice =
        "a handshake token did not verify: were the keys switched? Then clear the cookies "
        "of this site and try again";
    *status = clerk_session_decide_failed(decision_of(inquiry), &inquiry->situation,
                                          &failure);
    return 1;
}

int clerk_handshake_resolve(clerk_status *status, clerk_inquiry *inquiry)
{
    clerk_set_cookies cookies;
    clerk_status refusal;

    if (inquiry->situation.browser.nonce != NULL) {
        take_nonce(&cookies, inquiry);
    }
    else if ((refusal = take_token(&cookies, inquiry)) != CLERK_OK) {
        return refuse_token(status, inquiry, refusal);
    }
    if (cookies.session != NULL) {
        return take_session(status, inquiry, &cookies);
    }
    *status = CLERK_E_SESSION_TOKEN_MISSING;
    clerk_decision_sign_out(decision_of(inquiry), clerk_status_reason(*status), "");
    clerk_handshake_conclude(decision_of(inquiry), &inquiry->situation, cookies.values);
    return 1;
}
