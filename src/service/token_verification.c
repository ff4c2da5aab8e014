/* SPDX-License-Identifier: Apache-2.0 - verify one JWT: header, key, signature, claims */
#include "token_verification.h"

#include "../core/jws.h"
#include "../core/machine_jwt.h"
#include "counters.h"

static clerk_status check_header(const clerk_jwt *jwt, clerk_error *error)
{
    if (jwt->typ != CLERK_TYP_ABSENT && jwt->typ != CLERK_TYP_JWT) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "typ is not JWT");
    }
    if (jwt->alg == CLERK_ALG_OTHER) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID_ALGORITHM,
                          "alg is not RS256, RS384 or RS512");
    }
    return CLERK_OK;
}

/** @param key_id  of the key, filled on success */
static clerk_status check_signature(unsigned char *key_id, const clerk_jwt *jwt,
                                    const clerk_verification *by, clerk_error *error)
{
    clerk_key_ref ref;
    clerk_status status =
        clerk_key_store_find(&ref, by->keys, by->instance, jwt->kid, by->now, error);

    if (status != CLERK_OK) {
        return status;
    }
    status = clerk_jws_verify(jwt, ref.key, error);
    clerk_count(status == CLERK_OK ? CLERK_COUNT_SIGNATURE_GOOD : CLERK_COUNT_SIGNATURE_BAD);
    memcpy(key_id, ref.key->id, CLERK_KEY_ID_LENGTH);
    clerk_key_release(&ref);
    return status;
}

/* ---------------------------------------------------------------- known tokens */

/** Whether the key that signed would be found now, and be the same. */
static int is_key_the_same(const clerk_verified *found, const clerk_verification *by)
{
    clerk_key_ref ref;
    int is_same;

    if (clerk_key_store_find(&ref, by->keys, by->instance, found->jwt.kid, by->now,
                             NULL)
        != CLERK_OK)
    {
        return 0;
    }
    is_same = memcmp(ref.key->id, found->key_id, CLERK_KEY_ID_LENGTH) == 0;
    clerk_key_release(&ref);
    return is_same;
}

/** Under the edition of the key set that vouched before, nothing needs to be looked up. */
static int is_vouched_for(const clerk_verified *found, const clerk_verified_term *term,
                          const clerk_evidence *evidence, const clerk_verification *by)
{
    if (evidence->edition != 0 && evidence->edition == term->edition) {
        return 1;
    }
    if (!is_key_the_same(found, by)) {
        clerk_verified_tokens_drop(by->verified, &evidence->id);
        return 0;
    }
    clerk_verified_tokens_confirm(by->verified, &evidence->id, evidence->edition);
    return 1;
}

static int recall(clerk_evidence *evidence, const clerk_verification *by,
                  apr_pool_t *pool)
{
    clerk_verified_term term;
    clerk_verified found;

    /* opaque tokens are in a table of their own; no decoded JWT lacks one of these */
    if (by->verified == NULL || evidence->token.len == 0
        || memchr(evidence->token.ptr, '.', evidence->token.len) == NULL)
    {
        return 0;
    }
    /* before the key is looked up: so it is of this edition or a later one */
    evidence->edition = clerk_key_store_edition(by->keys, by->instance, by->now);
    evidence->has_id = clerk_verified_tokens_id(
        &evidence->id, by->verified, by->instance->key_id, evidence->token);
    if (!evidence->has_id
        || !clerk_verified_tokens_find(&found, &term, by->verified, &evidence->id, by->now,
                                       pool)
        || !is_vouched_for(&found, &term, evidence, by))
    {
        return 0;
    }
    evidence->jwt = found.jwt;
    evidence->claims = found.claims;
    evidence->type = found.auth->type;
    evidence->known = found.auth;
    return 1;
}

/** @param key_id  of the key that the signature was verified with */
static void remember(const clerk_evidence *evidence, const clerk_auth *auth,
                     const unsigned char *key_id, const clerk_verification *by,
                     apr_pool_t *pool)
{
    clerk_verified verified = { evidence->jwt, evidence->claims, auth, { 0 } };
    clerk_verified_term term = { auth->expires, evidence->edition };

    if (evidence->has_id) {
        memcpy(verified.key_id, key_id, CLERK_KEY_ID_LENGTH);
        clerk_verified_tokens_keep(by->verified, &evidence->id, &verified, &term, by->now,
                                   pool);
    }
}

clerk_status clerk_token_examine(clerk_evidence *evidence, clerk_slice token,
                                 const clerk_verification *by, apr_pool_t *pool,
                                 clerk_error *error)
{
    clerk_status status;

    evidence->token = token;
    evidence->known = NULL;
    evidence->has_id = 0;
    if (recall(evidence, by, pool)) {
        clerk_count(CLERK_COUNT_TOKEN_HIT);
        return CLERK_OK;
    }
    if (by->verified != NULL) {
        clerk_count(CLERK_COUNT_TOKEN_MISS);
    }
    status = clerk_jwt_decode(&evidence->jwt, token, pool, error);
    evidence->type =
        clerk_token_classify(token, status == CLERK_OK ? &evidence->jwt : NULL);
    if (status == CLERK_OK) {
        clerk_claims_read(&evidence->claims, evidence->jwt.payload);
    }
    return status;
}

