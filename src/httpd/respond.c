/* SPDX-License-Identifier: Apache-2.0 - what a refused request is answered */
#include "respond.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <util_filter.h>

#include "../core/accept.h"
#include "../core/sign_in.h"
#include "../core/url.h"
#include "../service/counters.h"
#include "denials.h"
#include "export.h"
#include "log.h"
#include "metadata.h"
#include "module.h"
#include "own_url.h"

static const char content_type_filter[] = "CLERK_ERROR_TYPE";

/* Header fields go where they survive an error answer. */
static void set_header(request_rec *r, const char *name, const char *value)
{
    apr_table_setn(r->err_headers_out, name, value);
}

static int wants_json(request_rec *r)
{
    switch (clerk_config_error_body(clerk_request_config(r))) {
    case CLERK_ERROR_BODY_JSON:
        return 1;
    case CLERK_ERROR_BODY_HTML:
        return 0;
    default:
        return !clerk_accept_prefers_html(
            clerk_slice_of(apr_table_get(r->headers_in, "Accept")));
    }
}

/** httpd labels every text of its own text/html; ours is JSON. */
static apr_status_t label_json(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    ap_set_content_type(filter->r, "application/json");
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, brigade);
}

/** httpd has dropped the filters of the request by the time it sends an error. */
static void insert_label(request_rec *r)
{
    const clerk_request *record = clerk_request_known(r);

    if (record != NULL && record->has_json_answer) {
        ap_add_output_filter(content_type_filter, NULL, r, r->connection);
    }
}

static void answer_with_json(request_rec *r, int status, const char *json)
{
    clerk_request_of(r)->has_json_answer = 1;
    ap_custom_response(r, status, json);
}

/** Give the status a JSON body, unless the site has an ErrorDocument or wants HTML. */
static int answer(request_rec *r, int status, const char *json)
{
    if (ap_response_code_string(r, ap_index_of_response(status)) == NULL && wants_json(r)) {
        answer_with_json(r, status, json);
    }
    return status;
}

static int redirect(request_rec *r, const char *location)
{
    clerk_count(CLERK_COUNT_TO_PAGE);
    apr_table_setn(r->headers_out, "Location", location);
    set_header(r, "Cache-Control", "no-store");
    return HTTP_MOVED_TEMPORARILY;
}

static int is_for_browser(const clerk_request *record, const clerk_dir_config *config)
{
    return clerk_config_protects(config) ? clerk_is_page_request(&record->facts)
                                         : clerk_is_navigation(&record->facts);
}

static const char *sign_in_location(request_rec *r, const clerk_request *record,
                                    const clerk_dir_config *config)
{
    clerk_sign_in_request request = {
        .sign_in_url = config->sign_in_url,
        .own_url = clerk_own_url(r),
        .pending = record->verdict.status == CLERK_E_SESSION_PENDING,
        .dev_browser = record->verdict.browser.dev_browser,
    };
    return clerk_sign_in_location(record->instance, &request, r->pool);
}

/** A path on this site as an absolute URL. */
static const char *page_location(request_rec *r, const char *url)
{
    clerk_url own;

    if (*url == '/' && clerk_url_parse(&own, clerk_slice_of(clerk_own_url(r)))) {
        return apr_pstrcat(r->pool, clerk_slice_copy(own.origin, r->pool), url, NULL);
    }
    return url;
}

/** Where a request without a session is sent instead of being refused; NULL: nowhere. */
static const char *unauthenticated_location(request_rec *r, const clerk_request *record,
                                            const clerk_dir_config *config)
{
    int is_browser = is_for_browser(record, config);

    if (r->main != NULL) {
        return NULL; /* a part of a page cannot send anyone anywhere */
    }
    if (config->unauthenticated_url != NULL
        && (is_browser || clerk_config_protects(config))) {
        return page_location(r, config->unauthenticated_url);
    }
    return is_browser && clerk_config_redirects_to_sign_in(config)
               ? sign_in_location(r, record, config)
               : NULL;
}

