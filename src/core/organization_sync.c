/* SPDX-License-Identifier: Apache-2.0 - whether the URL asks for another organization than the session's */
#include "organization_sync.h"

#include "handshake.h"

static int differs(const char *wanted, const char *active)
{
    return wanted && *wanted != '\0' && (!active || strcmp(wanted, active) != 0);
}

static int is_another(const clerk_organization_target *target, const clerk_auth *auth)
{
    switch (target->kind) {
    case CLERK_ORGANIZATION_BY_ID:
        return differs(target->value, auth->org_id);
    case CLERK_ORGANIZATION_BY_SLUG:
        return differs(target->value, auth->org_slug);
    case CLERK_ORGANIZATION_PERSONAL:
        return auth->org_id != NULL;
    case CLERK_ORGANIZATION_UNSAID:
        break;
    }
    return 0;
}

int clerk_organization_needs_sync(const clerk_situation *situation)
{
    return is_another(&situation->options->organization, situation->auth)
           && !clerk_auth_is_pending(situation->auth)
           && situation->browser.redirects < CLERK_REDIRECT_LIMIT
           && clerk_handshake_is_possible(situation);
}
