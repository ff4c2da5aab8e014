/* SPDX-License-Identifier: Apache-2.0 - handlers that send a browser to sign in or sign up */
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "../core/query.h"
#include "../core/sign_in.h"
#include "module.h"
#include "own_url.h"
#include "request.h"
#include "who.h"

/** The page on this site that the link names to go on to; NULL: Clerk decides. */
static const char *return_url(request_rec *r, const char *own_url)
{
    const char *path = NULL;
    clerk_url own;

    if (!clerk_query_get(&path, clerk_slice_of(r->args), "redirect_url", r->pool)
        || !clerk_url_is_site_path(path) || !clerk_url_parse(&own, clerk_slice_of(own_url))) {
        return NULL;
    }
    return apr_pstrcat(r->pool, clerk_slice_copy(own.origin, r->pool), path, NULL);
}

static const char *find_location(request_rec *r, const clerk_request *record, int signs_up)
{
    const clerk_dir_config *config = clerk_request_config(r);
    const char *back = return_url(r, clerk_own_url(r));
    clerk_sign_in_request request = {
        .sign_in_url = config->sign_in_url,
        .signs_up = signs_up,
        .sign_up_url = config->sign_up_url,
        .own_url = clerk_own_url(r),
        .return_url = back,
        .no_return = back == NULL,
        .pending = record->verdict.status == CLERK_E_SESSION_PENDING,
        .dev_browser = record->verdict.browser.dev_browser,
    };
    return clerk_sign_in_location(record->instance, &request, r->pool);
}

static int send_to_sign_in(request_rec *r)
{
    int signs_up = strcmp(r->handler, "clerk-sign-up") == 0;
    const clerk_request *record;
    const char *location;

    if (!signs_up && strcmp(r->handler, "clerk-sign-in") != 0) {
        return DECLINED;
    }
    ap_allow_methods(r, REPLACE_ALLOW, "GET", NULL);
    if (r->method_number != M_GET) {
        return HTTP_METHOD_NOT_ALLOWED;
    }
    clerk_request_who(r);
    record = clerk_request_known(r);
    location = record && record->evaluated ? find_location(r, record, signs_up) : NULL;
    if (location == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "%s: nowhere to send to; set ClerkPublishableKey or Clerk%sURL",
                      r->handler, signs_up ? "SignUp" : "SignIn");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    clerk_request_varies(r);
    apr_table_setn(r->headers_out, "Location", location);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    return HTTP_MOVED_TEMPORARILY;
}

void clerk_sign_in_pages_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_handler(send_to_sign_in, NULL, NULL, APR_HOOK_MIDDLE);
}