/** `, NAME="VALUE"`, or nothing; a value of ours has no quote in it. */
static const char *parameter(apr_pool_t *pool, const char *name, const char *value)
{
    return value ? apr_pstrcat(pool, ", ", name, "=\"", value, "\"", NULL) : "";
}

/** The scopes of the clerk-scope lines in force, joined by spaces; NULL for none. */
static const char *scopes_asked(request_rec *r)
{
    const clerk_require_lines *lines = clerk_request_config(r)->require_lines;

    return lines && lines->scopes ? apr_array_pstrcat(r->pool, lines->scopes, ' ') : NULL;
}

/** RFC 6750, 3, and RFC 9728, 5.1. */
static void challenge(request_rec *r, const char *error)
{
    const char *realm = ap_auth_name(r);
    const char *metadata = clerk_metadata_url(r);

    set_header(r, "WWW-Authenticate",
               apr_pstrcat(r->pool, "Bearer realm=\"",
                           ap_escape_quotes(r->pool, realm ? realm : "Clerk"), "\"",
                           parameter(r->pool, "error", error),
                           parameter(r->pool, "scope", metadata ? scopes_asked(r) : NULL),
                           parameter(r->pool, "resource_metadata", metadata), NULL));
    if (metadata != NULL && apr_table_get(r->headers_in, "Origin") != NULL) {
        set_header(r, "Access-Control-Expose-Headers", "WWW-Authenticate");
    }
}

/** What a request without a credential is told: what would be one here. */
static const char *demand(unsigned accepts)
{
    if (accepts == CLERK_TOKEN_SESSION) {
        return "This needs a signed-in user: send a session token";
    }
    return accepts & CLERK_TOKEN_SESSION
               ? "This needs a signed-in user or a machine: send a token"
               : "This needs a machine token: send one in Authorization";
}

/** With the reason, which is of few characters, so that a script knows what to do. */
static const char *not_authenticated(const char *description, const char *reason,
                                     apr_pool_t *pool)
{
    return apr_psprintf(pool, "{\"error\":\"not_authenticated\",\"description\":\"%s (%s).\"}",
                        description, reason);
}

static int answer_unauthenticated(request_rec *r, const clerk_request *record,
                                  const clerk_dir_config *config)
{
    int is_no_good = record->verdict.carrier != CLERK_CARRIER_NONE
                     && !clerk_status_is_undecided(record->verdict.status);

    challenge(r, is_no_good ? "invalid_token" : NULL);
    return answer(r, HTTP_UNAUTHORIZED,
                  not_authenticated(is_no_good ? "The token that was sent is not valid here"
                                               : demand(clerk_config_accepts(config)),
                                    record->verdict.decision.reason, r->pool));
}

/** Seconds; a part of one counts whole, so that nobody comes back too early. */
static const char *retry_after(apr_interval_time_t wait, apr_pool_t *pool)
{
    return wait < 0 ? "5" : apr_psprintf(pool, "%" APR_TIME_T_FMT,
                                         wait == 0 ? 1 : apr_time_sec(wait - 1) + 1);
}

static int answer_unavailable(request_rec *r, apr_interval_time_t wait, const char *json)
{
    set_header(r, "Retry-After", retry_after(wait, r->pool));
    set_header(r, "Cache-Control", "no-store");
    return answer(r, HTTP_SERVICE_UNAVAILABLE, json);
}

static int answer_undecided(request_rec *r, const clerk_request *record)
{
    return answer_unavailable(r, record->verdict.retry_after,
                              "{\"error\":\"temporarily_unavailable\",\"description\":"
                              "\"The token cannot be checked at the moment; try again.\"}");
}

int clerk_respond_unavailable(request_rec *r, const clerk_request *record, const char *what,
                              const clerk_api_failure *failure)
{
    clerk_log_unavailable(r, what, failure->error.detail);
    if (record->is_identified || record->exemption != CLERK_EXEMPT_NOT) {
        return OK;
    }
    return answer_unavailable(r, failure->retry_after,
                              "{\"error\":\"temporarily_unavailable\",\"description\":"
                              "\"Something that this page needs cannot be had at the "
                              "moment; try again.\"}");
}

