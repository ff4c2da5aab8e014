/* SPDX-License-Identifier: Apache-2.0 - from a request's facts to who is asking */
#include "verifier.h"

#include "../core/credential.h"
#include "../core/jws.h"
#include "../core/machine_jwt.h"

/** One call's parameters, so that they need not be handed down one by one. */
typedef struct inquiry {
    const clerk_verifier *verifier;
    const clerk_instance *instance;
    const clerk_policy *policy;
    const clerk_session_options *options;
    const clerk_facts *facts;
    apr_time_t now;
    apr_pool_t *pool;
    clerk_verdict *verdict;
    clerk_error error;
} inquiry;

static int accepts(const inquiry *self, clerk_token_type type)
{
    return (self->policy->accepts & (unsigned)type) != 0;
}

/* ---------------------------------------------------------------- a session token */

/** Before any key is looked up, so that a forged header costs no fetch. */
static clerk_status check_session_header(const clerk_jwt *jwt, clerk_error *error)
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

static clerk_status check_signature(inquiry *self, const clerk_jwt *jwt)
{
    clerk_key_ref ref;
    clerk_status status = clerk_key_store_find(
        &ref, self->verifier->keys, self->instance, jwt->kid, self->now, &self->error);

    if (status != CLERK_OK) {
        return status;
    }
    status = clerk_jws_verify(jwt, ref.key, &self->error);
    clerk_key_release(&ref);
    return status;
}

static clerk_status admit_session(inquiry *self, const clerk_claims *claims)
{
    const clerk_auth *auth = clerk_auth_from_session(claims, self->pool);

    self->verdict->auth = auth;
    if (clerk_auth_is_pending(auth) && !self->policy->admits_pending) {
        return clerk_fail(&self->error, CLERK_E_SESSION_PENDING,
                          "the session has a task to do");
    }
    return CLERK_OK;
}

/** The order of verifyToken in `@clerk/backend`, with the header judged before the key. */
static clerk_status verify_session(inquiry *self, const clerk_jwt *jwt)
{
    clerk_claims *claims = apr_palloc(self->pool, sizeof(*claims));
    clerk_status status = check_session_header(jwt, &self->error);

    if (status == CLERK_OK) {
        status = check_signature(self, jwt);
    }
    if (status != CLERK_OK) {
        return status;
    }
    clerk_claims_read(claims, jwt->payload);
    status = clerk_policy_check_session(self->policy, self->instance, claims, self->now,
                                        &self->error);
    if (status != CLERK_OK) {
        return clerk_session_outcome(status);
    }
    return admit_session(self, claims);
}

/** A machine token, or one that Clerk made for another purpose, is nobody's session. */
static clerk_status check_session_type(inquiry *self, const clerk_jwt *jwt)
{
    if (clerk_token_classify(self->verdict->token, jwt) != CLERK_TOKEN_SESSION) {
        return clerk_fail(&self->error, CLERK_E_TOKEN_TYPE_MISMATCH,
                          "a machine token where a session token belongs");
    }
    if (clerk_jwt_is_non_session(jwt)) {
        return clerk_fail(&self->error, CLERK_E_TOKEN_TYPE_MISMATCH,
                          "the token's category is not that of a session");
    }
    return CLERK_OK;
}

/* ---------------------------------------------------------------- a machine token */

/** The SDK has one code for all that can go wrong with the key or the signature. */
static clerk_status machine_failure(inquiry *self, clerk_status status)
{
    const char *detail = self->error.detail;

    if (status == CLERK_E_UNEXPECTED) {
        return status;
    }
    return clerk_fail(&self->error,
                      clerk_status_family(status) == CLERK_FAMILY_UNDECIDED
                          ? CLERK_E_MACHINE_KEY_UNAVAILABLE
                          : CLERK_E_TOKEN_VERIFICATION_FAILED,
                      detail);
}

