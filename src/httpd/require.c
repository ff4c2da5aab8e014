/* SPDX-License-Identifier: Apache-2.0 - a Require line as parsed */
#include "require.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "../core/json.h"
#include "module.h"
#include "request.h"

static const clerk_requirement_kind *kind_named(const char *name)
{
    const clerk_requirement_kind *kind = clerk_requirement_kinds;

    while (kind->name != NULL && ap_cstr_casecmp(kind->name, name) != 0) {
        kind++;
    }
    return kind->name ? kind : NULL;
}

/** The kind and the negation of the line being read: `[not] NAME VALUE…`. */
static void read_head(clerk_requirement *requirement, cmd_parms *cmd)
{
    const char *rest = cmd->directive->args;
    const char *word = ap_getword_conf(cmd->temp_pool, &rest);

    if (ap_cstr_casecmp(word, "not") == 0) {
        requirement->is_negated = 1;
        word = ap_getword_conf(cmd->temp_pool, &rest);
    }
    requirement->kind = kind_named(word);
    requirement->as_written = apr_pstrcat(cmd->pool, "Require ", cmd->directive->args, NULL);
}

static const char *bad_value(cmd_parms *cmd, const clerk_requirement *requirement,
                             const char *word, const char *what)
{
    return apr_psprintf(cmd->pool, "Require %s: \"%s\" is %s; write it as in: Require %s",
                        requirement->kind->name, word, what, requirement->kind->example);
}

static const char *parse_text(clerk_requirement_value *value, cmd_parms *cmd,
                              const clerk_requirement *requirement, const char *text)
{
    const char *problem = NULL;

    if (strstr(text, "%{") == NULL) {
        value->text = clerk_slice_of(text);
        return NULL;
    }
    value->expr = ap_expr_parse_cmd(cmd, text, AP_EXPR_FLAG_STRING_RESULT, &problem, NULL);
    return problem == NULL ? NULL
                           : bad_value(cmd, requirement, text,
                                       apr_psprintf(cmd->pool, "no expression (%s)",
                                                    problem));
}

int clerk_is_claim_path(const char *path)
{
    return *path != '\0' && *path != '.' && path[strlen(path) - 1] != '.'
           && strstr(path, "..") == NULL && strstr(path, "%{") == NULL;
}

/** PATH:VALUE or PATH~REGEX, whichever sign comes first. */
static const char *parse_claim(clerk_requirement_value *value, cmd_parms *cmd,
                               const clerk_requirement *requirement, const char *word)
{
    apr_size_t length = strcspn(word, ":~");

    if (length == 0 || word[length] == '\0') {
        return bad_value(cmd, requirement, word, "neither PATH:VALUE nor PATH~REGEX");
    }
    value->claim = apr_pstrmemdup(cmd->pool, word, length);
    if (!clerk_is_claim_path(value->claim)) {
        return bad_value(cmd, requirement, word, "no claim: its path is not one");
    }
    if (word[length] == ':') {
        return parse_text(value, cmd, requirement, word + length + 1);
    }
    value->regex = ap_pregcomp(cmd->pool, word + length + 1, AP_REG_EXTENDED | AP_REG_NOSUB);
    if (value->regex == NULL) {
        return bad_value(cmd, requirement, word, "no valid regular expression");
    }
    return NULL;
}

static const char *parse_value(clerk_requirement_value *value, cmd_parms *cmd,
                               const clerk_requirement *requirement, const char *word)
{
    const char *problem;

    if (requirement->kind->holds == NULL) {
        return parse_claim(value, cmd, requirement, word);
    }
    problem = parse_text(value, cmd, requirement, word);
    if (problem == NULL && value->text.ptr != NULL
        && (*word == '\0'
            || (requirement->kind->is_value != NULL
                && !requirement->kind->is_value(value->text)))) {
        return bad_value(cmd, requirement, word, requirement->kind->is_not);
    }
    return problem;
}

