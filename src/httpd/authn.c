/* SPDX-License-Identifier: Apache-2.0 - find out who is asking, where httpd asks */
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "../service/counters.h"
#include "authz.h"
#include "identify.h"
#include "log.h"
#include "module.h"
#include "navigation.h"
#include "request.h"
#include "respond.h"
#include "who.h"

/** Publish the identity to httpd. */
static int sign_in(request_rec *r, const clerk_auth *auth)
{
    const char *user = clerk_remote_user(r, auth);

    if (user == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "not allowed: the token has no claim \"%s\" for ClerkRemoteUser",
                      clerk_request_config(r)->remote_user);
        return 0;
    }
    clerk_publish_user(r, clerk_request_of(r), user);
    return 1;
}

/** httpd takes a missing user for a fault of ours: pass with an empty one until fixups. */
static int pass_as_nobody(request_rec *r)
{
    if (r->user == NULL) {
        r->user = apr_pstrdup(r->pool, "");
    }
    return OK;
}

static int authenticate(request_rec *r)
{
    clerk_request *record;
    int status;

    if (!clerk_request_is_ours(r)) {
        return DECLINED;
    }
    record = clerk_request_of(r);
    record->ours_under = r->per_dir_config;
    if (record->exemption != CLERK_EXEMPT_NOT) {
        return pass_as_nobody(r); /* decided before; only under Satisfy All */
    }
    record = clerk_request_identify(r);
    if (record == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    status = clerk_navigation_redirect(r, record);
    if (status != DECLINED) {
        return status;
    }
    if (record->verdict.status != CLERK_OK) {
        return clerk_respond_unauthenticated(r, record);
    }
    return sign_in(r, record->verdict.auth) ? OK : clerk_respond_unauthorized(r, record);
}

/** Find out and judge as ever, say so, refuse nothing. */
static int log_verdict(request_rec *r, clerk_request *record)
{
    if (clerk_request_identify(r) == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    record->exemption = CLERK_EXEMPT_LOG_ONLY;
    record->is_published = record->verdict.status == CLERK_OK;
    if (strcmp(record->verdict.decision.state, "handshake") == 0) {
        record->is_refused = 1;
        clerk_count(CLERK_COUNT_LOG_ONLY_HANDSHAKE);
        clerk_log_only(r, record, "redirected to the handshake");
    }
    else if (record->verdict.status != CLERK_OK) {
        record->is_refused = 1;
        clerk_request_name_denial(r, record);
        clerk_count(CLERK_COUNT_LOG_ONLY_NOT_AUTHENTICATED);
        clerk_log_only(r, record, "refused, not authenticated");
    }
    else if (!sign_in(r, record->verdict.auth) || clerk_authz_ask(r, record) != OK) {
        record->is_refused = 1;
        clerk_request_name_denial(r, record);
        clerk_count(CLERK_COUNT_LOG_ONLY_NOT_ALLOWED);
        clerk_log_only(r, record, "refused, not allowed");
    }
    return OK;
}

/* As ap_process_request_internal reads the answer of this hook. */
static int needs_user(request_rec *r, int status)
{
    return status == DECLINED || (status == OK && ap_satisfies(r) == SATISFY_ALL);
}

/** Whether a `Require expr` line may refuse without a user being waited for. */
static int may_be_refused_by_expression(const clerk_dir_config *config, int is_ours)
{
    const clerk_require_lines *lines = config->require_lines;

    return lines != NULL && (is_ours ? lines->has_negated_expr : lines->has_expr);
}

/** Before it is asked whose the request is, which is dearer: nearly none may. */
static int may_be_exempt(const clerk_dir_config *config, const request_rec *r)
{
    return clerk_config_is_log_only(config) || clerk_request_is_allowed_preflight(r)
           || may_be_refused_by_expression(config, 0)
           || may_be_refused_by_expression(config, 1);
}

/** What a `Require expr` line of ours refused, in our words. */
static int answer_expression(request_rec *r, clerk_request *record)
{
    int status = clerk_navigation_redirect(r, record);

    if (status != DECLINED) {
        return status;
    }
    return clerk_request_auth(record) != NULL
               ? clerk_respond_unauthorized(r, record)
               : clerk_respond_unauthenticated(r, record);
}

static int ask_others(request_rec *r, clerk_request *record)
{
    int status;

    record->is_asking = 1;
    record->is_refused_by_expression = 0;
    status = ap_run_access_checker_ex(r);
    record->is_asking = 0;
    return status;
}

/**
 * Requests that may pass without a user. What other modules refuse without one (an
 * address, say) stays refused: only "needs a user" is answered here, and what an expression
 * refused that asked for one.
 */
static int exempt(request_rec *r)
{
    const clerk_dir_config *config = clerk_request_config(r);
    clerk_request *record = clerk_request_known(r);
    int is_ours, is_log_only, is_preflight, status;

    if (!may_be_exempt(config, r) || (record != NULL && record->is_asking)) {
        return DECLINED;
    }
    is_ours = clerk_request_is_ours(r);
    is_log_only = is_ours && clerk_config_is_log_only(config);
    is_preflight = is_ours && clerk_request_is_allowed_preflight(r);
    if (!is_log_only && !is_preflight && !may_be_refused_by_expression(config, is_ours)) {
        return DECLINED;
    }
    record = clerk_request_of(r);
    status = ask_others(r, record);
    if (is_log_only && (needs_user(r, status) || record->is_refused_by_expression)) {
        return status == OK || status == DECLINED ? log_verdict(r, record) : status;
    }
    if (is_preflight && needs_user(r, status)) {
        record->exemption = CLERK_EXEMPT_PREFLIGHT;
        return OK;
    }
    return status == HTTP_FORBIDDEN && record->is_refused_by_expression && record->evaluated
               ? answer_expression(r, record)
               : status;
}

void clerk_authn_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_check_access_ex(exempt, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(authenticate, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
}
