/* SPDX-License-Identifier: Apache-2.0 - which organization a path is about */
#include "path_rules.h"

#include <apr_strings.h>
#include <http_config.h>

#include "../core/path_pattern.h"
#include "secret.h"
#include "setters.h"

/* Group 0 and more groups than a path's pattern has use for. */
enum { MATCH_COUNT = 32 };

static const char *bad_pattern(cmd_parms *cmd, const char *pattern, const char *reason)
{
    return apr_psprintf(cmd->pool,
                        "%s: \"%s\" is not a path pattern: %s; write one as in "
                        "/orgs/:slug or /orgs/:slug/(.*)",
                        cmd->cmd->name, clerk_value_shown(pattern), reason);
}

const char *clerk_set_path_rule(cmd_parms *cmd, void *record, const char *pattern)
{
    apr_array_header_t **rules =
        (apr_array_header_t **)(void *)((char *)record + (apr_size_t)cmd->info);
    clerk_path_pattern parsed;
    clerk_path_pattern_fault fault;
    clerk_path_rule *rule;
    ap_regex_t *expression;

    if (clerk_path_pattern_parse(&parsed, pattern, &fault, cmd->pool) != CLERK_OK) {
        return bad_pattern(cmd, pattern,
                           apr_psprintf(cmd->pool, "%s, at character %" APR_SIZE_T_FMT,
                                        fault.reason, fault.at + 1));
    }
    if (parsed.count >= MATCH_COUNT) {
        return bad_pattern(cmd, pattern, "it has too many parameters");
    }
    expression = ap_pregcomp(cmd->pool, parsed.expression, AP_REG_ICASE);
    if (expression == NULL) {
        return bad_pattern(cmd, pattern, "its regular expression does not compile");
    }
    if (*rules == NULL) {
        *rules = apr_array_make(cmd->pool, 2, sizeof(clerk_path_rule));
    }
    rule = apr_array_push(*rules);
    rule->as_written = apr_pstrdup(cmd->pool, pattern);
    rule->expression = expression;
    rule->names = parsed.names;
    rule->count = parsed.count;
    return NULL;
}

/** The last group of this name that took part, as assignments one by one would have it. */
static const char *parameter(const clerk_path_rule *rule, const ap_regmatch_t *found,
                             const char *path, const char *name, apr_pool_t *pool)
{
    int group;

    for (group = rule->count; group > 0; group--) {
        const char *of = rule->names[group - 1];
        const ap_regmatch_t *at = &found[group];

        if (of != NULL && strcmp(of, name) == 0 && at->rm_so >= 0) {
            return at->rm_eo > at->rm_so ? apr_pstrmemdup(
                       pool, path + at->rm_so, (apr_size_t)(at->rm_eo - at->rm_so))
                                         : NULL;
        }
    }
    return NULL;
}

int clerk_path_rules_match(const apr_array_header_t *rules, const char *path,
                           const char **id, const char **slug, apr_pool_t *pool)
{
    ap_regmatch_t found[MATCH_COUNT];
    int i;

    for (i = 0; rules != NULL && i < rules->nelts; i++) {
        const clerk_path_rule *rule = &APR_ARRAY_IDX(rules, i, const clerk_path_rule);

        if (ap_regexec(rule->expression, path, MATCH_COUNT, found, 0) == 0) {
            if (id != NULL) {
                *id = parameter(rule, found, path, "id", pool);
            }
            if (slug != NULL) {
                *slug = parameter(rule, found, path, "slug", pool);
            }
            return 1;
        }
    }
    return 0;
}
