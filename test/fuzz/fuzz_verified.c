/* SPDX-License-Identifier: Apache-2.0 - fuzz: a token's claims come out of the table of known tokens as they went in */
#include "fuzz.h"

#include "core/json.h"
#include "core/machine_jwt.h"
#include "core/verified.h"

static int same(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static void same_auth(const clerk_auth *was, const clerk_auth *is, apr_pool_t *pool)
{
    apr_size_t i;

    FUZZ_HOLDS(is->type == was->type && is->expires == was->expires);
    FUZZ_HOLDS(same(is->subject, was->subject) && same(is->user_id, was->user_id));
    FUZZ_HOLDS(same(is->session_id, was->session_id));
    FUZZ_HOLDS(same(is->session_status, was->session_status));
    FUZZ_HOLDS(same(is->org_id, was->org_id) && same(is->org_role, was->org_role));
    FUZZ_HOLDS(same(is->org_slug, was->org_slug) && same(is->actor, was->actor));
    FUZZ_HOLDS(same(is->features, was->features) && same(is->plans, was->plans));
    FUZZ_HOLDS(same(is->org_permissions_text, was->org_permissions_text));
    FUZZ_HOLDS(same(is->scopes_text, was->scopes_text));
    FUZZ_HOLDS(same(is->factor_ages_text, was->factor_ages_text));
    FUZZ_HOLDS(is->org_permission_count == was->org_permission_count);
    for (i = 0; i < was->org_permission_count; i++) {
        FUZZ_HOLDS(same(is->org_permissions[i], was->org_permissions[i]));
    }
    FUZZ_HOLDS(is->scopes.count == was->scopes.count);
    for (i = 0; i < was->scopes.count; i++) {
        FUZZ_HOLDS(same(is->scopes.names[i], was->scopes.names[i]));
    }
    FUZZ_HOLDS(json_equal(clerk_auth_claims(is, pool), clerk_auth_claims(was, pool)));
}

static void same_claims(const clerk_claims *was, const clerk_claims *is)
{
    FUZZ_HOLDS(same(is->sub, was->sub) && same(is->sid, was->sid));
    FUZZ_HOLDS(same(is->iss, was->iss) && same(is->azp, was->azp));
    FUZZ_HOLDS(is->exp.form == was->exp.form && is->exp.seconds == was->exp.seconds);
    FUZZ_HOLDS(is->nbf.form == was->nbf.form && is->nbf.seconds == was->nbf.seconds);
    FUZZ_HOLDS(is->iat.form == was->iat.form && is->iat.seconds == was->iat.seconds);
    FUZZ_HOLDS((is->aud == NULL) == (was->aud == NULL));
}

static void there_and_back(const clerk_auth *auth, const clerk_claims *claims,
                           apr_pool_t *pool)
{
    clerk_verified was, is;
    clerk_slice packed;

    memset(&was, 0, sizeof(was));
    was.auth = auth;
    was.claims = *claims;
    was.jwt.kid = clerk_slice_of("ins_2aBcDeFgHiJk");
    packed = clerk_verified_pack(&was, NULL, 0, pool);
    if (packed.len > 0) {
        clerk_verified_unpack(&is, apr_pmemdup(pool, packed.ptr, packed.len), pool);
        same_auth(auth, is.auth, pool);
        same_claims(claims, &is.claims);
    }
}

void fuzz_one(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const clerk_node *payload;
    clerk_claims claims;

    if (clerk_node_load(&payload, fuzz_bytes(data, size, pool), pool, NULL) != CLERK_OK) {
        return;
    }
    clerk_claims_read(&claims, payload);
    if (claims.sub == NULL) {
        return;
    }
    there_and_back(clerk_auth_from_machine_jwt(&claims, CLERK_TOKEN_OAUTH, pool), &claims,
                   pool);
    if (claims.sid != NULL) {
        there_and_back(clerk_auth_from_session(&claims, pool), &claims, pool);
    }
}
