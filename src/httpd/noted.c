/* SPDX-License-Identifier: Apache-2.0 - httpd's own directives, looked at and passed on */
#include <apr_strings.h>

#include "../core/scopes.h"
#include "config.h"
#include "configuration.h"
#include "module.h"
#include "setters.h"

/**
 * A directive that we only look at must not vanish with the module that carries it out:
 * without mod_authz_core, `Require` would be read and nothing would be required.
 */
static const char *check_is_carried_out(const cmd_parms *cmd, const char *name,
                                        const char *identifier)
{
    if (ap_find_linked_module(apr_pstrcat(cmd->temp_pool, name, ".c", NULL)) != NULL) {
        return NULL;
    }
    return apr_psprintf(cmd->pool, "%s needs %s: load it with LoadModule %s modules/%s.so",
                        cmd->cmd->name, name, identifier, name);
}

/** mod_authn_core carries the directive out; this looks who is asked for. */
const char *clerk_note_auth_type(cmd_parms *cmd, void *record, const char *type)
{
    const char *problem =
        check_is_carried_out(cmd, "mod_authn_core", "authn_core_module");

    if (problem != NULL) {
        return problem;
    }
    if (ap_cstr_casecmp(type, CLERK_AUTH_TYPE) == 0) {
        clerk_configuration_add_protected(cmd, record);
    }
    return DECLINE_CMD;
}

/** The section's notes of its lines, made at the first of them. */
static clerk_require_lines *lines_of(cmd_parms *cmd, clerk_dir_config *section)
{
    if (section->require_lines == NULL) {
        section->require_lines = apr_pcalloc(cmd->pool, sizeof(clerk_require_lines));
    }
    return section->require_lines;
}

/** mod_authz_core carries the directive out; this keeps whether outer lines stay in force. */
const char *clerk_note_auth_merging(cmd_parms *cmd, void *record, const char *word)
{
    const char *problem =
        check_is_carried_out(cmd, "mod_authz_core", "authz_core_module");

    if (problem != NULL) {
        return problem;
    }
    lines_of(cmd, record)->adds_to_outer = ap_cstr_casecmp(word, "Off") != 0;
    return DECLINE_CMD;
}

/** Scopes that are written out; what an expression yields is known with a request only. */
static void note_scopes(clerk_require_lines *lines, cmd_parms *cmd, const char *rest)
{
    while (*rest != '\0') {
        const char *word = ap_getword_conf(cmd->pool, &rest);

        if (clerk_is_scope(clerk_slice_of(word)) && strstr(word, "%{") == NULL) {
            clerk_append(&lines->scopes, cmd, word);
        }
    }
}

static int is_in_require_none(const cmd_parms *cmd)
{
    const ap_directive_t *around = cmd->directive->parent;

    while (around != NULL && ap_cstr_casecmp(around->directive, "<RequireNone") != 0) {
        around = around->parent;
    }
    return around != NULL;
}

/** mod_authz_core carries the directive out; this keeps what answers depend on. */
const char *clerk_note_require(cmd_parms *cmd, void *record, const char *args)
{
    clerk_require_lines *lines;
    const char *rest = args;
    const char *word = ap_getword_conf(cmd->temp_pool, &rest);
    const char *problem =
        check_is_carried_out(cmd, "mod_authz_core", "authz_core_module");
    int is_negated = ap_cstr_casecmp(word, "not") == 0;

    if (problem != NULL) {
        return problem;
    }
    lines = lines_of(cmd, record);
    if (is_negated) {
        word = ap_getword_conf(cmd->temp_pool, &rest);
    }
    if (ap_cstr_casecmp(word, "user") == 0 || ap_cstr_casecmp(word, "valid-user") == 0) {
        clerk_append(&lines->user_lines, cmd, apr_pstrcat(cmd->pool, "Require ", args, NULL));
    }
    else if (ap_cstr_casecmp(word, "expr") == 0 && ap_strcasestr(rest, "clerk") != NULL) {
        lines->has_expr = 1;
        lines->has_negated_expr |= is_negated || is_in_require_none(cmd);
    }
    else if (ap_cstr_casecmp(word, "clerk-scope") == 0 && !is_negated
             && !is_in_require_none(cmd)) {
        note_scopes(lines, cmd, rest);
    }
    return DECLINE_CMD;
}
