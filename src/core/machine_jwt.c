/* SPDX-License-Identifier: Apache-2.0 - OAuth and M2M tokens that are JWTs: header, claims, who they speak for */
#include "machine_jwt.h"

#include "auth_texts.h"
#include "json.h"

static clerk_status check_m2m(const clerk_jwt *jwt, clerk_error *error)
{
    switch (jwt->category) {
    case CLERK_CATEGORY_ABSENT:
    case CLERK_CATEGORY_M2M:
    case CLERK_CATEGORY_IGNORE: /* some instances stamp it on every token */
        break;
    default:
        return clerk_fail(error, CLERK_E_TOKEN_INVALID,
                          "the token's category is not that of an M2M token");
    }
    if (jwt->typ != CLERK_TYP_ABSENT && jwt->typ != CLERK_TYP_JWT) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED, "typ is not JWT");
    }
    return CLERK_OK;
}

static clerk_status check_oauth(const clerk_jwt *jwt, clerk_error *error)
{
    if (jwt->typ != CLERK_TYP_AT_JWT) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "typ is not at+jwt");
    }
    return CLERK_OK;
}

clerk_status clerk_machine_jwt_check_header(const clerk_jwt *jwt, clerk_token_type type,
                                            clerk_error *error)
{
    clerk_status status;

    switch (type) {
    case CLERK_TOKEN_M2M:
        status = check_m2m(jwt, error);
        break;
    case CLERK_TOKEN_OAUTH:
        status = check_oauth(jwt, error);
        break;
    default:
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "tokens of this type are no JWTs");
    }
    if (status == CLERK_OK && jwt->alg == CLERK_ALG_OTHER) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "alg is not RS256, RS384 or RS512");
    }
    return status;
}

/* ---------------------------------------------------------------- who it speaks for */

/** Whether the SDK's `??` goes on to the other claim. */
static int is_nothing(const clerk_node *claim)
{
    return !claim || claim->type == CLERK_NODE_NULL;
}

/** The JSON of the claims that are not registered ones; empty where there are none. */
static clerk_slice custom_claims(const clerk_node *payload, apr_pool_t *pool)
{
    static const char *const registered[] = { "iss", "sub", "exp", "nbf", "iat", "jti" };
    const json_t *all;
    json_t *claims;
    clerk_slice text = clerk_slice_of(NULL);
    apr_size_t i;

    if (clerk_json_load(&all, clerk_node_json(payload->text, pool), pool, NULL) != CLERK_OK) {
        return text;
    }
    claims = json_copy((json_t *)all);
    for (i = 0; i < sizeof(registered) / sizeof(registered[0]); i++) {
        json_object_del(claims, registered[i]);
    }
    if (json_object_size(claims) > 0) {
        text = clerk_slice_of(clerk_json_text(claims, pool));
    }
    json_decref(claims);
    return text;
}

static void read_m2m(clerk_auth *auth, const clerk_claims *claims, apr_pool_t *pool)
{
    const clerk_node *scopes = clerk_node_member(claims->payload, "scopes");

    auth->machine_id = claims->sub;
    auth->scopes = is_nothing(scopes) ? clerk_scopes_of_array(claims->aud, pool)
                                      : clerk_scopes_of_text(scopes, pool);
    auth->claims = custom_claims(claims->payload, pool);
}

static void read_oauth(clerk_auth *auth, const clerk_claims *claims, apr_pool_t *pool)
{
    const clerk_node *scopes = clerk_node_member(claims->payload, "scp");
    const clerk_node *scope = clerk_node_member(claims->payload, "scope");

    auth->user_id = claims->sub;
    auth->client_id = clerk_claim_text(claims->payload, "client_id");
    auth->scopes = is_nothing(scopes) ? clerk_scopes_of_text(scope, pool)
                                      : clerk_scopes_of_array(scopes, pool);
    auth->actor = clerk_claims_actor(claims->payload);
    auth->claims = claims->payload->text;
}

const clerk_auth *clerk_auth_from_machine_jwt(const clerk_claims *claims,
                                              clerk_token_type type, apr_pool_t *pool)
{
    clerk_auth *auth = apr_pcalloc(pool, sizeof(*auth));

    auth->type = type;
    auth->subject = claims->sub;
    auth->token_id = clerk_claim_text(claims->payload, "jti");
    auth->expires = clerk_claim_moment(claims->exp);
    if (type == CLERK_TOKEN_M2M) {
        read_m2m(auth, claims, pool);
    }
    else {
        read_oauth(auth, claims, pool);
    }
    clerk_auth_write_texts(auth, pool);
    return auth;
}
