/* SPDX-License-Identifier: Apache-2.0 - scoped names and permission bit maps of session claims */
#ifndef CLERK_PERMISSIONS_H
#define CLERK_PERMISSIONS_H

#include "slice.h"

/** Names in the order of the claim; slices into pool memory. */
typedef struct clerk_name_list {
    const clerk_slice *names;
    apr_size_t count;
} clerk_name_list;

/** The `fea` or `pla` claim taken apart (splitByScope in `@clerk/shared`). */
typedef struct clerk_scoped_names {
    clerk_name_list organization; /* scopes o, ou, uo */
    clerk_name_list user;         /* scopes u, ou, uo */
} clerk_scoped_names;

/**
 * Take a `fea` or `pla` claim apart: elements `SCOPE:NAME` joined by commas, white
 * space around them ignored, cut at the first colon. Unknown scopes are dropped.
 *
 * @param claim  NULL or "" gives two empty lists
 * @return 1, or 0 with two empty lists when an element has no colon (a trailing comma is
 *         such an element)
 */
int clerk_scoped_names_parse(clerk_scoped_names *names, const char *claim,
                             apr_pool_t *pool);

int clerk_name_list_has(const clerk_name_list *list, clerk_slice name);

/**
 * Whether a claim that clerk_scoped_names_parse takes apart lists @a name for the
 * organization or for the user, where that one is asked for.
 *
 * @param claim  or NULL
 */
int clerk_scoped_claim_has(const char *claim, int of_organization, int of_user,
                           clerk_slice name);

/**
 * Decode the organization permissions of a version 2 session token.
 *
 * The i-th element of @a masks is a decimal number of any size whose bit j says that
 * the i-th organization feature has the j-th permission name. Masks count features of
 * the organization only. A mask that is not all digits grants nothing; masks beyond the
 * features and bits beyond the names are ignored.
 *
 * @param features  organization features
 * @param names     claim `o.per`, names joined by commas; NULL for none
 * @param masks     claim `o.fpm`, masks joined by commas; NULL for none
 * @param count     how many were made
 * @return `org:FEATURE:NAME` texts in feature order, owned by @a pool
 */
const char *const *clerk_permissions_decode(const clerk_name_list *features,
                                            const char *names, const char *masks,
                                            apr_size_t *count, apr_pool_t *pool);

#endif
