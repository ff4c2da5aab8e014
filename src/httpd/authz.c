/* SPDX-License-Identifier: Apache-2.0 - Require clerk-…, and refusals in our words */
#include "authz.h"

#include <mod_auth.h>

#include <ap_provider.h>
#include <http_core.h>
#include <http_request.h>

#include "module.h"
#include "respond.h"

static authz_status refuse(clerk_request *record, const clerk_requirement *requirement,
                           authz_status status)
{
    record->denied_by = requirement->as_written;
    return status;
}

/** What may mend this refusal; nothing that a person does makes a machine's token better. */
static void note_remedy(request_rec *r, clerk_request *record,
                        const clerk_requirement *requirement, const clerk_auth *auth)
{
    clerk_reverification asked;

    if (requirement->kind->refusal == CLERK_REFUSAL_STALE
        && !clerk_token_type_is_machine(auth->type)
        && clerk_requirement_reverification(r, &asked, requirement)) {
        record->stale = requirement;
    }
    if (requirement->kind->refusal == CLERK_REFUSAL_SCOPE && !requirement->is_negated) {
        record->lacks_scope = 1;
    }
}

/** Whether to go on as if the person had verified again. */
static int is_assumed(request_rec *r, const clerk_request *record,
                      const clerk_requirement *requirement)
{
    clerk_reverification asked;

    return record->assume_reverified
           && clerk_requirement_reverification(r, &asked, requirement);
}

/** httpd asks twice: before authentication, where a user is called for, and after it. */
static authz_status check(request_rec *r, const char *line, const void *parsed)
{
    const clerk_requirement *requirement = parsed;
    clerk_request *record = clerk_request_of(r);
    const clerk_auth *auth = clerk_request_auth(record);
    int holds;

    (void)line;
    if (r->user == NULL) {
        return refuse(record, requirement, AUTHZ_DENIED_NO_USER);
    }
    if (auth == NULL) {
        return AUTHZ_DENIED; /* the user of another AuthType has no Clerk session */
    }
    holds = is_assumed(r, record, requirement)
            || clerk_requirement_holds(r, auth, requirement);
    if (holds == requirement->is_negated) {
        note_remedy(r, record, requirement, auth);
        refuse(record, requirement, AUTHZ_DENIED);
    }
    return holds ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

static const authz_provider provider = { check, clerk_requirement_parse };

static int run_others(request_rec *r, clerk_request *record)
{
    int status;

    record->is_asking = 1;
    status = ap_run_auth_checker(r);
    record->is_asking = 0;
    return status;
}

int clerk_authz_ask(request_rec *r, clerk_request *record)
{
    int status;

    record->denied_by = NULL; /* who asked for a user has one now */
    record->stale = NULL;
    record->lacks_scope = 0;
    status = run_others(r, record);
    if (status == OK || status == DECLINED) {
        record->denied_by = NULL;
        return status;
    }
    return status;
}

/** Whether the user would be let in, had they proved themselves just now. */
static int is_only_stale(request_rec *r, clerk_request *record)
{
    const clerk_requirement *stale = record->stale;
    const char *denied_by = record->denied_by;
    int status;

    if (stale == NULL || stale->is_negated) {
        return 0;
    }
    record->assume_reverified = 1;
    status = run_others(r, record);
    record->assume_reverified = status == OK;
    record->stale = stale;
    record->denied_by = status == OK ? stale->as_written : denied_by;
    return status == OK;
}

/**
 * Stand before mod_authz_core, let it decide, and answer its refusal: it would send 401
 * to a user who is known.
 */
static int authorize(request_rec *r)
{
    clerk_request *record = clerk_request_known(r);
    int status;

    if (record == NULL || record->is_asking
        || (record->ours_under != r->per_dir_config && !clerk_request_is_ours(r))) {
        return DECLINED;
    }
    if (record->exemption != CLERK_EXEMPT_NOT) {
        return OK;
    }
    status = clerk_authz_ask(r, record);
    if (status != HTTP_UNAUTHORIZED && status != HTTP_FORBIDDEN) {
        return status;
    }
    is_only_stale(r, record);
    return clerk_respond_unauthorized(r, record);
}

void clerk_authz_register(apr_pool_t *pconf)
{
    const clerk_requirement_kind *kind;

    for (kind = clerk_requirement_kinds; kind->name != NULL; kind++) {
        ap_register_auth_provider(pconf, AUTHZ_PROVIDER_GROUP, kind->name,
                                  AUTHZ_PROVIDER_VERSION, &provider,
                                  AP_AUTH_INTERNAL_PER_CONF);
    }
    ap_hook_check_authz(authorize, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
}
