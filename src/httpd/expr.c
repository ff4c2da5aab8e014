/* SPDX-License-Identifier: Apache-2.0 - clerk(NAME) and clerk_list(NAME) in httpd's expressions */
#include <apr_lib.h>
#include <apr_strings.h>
#include <ap_expr.h>

#include "../core/auth_lists.h"
#include "../core/header_text.h"
#include "../core/json.h"
#include "export_names.h"
#include "module.h"
#include "request.h"
#include "user_export.h"
#include "who.h"

#define FUNCTION "clerk"
#define LIST_FUNCTION "clerk_list"
#define CLAIM_PREFIX "claim."

/** What a function's name was found to mean when the expression was read. */
typedef struct meaning {
    const char *claim; /* path, or NULL */
    const char *env;   /* an exported name, or NULL */
    const char *(*value)(const clerk_auth *auth, apr_pool_t *pool); /* NULL: by env */
} meaning;

typedef apr_array_header_t *list_maker(const clerk_auth *auth, apr_pool_t *pool);

static const struct list_name {
    const char *name;
    list_maker *make;
} list_names[] = {
    { "org_permissions", clerk_auth_list_permissions },
    { "features", clerk_auth_list_features },
    { "plans", clerk_auth_list_plans },
    { "scopes", clerk_auth_list_scopes },
    { NULL, NULL }
};

/* ---------------------------------------------------------------- while serving */

/** The names that tell of the request and its verdict, with or without a user. */
static const char *verdict_value(request_rec *r, const clerk_auth *auth, const char *env)
{
    const clerk_request *refused = clerk_request_refused(r);
    const clerk_request *record = refused ? refused : clerk_request_known(r);

    if (strncmp(env, "CLERK_USER", strlen("CLERK_USER")) == 0) {
        return clerk_user_value(r, env);
    }
    if (strcmp(env, "CLERK_CLAIMS") == 0) {
        return auth ? clerk_json_text(clerk_request_claims(r), r->pool) : NULL;
    }
    if (record == NULL || !record->evaluated) {
        return NULL;
    }
    if (strcmp(env, "CLERK_AUTH_STATUS") == 0) {
        return record->verdict.decision.state;
    }
    if (strcmp(env, "CLERK_AUTH_REASON") == 0) {
        return record->verdict.decision.reason;
    }
    if (strcmp(env, "CLERK_SESSION_STATUS") == 0
        && record->verdict.status == CLERK_E_SESSION_PENDING) {
        return "pending";
    }
    return strcmp(env, "CLERK_DENIED_BY") == 0 && refused ? refused->denied_by : NULL;
}

static const char *value_of(request_rec *r, const meaning *asked)
{
    const clerk_auth *auth = clerk_request_who(r);

    if (asked->claim != NULL) {
        return auth ? clerk_json_plain(clerk_json_at(clerk_request_claims(r), asked->claim), r->pool)
                    : NULL;
    }
    return asked->value != NULL && auth != NULL ? asked->value(auth, r->pool)
                                                : verdict_value(r, auth, asked->env);
}

/** A value may end in a header of somebody's making: no control character leaves here. */
static const char *string_function(ap_expr_eval_ctx_t *context, const void *data,
                                   const char *name)
{
    const char *value = context->r ? value_of(context->r, data) : NULL;

    (void)name;
    return value ? clerk_text_without_controls(value, context->p) : "";
}

static apr_array_header_t *list_function(ap_expr_eval_ctx_t *context, const void *data,
                                         const char *name)
{
    const struct list_name *asked = data;
    const clerk_auth *auth = context->r ? clerk_request_who(context->r) : NULL;

    (void)name;
    return auth ? asked->make(auth, context->p)
                : apr_array_make(context->p, 1, sizeof(const char *));
}

/* ---------------------------------------------------------------- when configuration is read */

/** ORG_ID of org_id, as the table has it behind CLERK_. */
static int names_row(const char *name, const clerk_export_name *row)
{
    const char *at = row->env + strlen("CLERK_");

    while (*name != '\0' && *at != '\0' && *name == apr_tolower(*at)) {
        name++;
        at++;
    }
    return *name == '\0' && *at == '\0';
}

static const meaning *meaning_of(const char *name, apr_pool_t *pool)
{
    meaning *found = apr_pcalloc(pool, sizeof(*found));
    const clerk_export_name *row = clerk_export_names;

    if (strncmp(name, CLAIM_PREFIX, strlen(CLAIM_PREFIX)) == 0) {
        found->claim = apr_pstrdup(pool, name + strlen(CLAIM_PREFIX));
        return clerk_is_claim_path(found->claim) ? found : NULL;
    }
    while (row->env != NULL && !names_row(name, row)) {
        row++;
    }
    found->env = row->env;
    found->value = row->value;
    return row->env != NULL ? found : NULL;
}

static int look_up_string(ap_expr_lookup_parms *parms)
{
    const meaning *found = parms->arg ? meaning_of(parms->arg, parms->pool) : NULL;

    if (found == NULL) {
        *parms->err = apr_psprintf(
            parms->pool, FUNCTION "(): %s%s%s is not known: write an exported name in lower "
            "case without clerk_, as in " FUNCTION "('org_id'), or a claim, as in "
            FUNCTION "('claim.metadata.plan')",
            parms->arg ? "\"" : "a name that is no plain text", parms->arg ? parms->arg : "",
            parms->arg ? "\"" : "");
        return !OK;
    }
    *parms->func = (const void *)string_function;
    *parms->data = found;
    return OK;
}

static int look_up_list(ap_expr_lookup_parms *parms)
{
    const struct list_name *at = list_names;

    while (at->name != NULL && (parms->arg == NULL || strcmp(at->name, parms->arg) != 0)) {
        at++;
    }
    if (at->name == NULL) {
        *parms->err = apr_psprintf(parms->pool,
                                   LIST_FUNCTION "(): %s%s%s is not known: write "
                                   "'org_permissions', 'features', 'plans' or 'scopes'",
                                   parms->arg ? "\"" : "a name that is no plain text",
                                   parms->arg ? parms->arg : "", parms->arg ? "\"" : "");
        return !OK;
    }
    *parms->func = (const void *)list_function;
    *parms->data = at;
    return OK;
}

static int look_up(ap_expr_lookup_parms *parms)
{
    if (parms->type == AP_EXPR_FUNC_STRING && ap_cstr_casecmp(parms->name, FUNCTION) == 0) {
        return look_up_string(parms);
    }
    if (parms->type == AP_EXPR_FUNC_LIST
        && ap_cstr_casecmp(parms->name, LIST_FUNCTION) == 0) {
        return look_up_list(parms);
    }
    return DECLINED;
}

void clerk_expr_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_expr_lookup(look_up, NULL, NULL, APR_HOOK_MIDDLE);
}
