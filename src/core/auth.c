/* SPDX-License-Identifier: Apache-2.0 - who is asking, and the questions one may put */
#include "auth.h"

#include <apr_tables.h>

#include "auth_texts.h"
#include "json.h"

static const char PREFIX[] = "org:";
enum { PREFIX_LENGTH = 4 };

/* ---------------------------------------------------------------- making */

/* 2 and 2.0 are one number to JSON. */
static int is_version_2(const clerk_node *payload)
{
    double version;

    return clerk_node_number(&version, clerk_node_member(payload, "v")) && version == 2;
}

/* Claims of both versions. What is malformed leaves no names behind, so it grants nothing. */
static void read_billing(clerk_auth *auth, clerk_scoped_names *features,
                         const clerk_node *payload, apr_pool_t *pool)
{
    const char *fea = clerk_claim_text(payload, "fea");
    const char *pla = clerk_claim_text(payload, "pla");
    clerk_scoped_names plans;

    if (clerk_scoped_names_parse(features, fea, pool)) {
        auth->features = fea;
    }
    if (clerk_scoped_names_parse(&plans, pla, pool)) {
        auth->plans = pla;
    }
}

static void read_organization_v2(clerk_auth *auth, const clerk_scoped_names *features,
                                 const clerk_node *payload, apr_pool_t *pool)
{
    const clerk_node *organization = clerk_node_member(payload, "o");
    const char *role = clerk_claim_text(organization, "rol");

    auth->org_id = clerk_claim_text(organization, "id");
    auth->org_slug = clerk_claim_text(organization, "slg");
    auth->org_role = role ? apr_pstrcat(pool, PREFIX, role, NULL) : NULL;
    auth->org_permissions = clerk_permissions_decode(
        &features->organization, clerk_claim_text(organization, "per"),
        clerk_claim_text(organization, "fpm"), &auth->org_permission_count, pool);
}

/* Elements that are no strings could equal nothing that is asked. */
static void read_permissions_v1(clerk_auth *auth, const clerk_node *permissions,
                                apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(char *));
    const clerk_node *at = NULL;

    if (clerk_node_is(permissions, CLERK_NODE_ARRAY)) {
        at = clerk_node_first(permissions);
    }
    for (; at != NULL; at = clerk_node_next(permissions, at)) {
        if (at->type == CLERK_NODE_STRING) {
            APR_ARRAY_PUSH(list, const char *) = at->text.ptr;
        }
    }
    auth->org_permissions = (const char *const *)list->elts;
    auth->org_permission_count = (apr_size_t)list->nelts;
}

static void read_organization_v1(clerk_auth *auth, const clerk_node *payload,
                                 apr_pool_t *pool)
{
    const char *role = clerk_claim_text(payload, "org_role");

    auth->org_id = clerk_claim_text(payload, "org_id");
    auth->org_slug = clerk_claim_text(payload, "org_slug");
    auth->org_role = role && !clerk_slice_starts_with(clerk_slice_of(role), PREFIX)
                         ? apr_pstrcat(pool, PREFIX, role, NULL)
                         : role;
    read_permissions_v1(auth, clerk_node_member(payload, "org_permissions"), pool);
}

const clerk_auth *clerk_auth_from_session(const clerk_claims *claims, apr_pool_t *pool)
{
    clerk_auth *auth = apr_pcalloc(pool, sizeof(*auth));

    const clerk_node *payload = claims->payload;
    clerk_scoped_names features;

    read_billing(auth, &features, payload, pool);
    auth->type = CLERK_TOKEN_SESSION;
    auth->subject = claims->sub;
    auth->user_id = claims->sub;
    auth->session_id = claims->sid;
    auth->authorized_party = claims->azp;
    auth->session_status = clerk_claim_text(payload, "sts");
    auth->actor = clerk_claims_actor(payload);
    auth->factor_ages = clerk_factor_ages_read(clerk_node_member(payload, "fva"));
    auth->expires = clerk_claim_moment(claims->exp);
    auth->claims = payload->text;
    if (is_version_2(payload)) {
        read_organization_v2(auth, &features, payload, pool);
    }
    else {
        read_organization_v1(auth, payload, pool);
    }
    clerk_auth_write_texts(auth, pool);
    return auth;
}

const json_t *clerk_auth_claims(const clerk_auth *auth, apr_pool_t *pool)
{
    const json_t *claims = NULL;

    if (auth == NULL || auth->claims.len == 0) {
        return NULL;
    }
    return clerk_json_load(&claims, clerk_node_json(auth->claims, pool), pool, NULL)
                   == CLERK_OK
               ? claims
               : NULL;
}

/* ---------------------------------------------------------------- asking */

/* The person of a session; every question starts with there being one. */
static int is_person(const clerk_auth *auth)
{
    return auth && auth->type == CLERK_TOKEN_SESSION && auth->user_id;
}

static int is_member(const clerk_auth *auth)
{
    return is_person(auth) && auth->org_id;
}

