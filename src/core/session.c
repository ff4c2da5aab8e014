/* SPDX-License-Identifier: Apache-2.0 - the session state machine: facts and outcome to a decision */
#include "session.h"

clerk_status clerk_session_check_cookies(const clerk_browser_state *state,
                                         const clerk_instance *instance)
{
    int has_client = state->client_uat != 0;
    int has_session = state->session != NULL;

    if (instance->type == CLERK_DEVELOPMENT && !state->dev_browser) {
        return CLERK_E_DEV_BROWSER_MISSING;
    }
    if (!has_client && !has_session) {
        return CLERK_E_SESSION_TOKEN_AND_UAT_MISSING;
    }
    if (!has_client) {
        return CLERK_E_SESSION_TOKEN_BUT_NO_CLIENT_UAT;
    }
    return has_session ? CLERK_OK : CLERK_E_CLIENT_UAT_BUT_NO_SESSION_TOKEN;
}

/* A token without a usable iat goes on: verification judges that. */
clerk_status clerk_session_check_age(const clerk_browser_state *state,
                                     const clerk_claims *unverified)
{
    return unverified->iat.form == CLERK_CLAIM_VALID
                   && unverified->iat.seconds < state->client_uat
               ? CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT
               : CLERK_OK;
}

clerk_status clerk_session_outcome(clerk_status verification)
{
    switch (verification) {
    case CLERK_E_TOKEN_EXPIRED:
        return CLERK_E_SESSION_TOKEN_EXPIRED;
    case CLERK_E_TOKEN_NOT_ACTIVE_YET:
        return CLERK_E_SESSION_TOKEN_NBF;
    case CLERK_E_TOKEN_IAT_IN_THE_FUTURE:
        return CLERK_E_SESSION_TOKEN_IAT_IN_THE_FUTURE;
    default:
        return verification;
    }
}
