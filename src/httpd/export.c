/* SPDX-License-Identifier: Apache-2.0 - tell the application who is asking */
#include "export.h"

#include "../core/header_text.h"
#include "../core/json.h"
#include "export_names.h"
#include "module.h"

typedef void put(apr_table_t *table, const char *name, const char *value);

/** Where the values of a request go. */
typedef struct outlet {
    request_rec *r;
    unsigned exports;
    put *to_env;
    put *to_headers;
    int is_printable; /* whether all values are fit for a header as they are */
} outlet;

/**
 * Names that begin alike are slow to set one by one, since each is compared with all before
 * it. Where a table has none of ours, as nearly always, they can be added unseen.
 */
static put *way_into(const apr_table_t *table, const char *prefix)
{
    const apr_array_header_t *entries = apr_table_elts(table);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)(void *)entries->elts;
    apr_size_t len = strlen(prefix);
    int i;

    for (i = 0; i < entries->nelts; i++) {
        if (entry[i].key != NULL && strncasecmp(entry[i].key, prefix, len) == 0) {
            return apr_table_setn;
        }
    }
    return apr_table_addn;
}

static outlet outlet_of(request_rec *r)
{
    outlet to = { r, clerk_config_exports(clerk_request_config(r)),
                  way_into(r->subprocess_env, "CLERK_"),
                  way_into(r->headers_in, "X-Clerk-"), 0 };
    return to;
}

static void export_value(const outlet *to, const char *env, const char *header,
                         const char *value)
{
    if (value == NULL) {
        return;
    }
    if (to->exports & CLERK_EXPORT_ENV) {
        to->to_env(to->r->subprocess_env, env, value);
    }
    if (to->exports & CLERK_EXPORT_HEADERS) {
        to->to_headers(to->r->headers_in, header,
                       to->is_printable ? value : clerk_header_text(value, to->r->pool));
    }
}

void clerk_export_value(request_rec *r, const char *env, const char *header,
                        const char *value)
{
    outlet to = { r, clerk_config_exports(clerk_request_config(r)), apr_table_setn,
                  apr_table_setn, 0 };

    export_value(&to, env, header, value);
}

/** Configured names may be one name twice, so the last one counts. */
static void export_claims(const outlet *from, const clerk_auth *auth)
{
    request_rec *r = from->r;
    const apr_array_header_t *claims = clerk_request_config(r)->exported_claims;
    outlet to = { r, from->exports, apr_table_setn, apr_table_setn, 0 };
    int i;

    for (i = 0; claims != NULL && i < claims->nelts; i++) {
        const clerk_exported_claim *claim =
            &APR_ARRAY_IDX(claims, i, const clerk_exported_claim);

        export_value(&to, claim->env, claim->header,
                     clerk_json_plain(clerk_json_at(clerk_request_claims(r), claim->path),
                                      r->pool));
    }
    if ((to.exports & CLERK_EXPORT_CLAIMS) && auth->claims.len > 0) {
        const char *text = clerk_json_text(clerk_request_claims(r), r->pool);

        apr_table_setn(r->subprocess_env, "CLERK_CLAIMS", text);
        if (to.exports & CLERK_EXPORT_HEADERS) {
            apr_table_setn(r->headers_in, "X-Clerk-Claims", text);
        }
    }
}

static void export_identity(request_rec *r, const clerk_auth *auth)
{
    const clerk_export_name *name;
    outlet to = outlet_of(r);

    to.is_printable = auth->is_printable;
    for (name = clerk_export_names; name->env != NULL; name++) {
        if (name->value != NULL) {
            export_value(&to, name->env, name->header, name->value(auth));
        }
    }
    export_value(&to, "CLERK_AUTH_STATUS", "X-Clerk-Auth-Status", "signed-in");
    export_claims(&to, auth);
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

/** Under ClerkIdentify the application learns that it is nobody, and why. */
static void export_nobody(request_rec *r, const clerk_request *record)
{
    outlet to = outlet_of(r);

    export_value(&to, "CLERK_AUTH_STATUS", "X-Clerk-Auth-Status",
                 record->verdict.decision.state);
    export_value(&to, "CLERK_AUTH_REASON", "X-Clerk-Auth-Reason",
                 record->verdict.decision.reason);
    if (record->verdict.status == CLERK_E_SESSION_PENDING) {
        export_value(&to, "CLERK_SESSION_STATUS", "X-Clerk-Session-Status",
                     "pending");
    }
}

void clerk_export_verdict(request_rec *r, const clerk_request *record)
{
    if (record->exemption != CLERK_EXEMPT_NOT && r->user != NULL && *r->user == '\0') {
        r->user = NULL; /* it stood for nobody */
        r->ap_auth_type = NULL;
    }
    if (record->is_refused) {
        clerk_export_refusal(r, record);
    }
    if (record->is_published) {
        export_identity(r, record->verdict.auth);
    }
    else if (record->is_identified) {
        export_nobody(r, record);
    }
    if (record->evaluated) {
        clerk_request_varies(r);
    }
}
