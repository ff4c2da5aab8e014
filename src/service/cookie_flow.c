/* SPDX-License-Identifier: Apache-2.0 - a request that carries its session in cookies, if at all */
#include "cookie_flow.h"

#include "handshake_resolution.h"
#include "session_recovery.h"

/** The token is what was sent, whether or not it is ever looked at. */
static void note_token(clerk_inquiry *inquiry)
{
    clerk_verdict *verdict = inquiry->verdict;

    verdict->token = clerk_slice_of(inquiry->situation.browser.session);
    if (verdict->token.len > 0) {
        verdict->carrier = CLERK_CARRIER_COOKIE;
        verdict->type = CLERK_TOKEN_SESSION;
    }
}

/** What is wrong with the form of a token matters only where it decides. */
static void examine(clerk_inquiry *inquiry, clerk_evidence *evidence, clerk_error *error)
{
    clerk_situation *situation = &inquiry->situation;

    if (situation->browser.session != NULL
        && clerk_token_examine(evidence, inquiry->verdict->token, &inquiry->verification,
                               inquiry->pool, error)
               == CLERK_OK)
    {
        situation->jwt = &evidence->jwt;
        situation->claims = evidence->claims;
        clerk_token_check_session(inquiry->verdict->token, situation->jwt, error);
    }
}

static clerk_status verify(clerk_inquiry *inquiry, const clerk_evidence *evidence)
{
    clerk_situation *situation = &inquiry->situation;
    clerk_status status =
        clerk_verify_session_jwt(&situation->auth, evidence, &inquiry->verification,
                                 inquiry->pool, &inquiry->error);

    if (status != CLERK_OK) {
        return clerk_session_recover(inquiry, status, CLERK_CARRIER_COOKIE);
    }
    status = clerk_session_decide_verified(&inquiry->verdict->decision, situation);
    if (status == CLERK_E_SESSION_PENDING) {
        clerk_fail(&inquiry->error, status, CLERK_PENDING_DETAIL);
    }
    if (status == CLERK_OK || status == CLERK_E_SESSION_PENDING) {
        clerk_inquiry_identified(inquiry, situation->auth, inquiry->verdict->token,
                                 CLERK_CARRIER_COOKIE);
    }
    return status;
}

clerk_status clerk_cookie_flow(clerk_inquiry *inquiry)
{
    clerk_error form = { CLERK_OK, NULL };
    clerk_status status;
    clerk_evidence evidence;

    clerk_inquiry_read_browser(inquiry);
    note_token(inquiry);
    if (inquiry->situation.options->handshake && clerk_handshake_is_back(inquiry)
        && clerk_handshake_resolve(&status, inquiry))
    {
        return status;
    }
    inquiry->error.detail = NULL; /* of a handshake that does not count */
    examine(inquiry, &evidence, &form);
    status = clerk_session_decide_unverified(&inquiry->verdict->decision,
                                             &inquiry->situation);
    if (status == CLERK_OK) {
        return verify(inquiry, &evidence);
    }
    if (status == form.status) {
        inquiry->error = form;
    }
    return status;
}
