/* SPDX-License-Identifier: Apache-2.0 - a Require line as parsed */
#ifndef CLERK_REQUIRE_H
#define CLERK_REQUIRE_H

#include <ap_expr.h>
#include <httpd.h>
#include <http_config.h>

#include "../core/auth.h"

typedef struct clerk_requirement clerk_requirement;

/** Whether @a auth satisfies one value of a line, or, with an empty one, the line without. */
typedef int clerk_predicate(const clerk_auth *auth, clerk_slice value);

/**
 * What a `Require clerk-…` name means. A refusal is STALE where verifying again may mend it,
 * SCOPE where a token with more scopes may.
 */
typedef struct clerk_requirement_kind {
    const char *name;
    clerk_predicate *holds;            /* NULL for claims, which are compared by path */
    int (*is_value)(clerk_slice text); /* NULL: any text but none */
    const char *is_not;                /* what a bad value is, for the error */
    const char *example;               /* of a line, likewise */
    enum { CLERK_VALUES_NONE, CLERK_VALUES_SOME, CLERK_VALUES_OPTIONAL } values;
    enum { CLERK_REFUSAL_PLAIN, CLERK_REFUSAL_STALE, CLERK_REFUSAL_SCOPE } refusal;
} clerk_requirement_kind;

/** One word: text, or an expression that yields the text, behind a claim path for clerk-claim. */
typedef struct clerk_requirement_value {
    const char *claim; /* path; NULL except for clerk-claim */
    clerk_slice text;  /* ptr NULL for an expression or regular expression */
    const ap_expr_info_t *expr;
    const ap_regex_t *regex;
} clerk_requirement_value;

struct clerk_requirement {
    const clerk_requirement_kind *kind;
    const char *as_written; /* the whole line */
    int is_negated;
    const clerk_requirement_value *values;
    int count;
};

/** The kinds, ended by a NULL name. */
extern const clerk_requirement_kind clerk_requirement_kinds[];

/** Whether @a path could be a claim's: member names joined by single dots. */
int clerk_is_claim_path(const char *path);

/** Parse a line when configuration is read; the error names a right one. */
const char *clerk_requirement_parse(cmd_parms *cmd, const char *line, const void **parsed);

/**
 * Whether who is asking satisfies any value. An expression that yields nothing makes the
 * line deny: it is not satisfied, or, behind `not`, it is.
 */
int clerk_requirement_holds(request_rec *r, const clerk_auth *auth,
                            const clerk_requirement *requirement);

/** The reverification that a clerk-reverification line asks for now; 0 when it asks none that is one. */
int clerk_requirement_reverification(request_rec *r, clerk_reverification *asked,
                                     const clerk_requirement *requirement);

#endif
