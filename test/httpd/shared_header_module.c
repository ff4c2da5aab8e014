/* SPDX-License-Identifier: Apache-2.0 - an httpd module that lets sub-requests share the request's header, as httpd itself once did */
#include <httpd.h>
#include <http_config.h>
#include <http_request.h>

/* Older releases of 2.4 copy the header for a request with a body only. */
static int share_header(request_rec *r)
{
    if (r->main != NULL) {
        r->headers_in = r->main->headers_in;
    }
    return DECLINED;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_translate_name(share_header, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

module AP_MODULE_DECLARE_DATA shared_header_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, 0
};