/* ---------------------------------------------------------------- sessions */

clerk_status clerk_verify_session_jwt(const clerk_auth **auth,
                                      const clerk_evidence *evidence,
                                      const clerk_verification *by, apr_pool_t *pool,
                                      clerk_error *error)
{
    unsigned char key_id[CLERK_KEY_ID_LENGTH];
    clerk_status status = CLERK_OK;

    if (evidence->known == NULL) {
        status = check_header(&evidence->jwt, error);
    }
    if (evidence->known == NULL && status == CLERK_OK) {
        status = check_signature(key_id, &evidence->jwt, by, error);
    }
    if (status == CLERK_OK) {
        status = clerk_policy_check_session(by->policy, by->instance, &evidence->claims,
                                            by->now, error);
    }
    if (status != CLERK_OK) {
        return status;
    }
    *auth = evidence->known;
    if (*auth == NULL) {
        *auth = clerk_auth_from_session(&evidence->claims, pool);
        remember(evidence, *auth, key_id, by, pool);
    }
    return CLERK_OK;
}

clerk_status clerk_verify_session_token(const clerk_auth **auth, clerk_slice token,
                                        const clerk_verification *by, apr_pool_t *pool,
                                        clerk_error *error)
{
    clerk_evidence evidence;
    clerk_status status = clerk_token_examine(&evidence, token, by, pool, error);

    if (status == CLERK_OK) {
        status = clerk_token_check_session(token, &evidence.jwt, error);
    }
    return status == CLERK_OK
               ? clerk_verify_session_jwt(auth, &evidence, by, pool, error)
               : status;
}

/* ---------------------------------------------------------------- machines */

static clerk_status machine_failure(clerk_status status, clerk_error *error)
{
    const char *detail = error->detail;

    if (status == CLERK_E_UNEXPECTED) {
        return status;
    }
    return clerk_fail(error,
                      clerk_status_family(status) == CLERK_FAMILY_UNDECIDED
                          ? CLERK_E_MACHINE_KEY_UNAVAILABLE
                          : CLERK_E_TOKEN_VERIFICATION_FAILED,
                      detail);
}

static clerk_status check_machine_signature(unsigned char *key_id,
                                            const clerk_evidence *evidence,
                                            const clerk_verification *by,
                                            clerk_error *error)
{
    clerk_status status =
        clerk_machine_jwt_check_header(&evidence->jwt, evidence->type, error);

    if (status != CLERK_OK) {
        return status;
    }
    status = check_signature(key_id, &evidence->jwt, by, error);
    return status == CLERK_OK ? CLERK_OK : machine_failure(status, error);
}

clerk_status clerk_verify_machine_jwt(const clerk_auth **auth,
                                      const clerk_evidence *evidence,
                                      const clerk_verification *by, apr_pool_t *pool,
                                      clerk_error *error)
{
    unsigned char key_id[CLERK_KEY_ID_LENGTH];
    clerk_status status = CLERK_OK;

    if (evidence->known == NULL) {
        status = check_machine_signature(key_id, evidence, by, error);
    }
    if (status == CLERK_OK) {
        status = clerk_policy_check_machine(by->policy, evidence->type,
                                            &evidence->claims, by->now, error);
    }
    if (status != CLERK_OK) {
        return status;
    }
    *auth = evidence->known;
    if (*auth == NULL) {
        *auth = clerk_auth_from_machine_jwt(&evidence->claims, evidence->type, pool);
        remember(evidence, *auth, key_id, by, pool);
    }
    return CLERK_OK;
}

/* ---------------------------------------------------------------- handshakes */

clerk_status clerk_verify_handshake_token(const clerk_node **payload, clerk_slice token,
                                          const clerk_verification *by,
                                          apr_pool_t *pool, clerk_error *error)
{
    unsigned char key_id[CLERK_KEY_ID_LENGTH];
    clerk_jwt jwt;
    clerk_status status = clerk_jwt_decode(&jwt, token, pool, error);

    if (status == CLERK_OK) {
        status = check_header(&jwt, error);
    }
    if (status == CLERK_OK && clerk_jwt_is_non_session(&jwt)) {
        status = clerk_fail(error, CLERK_E_TOKEN_INVALID,
                            "the category of the token is not that of a handshake");
    }
    if (status == CLERK_OK) {
        status = check_signature(key_id, &jwt, by, error);
    }
    if (status == CLERK_OK) {
        *payload = jwt.payload;
    }
    return status;
}
