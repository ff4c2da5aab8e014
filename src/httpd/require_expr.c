/* SPDX-License-Identifier: Apache-2.0 - `Require expr` lines that ask who is asking */
#include <ap_provider.h>
#include <http_core.h>
#include <http_request.h>
#include <mod_auth.h>

#include <apr_strings.h>

#include "log.h"
#include "module.h"
#include "request.h"

/*
 * mod_authz_core evaluates such a line before anybody is authenticated, and takes a "no" for
 * the last word: 403 for who was never asked to sign in. So its provider is put into a frame
 * that knows whether one of our functions was evaluated. If so, "no" without a user becomes
 * "no user", with which httpd goes on to authenticate, as after `Require valid-user`.
 */

#define PROVIDER "expr"

/* mod_authz_core's own; set before each reading of configuration */
static const authz_provider *framed;

typedef struct expr_line {
    const void *parsed; /* by the framed provider */
    const char *as_written;
    int is_negated;   /* it refuses by being true: behind `not`, or in <RequireNone> */
    int takes_away;   /* as is_negated, or negated twice */
    int is_alias;     /* of <AuthzProviderAlias>: where it will stand is not known */
} expr_line;

/** How often the line, or a section around it, is turned into its contrary. */
static int negations_of(cmd_parms *cmd)
{
    const ap_directive_t *around = cmd->directive->parent;
    const char *rest = cmd->directive->args;
    int count = ap_cstr_casecmp(ap_getword_conf(cmd->temp_pool, &rest), "not") == 0;

    for (; around != NULL; around = around->parent) {
        count += ap_cstr_casecmp(around->directive, "<RequireNone") == 0;
    }
    return count;
}

static const char *parse(cmd_parms *cmd, const char *line, const void **parsed)
{
    expr_line *made = apr_pcalloc(cmd->pool, sizeof(*made));
    int negations = negations_of(cmd);

    made->is_negated = negations % 2;
    made->takes_away = negations > 0;
    made->is_alias = ap_cstr_casecmp(cmd->directive->directive, "Require") != 0;
    made->as_written = apr_pstrcat(cmd->pool, "Require ", cmd->directive->args, NULL);
    *parsed = made;
    return framed->parse_require_line ? framed->parse_require_line(cmd, line, &made->parsed)
                                      : NULL;
}

static authz_status refuse(clerk_request *record, const expr_line *line, authz_status status)
{
    record->denied_by = line->as_written;
    return status;
}

static int is_undecided(const clerk_request *record)
{
    return record->evaluated && clerk_status_is_undecided(record->verdict.status);
}

static int is_somebody(const clerk_request *record)
{
    return clerk_request_auth(record) != NULL;
}

/** Where nothing is to be refused for want of a user. */
static int is_lenient(request_rec *r)
{
    const clerk_dir_config *config = clerk_request_config(r);

    return clerk_config_is_log_only(config)
           || clerk_request_is_allowed_preflight(r);
}

/** Of a place that has no hook of ours to say what would have been refused. */
static void log_what_would_be(request_rec *r, clerk_request *record)
{
    if (record->evaluated && clerk_config_is_log_only(clerk_request_config(r))
        && !clerk_request_is_ours(r)) {
        record->is_refused = 1;
        clerk_log_only(r, record, "refused, not allowed");
    }
}

/**
 * Nobody will be authenticated for this line: one that takes away cannot say "no user", since
 * httpd turns that into "no objection", and without AuthType Clerk httpd has no user of ours
 * to wait for. What it refuses is noted, for the
 * access hook to answer.
 */
static authz_status decide_now(request_rec *r, clerk_request *record, const expr_line *line,
                               authz_status status)
{
    authz_status refusal = line->is_negated ? AUTHZ_GRANTED : AUTHZ_DENIED;
    authz_status other = line->is_negated ? AUTHZ_DENIED : AUTHZ_GRANTED;

    if (status != refusal && !is_undecided(record)) {
        return status;
    }
    record->is_refused_by_expression = 1;
    refuse(record, line, refusal);
    if (!is_lenient(r)) {
        return refusal;
    }
    log_what_would_be(r, record);
    return other;
}

/** With a user known the line is decided after authentication, which is done as ever. */
static authz_status decide_later(clerk_request *record, const expr_line *line,
                                 authz_status status)
{
    return status == AUTHZ_GRANTED && !is_somebody(record) && !is_undecided(record)
               ? status
               : refuse(record, line, AUTHZ_DENIED_NO_USER);
}

static authz_status check(request_rec *r, const char *text, const void *parsed)
{
    const expr_line *line = parsed;
    const clerk_request *known = clerk_request_known(r);
    unsigned asked = known ? known->asked_by_expressions : 0;
    authz_status status = framed->check_authorization(r, text, line->parsed);
    clerk_request *record = clerk_request_of(r);

    if (line->is_alias || (status != AUTHZ_GRANTED && status != AUTHZ_DENIED)) {
        return status;
    }
    if (record->asked_by_expressions == asked || r->user != NULL) {
        return (status == AUTHZ_GRANTED) == line->is_negated ? refuse(record, line, status)
                                                             : status;
    }
    return line->takes_away || !clerk_request_is_ours(r)
               ? decide_now(r, record, line, status)
               : decide_later(record, line, status);
}

static const authz_provider frame = { check, parse };

static int put_into_frame(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    const authz_provider *found =
        ap_lookup_provider(AUTHZ_PROVIDER_GROUP, PROVIDER, AUTHZ_PROVIDER_VERSION);

    (void)plog;
    (void)ptemp;
    if (found != NULL && found != &frame) {
        framed = found;
        ap_register_auth_provider(pconf, AUTHZ_PROVIDER_GROUP, PROVIDER,
                                  AUTHZ_PROVIDER_VERSION, &frame, AP_AUTH_INTERNAL_PER_CONF);
    }
    return OK;
}

void clerk_require_expr_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_pre_config(put_into_frame, NULL, NULL, APR_HOOK_LAST);
}