static clerk_slice without_prefix(clerk_slice text)
{
    while (clerk_slice_starts_with(text, PREFIX)) {
        text.ptr += PREFIX_LENGTH;
        text.len -= PREFIX_LENGTH;
    }
    return text;
}

int clerk_auth_is_pending(const clerk_auth *auth)
{
    return auth && auth->session_status && strcmp(auth->session_status, "pending") == 0;
}

int clerk_auth_has_role(const clerk_auth *auth, clerk_slice role)
{
    clerk_slice asked = without_prefix(role);

    return is_member(auth) && auth->org_role && asked.len > 0
           && clerk_slice_equals(without_prefix(clerk_slice_of(auth->org_role)), asked);
}

/*
 * What the token lists is taken to the letter, only the question may lack its prefix.
 */
int clerk_auth_has_permission(const clerk_auth *auth, clerk_slice permission)
{
    clerk_slice asked = without_prefix(permission);
    apr_size_t i;

    if (!is_member(auth) || asked.len == 0) {
        return 0;
    }
    for (i = 0; i < auth->org_permission_count; i++) {
        clerk_slice held = clerk_slice_of(auth->org_permissions[i]);

        if (clerk_slice_starts_with(held, PREFIX)) {
            held.ptr += PREFIX_LENGTH;
            held.len -= PREFIX_LENGTH;
            if (clerk_slice_equals(held, asked)) {
                return 1;
            }
        }
    }
    return 0;
}

typedef struct scoped_question {
    int of_organization;
    int of_user;
    clerk_slice name;
} scoped_question;

/* What can stand in a list of names: a comma or colon would end it. */
static int is_name(clerk_slice text)
{
    return text.len > 0 && !memchr(text.ptr, ',', text.len)
           && !memchr(text.ptr, ':', text.len) && !clerk_slice_has_control(text);
}

/* `ou` and `uo` are scopes of claims, not of questions. */
static int scoped_question_parse(scoped_question *question, clerk_slice text)
{
    clerk_slice scope, rest = text;

    question->of_organization = 1;
    question->of_user = 1;
    question->name = text;
    if (clerk_slice_cut(&scope, &rest, ':')) {
        question->name = rest;
        question->of_user = clerk_slice_is(scope, "u") || clerk_slice_is(scope, "user");
        question->of_organization = clerk_slice_is(scope, "o")
                                    || clerk_slice_is(scope, "org")
                                    || clerk_slice_is(scope, "organization");
    }
    return (question->of_user || question->of_organization) && is_name(question->name);
}

static int has_scoped(const clerk_auth *auth, const char *claim, clerk_slice text)
{
    scoped_question question;

    return is_person(auth) && scoped_question_parse(&question, text)
           && clerk_scoped_claim_has(claim, question.of_organization, question.of_user,
                                     question.name);
}

int clerk_auth_has_feature(const clerk_auth *auth, clerk_slice feature)
{
    return auth && has_scoped(auth, auth->features, feature);
}

int clerk_auth_has_plan(const clerk_auth *auth, clerk_slice plan)
{
    return auth && has_scoped(auth, auth->plans, plan);
}

int clerk_auth_has_organization(const clerk_auth *auth)
{
    return is_member(auth);
}

int clerk_auth_in_organization(const clerk_auth *auth, clerk_slice id_or_slug)
{
    return is_member(auth)
           && (clerk_slice_is(id_or_slug, auth->org_id)
               || (auth->org_slug && clerk_slice_is(id_or_slug, auth->org_slug)));
}

int clerk_auth_is_reverified(const clerk_auth *auth, const clerk_reverification *asked)
{
    return is_person(auth) && clerk_factor_ages_satisfy(&auth->factor_ages, asked);
}

int clerk_auth_is_impersonated(const clerk_auth *auth)
{
    return auth && auth->actor;
}

int clerk_auth_has_scope(const clerk_auth *auth, clerk_slice scope)
{
    return auth && clerk_token_type_is_machine(auth->type)
           && clerk_scopes_have(&auth->scopes, scope);
}

static int is_same(const char *held, clerk_slice asked)
{
    return held && *held != '\0' && clerk_slice_is(asked, held);
}

int clerk_auth_is_machine(const clerk_auth *auth, clerk_slice id)
{
    return auth && auth->type == CLERK_TOKEN_M2M && is_same(auth->machine_id, id);
}

int clerk_auth_is_client(const clerk_auth *auth, clerk_slice id)
{
    return auth && auth->type == CLERK_TOKEN_OAUTH && is_same(auth->client_id, id);
}

int clerk_auth_is_scoped_name(clerk_slice text)
{
    scoped_question question;

    return scoped_question_parse(&question, text);
}

int clerk_auth_is_permission_name(clerk_slice text)
{
    clerk_slice feature, name = without_prefix(text);

    return clerk_slice_cut(&feature, &name, ':') && is_name(feature) && is_name(name);
}
