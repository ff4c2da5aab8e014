/* SPDX-License-Identifier: Apache-2.0 - expressions inside path patterns, from JavaScript's syntax to PCRE's */
#ifndef CLERK_PATH_EXPRESSION_H
#define CLERK_PATH_EXPRESSION_H

#include "slice.h"

/**
 * Write a regular expression of JavaScript's (ECMA-262, 22.2.1, no flags) for PCRE.
 *
 * Taken is what both understand; what they read differently is rewritten (`[` in a class, a
 * brace that is no quantifier) or refused: see clerk_path_pattern_parse. That a group opens
 * with `(?` has been seen to before.
 *
 * @param expression  not empty
 * @param at  on failure: offset into @a expression
 * @return owned by @a pool; NULL when refused, then @a reason says why (static text)
 */
const char *clerk_path_expression_translate(clerk_slice expression, const char **reason,
                                            apr_size_t *at, apr_pool_t *pool);

#endif
