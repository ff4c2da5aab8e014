/* SPDX-License-Identifier: Apache-2.0 - what a browser is told besides the answer: redirects, cookies, reasons */
#include "navigation.h"

#include <http_core.h>

#include "../service/counters.h"
#include "export.h"
#include "log.h"
#include "module.h"
#include "own_url.h"
#include "path_rules.h"

/* ---------------------------------------------------------------- what is allowed */

/**
 * Whether this is the request that the browser sent. An internal redirect takes its place; not
 * so an error page, which is a GET whatever the browser sent, or a part of a page.
 */
static int is_of_browser(const request_rec *r)
{
    return r->main == NULL && (r->prev == NULL || r->prev->status == HTTP_OK);
}

static clerk_organization_target organization_of(const clerk_dir_config *config,
                                                 const char *own_url, apr_pool_t *pool)
{
    clerk_organization_target target = { CLERK_ORGANIZATION_UNSAID, NULL };
    const char *path, *id = NULL, *slug = NULL;
    clerk_url url;

    if ((config->organization_paths == NULL && config->personal_account_paths == NULL)
        || !clerk_url_parse(&url, clerk_slice_of(own_url)))
    {
        return target;
    }
    path = url.path.len > 0 ? clerk_slice_copy(url.path, pool) : "/";
    clerk_path_rules_match(config->organization_paths, path, &id, &slug, pool);
    if (id != NULL || slug != NULL) {
        target.kind = id ? CLERK_ORGANIZATION_BY_ID : CLERK_ORGANIZATION_BY_SLUG;
        target.value = id ? id : slug;
    }
    else if (clerk_path_rules_match(config->personal_account_paths, path, NULL, NULL,
                                    pool)) {
        target.kind = CLERK_ORGANIZATION_PERSONAL;
    }
    return target;
}

clerk_session_options clerk_navigation_options(request_rec *r,
                                               const clerk_request *record)
{
    const clerk_dir_config *config = clerk_request_config(r);
    clerk_session_options options = { .sign_in_url = config->sign_in_url };

    if (!is_of_browser(r) || clerk_request_earlier(r) != NULL
        || !clerk_config_renews_sessions(config, record->instance)) {
        return options;
    }
    options.handshake = 1;
    options.cross_origin_sync = config->cross_origin_sync == CLERK_ON;
    options.satellite_auto_sync = config->satellite_auto_sync == CLERK_ON;
    if (clerk_is_handshake_eligible(&record->facts)) {
        options.organization = organization_of(config, clerk_own_url(r), r->pool);
    }
    return options;
}

/* ---------------------------------------------------------------- what is told */

/* Where they survive an error answer, and an application's own fields. */
static void add_cookies(request_rec *r, const apr_array_header_t *cookies)
{
    int i;

    for (i = 0; cookies != NULL && i < cookies->nelts; i++) {
        apr_table_addn(r->err_headers_out, "Set-Cookie",
                       APR_ARRAY_IDX(cookies, i, const char *));
    }
}

/* resolveHandshake in `@clerk/backend`: a browser that came by redirects has no origin. */
static void allow_opaque_origin(request_rec *r)
{
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Origin", "null");
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Credentials", "true");
}

/* A request may be judged again, by other rules: what was said before does not stay. */
static void set_reason(request_rec *r, const clerk_verdict *verdict)
{
    const clerk_decision *decision = &verdict->decision;
    const char *message = *decision->message ? decision->message : verdict->detail;

    apr_table_unset(r->err_headers_out, "X-Clerk-Auth-Status");
    apr_table_unset(r->err_headers_out, "X-Clerk-Auth-Reason");
    apr_table_unset(r->err_headers_out, "X-Clerk-Auth-Message");
    if (*decision->reason == '\0') {
        return;
    }
    apr_table_setn(r->err_headers_out, "X-Clerk-Auth-Status", decision->state);
    apr_table_setn(r->err_headers_out, "X-Clerk-Auth-Reason", decision->reason);
    if (message != NULL) {
        apr_table_setn(r->err_headers_out, "X-Clerk-Auth-Message", message);
    }
}

/* Its cookie counts redirects, so it is for one that is made. */
static int is_handshake(const clerk_decision *decision)
{
    return strcmp(decision->state, "handshake") == 0;
}

void clerk_navigation_tell(request_rec *r, const clerk_request *record)
{
    const clerk_decision *decision = &record->verdict.decision;

    if (!is_handshake(decision)) {
        add_cookies(r, decision->cookies);
    }
    if (decision->ends_handshake) {
        allow_opaque_origin(r);
    }
    if (clerk_request_config(r)->debug_headers == CLERK_ON) {
        set_reason(r, &record->verdict);
    }
    if (decision->advice != NULL) {
        clerk_log_advice(r, decision->advice);
    }
}

int clerk_navigation_redirect(request_rec *r, clerk_request *record)
{
    const clerk_decision *decision = &record->verdict.decision;

    if (decision->kind != CLERK_HANDSHAKE || !is_of_browser(r)
        || clerk_config_is_log_only(clerk_request_config(r)))
    {
        return DECLINED;
    }
    if (is_handshake(decision)) {
        add_cookies(r, decision->cookies);
    }
    clerk_count(is_handshake(decision) ? CLERK_COUNT_TO_HANDSHAKE : CLERK_COUNT_TO_CLEAN_URL);
    clerk_log_redirect(r, record);
    clerk_export_refusal(r, record);
    clerk_request_varies(r);
    apr_table_setn(r->headers_out, "Location", decision->location);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    return HTTP_TEMPORARY_REDIRECT;
}
