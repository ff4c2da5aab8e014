/* SPDX-License-Identifier: Apache-2.0 - what who is asking holds, as lists to look into */
#ifndef CLERK_AUTH_LISTS_H
#define CLERK_AUTH_LISTS_H

#include <apr_tables.h>

#include "auth.h"

/*
 * Arrays of const char *, never NULL, made in @a pool. One name stands in a list in every
 * spelling under which the predicates of auth.h would find it, so that to be in the list
 * and to satisfy the predicate are the same.
 */

/** `org:FEATURE:NAME` and `FEATURE:NAME` of each permission. */
apr_array_header_t *clerk_auth_list_permissions(const clerk_auth *auth, apr_pool_t *pool);

/** NAME, `o:NAME`, `org:NAME` and `organization:NAME`; of the user's `u:NAME`, `user:NAME`. */
apr_array_header_t *clerk_auth_list_features(const clerk_auth *auth, apr_pool_t *pool);

apr_array_header_t *clerk_auth_list_plans(const clerk_auth *auth, apr_pool_t *pool);

/** Of a machine token. */
apr_array_header_t *clerk_auth_list_scopes(const clerk_auth *auth, apr_pool_t *pool);

#endif
