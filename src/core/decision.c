/* SPDX-License-Identifier: Apache-2.0 - what the state machine decided about a request */
#include "decision.h"

#include <apr_lib.h>

enum { LONGEST_CODE = 64 };

void clerk_decision_begin(clerk_decision *decision)
{
    memset(decision, 0, sizeof(*decision));
    clerk_decision_sign_out(decision, "", "");
}

void clerk_decision_sign_in(clerk_decision *decision)
{
    decision->kind = CLERK_AUTHENTICATED;
    decision->state = "signed-in";
    decision->reason = "";
    decision->message = "";
}

void clerk_decision_sign_out(clerk_decision *decision, const char *reason,
                             const char *message)
{
    decision->kind = CLERK_UNAUTHENTICATED;
    decision->state = "signed-out";
    decision->reason = reason;
    decision->message = message;
}

static int is_code_character(char c)
{
    return apr_isascii(c) && (apr_isalnum(c) || strchr("-_.", c) != NULL);
}

const char *clerk_expired_reason(clerk_slice refresh, apr_pool_t *pool)
{
    char *code =
        apr_pstrmemdup(pool, refresh.ptr,
                       refresh.len < LONGEST_CODE ? refresh.len : LONGEST_CODE);
    char *at;

    for (at = code; *at != '\0'; at++) {
        if (!is_code_character(*at)) {
            *at = '_';
        }
    }
    return apr_pstrcat(pool, clerk_status_reason(CLERK_E_SESSION_TOKEN_EXPIRED),
                       "-refresh-", code, NULL);
}
