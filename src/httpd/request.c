/* SPDX-License-Identifier: Apache-2.0 - one request's facts, and the record of what was found out */
#include "request.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "log.h"
#include "module.h"
#include "runtime.h"

clerk_dir_config *clerk_request_config(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &clerk_auth_module);
}

int clerk_request_is_ours(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type != NULL && ap_cstr_casecmp(type, CLERK_AUTH_TYPE) == 0;
}

clerk_request *clerk_request_known(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &clerk_auth_module);
}

clerk_request *clerk_request_of(request_rec *r)
{
    clerk_request *record = clerk_request_known(r);

    if (record == NULL) {
        record = apr_pcalloc(r->pool, sizeof(*record));
        ap_set_module_config(r->request_config, &clerk_auth_module, record);
    }
    return record;
}

const clerk_request *clerk_request_inherited(const request_rec *r)
{
    const clerk_request *record = clerk_request_known(r);

    /* the same rule, in the same order, as ap_process_request_internal */
    while (record == NULL) {
        if (r->prev != NULL && r->prev->per_dir_config == r->per_dir_config) {
            r = r->prev;
        }
        else if (r->main != NULL && r->main->per_dir_config == r->per_dir_config) {
            r = r->main;
        }
        else {
            return NULL;
        }
        record = clerk_request_known(r);
    }
    return record;
}

static clerk_slice header_slice(const request_rec *r, const char *name)
{
    return clerk_slice_of(apr_table_get(r->headers_in, name));
}

const clerk_request *clerk_request_original(const request_rec *r)
{
    for (; r != NULL; r = r->main ? r->main : r->prev) {
        const clerk_request *record = clerk_request_known(r);

        if (record != NULL && record->has_replaced) {
            return record;
        }
    }
    return NULL;
}

clerk_facts clerk_request_facts(const request_rec *r)
{
    const clerk_request *sent = clerk_request_original(r);
    clerk_facts facts = {
        .method = r->method,
        .authorization = header_slice(r, "Authorization"),
        .cookie = header_slice(r, "Cookie"),
        .accept = header_slice(r, "Accept"),
        .sec_fetch_dest = header_slice(r, "Sec-Fetch-Dest"),
    };

    if (sent != NULL) {
        facts.authorization = clerk_slice_of(sent->sent_authorization);
        facts.cookie = clerk_slice_of(sent->sent_cookie);
    }
    return facts;
}

/** @param error  says why where there is none */
static const clerk_instance *instance_in_force(const request_rec *r, clerk_error *error)
{
    clerk_dir_config *config = clerk_request_config(r);
    const clerk_instance *instance = NULL;

    error->detail = "set ClerkPublishableKey (and ClerkSecretKey)";
    return config->instance != NULL
                   && clerk_instance_config_resolve(&instance, config->instance, error)
                          == CLERK_OK
               ? instance
               : NULL;
}

const clerk_instance *clerk_request_instance(const request_rec *r)
{
    clerk_error error = { CLERK_OK, NULL };

    return instance_in_force(r, &error);
}

/** Lists belong to configuration, and sections that inherit one share it. */
static int is_same_policy(const clerk_policy *a, const clerk_policy *b)
{
    return a->accepts == b->accepts && a->authorized_parties == b->authorized_parties
           && a->audiences == b->audiences && a->issuers == b->issuers
           && a->any_issuer == b->any_issuer && a->clock_skew == b->clock_skew
           && a->admits_pending == b->admits_pending;
}

static int holds_for(const clerk_request *record, const clerk_instance *instance,
                     const clerk_policy *policy)
{
    return record != NULL && record->evaluated && record->instance == instance
           && is_same_policy(&record->policy, policy);
}

/** A verdict on the same credentials by the same rules. */
static const clerk_request *judged_before(const request_rec *r,
                                          const clerk_instance *instance,
                                          const clerk_policy *policy)
{
    while ((r = r->main ? r->main : r->prev) != NULL) {
        const clerk_request *record = clerk_request_known(r);

        if (holds_for(record, instance, policy)) {
            return record;
        }
    }
    return NULL;
}

