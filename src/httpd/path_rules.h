/* SPDX-License-Identifier: Apache-2.0 - which organization a path is about */
#ifndef CLERK_PATH_RULES_H
#define CLERK_PATH_RULES_H

#include <httpd.h>

/** One pattern of a directive, ready to be matched. */
typedef struct clerk_path_rule {
    const char *as_written;
    ap_regex_t *expression;
    const char *const *names; /* of its groups, 1 on; NULL: unnamed */
    int count;
} clerk_path_rule;

/**
 * The first rule that matches @a path decides, as in one expression of alternatives
 * (OrganizationMatcher in `@clerk/backend`).
 *
 * @param rules  of clerk_path_rule; NULL: none
 * @param path   as in the URL, not decoded, without query
 * @param id, slug  what the parameters of these names stand for, in @a pool; NULL where the
 *                  rule has none or it is empty. Either pointer may be NULL.
 * @return whether one matches; a match that costs too much is none
 */
int clerk_path_rules_match(const apr_array_header_t *rules, const char *path,
                           const char **id, const char **slug, apr_pool_t *pool);

#endif
