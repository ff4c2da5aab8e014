/* SPDX-License-Identifier: Apache-2.0 - what who is asking holds, as one text each */
#include "auth_texts.h"

/** Whole minutes, as nearly all are, need no printf. */
static int is_small(double number)
{
    return number >= -1 && number < 1e6 && number == (int)number;
}

static const char *write_ages(const clerk_factor_ages *ages, apr_pool_t *pool)
{
    if (!ages->known) {
        return NULL;
    }
    if (is_small(ages->first) && is_small(ages->second)) {
        return apr_pstrcat(pool, apr_itoa(pool, (int)ages->first), ",",
                           apr_itoa(pool, (int)ages->second), NULL);
    }
    return apr_psprintf(pool, "%.15g,%.15g", ages->first, ages->second);
}

void clerk_auth_write_texts(clerk_auth *auth, apr_pool_t *pool)
{
    auth->org_permissions_text =
        clerk_join(auth->org_permissions, auth->org_permission_count, ',', pool);
    auth->scopes_text = clerk_scopes_text(&auth->scopes, pool);
    auth->factor_ages_text = write_ages(&auth->factor_ages, pool);
}
