/* SPDX-License-Identifier: Apache-2.0 - what who is asking holds, as lists to look into */
#include "auth_lists.h"

#include <apr_strings.h>

static const char *const organization_scopes[] = { "", "o:", "org:", "organization:", NULL };
static const char *const user_scopes[] = { "", "u:", "user:", NULL };

static apr_array_header_t *new_list(apr_pool_t *pool)
{
    return apr_array_make(pool, 8, sizeof(const char *));
}

static void add_spellings(apr_array_header_t *list, const char *const *scopes,
                          const clerk_name_list *names)
{
    apr_size_t i;

    for (i = 0; i < names->count; i++) {
        const char *name = clerk_slice_copy(names->names[i], list->pool);
        const char *const *scope = scopes;

        for (; *scope != NULL; scope++) {
            APR_ARRAY_PUSH(list, const char *) = apr_pstrcat(list->pool, *scope, name, NULL);
        }
    }
}

static apr_array_header_t *list_scoped(const char *claim, apr_pool_t *pool)
{
    apr_array_header_t *list = new_list(pool);
    clerk_scoped_names names;

    clerk_scoped_names_parse(&names, claim, pool);
    add_spellings(list, organization_scopes, &names.organization);
    add_spellings(list, user_scopes, &names.user);
    return list;
}

apr_array_header_t *clerk_auth_list_permissions(const clerk_auth *auth, apr_pool_t *pool)
{
    apr_array_header_t *list = new_list(pool);
    apr_size_t i;

    for (i = 0; i < auth->org_permission_count; i++) {
        const char *held = auth->org_permissions[i];

        /* the same question as the predicate's, which asks for an organization too */
        if (clerk_auth_has_permission(auth, clerk_slice_of(held))) {
            APR_ARRAY_PUSH(list, const char *) = held;
            APR_ARRAY_PUSH(list, const char *) = held + strlen("org:");
        }
    }
    return list;
}

apr_array_header_t *clerk_auth_list_features(const clerk_auth *auth, apr_pool_t *pool)
{
    return list_scoped(auth->features, pool);
}

apr_array_header_t *clerk_auth_list_plans(const clerk_auth *auth, apr_pool_t *pool)
{
    return list_scoped(auth->plans, pool);
}

apr_array_header_t *clerk_auth_list_scopes(const clerk_auth *auth, apr_pool_t *pool)
{
    apr_array_header_t *list = new_list(pool);
    apr_size_t i;

    for (i = 0; i < auth->scopes.count; i++) {
        APR_ARRAY_PUSH(list, const char *) = auth->scopes.names[i];
    }
    return list;
}
