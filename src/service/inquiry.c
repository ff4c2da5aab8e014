/* SPDX-License-Identifier: Apache-2.0 - one request on its way through the verifier */
#include "inquiry.h"

void clerk_inquiry_read_browser(clerk_inquiry *inquiry)
{
    clerk_situation *situation = &inquiry->situation;
    const clerk_facts *facts = situation->facts;
    const char *own_url = facts->own_url;

    if (inquiry->has_read_browser) {
        return;
    }
    inquiry->has_read_browser = 1;
    if (own_url == NULL && facts->find_own_url != NULL) {
        own_url = facts->find_own_url(facts->request);
    }
    situation->has_own_url = clerk_url_parse(&situation->own, clerk_slice_of(own_url));
    clerk_browser_state_read(&situation->browser, situation->facts->cookie,
                             situation->has_own_url ? situation->own.query
                                                    : clerk_slice_of(NULL),
                             situation->instance, inquiry->verification.now,
                             inquiry->pool);
}

void clerk_inquiry_identified(clerk_inquiry *inquiry, const clerk_auth *auth,
                              clerk_slice token, clerk_carrier carrier)
{
    inquiry->verdict->auth = auth;
    inquiry->verdict->token = token;
    inquiry->verdict->type = auth->type;
    inquiry->verdict->carrier = carrier;
}

clerk_status clerk_inquiry_admit(clerk_inquiry *inquiry)
{
    clerk_decision *decision = &inquiry->verdict->decision;

    if (clerk_auth_is_pending(inquiry->verdict->auth)
        && !inquiry->situation.policy->admits_pending)
    {
        clerk_decision_sign_out(decision, clerk_status_reason(CLERK_E_SESSION_PENDING),
                                "");
        return clerk_fail(&inquiry->error, CLERK_E_SESSION_PENDING,
                          CLERK_PENDING_DETAIL);
    }
    clerk_decision_sign_in(decision);
    return CLERK_OK;
}
