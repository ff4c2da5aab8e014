/* SPDX-License-Identifier: Apache-2.0 - one request on its way through the verifier */
#ifndef CLERK_INQUIRY_H
#define CLERK_INQUIRY_H

#include "token_verification.h"
#include "verdict.h"

/** One call's parameters and state, so that they need not be handed down one by one. */
typedef struct clerk_inquiry {
    const clerk_verifier *verifier;
    clerk_situation situation;
    clerk_verification verification; /* of tokens */
    int has_read_browser;            /* whether situation.browser is filled */
    clerk_verdict *verdict;
    clerk_error error; /* of the failure that decides */
    apr_pool_t *pool;
} clerk_inquiry;

#define CLERK_PENDING_DETAIL "the session has a task to do"

/** Read cookies and query, once. */
void clerk_inquiry_read_browser(clerk_inquiry *inquiry);

/** Note who is asking, and with which token. A pending session is noted, too. */
void clerk_inquiry_identified(clerk_inquiry *inquiry, const clerk_auth *auth,
                              clerk_slice token, clerk_carrier carrier);

/**
 * A session was found to be good otherwise than by the cookie as it was sent.
 *
 * @return CLERK_OK, or CLERK_E_SESSION_PENDING when that does not count here
 */
clerk_status clerk_inquiry_admit(clerk_inquiry *inquiry);

#endif