const char *clerk_requirement_parse(cmd_parms *cmd, const char *line, const void **parsed)
{
    clerk_requirement *requirement = apr_pcalloc(cmd->pool, sizeof(*requirement));
    apr_array_header_t *values =
        apr_array_make(cmd->pool, 2, sizeof(clerk_requirement_value));
    const char *problem = NULL;

    read_head(requirement, cmd);
    if (requirement->kind == NULL) {
        return "a clerk- provider can stand in Require and <AuthzProviderAlias> only";
    }
    if (requirement->kind->values == CLERK_VALUES_NONE && *line != '\0') {
        return apr_psprintf(cmd->pool, "Require %s takes no value", requirement->kind->name);
    }
    if (requirement->kind->values == CLERK_VALUES_SOME && *line == '\0') {
        return apr_psprintf(cmd->pool, "Require %s needs a value, as in: Require %s",
                            requirement->kind->name, requirement->kind->example);
    }
    while (problem == NULL && *line != '\0') {
        const char *word = ap_getword_conf(cmd->pool, &line);
        clerk_requirement_value *value = apr_array_push(values);

        memset(value, 0, sizeof(*value));
        problem = parse_value(value, cmd, requirement, word);
    }
    requirement->values = (const clerk_requirement_value *)(void *)values->elts;
    requirement->count = values->nelts;
    *parsed = requirement;
    return problem;
}

/** The text to compare with now; ptr NULL when an expression fails or yields nothing. */
static clerk_slice text_now(request_rec *r, const clerk_requirement_value *value)
{
    static const clerk_slice nothing = { NULL, 0 };
    const char *problem = NULL;
    const char *text;

    if (value->expr == NULL) {
        return value->text;
    }
    text = ap_expr_str_exec(r, value->expr, &problem);
    return problem == NULL && text != NULL && *text != '\0' ? clerk_slice_of(text) : nothing;
}

static int claim_is(const json_t *claim, clerk_slice text, const ap_regex_t *regex,
                    apr_pool_t *pool)
{
    const char *plain;

    if (json_is_object(claim) || json_is_array(claim)) {
        return 0;
    }
    plain = clerk_json_plain(claim, pool);
    if (plain == NULL) {
        return 0;
    }
    return regex ? ap_regexec(regex, plain, 0, NULL, 0) == 0
                 : text.ptr != NULL && clerk_slice_is(text, plain);
}

static int claim_holds(request_rec *r, const clerk_requirement_value *value,
                       clerk_slice text)
{
    const json_t *claim = clerk_json_at(clerk_request_claims(r), value->claim);
    size_t i;

    if (!json_is_array(claim)) {
        return claim_is(claim, text, value->regex, r->pool);
    }
    for (i = 0; i < json_array_size(claim); i++) {
        if (claim_is(json_array_get(claim, i), text, value->regex, r->pool)) {
            return 1;
        }
    }
    return 0;
}

static int value_holds(request_rec *r, const clerk_auth *auth,
                       const clerk_requirement *requirement,
                       const clerk_requirement_value *value)
{
    clerk_slice text = text_now(r, value);

    if (text.ptr == NULL && value->regex == NULL) {
        return requirement->is_negated; /* nothing to compare with: the line denies */
    }
    if (value->claim != NULL) {
        return claim_holds(r, value, text);
    }
    return requirement->kind->holds(auth, text);
}

int clerk_requirement_holds(request_rec *r, const clerk_auth *auth,
                            const clerk_requirement *requirement)
{
    int i;

    if (requirement->count == 0) {
        return requirement->kind->holds(auth, clerk_slice_of(NULL));
    }
    for (i = 0; i < requirement->count; i++) {
        if (value_holds(r, auth, requirement, &requirement->values[i])) {
            return 1;
        }
    }
    return 0;
}

int clerk_requirement_reverification(request_rec *r, clerk_reverification *asked,
                                     const clerk_requirement *requirement)
{
    clerk_slice text;

    if (requirement->kind->refusal != CLERK_REFUSAL_STALE || requirement->count == 0) {
        return 0;
    }
    text = text_now(r, &requirement->values[0]);
    return text.ptr != NULL && clerk_reverification_parse(asked, text);
}
