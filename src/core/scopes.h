/* SPDX-License-Identifier: Apache-2.0 - the scopes of a machine token */
#ifndef CLERK_SCOPES_H
#define CLERK_SCOPES_H

#include "node.h"

/** Words of RFC 6749, 3.3; all zero is none. */
typedef struct clerk_scopes {
    const char *const *names;
    apr_size_t count;
} clerk_scopes;

/** Whether @a text is a scope-token: printable ASCII without space, `"` and `\`. */
int clerk_is_scope(clerk_slice text);

/**
 * The scopes in an array of strings. Elements that are no scope are left out: joined with
 * others by spaces they could pass for two.
 *
 * @param value  any value, or NULL; what is no array has no scopes
 */
clerk_scopes clerk_scopes_of_array(const clerk_node *value, apr_pool_t *pool);

/** The scopes in a list joined by spaces; what is no string has none. */
clerk_scopes clerk_scopes_of_text(const clerk_node *value, apr_pool_t *pool);

int clerk_scopes_have(const clerk_scopes *scopes, clerk_slice scope);

/** Joined by spaces; NULL for none. */
const char *clerk_scopes_text(const clerk_scopes *scopes, apr_pool_t *pool);

#endif
