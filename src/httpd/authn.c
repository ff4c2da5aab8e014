/* SPDX-License-Identifier: Apache-2.0 - find out who is asking, where httpd asks */
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "../core/json.h"
#include "authz.h"
#include "log.h"
#include "module.h"
#include "navigation.h"
#include "request.h"
#include "respond.h"

/**
 * What REMOTE_USER shall be; NULL where the configured claim is not there. That is a claim of
 * people; a machine is always its subject.
 */
static const char *remote_user(request_rec *r, const clerk_auth *auth)
{
    const char *path = clerk_request_config(r)->remote_user;
    const json_t *claim;

    if (path == NULL || clerk_token_type_is_machine(auth->type)) {
        return auth->subject;
    }
    claim = clerk_json_at(clerk_request_claims(r), path);
    return json_is_string(claim) || json_is_number(claim) ? clerk_json_plain(claim, r->pool)
                                                          : NULL;
}

/** Publish the identity to httpd. */
static int sign_in(request_rec *r, const clerk_auth *auth)
{
    const char *user = remote_user(r, auth);

    if (user == NULL || *user == '\0') {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "not allowed: the token has no claim \"%s\" for ClerkRemoteUser",
                      clerk_request_config(r)->remote_user);
        return 0;
    }
    r->user = apr_pstrdup(r->pool, user);
    r->ap_auth_type = (char *)CLERK_AUTH_TYPE;
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

/** Fetch standard, "CORS-preflight fetch": both fields, and no credential with it. */
static int is_preflight(const request_rec *r)
{
    return r->method_number == M_OPTIONS && apr_table_get(r->headers_in, "Origin") != NULL
           && apr_table_get(r->headers_in, "Access-Control-Request-Method") != NULL;
}

/** Find out and judge as ever, say so, refuse nothing. */
static int log_verdict(request_rec *r, clerk_request *record)
{
    if (clerk_request_identify(r) == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    record->exemption = CLERK_EXEMPT_LOG_ONLY;
    if (strcmp(record->verdict.decision.state, "handshake") == 0) {
        record->is_refused = 1;
        clerk_log_only(r, record, "redirected to the handshake");
    }
    else if (record->verdict.status != CLERK_OK) {
        record->is_refused = 1;
        clerk_request_name_denial(r, record);
        clerk_log_only(r, record, "refused, not authenticated");
    }
    else if (!sign_in(r, record->verdict.auth) || clerk_authz_ask(r, record) != OK) {
        record->is_refused = 1;
        clerk_request_name_denial(r, record);
        clerk_log_only(r, record, "refused, not allowed");
    }
    return OK;
}

/* As ap_process_request_internal reads the answer of this hook. */
static int needs_user(request_rec *r, int status)
{
    return status == DECLINED || (status == OK && ap_satisfies(r) == SATISFY_ALL);
}

/**
 * Requests that may pass without a user. What other modules refuse without one (an
 * address, say) stays refused: only "needs a user" is answered here.
 */
static int exempt(request_rec *r)
{
    clerk_request *record;
    const clerk_dir_config *config;
    int is_log_only, status;

    if (!clerk_request_is_ours(r)) {
        return DECLINED;
    }
    config = clerk_request_config(r);
    is_log_only = clerk_config_is_log_only(config);
    if (!is_log_only && !(clerk_config_allows_preflight(config) && is_preflight(r))) {
        return DECLINED;
    }
    record = clerk_request_of(r);
    if (record->is_asking) {
        return DECLINED;
    }
    record->is_asking = 1;
    status = ap_run_access_checker_ex(r);
    record->is_asking = 0;
    if (!needs_user(r, status)) {
        return status;
    }
    if (is_log_only) {
        return log_verdict(r, record);
    }
    record->exemption = CLERK_EXEMPT_PREFLIGHT;
    return OK;
}

void clerk_authn_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_check_access_ex(exempt, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(authenticate, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
}
