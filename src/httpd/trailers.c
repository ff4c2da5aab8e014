/* SPDX-License-Identifier: Apache-2.0 - no trailer of a body names who is asking */
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "module.h"
#include "scrub.h"

#define TRAILERS_FILTER "CLERK_TRAILERS"

/**
 * Under `MergeTrailers On` httpd puts a body's trailers behind the header when the body has
 * been read, which an application's gateway may do before it passes the header on. The header
 * is made anew then: from what it was and from trailers without our names.
 */
static apr_status_t read_without_our_names(ap_filter_t *f, apr_bucket_brigade *brigade,
                                           ap_input_mode_t mode, apr_read_type_e block,
                                           apr_off_t readbytes)
{
    request_rec *r = f->r;
    apr_table_t *before = r->headers_in;
    apr_status_t status = ap_get_brigade(f->next, brigade, mode, block, readbytes);

    if (r->headers_in != before && r->trailers_in != NULL) {
        clerk_scrub_names(r->trailers_in);
        r->headers_in = apr_table_overlay(r->pool, before, r->trailers_in);
    }
    return status;
}

static int is_guarded(const request_rec *r)
{
    const ap_filter_t *f;

    for (f = r->input_filters; f != NULL; f = f->next) {
        if (ap_cstr_casecmp(f->frec->name, TRAILERS_FILTER) == 0) {
            return 1;
        }
    }
    return 0;
}

static void guard(request_rec *r)
{
    const core_server_config *core = ap_get_core_module_config(r->server->module_config);

    if (core->merge_trailers == AP_MERGE_TRAILERS_ENABLE && !is_guarded(r)) {
        ap_add_input_filter(TRAILERS_FILTER, NULL, r, r->connection);
    }
}

static int guard_request(request_rec *r)
{
    guard(r);
    return DECLINED;
}

void clerk_trailers_register(apr_pool_t *pconf)
{
    (void)pconf;
    /* Nearest to the filter that reads them. */
    ap_register_input_filter(TRAILERS_FILTER, read_without_our_names, NULL,
                             AP_FTYPE_PROTOCOL - 1);
    /* before anybody reads the body, and again where an internal redirect has lost it */
    ap_hook_post_read_request(guard_request, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_filter(guard, NULL, NULL, APR_HOOK_FIRST);
}