static clerk_status verify_machine_jwt(inquiry *self, clerk_token_type type,
                                       const clerk_jwt *jwt)
{
    clerk_claims *claims = apr_palloc(self->pool, sizeof(*claims));
    clerk_status status = clerk_machine_jwt_check_header(jwt, type, &self->error);

    if (status != CLERK_OK) {
        return status;
    }
    status = check_signature(self, jwt);
    if (status != CLERK_OK) {
        return machine_failure(self, status);
    }
    clerk_claims_read(claims, jwt->payload);
    status =
        clerk_policy_check_machine(self->policy, type, claims, self->now, &self->error);
    if (status == CLERK_OK) {
        self->verdict->auth = clerk_auth_from_machine_jwt(claims, type, self->pool);
    }
    return status;
}

static clerk_status verify_opaque(inquiry *self, clerk_token_type type)
{
    clerk_machine_answer answer = { NULL, NULL };
    clerk_api_failure failure;
    clerk_status status;

    if (!clerk_token_is_opaque(self->verdict->token)) {
        return clerk_fail(&self->error, CLERK_E_TOKEN_INVALID,
                          "no opaque token looks like this");
    }
    status = clerk_token_cache_verify(&answer, self->verifier->tokens, self->instance,
                                      type, self->verdict->token, &failure, self->pool);
    if (status != CLERK_OK) {
        self->verdict->retry_after = failure.retry_after;
        return clerk_fail(&self->error, status, failure.error.detail);
    }
    if (type == CLERK_TOKEN_OAUTH) {
        status =
            clerk_policy_check_oauth_audience(self->policy, answer.aud, &self->error);
    }
    if (status == CLERK_OK) {
        self->verdict->auth = answer.auth;
    }
    return status;
}

/** What has the shape of a JWT is one or nothing; nobody else is asked about it. */
static clerk_status verify_machine(inquiry *self, clerk_token_type type,
                                   const clerk_jwt *jwt)
{
    if (!clerk_jwt_is_shaped(self->verdict->token)) {
        return jwt == NULL ? verify_opaque(self, type)
                           : clerk_fail(&self->error, CLERK_E_TOKEN_INVALID,
                                        "a machine's JWT is not padded");
    }
    return jwt != NULL ? verify_machine_jwt(self, type, jwt)
                       : clerk_fail(&self->error, CLERK_E_TOKEN_INVALID,
                                    "a JWT that cannot be decoded");
}

/* ---------------------------------------------------------------- where it was carried */

/** @param jwt  NULL where the token did not decode */
static clerk_status verify_as(inquiry *self, clerk_token_type type,
                              const clerk_jwt *jwt)
{
    clerk_status status;

    switch (type) {
    case CLERK_TOKEN_SESSION:
        if (jwt == NULL) {
            return CLERK_E_TOKEN_INVALID;
        }
        status = check_session_type(self, jwt);
        return status == CLERK_OK ? verify_session(self, jwt) : status;
    default:
        return verify_machine(self, type, jwt);
    }
}

/**
 * Where sessions alone are accepted every token is tried as one, so an opaque machine token
 * is merely malformed; else the type decides first (authenticateRequest in
 * `@clerk/backend`).
 */
static clerk_status verify_header(inquiry *self)
{
    clerk_slice token = self->verdict->token;
    clerk_jwt jwt;
    int decoded = clerk_jwt_decode(&jwt, token, self->pool, &self->error) == CLERK_OK;
    clerk_token_type type = clerk_token_classify(token, decoded ? &jwt : NULL);

    self->verdict->type = type;
    if (self->policy->accepts == CLERK_TOKEN_SESSION) {
        return verify_as(self, CLERK_TOKEN_SESSION, decoded ? &jwt : NULL);
    }
    if (!accepts(self, type)) {
        return clerk_fail(&self->error, CLERK_E_TOKEN_TYPE_MISMATCH,
                          "tokens of this type are not accepted here");
    }
    return verify_as(self, type, decoded ? &jwt : NULL);
}

static void read_browser(inquiry *self)
{
    clerk_browser_state_read(&self->verdict->browser, self->facts->cookie,
                             clerk_slice_of(NULL), self->instance, self->now, self->pool);
}

