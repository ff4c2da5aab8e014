/* SPDX-License-Identifier: Apache-2.0 - a session token that is no good: refresh, handshake, or nothing */
#include "session_recovery.h"

#include "counters.h"

static int can_refresh(const clerk_inquiry *inquiry)
{
    return inquiry->situation.options->handshake && inquiry->verifier->renewal != NULL
           && inquiry->situation.instance->secret_key != NULL
           && inquiry->situation.has_own_url
           && clerk_session_may_be_refreshed(&inquiry->situation);
}

/** The cookie goes before the header, whichever of them had expired. */
static clerk_slice expired_token(const clerk_situation *situation)
{
    return situation->browser.session ? clerk_slice_of(situation->browser.session)
                                      : situation->header_token;
}

static const char *fetch(clerk_set_cookies *cookies, clerk_inquiry *inquiry)
{
    const clerk_situation *situation = &inquiry->situation;
    clerk_refresh_request request = {
        .expired_token = expired_token(situation),
        .refresh_token = situation->browser.refresh,
        .origin = clerk_slice_copy(situation->own.origin, inquiry->pool),
        .suffixed = situation->browser.suffixed,
        .facts = situation->facts,
    };
    clerk_jwt jwt;

    if (clerk_jwt_decode(&jwt, request.expired_token, inquiry->pool, NULL) != CLERK_OK) {
        return "expired-session-token-decode-failed";
    }
    request.session_id = clerk_claim_text(jwt.payload, "sid");
    if (request.session_id == NULL) {
        return "expired-session-token-missing-sid-claim";
    }
    return clerk_session_renewal_refresh(cookies, inquiry->verifier->renewal,
                                         situation->instance, &request, inquiry->pool);
}

/** @return NULL when the session is renewed, else the end of the reason why not */
static const char *refresh(clerk_inquiry *inquiry)
{
    clerk_set_cookies cookies;
    const char *why = fetch(&cookies, inquiry);
    const clerk_auth *auth;

    clerk_count(why == NULL ? CLERK_COUNT_REFRESH_OK : CLERK_COUNT_REFRESH_FAILED);
    if (why != NULL) {
        return why;
    }
    if (clerk_verify_session_token(&auth, clerk_slice_of(cookies.session),
                                   &inquiry->verification, inquiry->pool, NULL)
        != CLERK_OK)
    {
        return "invalid-session-token";
    }
    clerk_inquiry_identified(inquiry, auth, clerk_slice_of(cookies.session),
                             CLERK_CARRIER_COOKIE);
    inquiry->verdict->decision.cookies = cookies.values;
    return NULL;
}

clerk_status clerk_session_recover(clerk_inquiry *inquiry, clerk_status status,
                                   clerk_carrier carrier)
{
    clerk_session_failure failure = { status, inquiry->error.detail, carrier, NULL };

    clerk_inquiry_read_browser(inquiry);
    if (status == CLERK_E_TOKEN_EXPIRED && can_refresh(inquiry)) {
        failure.refresh = refresh(inquiry);
        if (failure.refresh == NULL) {
            return clerk_inquiry_admit(inquiry);
        }
    }
    return clerk_session_decide_failed(&inquiry->verdict->decision, &inquiry->situation,
                                       &failure);
}
