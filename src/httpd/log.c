/* SPDX-License-Identifier: Apache-2.0 - what is said of a request; never a token, cookie or key */
#include "log.h"

#include <apr_strings.h>

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

/**
 * The level for a line that clients can provoke, and what to say at its end of those that
 * were left out. Beyond some lines it is debug: no client shall fill the disk.
 */
static int metered(request_rec *r, clerk_status status, int level, const char **left_out)
{
    unsigned count = 0;

    *left_out = "";
    if (!APLOG_R_IS_LEVEL(r, level)) {
        return level; /* nothing is logged, so nothing counts */
    }
    if (!clerk_log_meter_take(clerk_runtime_log_meter(status), r->request_time, &count)) {
        return APLOG_DEBUG;
    }
    if (count > 0) {
        *left_out = apr_psprintf(r->pool, "; %u more for this reason were left out", count);
    }
    return level;
}

void clerk_log_unauthenticated(request_rec *r, const clerk_request *record)
{
    const clerk_verdict *verdict = &record->verdict;
    clerk_family family = clerk_status_family(verdict->status);
    int level = family == CLERK_FAMILY_UNDECIDED || family == CLERK_FAMILY_INTERNAL
                    ? APLOG_ERR
                    : APLOG_INFO;
    const char *left_out;

    level = metered(r, record->verdict.status, level, &left_out);
    ap_log_rerror(APLOG_MARK, level, 0, r,
                  "not authenticated: %s (reason=%s, token-carrier=%s)%s",
                  detail_of(verdict), verdict->decision.reason,
                  carrier_name(verdict->carrier), left_out);
}

void clerk_log_redirect(request_rec *r, const clerk_request *record)
{
    const clerk_decision *decision = &record->verdict.decision;
    const char *left_out;
    int level = metered(r, record->verdict.status, APLOG_INFO, &left_out);

    ap_log_rerror(APLOG_MARK, level, 0, r,
                  strcmp(decision->state, "handshake") == 0
                      ? "sent to the handshake (reason=%s, token-carrier=%s)%s"
                      : "back from the handshake, sent to the URL without it (reason=%s, "
                        "token-carrier=%s)%s",
                  *decision->reason ? decision->reason : "-",
                  carrier_name(record->verdict.carrier), left_out);
}

void clerk_log_advice(request_rec *r, const char *advice)
{
    /* what gives rise to it may be in any browser's power */
    int level = clerk_runtime_may_advise(r->request_time) ? APLOG_WARNING : APLOG_DEBUG;

    ap_log_rerror(APLOG_MARK, level, 0, r, "%s", advice);
}

void clerk_log_unauthorized(request_rec *r, const clerk_request *record)
{
    const char *left_out;
    int level = metered(r, record->verdict.status, APLOG_INFO, &left_out);

    ap_log_rerror(APLOG_MARK, level, 0, r, "not allowed by: %s%s",
                  record->denied_by ? record->denied_by : "the Require lines in force",
                  left_out);
}

void clerk_log_only(request_rec *r, const clerk_request *record, const char *verdict)
{
    const char *reason = record->verdict.decision.reason;
    const char *left_out;
    int level = metered(r, record->verdict.status, APLOG_NOTICE, &left_out);

    ap_log_rerror(APLOG_MARK, level, 0, r,
                  "ClerkEnforce LogOnly: %s would be %s (reason=%s, by: %s)%s", r->uri,
                  verdict, *reason ? reason : "-",
                  record->denied_by ? record->denied_by : "-", left_out);
}

void clerk_log_unavailable(request_rec *r, const char *what, const char *why)
{
    const char *left_out;
    int level = metered(r, CLERK_E_MACHINE_UNDECIDED, APLOG_ERR, &left_out);

    ap_log_rerror(APLOG_MARK, level, 0, r, "%s cannot be had for %s: %s%s", what, r->uri, why,
                  left_out);
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
