/* SPDX-License-Identifier: Apache-2.0 - path patterns in the syntax of path-to-regexp 6, as expressions for PCRE */
#ifndef CLERK_PATH_PATTERN_H
#define CLERK_PATH_PATTERN_H

#include "error.h"
#include "slice.h"

/** A pattern, translated. Owned by the pool of the call. */
typedef struct clerk_path_pattern {
    /**
     * For PCRE or PCRE2, to be matched without regard to case against a path as it stands in
     * the URL. Anchored at both ends; begins with a limit to what a match may cost.
     */
    const char *expression;
    /** The parameter that each capturing group is for, group 1 first; NULL: unnamed. */
    const char *const *names;
    int count;
} clerk_path_pattern;

/** Where and why a pattern was refused. */
typedef struct clerk_path_pattern_fault {
    const char *reason; /* static */
    apr_size_t at;      /* offset into the pattern */
} clerk_path_pattern_fault;

/**
 * Translate a pattern as `path-to-regexp` 6 does, which `@clerk/shared` carries, with its
 * defaults: `:name`, `:name(EXPRESSION)`, `(EXPRESSION)`, groups in braces, the modifiers
 * `?` `*` `+`, `\` before a character that stands for itself, one more `/` at the end.
 *
 * Refused beyond what `path-to-regexp` refuses: bytes that no path in a URL has (controls,
 * spaces, not ASCII), a `\` at the end, a beginning that no path has, and in expressions what
 * JavaScript and PCRE read differently or what is no business of a path: back references,
 * named groups, inline options, possessive quantifiers, empty classes, and escapes other than
 * of punctuation and `\d \D \w \W \s \S \b \B`. PCRE itself may still refuse an expression.
 *
 * @param fault  filled when the call fails
 * @return CLERK_OK or CLERK_E_UNEXPECTED
 */
clerk_status clerk_path_pattern_parse(clerk_path_pattern *pattern, const char *text,
                                      clerk_path_pattern_fault *fault,
                                      apr_pool_t *pool);

#endif
