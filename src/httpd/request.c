/* SPDX-License-Identifier: Apache-2.0 - the record of what was found out about a request */
#include "request.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "module.h"

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

/** One that an expression made merely knows; what it knows was not put to use. */
static const clerk_request *settled(const request_rec *r)
{
    const clerk_request *record = clerk_request_known(r);

    return record != NULL
                   && (record->is_published || record->is_identified || record->is_refused
                       || record->exemption != CLERK_EXEMPT_NOT)
               ? record
               : NULL;
}

const clerk_request *clerk_request_inherited(const request_rec *r)
{
    const clerk_request *record = settled(r);

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
        record = settled(r);
    }
    return record;
}

const clerk_request *clerk_request_original(const request_rec *r)
{
    for (; r != NULL; r = r->prev ? r->prev : r->main) {
        const clerk_request *record = clerk_request_known(r);

        if (record != NULL && record->has_replaced) {
            return record;
        }
    }
    return NULL;
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

const clerk_request *clerk_request_earlier(const request_rec *r)
{
    for (r = r->prev ? r->prev : r->main; r != NULL; r = r->prev ? r->prev : r->main) {
        const clerk_request *record = clerk_request_known(r);

        if (record != NULL && record->evaluated && record->is_navigated) {
            return record;
        }
    }
    return NULL;
}

static int is_preflight(const request_rec *r)
{
    return r->method_number == M_OPTIONS && apr_table_get(r->headers_in, "Origin") != NULL
           && apr_table_get(r->headers_in, "Access-Control-Request-Method") != NULL;
}

int clerk_request_is_allowed_preflight(const request_rec *r)
{
    return clerk_config_allows_preflight(clerk_request_config(r))
           && is_preflight(r);
}

const json_t *clerk_request_claims(request_rec *r)
{
    clerk_request *record = clerk_request_known(r);
    const clerk_request *source =
        record && record->evaluated ? record : clerk_request_inherited(r);

    if (source == NULL || clerk_request_auth(source) == NULL) {
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
