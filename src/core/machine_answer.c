/* SPDX-License-Identifier: Apache-2.0 - what the Backend API says of an opaque machine token */
#include "machine_answer.h"

#include "auth_texts.h"
#include "json.h"

/** `object` of each type's answer. */
static const char *object_of(clerk_token_type type)
{
    switch (type) {
    case CLERK_TOKEN_M2M:
        return "machine_to_machine_token";
    case CLERK_TOKEN_OAUTH:
        return "clerk_idp_oauth_access_token";
    case CLERK_TOKEN_API_KEY:
        return "api_key";
    default:
        return "";
    }
}

/** Absent and null say nothing; whatever else is not @a good is bad. */
static int speaks_against(const clerk_node *answer, const char *name, int good)
{
    const clerk_node *value = clerk_node_member(answer, name);

    if (!value || value->type == CLERK_NODE_NULL) {
        return 0;
    }
    return value->type != (good ? CLERK_NODE_TRUE : CLERK_NODE_FALSE);
}

static clerk_status judge(const clerk_node *json, clerk_token_type type, clerk_error *error)
{
    const char *object = clerk_claim_text(json, "object");

    if (speaks_against(json, "active", 1)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "the token is not active");
    }
    if (!object || strcmp(object, object_of(type)) != 0) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID,
                          "the Backend API's answer is about another kind of object");
    }
    if (speaks_against(json, "revoked", 0)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "the token was revoked");
    }
    if (speaks_against(json, "expired", 0)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "the token has expired");
    }
    if (!clerk_claim_text(json, "subject")) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "the token has no subject");
    }
    return CLERK_OK;
}

/* Seconds reach it in the year 5138; milliseconds passed it in 1973. */
static const double FIRST_MILLISECONDS = 1e11;
static const double LARGEST_TIME = 9007199254740992.0; /* 2^53 */

static apr_time_t moment_of(const clerk_node *value)
{
    double number;

    if (!value || value->type == CLERK_NODE_NULL) {
        return APR_INT64_MAX;
    }
    if (!clerk_node_number(&number, value) || !(number >= 0 && number <= LARGEST_TIME)) {
        return 0;
    }
    if (number >= FIRST_MILLISECONDS) {
        return (apr_time_t)number * 1000;
    }
    return apr_time_from_sec((apr_int64_t)number);
}

static int begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void read_owner(clerk_auth *auth, const clerk_node *json)
{
    switch (auth->type) {
    case CLERK_TOKEN_M2M:
        auth->machine_id = auth->subject;
        break;
    case CLERK_TOKEN_OAUTH:
        auth->user_id = auth->subject;
        auth->client_id = clerk_claim_text(json, "client_id");
        break;
    default:
        auth->token_name = clerk_claim_text(json, "name");
        auth->user_id = begins(auth->subject, "user_") ? auth->subject : NULL;
        auth->org_id = begins(auth->subject, "org_") ? auth->subject : NULL;
        break;
    }
}

/** What the issuer added, as JSON; empty where that is nothing. */
static clerk_slice custom_claims(const clerk_node *answer, apr_pool_t *pool)
{
    const clerk_node *claims = clerk_node_member(answer, "claims");
    const json_t *json;

    if (!clerk_node_is(claims, CLERK_NODE_OBJECT) || clerk_node_count(claims) == 0
        || clerk_json_load(&json, clerk_node_json(answer->text, pool), pool, NULL) != CLERK_OK)
    {
        return clerk_slice_of(NULL);
    }
    return clerk_slice_of(clerk_json_text(json_object_get(json, "claims"), pool));
}

static const clerk_auth *auth_of(const clerk_node *json, clerk_token_type type,
                                 apr_pool_t *pool)
{
    clerk_auth *auth = apr_pcalloc(pool, sizeof(*auth));

    auth->type = type;
    auth->subject = clerk_claim_text(json, "subject");
    auth->token_id = clerk_claim_text(json, "id");
    auth->scopes = clerk_scopes_of_array(clerk_node_member(json, "scopes"), pool);
    auth->expires = moment_of(clerk_node_member(json, "expiration"));
    auth->claims = type != CLERK_TOKEN_OAUTH ? custom_claims(json, pool)
                                             : clerk_slice_of(NULL);
    read_owner(auth, json);
    clerk_auth_write_texts(auth, pool);
    return auth;
}

clerk_status clerk_machine_answer_read(clerk_machine_answer *answer, clerk_slice json,
                                       clerk_token_type type, apr_pool_t *pool,
                                       clerk_error *error)
{
    const clerk_node *document;
    clerk_status status;

    if (clerk_node_load(&document, json, pool, NULL) != CLERK_OK) {
        return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED,
                          "the Backend API's answer is no JSON object");
    }
    status = judge(document, type, error);
    if (status == CLERK_OK) {
        answer->auth = auth_of(document, type, pool);
        answer->aud = clerk_node_member(document, "aud");
    }
    return status;
}
