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

clerk_facts clerk_request_facts(const request_rec *r)
{
    clerk_facts facts = {
        .method = r->method,
        .authorization = header_slice(r, "Authorization"),
        .cookie = header_slice(r, "Cookie"),
        .accept = header_slice(r, "Accept"),
        .sec_fetch_dest = header_slice(r, "Sec-Fetch-Dest"),
    };
    return facts;
}

static const clerk_instance *instance_in_force(request_rec *r)
{
    clerk_dir_config *config = clerk_request_config(r);
    const clerk_instance *instance = NULL;
    clerk_error error = { CLERK_OK, "set ClerkPublishableKey (and ClerkSecretKey)" };

    if (config->instance == NULL
        || clerk_instance_config_resolve(&instance, config->instance, &error) != CLERK_OK) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "no Clerk instance for %s: %s", r->uri,
                      error.detail);
    }
    return instance;
}

clerk_request *clerk_request_identify(request_rec *r)
{
    clerk_request *record = clerk_request_of(r);
    clerk_policy policy;

    if (record->evaluated) {
        return record;
    }
    record->instance = instance_in_force(r);
    if (record->instance == NULL) {
        return NULL;
    }
    policy = clerk_config_policy(clerk_request_config(r));
    record->facts = clerk_request_facts(r);
    clerk_verifier_identify(&record->verdict, clerk_runtime_verifier(), record->instance,
                            &policy, NULL, &record->facts, apr_time_now(), r->pool);
    record->evaluated = 1;
    clerk_log_missing_azp(r, record, &policy);
    return record;
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
    const apr_array_header_t *lines = clerk_request_config(r)->user_lines;

    if (record->denied_by == NULL && lines != NULL && lines->nelts > 0) {
        record->denied_by = APR_ARRAY_IDX(lines, lines->nelts - 1, const char *);
    }
}

void clerk_request_varies(request_rec *r)
{
    /* cookies carry sessions only, so elsewhere they are not read */
    const char *names = clerk_config_accepts(clerk_request_config(r)) & CLERK_TOKEN_SESSION
                            ? "Authorization, Cookie"
                            : "Authorization";

    /* where it survives an error answer and a proxied application's fields */
    if (apr_table_get(r->err_headers_out, "Vary") == NULL) {
        apr_table_setn(r->err_headers_out, "Vary", names);
    }
    else {
        apr_table_mergen(r->err_headers_out, "Vary", names);
    }
}
