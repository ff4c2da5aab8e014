/* SPDX-License-Identifier: Apache-2.0 - the names under which an application learns who is asking */
#include "export_names.h"

static const char *token_type(const clerk_auth *auth)
{
    return clerk_token_type_name(auth->type);
}

/** A session's is its user, who has a name of its own. */
static const char *subject(const clerk_auth *auth)
{
    return clerk_token_type_is_machine(auth->type) ? auth->subject : NULL;
}

#define FIELD_VALUE(field)                                                                 \
    static const char *field(const clerk_auth *auth)                                       \
    {                                                                                      \
        return auth->field;                                                                \
    }

FIELD_VALUE(user_id)
FIELD_VALUE(org_id)
FIELD_VALUE(session_id)
FIELD_VALUE(session_status)
FIELD_VALUE(org_slug)
FIELD_VALUE(org_role)
FIELD_VALUE(org_permissions_text)
FIELD_VALUE(features)
FIELD_VALUE(plans)
FIELD_VALUE(factor_ages_text)
FIELD_VALUE(actor)

FIELD_VALUE(token_id)
FIELD_VALUE(token_name)
FIELD_VALUE(scopes_text)
FIELD_VALUE(machine_id)
FIELD_VALUE(client_id)

const clerk_export_name clerk_export_names[] = {
    { "CLERK_TOKEN_TYPE", "X-Clerk-Token-Type", token_type },
    { "CLERK_USER_ID", "X-Clerk-User-Id", user_id },
    { "CLERK_ORG_ID", "X-Clerk-Org-Id", org_id },
    { "CLERK_SESSION_ID", "X-Clerk-Session-Id", session_id },
    { "CLERK_SESSION_STATUS", "X-Clerk-Session-Status", session_status },
    { "CLERK_ORG_SLUG", "X-Clerk-Org-Slug", org_slug },
    { "CLERK_ORG_ROLE", "X-Clerk-Org-Role", org_role },
    { "CLERK_ORG_PERMISSIONS", "X-Clerk-Org-Permissions", org_permissions_text },
    { "CLERK_FEATURES", "X-Clerk-Features", features },
    { "CLERK_PLANS", "X-Clerk-Plans", plans },
    { "CLERK_FACTOR_VERIFICATION_AGE", "X-Clerk-Factor-Verification-Age",
      factor_ages_text },
    { "CLERK_ACTOR", "X-Clerk-Actor", actor },
    { "CLERK_SUBJECT", "X-Clerk-Subject", subject },
    { "CLERK_TOKEN_ID", "X-Clerk-Token-Id", token_id },
    { "CLERK_TOKEN_NAME", "X-Clerk-Token-Name", token_name },
    { "CLERK_SCOPES", "X-Clerk-Scopes", scopes_text },
    { "CLERK_MACHINE_ID", "X-Clerk-Machine-Id", machine_id },
    { "CLERK_CLIENT_ID", "X-Clerk-Client-Id", client_id },

    { "CLERK_AUTH_STATUS", "X-Clerk-Auth-Status", NULL },
    { "CLERK_AUTH_REASON", "X-Clerk-Auth-Reason", NULL },
    { "CLERK_DENIED_BY", "X-Clerk-Denied-By", NULL },
    { "CLERK_CLAIMS", "X-Clerk-Claims", NULL },
    { "CLERK_USER", "X-Clerk-User", NULL },
    { "CLERK_USER_EMAIL", "X-Clerk-User-Email", NULL },
    { "CLERK_USER_USERNAME", "X-Clerk-User-Username", NULL },
    { "CLERK_USER_FIRST_NAME", "X-Clerk-User-First-Name", NULL },
    { "CLERK_USER_LAST_NAME", "X-Clerk-User-Last-Name", NULL },
    { "CLERK_USER_IMAGE_URL", "X-Clerk-User-Image-Url", NULL },
    { NULL, NULL, NULL }
};
