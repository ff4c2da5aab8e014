/* SPDX-License-Identifier: Apache-2.0 - verify one JWT: header, key, signature, claims */
#include "token_verification.h"

#include "../core/jws.h"
#include "../core/machine_jwt.h"

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

static clerk_status check_signature(const clerk_jwt *jwt, const clerk_verification *by,
                                    clerk_error *error)
{
    clerk_key_ref ref;
    clerk_status status =
        clerk_key_store_find(&ref, by->keys, by->instance, jwt->kid, by->now, error);

    if (status != CLERK_OK) {
        return status;
    }
    status = clerk_jws_verify(jwt, ref.key, error);
    clerk_key_release(&ref);
    return status;
}

/* ---------------------------------------------------------------- sessions */

clerk_status clerk_verify_session_jwt(const clerk_auth **auth, const clerk_jwt *jwt,
                                      const clerk_verification *by, apr_pool_t *pool,
                                      clerk_error *error)
{
    clerk_claims *claims = apr_palloc(pool, sizeof(*claims));
    clerk_status status = check_header(jwt, error);

    if (status == CLERK_OK) {
        status = check_signature(jwt, by, error);
    }
    if (status != CLERK_OK) {
        return status;
    }
    clerk_claims_read(claims, jwt->payload);
    status = clerk_policy_check_session(by->policy, by->instance, claims, by->now, error);
    if (status == CLERK_OK) {
        *auth = clerk_auth_from_session(claims, pool);
    }
    return status;
}

clerk_status clerk_verify_session_token(const clerk_auth **auth, clerk_slice token,
                                        const clerk_verification *by, apr_pool_t *pool,
                                        clerk_error *error)
{
    clerk_jwt jwt;
    clerk_status status = clerk_jwt_decode(&jwt, token, pool, error);

    if (status == CLERK_OK) {
        status = clerk_token_check_session(token, &jwt, error);
    }
    return status == CLERK_OK ? clerk_verify_session_jwt(auth, &jwt, by, pool, error)
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

clerk_status clerk_verify_machine_jwt(const clerk_auth **auth, const clerk_jwt *jwt,
                                      clerk_token_type type,
                                      const clerk_verification *by, apr_pool_t *pool,
                                      clerk_error *error)
{
    clerk_claims *claims = apr_palloc(pool, sizeof(*claims));
    clerk_status status = clerk_machine_jwt_check_header(jwt, type, error);

    if (status != CLERK_OK) {
        return status;
    }
    status = check_signature(jwt, by, error);
    if (status != CLERK_OK) {
        return machine_failure(status, error);
    }
    clerk_claims_read(claims, jwt->payload);
    status = clerk_policy_check_machine(by->policy, type, claims, by->now, error);
    if (status == CLERK_OK) {
        *auth = clerk_auth_from_machine_jwt(claims, type, pool);
    }
    return status;
}

/* ---------------------------------------------------------------- handshakes */

clerk_status clerk_verify_handshake_token(const clerk_node **payload, clerk_slice token,
                                          const clerk_verification *by,
                                          apr_pool_t *pool, clerk_error *error)
{
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
        status = check_signature(&jwt, by, error);
    }
    if (status == CLERK_OK) {
        *payload = jwt.payload;
    }
    return status;
}