/**
 * Whether a session may be what is missing. Else nobody is sent to sign in, nor is a page
 * hidden: no session would open it, or no browser has asked.
 */
static int may_want_session(const clerk_request *record, const clerk_dir_config *config)
{
    return (clerk_config_accepts(config) & CLERK_TOKEN_SESSION)
           && !clerk_token_type_is_machine(record->verdict.type);
}

static void note_refusal(request_rec *r, clerk_request *record)
{
    record->is_refused = 1;
    clerk_request_name_denial(r, record);
    clerk_export_refusal(r, record);
    clerk_request_varies(r);
}

int clerk_respond_unauthenticated(request_rec *r, clerk_request *record)
{
    const clerk_dir_config *config = clerk_request_config(r);
    int protects = clerk_config_protects(config);
    const char *location;

    note_refusal(r, record);
    clerk_log_unauthenticated(r, record);
    if (clerk_status_is_undecided(record->verdict.status) && !protects) {
        return answer_undecided(r, record);
    }
    if (!may_want_session(record, config)) {
        return answer_unauthenticated(r, record, config);
    }
    location = unauthenticated_location(r, record, config);
    if (location != NULL) {
        return redirect(r, location);
    }
    /* auth.protect() hides the page */
    return protects ? HTTP_NOT_FOUND : answer_unauthenticated(r, record, config);
}

/**
 * The hint that Clerk's browser SDK waits for. It reads it by fetch(), whatever Accept
 * says; a person who navigates gets the site's own page where there is one.
 */
static int answer_stale(request_rec *r, const clerk_request *record)
{
    clerk_reverification asked;
    int has_page =
        ap_response_code_string(r, ap_index_of_response(HTTP_FORBIDDEN)) != NULL;

    if ((has_page && clerk_is_navigation(&record->facts))
        || !clerk_requirement_reverification(r, &asked, record->stale)) {
        return HTTP_FORBIDDEN;
    }
    answer_with_json(r, HTTP_FORBIDDEN, clerk_reverification_hint(&asked, r->pool));
    return HTTP_FORBIDDEN;
}

/** A machine is told as much under auth.protect(), with another status. */
static int answer_machine(request_rec *r, const clerk_request *record,
                          const clerk_dir_config *config)
{
    int protects = clerk_config_protects(config);

    if (record->lacks_scope || protects) {
        challenge(r, record->lacks_scope ? "insufficient_scope" : NULL);
    }
    return answer(r, protects ? HTTP_UNAUTHORIZED : HTTP_FORBIDDEN,
                  "{\"error\":\"not_authorized\",\"description\":\"The token does not allow "
                  "this.\"}");
}

int clerk_respond_unauthorized(request_rec *r, clerk_request *record)
{
    const clerk_dir_config *config = clerk_request_config(r);

    note_refusal(r, record);
    clerk_denial_count(record->denied_by);
    clerk_log_unauthorized(r, record);
    if (record->assume_reverified) {
        return answer_stale(r, record);
    }
    if (clerk_token_type_is_machine(record->verdict.type)) {
        return answer_machine(r, record, config);
    }
    if (config->unauthorized_url != NULL && r->main == NULL
        && (clerk_config_protects(config) || clerk_is_navigation(&record->facts))) {
        return redirect(r, page_location(r, config->unauthorized_url));
    }
    if (clerk_config_protects(config)) {
        return HTTP_NOT_FOUND;
    }
    if (record->lacks_scope) {
        challenge(r, "insufficient_scope");
    }
    return answer(r, HTTP_FORBIDDEN,
                  "{\"error\":\"not_authorized\",\"description\":\"The signed-in user is not "
                  "allowed to do this.\"}");
}

void clerk_respond_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_insert_error_filter(insert_label, NULL, NULL, APR_HOOK_LAST);
    ap_register_output_filter(content_type_filter, label_json, NULL, AP_FTYPE_CONTENT_SET);
}