static clerk_status verify_cookies(inquiry *self)
{
    clerk_verdict *verdict = self->verdict;
    clerk_claims unverified;
    clerk_status status;
    clerk_jwt jwt;

    read_browser(self);
    verdict->token = clerk_slice_of(verdict->browser.session);
    verdict->carrier =
        verdict->token.len > 0 ? CLERK_CARRIER_COOKIE : CLERK_CARRIER_NONE;
    verdict->type = verdict->token.len > 0 ? CLERK_TOKEN_SESSION : CLERK_TOKEN_NONE;
    status = clerk_session_check_cookies(&verdict->browser, self->instance);
    if (status == CLERK_OK) {
        status = clerk_jwt_decode(&jwt, verdict->token, self->pool, &self->error);
    }
    if (status == CLERK_OK) {
        status = check_session_type(self, &jwt);
    }
    if (status != CLERK_OK) {
        return status;
    }
    clerk_claims_read(&unverified, jwt.payload);
    status = clerk_session_check_age(&verdict->browser, &unverified);
    return status == CLERK_OK ? verify_session(self, &jwt) : status;
}

/**
 * No token, and cookies do not count. Without a token a request passes for one with a session
 * where the SDK is given a list, so there the type is what is wrong.
 */
static clerk_status miss_machine(inquiry *self)
{
    unsigned accepted = self->policy->accepts;
    int is_single = accepted != 0 && (accepted & (accepted - 1)) == 0;

    return clerk_fail(&self->error,
                      is_single ? CLERK_E_NO_TOKEN_IN_HEADER
                                : CLERK_E_TOKEN_TYPE_MISMATCH,
                      "no token in Authorization, and cookies carry sessions only");
}

static clerk_status identify(inquiry *self)
{
    clerk_verdict *verdict = self->verdict;
    clerk_status status = clerk_authorization_token(
        &verdict->token, self->facts->authorization, &self->error);

    if (status != CLERK_OK) {
        verdict->carrier = CLERK_CARRIER_HEADER;
        return status;
    }
    if (verdict->token.len > 0) {
        verdict->carrier = CLERK_CARRIER_HEADER;
        return verify_header(self);
    }
    return accepts(self, CLERK_TOKEN_SESSION) ? verify_cookies(self)
                                              : miss_machine(self);
}

static const char *reason_of(const inquiry *self, clerk_status status)
{
    const char *method = self->facts->method;

    if (status == CLERK_E_SESSION_TOKEN_EXPIRED) {
        return clerk_expired_reason(clerk_slice_of(method && strcmp(method, "GET") == 0
                                                       ? "non-eligible-no-refresh-cookie"
                                                       : "non-eligible-non-get"),
                                    self->pool);
    }
    return clerk_status_reason(status);
}

void clerk_verifier_identify(clerk_verdict *verdict, const clerk_verifier *verifier,
                             const clerk_instance *instance, const clerk_policy *policy,
                             const clerk_session_options *options,
                             const clerk_facts *facts, apr_time_t now, apr_pool_t *pool)
{
    static const clerk_session_options none;
    inquiry self = { verifier, instance, policy,  options ? options : &none, facts,
                     now,      pool,     verdict, { CLERK_OK, NULL } };

    memset(verdict, 0, sizeof(*verdict));
    clerk_decision_begin(&verdict->decision);
    verdict->token = clerk_slice_of(NULL);
    verdict->retry_after = -1;
    verdict->status = identify(&self);
    if (verdict->status != CLERK_OK && verdict->carrier == CLERK_CARRIER_HEADER) {
        read_browser(&self); /* for a redirect; a header that is good needs no cookie */
    }
    if (verdict->status == CLERK_OK) {
        clerk_decision_sign_in(&verdict->decision);
    }
    else {
        clerk_decision_sign_out(&verdict->decision, reason_of(&self, verdict->status), "");
    }
    verdict->detail = verdict->status != CLERK_OK ? self.error.detail : NULL;
}
