/* SPDX-License-Identifier: Apache-2.0 - what is done last before the application gets the request */
#include <http_request.h>

#include "credentials.h"
#include "export.h"
#include "identify.h"
#include "module.h"
#include "scrub.h"
#include "user_export.h"

/** An ErrorDocument's request is logged in place of the refused one: pass the reason on. */
static void export_earlier_refusal(request_rec *r)
{
    const clerk_request *refused = r->prev ? clerk_request_refused(r->prev) : NULL;

    if (refused != NULL) {
        clerk_export_refusal(r, refused);
    }
}

/**
 * Older releases of 2.4 let a sub-request share the header of the request around it,
 * which goes on: nothing of ours may change there, nor stay when the sub-request's pool ends.
 */
static void own_header(request_rec *r)
{
    if (r->main != NULL && r->headers_in == r->main->headers_in) {
        r->headers_in = apr_table_copy(r->pool, r->headers_in);
    }
}

/**
 * Headers and environment are copied to subrequests and internal redirects; what was
 * exported there holds for the configuration it was exported under, no other.
 */
static int hand_over(request_rec *r)
{
    const clerk_request *record;
    int status;

    if (r->prev != NULL || r->main != NULL) {
        own_header(r);
        clerk_scrub_headers(r);
        clerk_scrub_environment(r);
        clerk_credentials_restore(r);
    }
    status = clerk_identify(r);
    if (status != DECLINED) {
        return status;
    }
    record = clerk_request_inherited(r);
    if (record != NULL) {
        clerk_export_verdict(r, record);
    }
    export_earlier_refusal(r);
    if (record != NULL && record->is_published) {
        status = clerk_user_export(r, record);
    }
    return status == OK || status == DECLINED ? clerk_credentials_replace(r, record)
                                              : status;
}

void clerk_fixups_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_fixups(hand_over, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
