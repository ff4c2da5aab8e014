/* SPDX-License-Identifier: Apache-2.0 - tell the application who is asking */
#include "export.h"

#include <http_request.h>

#include "../core/json.h"
#include "export_names.h"
#include "module.h"
#include "scrub.h"

static int is_header_text(const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value < 0x20 || *value > 0x7e) {
            return 0;
        }
    }
    return 1;
}

/**
 * Percent-encode a value that could not stand in a header: bytes that are no printable ASCII, and
 * `%` itself, so that decoding gives the value back.
 */
static const char *header_value(const char *value, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded, *at;

    if (is_header_text(value)) {
        return value;
    }
    at = encoded = apr_palloc(pool, 3 * strlen(value) + 1);
    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;

        if (byte < 0x20 || byte > 0x7e || byte == '%') {
            *at++ = '%';
            *at++ = digits[byte >> 4];
            *at++ = digits[byte & 15];
        }
        else {
            *at++ = *value;
        }
    }
    *at = '\0';
    return encoded;
}

static void export_value(request_rec *r, unsigned exports, const char *env,
                         const char *header, const char *value)
{
    if (value == NULL) {
        return;
    }
    if (exports & CLERK_EXPORT_ENV) {
        apr_table_setn(r->subprocess_env, env, value);
    }
    if (exports & CLERK_EXPORT_HEADERS) {
        apr_table_setn(r->headers_in, header, header_value(value, r->pool));
    }
}

static void export_claims(request_rec *r, const clerk_auth *auth,
                          const clerk_dir_config *config, unsigned exports)
{
    const apr_array_header_t *claims = config->exported_claims;
    int i;

    for (i = 0; claims != NULL && i < claims->nelts; i++) {
        const clerk_exported_claim *claim =
            &APR_ARRAY_IDX(claims, i, const clerk_exported_claim);

        export_value(r, exports, claim->env, claim->header,
                     clerk_json_plain(clerk_json_at(clerk_request_claims(r), claim->path),
                                      r->pool));
    }
    if ((exports & CLERK_EXPORT_CLAIMS) && auth->claims.len > 0) {
        const char *text = clerk_json_text(clerk_request_claims(r), r->pool);

        apr_table_setn(r->subprocess_env, "CLERK_CLAIMS", text);
        if (exports & CLERK_EXPORT_HEADERS) {
            apr_table_setn(r->headers_in, "X-Clerk-Claims", text);
        }
    }
}

static void export_identity(request_rec *r, const clerk_auth *auth)
{
    const clerk_dir_config *config = clerk_request_config(r);
    unsigned exports = clerk_config_exports(config);
    const clerk_export_name *name;

    for (name = clerk_export_names; name->env != NULL; name++) {
        if (name->value != NULL) {
            export_value(r, exports, name->env, name->header, name->value(auth, r->pool));
        }
    }
    export_value(r, exports, "CLERK_AUTH_STATUS", "X-Clerk-Auth-Status", "signed-in");
    export_claims(r, auth, config, exports);
}

void clerk_export_refusal(request_rec *r, const clerk_request *record)
{
    const clerk_verdict *verdict = &record->verdict;

    apr_table_setn(r->subprocess_env, "CLERK_AUTH_STATUS", verdict->decision.state);
    if (*verdict->decision.reason != '\0') {
        apr_table_setn(r->subprocess_env, "CLERK_AUTH_REASON", verdict->decision.reason);
    }
    if (verdict->status == CLERK_E_SESSION_PENDING) {
        apr_table_setn(r->subprocess_env, "CLERK_SESSION_STATUS", "pending");
    }
    if (record->denied_by != NULL) {
        apr_table_setn(r->subprocess_env, "CLERK_DENIED_BY", record->denied_by);
    }
}

/** An ErrorDocument's request is logged in place of the refused one: pass the reason on. */
static void export_earlier_refusal(request_rec *r)
{
    const request_rec *earlier;

    for (earlier = r->prev; earlier != NULL; earlier = earlier->prev) {
        const clerk_request *record = clerk_request_known(earlier);

        if (record != NULL && record->is_refused) {
            clerk_export_refusal(r, record);
            return;
        }
    }
}

/**
 * Headers and environment are copied to subrequests and internal redirects; what was
 * exported there holds for the configuration it was exported under, no other.
 */
static int export_to_application(request_rec *r)
{
    const clerk_request *record = clerk_request_inherited(r);

    if (r->prev != NULL || r->main != NULL) {
        clerk_scrub_headers(r);
        clerk_scrub_environment(r);
        export_earlier_refusal(r);
    }
    if (record == NULL) {
        return DECLINED;
    }
    if (record->exemption != CLERK_EXEMPT_NOT && r->user != NULL && *r->user == '\0') {
        r->user = NULL; /* it stood for nobody */
        r->ap_auth_type = NULL;
    }
    if (record->is_refused) {
        clerk_export_refusal(r, record);
    }
    if (record->evaluated && record->verdict.status == CLERK_OK) {
        export_identity(r, record->verdict.auth);
    }
    if (record->evaluated) {
        clerk_request_varies(r);
    }
    return DECLINED;
}

void clerk_export_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_fixups(export_to_application, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
