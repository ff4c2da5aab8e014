/* SPDX-License-Identifier: Apache-2.0 - what is said of a request; never a token, cookie or key */
#include "log.h"

#include "module.h"
#include "runtime.h"

static const char *carrier_name(clerk_carrier carrier)
{
    switch (carrier) {
    case CLERK_CARRIER_HEADER:
        return "header";
    case CLERK_CARRIER_COOKIE:
        return "cookie";
    default:
        return "none";
    }
}

static const char *detail_of(const clerk_verdict *verdict)
{
    if (verdict->detail != NULL) {
        return verdict->detail;
    }
    return verdict->carrier == CLERK_CARRIER_NONE
               ? "no session"
               : "the session does not fit the browser's other cookies";
}

void clerk_log_unauthenticated(request_rec *r, const clerk_request *record)
{
    const clerk_verdict *verdict = &record->verdict;
    clerk_family family = clerk_status_family(verdict->status);
    int level = family == CLERK_FAMILY_UNDECIDED || family == CLERK_FAMILY_INTERNAL
                    ? APLOG_ERR
                    : APLOG_INFO;

    ap_log_rerror(APLOG_MARK, level, 0, r,
                  "not authenticated: %s (reason=%s, token-carrier=%s)", detail_of(verdict),
                  verdict->decision.reason, carrier_name(verdict->carrier));
}

void clerk_log_redirect(request_rec *r, const clerk_request *record)
{
    const clerk_decision *decision = &record->verdict.decision;

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  strcmp(decision->state, "handshake") == 0
                      ? "sent to the handshake (reason=%s, token-carrier=%s)"
                      : "back from the handshake, sent to the URL without it (reason=%s, "
                        "token-carrier=%s)",
                  *decision->reason ? decision->reason : "-",
                  carrier_name(record->verdict.carrier));
}

void clerk_log_advice(request_rec *r, const char *advice)
{
    /* what gives rise to it may be in any browser's power */
    int level = clerk_runtime_may_advise(r->request_time) ? APLOG_WARNING : APLOG_DEBUG;

    ap_log_rerror(APLOG_MARK, level, 0, r, "%s", advice);
}

void clerk_log_unauthorized(request_rec *r, const clerk_request *record)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "not allowed by: %s",
                  record->denied_by ? record->denied_by : "the Require lines in force");
}

void clerk_log_only(request_rec *r, const clerk_request *record, const char *verdict)
{
    const char *reason = record->verdict.decision.reason;

    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                  "ClerkEnforce LogOnly: %s would be %s (reason=%s, by: %s)", r->uri,
                  verdict, *reason ? reason : "-",
                  record->denied_by ? record->denied_by : "-");
}

void clerk_log_unavailable(request_rec *r, const char *what, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "%s cannot be had for %s: %s", what, r->uri,
                  why);
}

void clerk_log_missing_azp(request_rec *r, const clerk_request *record,
                           const clerk_policy *policy)
{
    const clerk_verdict *verdict = &record->verdict;

    if (verdict->status == CLERK_OK && verdict->carrier == CLERK_CARRIER_COOKIE
        && policy->authorized_parties == NULL
        && verdict->auth->authorized_party == NULL
        && clerk_runtime_first_missing_azp()) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "a session cookie without azp claim was accepted; set "
                      "ClerkAuthorizedParties to refuse such tokens (said once a process)");
    }
}