static void judge(request_rec *r, clerk_request *record, const clerk_instance *instance,
                  const clerk_policy *policy)
{
    const clerk_request *before = judged_before(r, instance, policy);

    record->instance = instance;
    record->policy = *policy;
    record->facts = clerk_request_facts(r);
    if (before != NULL) {
        record->verdict = before->verdict;
    }
    else {
        clerk_verifier_identify(&record->verdict, clerk_runtime_verifier(), instance, policy,
                                NULL, &record->facts, apr_time_now(), r->pool);
        clerk_log_missing_azp(r, record, policy);
    }
    record->evaluated = 1;
}

static clerk_request *identify_for(request_rec *r, const clerk_instance *instance)
{
    clerk_request *record = clerk_request_of(r);
    clerk_policy policy = clerk_config_policy(clerk_request_config(r));

    if (!holds_for(record, instance, &policy)) {
        judge(r, record, instance, &policy);
    }
    return record;
}

clerk_request *clerk_request_identify(request_rec *r)
{
    clerk_error error = { CLERK_OK, NULL };
    const clerk_instance *instance = instance_in_force(r, &error);

    if (instance == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "no Clerk instance for %s: %s", r->uri,
                      error.detail);
        return NULL;
    }
    return identify_for(r, instance);
}

int clerk_request_is_preflight(const request_rec *r)
{
    return r->method_number == M_OPTIONS && apr_table_get(r->headers_in, "Origin") != NULL
           && apr_table_get(r->headers_in, "Access-Control-Request-Method") != NULL;
}

const clerk_auth *clerk_request_who(request_rec *r)
{
    clerk_request *record = clerk_request_of(r);
    const clerk_instance *instance = clerk_request_instance(r);

    record->asked_by_expressions++;
    if (instance == NULL
        || (clerk_request_is_preflight(r)
            && clerk_config_allows_preflight(clerk_request_config(r)))) {
        return NULL;
    }
    record = identify_for(r, instance);
    clerk_request_varies(r);
    return record->verdict.status == CLERK_OK ? record->verdict.auth : NULL;
}

const clerk_request *clerk_request_refused(const request_rec *r)
{
    for (; r != NULL; r = r->prev) {
        const clerk_request *record = clerk_request_known(r);

        if (record != NULL && record->is_refused) {
            return record;
        }
    }
    return NULL;
}

const char *clerk_request_status_name(const clerk_request *record)
{
    return record->verdict.decision.state;
}

const clerk_auth *clerk_request_auth(const request_rec *r)
{
    const clerk_request *record = clerk_request_known(r);

    return record != NULL && record->evaluated && record->verdict.status == CLERK_OK
               ? record->verdict.auth
               : NULL;
}

void clerk_request_name_denial(const request_rec *r, clerk_request *record)
{
    const clerk_require_lines *noted = clerk_request_config(r)->require_lines;
    const apr_array_header_t *lines = noted ? noted->user_lines : NULL;

    if (record->denied_by == NULL && lines != NULL && lines->nelts > 0) {
        record->denied_by = APR_ARRAY_IDX(lines, lines->nelts - 1, const char *);
    }
}

void clerk_request_varies(request_rec *r)
{
    static const char all[] = "Authorization, Cookie", header[] = "Authorization";
    /* cookies carry sessions only, so elsewhere they are not read */
    const char *names = clerk_config_accepts(clerk_request_config(r)) & CLERK_TOKEN_SESSION
                            ? all
                            : header;
    clerk_request *record = clerk_request_of(r);

    if (record->varied_by == names) {
        return;
    }
    record->varied_by = names;
    /* where it survives an error answer and a proxied application's fields */
    if (apr_table_get(r->err_headers_out, "Vary") == NULL) {
        apr_table_setn(r->err_headers_out, "Vary", names);
    }
    else {
        apr_table_mergen(r->err_headers_out, "Vary", names);
    }
}
