/* SPDX-License-Identifier: Apache-2.0 - what each name behind Require asks of who is asking */
#include "require.h"

static int organization_holds(const clerk_auth *auth, clerk_slice value)
{
    return value.len == 0 ? clerk_auth_has_organization(auth)
                          : clerk_auth_in_organization(auth, value);
}

static int reverification_holds(const clerk_auth *auth, clerk_slice value)
{
    clerk_reverification asked;

    return clerk_reverification_parse(&asked, value) && clerk_auth_is_reverified(auth, &asked);
}

static int token_type_holds(const clerk_auth *auth, clerk_slice value)
{
    return clerk_slice_is(value, clerk_token_type_name(auth->type));
}

static int impersonation_holds(const clerk_auth *auth, clerk_slice value)
{
    (void)value;
    return clerk_auth_is_impersonated(auth);
}

static int is_role(clerk_slice text)
{
    while (clerk_slice_starts_with(text, "org:")) {
        text.ptr += 4;
        text.len -= 4;
    }
    return text.len > 0 && memchr(text.ptr, ':', text.len) == NULL;
}

static int is_reverification(clerk_slice text)
{
    clerk_reverification asked;

    return clerk_reverification_parse(&asked, text);
}

static int is_token_type(clerk_slice text)
{
    char name[32];

    if (text.len >= sizeof(name)) {
        return 0;
    }
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    return clerk_token_type_named(name) != CLERK_TOKEN_NONE;
}

static int is_machine_id(clerk_slice text)
{
    return clerk_slice_starts_with(text, "mch_") && text.len > 4
           && !clerk_slice_has_control(text);
}

const clerk_requirement_kind clerk_requirement_kinds[] = {
    { "clerk-role", clerk_auth_has_role, is_role, "not a role", "clerk-role org:admin",
      CLERK_VALUES_SOME, CLERK_REFUSAL_PLAIN },
    { "clerk-permission", clerk_auth_has_permission, clerk_auth_is_permission_name,
      "not a permission", "clerk-permission org:invoices:create", CLERK_VALUES_SOME, CLERK_REFUSAL_PLAIN },
    { "clerk-feature", clerk_auth_has_feature, clerk_auth_is_scoped_name, "not a feature",
      "clerk-feature reports or clerk-feature org:reports", CLERK_VALUES_SOME, CLERK_REFUSAL_PLAIN },
    { "clerk-plan", clerk_auth_has_plan, clerk_auth_is_scoped_name, "not a plan",
      "clerk-plan gold or clerk-plan user:gold", CLERK_VALUES_SOME, CLERK_REFUSAL_PLAIN },
    { "clerk-org", organization_holds, NULL, "not an organization",
      "clerk-org or clerk-org acme", CLERK_VALUES_OPTIONAL, CLERK_REFUSAL_PLAIN },
    { "clerk-reverification", reverification_holds, is_reverification,
      "neither a preset nor LEVEL:MINUTES",
      "clerk-reverification strict (or strict_mfa, moderate, lax, second_factor:10)",
      CLERK_VALUES_SOME, CLERK_REFUSAL_STALE },
    { "clerk-token-type", token_type_holds, is_token_type, "not a token type",
      "clerk-token-type session_token (or oauth_token, m2m_token, api_key)",
      CLERK_VALUES_SOME, CLERK_REFUSAL_PLAIN },
    { "clerk-scope", clerk_auth_has_scope, clerk_is_scope, "not a scope",
      "clerk-scope notes:read", CLERK_VALUES_SOME, CLERK_REFUSAL_SCOPE },
    { "clerk-machine", clerk_auth_is_machine, is_machine_id, "not a machine's id",
      "clerk-machine mch_2abcDEF", CLERK_VALUES_SOME, CLERK_REFUSAL_PLAIN },
    { "clerk-client", clerk_auth_is_client, NULL, "not an OAuth client's id",
      "clerk-client 2abcDEF", CLERK_VALUES_SOME, CLERK_REFUSAL_PLAIN },
    { "clerk-claim", NULL, NULL, "not a claim",
      "clerk-claim metadata.plan:gold or clerk-claim email~@example[.]com$",
      CLERK_VALUES_SOME, CLERK_REFUSAL_PLAIN },
    { "clerk-impersonated", impersonation_holds, NULL, "not a value", "clerk-impersonated",
      CLERK_VALUES_NONE, CLERK_REFUSAL_PLAIN },
    { NULL, NULL, NULL, NULL, NULL, CLERK_VALUES_NONE, CLERK_REFUSAL_PLAIN }
};
