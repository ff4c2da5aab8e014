/* SPDX-License-Identifier: Apache-2.0 - one request's facts, and the record of what was found out */
#include "request.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "log.h"
#include "module.h"
#include "navigation.h"
#include "own_url.h"
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

const clerk_request *clerk_request_earlier(const request_rec *r)
{
    for (r = r->prev ? r->prev : r->main; r != NULL; r = r->prev ? r->prev : r->main) {
        const clerk_request *record = clerk_request_known(r);

        if (record != NULL && record->evaluated) {
            return record;
        }
    }
    return NULL;
}

static clerk_slice header_slice(const request_rec *r, const char *name)
{
    return clerk_slice_of(apr_table_get(r->headers_in, name));
}

clerk_facts clerk_request_facts(request_rec *r)
{
    clerk_facts facts = {
        .method = r->method,
        .own_url = clerk_own_url(r),
        .authorization = header_slice(r, "Authorization"),
        .cookie = header_slice(r, "Cookie"),
        .accept = header_slice(r, "Accept"),
        .sec_fetch_dest = header_slice(r, "Sec-Fetch-Dest"),
        .referer = header_slice(r, "Referer"),
        .headers = r->headers_in,
    };
    return facts;
}

/**
 * A session that an earlier request has found, renewed perhaps, speaks for its parts and what
 * came in its place: the cookies that they have a copy of may be the old ones.
 */
static void take_session_of_earlier(clerk_facts *facts, const request_rec *r,
                                    const clerk_request *record)
{
    const clerk_request *earlier = clerk_request_earlier(r);

    if (earlier != NULL && earlier->instance == record->instance
        && earlier->verdict.carrier == CLERK_CARRIER_COOKIE && earlier->verdict.auth != NULL) {
        facts->authorization = clerk_slice_of(apr_pstrcat(
            r->pool, "Bearer ", clerk_slice_copy(earlier->verdict.token, r->pool), NULL));
        facts->cookie = clerk_slice_of(NULL);
    }
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
    clerk_session_options options;
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
    take_session_of_earlier(&record->facts, r, record);
    options = clerk_navigation_options(r, record);
    clerk_verifier_identify(&record->verdict, clerk_runtime_verifier(), record->instance,
                            &policy, &options, &record->facts, apr_time_now(), r->pool);
    record->evaluated = 1;
    clerk_navigation_tell(r, record);
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

const json_t *clerk_request_claims(request_rec *r)
{
    const clerk_request *source = clerk_request_inherited(r);
    clerk_request *record = clerk_request_known(r);

    if (source == NULL || !source->evaluated || source->verdict.status != CLERK_OK) {
        return NULL;
    }
    if (record != source) { /* whose pool may live longer than this one */
        return clerk_auth_claims(source->verdict.auth, r->pool);
    }
    if (record->claims == NULL) {
        record->claims = clerk_auth_claims(record->verdict.auth, r->pool);
    }
    return record->claims;
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
