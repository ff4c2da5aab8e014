/* SPDX-License-Identifier: Apache-2.0 - SetHandler clerk-status, and a section in mod_status's page */
#include <http_core.h>
#include <apr_optional_hooks.h> /* needs what the one before includes */
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>

#include "module.h"
#include "status_pages.h"

static const char HANDLER[] = "clerk-status";

typedef void writer(request_rec *r, const clerk_status_state *state);

static void write_page(request_rec *r, const clerk_status_state *state)
{
    ap_rputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<title>mod_clerk_auth</title>"
             "<style>body{font-family:sans-serif}th{padding-right:2em;font-weight:normal}"
             "td{font-family:monospace}</style></head>\n<body>\n<h1>mod_clerk_auth</h1>\n",
             r);
    clerk_status_write_html(r, state);
    ap_rputs("</body></html>\n", r);
}

/** The form that was asked for; anything but the two words gets the page for people. */
static writer *choose(const char **content_type, const char *query)
{
    if (query != NULL && strcmp(query, "json") == 0) {
        *content_type = "application/json";
        return clerk_status_write_json;
    }
    if (query != NULL && strcmp(query, "prometheus") == 0) {
        *content_type = "text/plain; version=0.0.4; charset=utf-8";
        return clerk_status_write_prometheus;
    }
    *content_type = "text/html; charset=utf-8";
    return write_page;
}

static int serve(request_rec *r)
{
    const char *content_type;
    writer *write;

    if (r->handler == NULL || strcmp(r->handler, HANDLER) != 0) {
        return DECLINED;
    }
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_OPTIONS, -1);
    if (r->method_number == M_OPTIONS) {
        return DECLINED;
    }
    if (r->method_number != M_GET) {
        return HTTP_METHOD_NOT_ALLOWED;
    }
    write = choose(&content_type, r->args);
    ap_set_content_type(r, content_type);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    if (!r->header_only) {
        write(r, clerk_status_collect(r));
    }
    return OK;
}

static int add_section(request_rec *r, int flags)
{
    const clerk_status_state *state = clerk_status_collect(r);

    if (flags & AP_STATUS_SHORT) {
        clerk_status_write_lines(r, state);
        return OK;
    }
    ap_rputs("<hr />\n<h2>mod_clerk_auth</h2>\n", r);
    clerk_status_write_html(r, state);
    return OK;
}

void clerk_status_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_handler(serve, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, add_section, NULL, NULL, APR_HOOK_MIDDLE);
}
