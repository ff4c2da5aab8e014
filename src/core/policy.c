/* SPDX-License-Identifier: Apache-2.0 - what a verified token must also satisfy */
#include "policy.h"

/* Empty values stand for nothing, neither in a list nor in a claim. */
static int list_has(const char *const *list, const char *value)
{
    for (; list && *list; list++) {
        if (*value != '\0' && strcmp(*list, value) == 0) {
            return 1;
        }
    }
    return 0;
}

static int list_says_something(const char *const *list)
{
    for (; list && *list; list++) {
        if (**list != '\0') {
            return 1;
        }
    }
    return 0;
}

static clerk_status check_identity(const clerk_claims *claims, clerk_error *error)
{
    if (!claims->sub) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED, "no subject");
    }
    if (!claims->sid) {
        /* an OpenID Connect ID token, say, which the same key signs */
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED, "no session id");
    }
    return CLERK_OK;
}

/* ---------------------------------------------------------------- audience */

typedef enum audience_form {
    AUDIENCE_EMPTY,
    AUDIENCE_SHARED,
    AUDIENCE_OTHER
} audience_form;

static audience_form audience_of_text(const clerk_node *text, const char *const *audiences)
{
    const char *value = clerk_node_string(text);

    if (value == NULL) {
        return AUDIENCE_OTHER;
    }
    return *value == '\0'               ? AUDIENCE_EMPTY
           : list_has(audiences, value) ? AUDIENCE_SHARED
                                        : AUDIENCE_OTHER;
}

/* One element that is no string spoils the array. */
static audience_form audience_of_array(const clerk_node *array,
                                       const char *const *audiences)
{
    audience_form form = AUDIENCE_EMPTY;
    const clerk_node *at;

    for (at = clerk_node_first(array); at; at = clerk_node_next(array, at)) {
        audience_form own = audience_of_text(at, audiences);

        if (at->type != CLERK_NODE_STRING) {
            return AUDIENCE_OTHER;
        }
        if (own == AUDIENCE_SHARED || form == AUDIENCE_EMPTY) {
            form = own;
        }
    }
    return form;
}

static clerk_status check_audience(const clerk_policy *policy, const clerk_node *aud,
                                   clerk_error *error)
{
    audience_form form;

    if (!aud || !list_says_something(policy->audiences)) {
        return CLERK_OK;
    }
    form = aud->type == CLERK_NODE_ARRAY ? audience_of_array(aud, policy->audiences)
                              : audience_of_text(aud, policy->audiences);
    if (form == AUDIENCE_OTHER) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "not meant for an audience of this server");
    }
    return CLERK_OK;
}

/* An empty string or array names nobody, and one such element spoils the array. */
clerk_status clerk_policy_check_oauth_audience(const clerk_policy *policy,
                                               const clerk_node *aud, clerk_error *error)
{
    const clerk_node *at = NULL;
    int shares = 0;

    if (!list_says_something(policy->audiences)) {
        return CLERK_OK;
    }
    if (clerk_node_is(aud, CLERK_NODE_STRING)) {
        shares = audience_of_text(aud, policy->audiences) == AUDIENCE_SHARED;
    }
    if (clerk_node_is(aud, CLERK_NODE_ARRAY)) {
        at = clerk_node_first(aud);
    }
    for (; at != NULL; at = clerk_node_next(aud, at)) {
        audience_form own = audience_of_text(at, policy->audiences);

        if (own == AUDIENCE_EMPTY || at->type != CLERK_NODE_STRING) {
            shares = 0;
            break;
        }
        shares |= own == AUDIENCE_SHARED;
    }
    if (!shares) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "not meant for an audience of this server");
    }
    return CLERK_OK;
}

/* ---------------------------------------------------------------- parties */

static clerk_status check_authorized_party(const clerk_policy *policy, const char *azp,
                                           clerk_error *error)
{
    if (!policy->authorized_parties || !policy->authorized_parties[0]) {
        return CLERK_OK;
    }
    if (!azp || !list_has(policy->authorized_parties, azp)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES,
                          "made for no authorized party");
    }
    return CLERK_OK;
}

static clerk_status check_issuer(const clerk_policy *policy,
                                 const clerk_instance *instance, const char *iss,
                                 clerk_error *error)
{
    const char *const *issuers =
        list_says_something(policy->issuers) ? policy->issuers : instance->issuers;

    if (policy->any_issuer || !list_says_something(issuers)) {
        return CLERK_OK;
    }
    if (!iss || !list_has(issuers, iss)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID_ISSUER,
                          "not issued by an accepted issuer");
    }
    return CLERK_OK;
}

/* ---------------------------------------------------------------- times */

/*
 * Claims count whole seconds, so a moment is compared by the second it lies in; seconds
 * of a claim in microseconds could overflow.
 */
static apr_int64_t second_of(apr_time_t moment)
{
    apr_int64_t second = moment / APR_USEC_PER_SEC;

    return moment % APR_USEC_PER_SEC < 0 ? second - 1 : second;
}

static apr_int64_t latest_second(apr_time_t now, apr_interval_time_t skew)
{
    return second_of(now > APR_INT64_MAX - skew ? APR_INT64_MAX : now + skew);
}

static clerk_status check_expiry(clerk_claim_time exp, apr_int64_t earliest,
                                 clerk_error *error)
{
    if (exp.form != CLERK_CLAIM_VALID) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "exp is no time between 0 and 2^53");
    }
    if (exp.seconds <= earliest) {
        return clerk_fail(error, CLERK_E_TOKEN_EXPIRED, "expired");
    }
    return CLERK_OK;
}

static clerk_status check_not_before(clerk_claim_time nbf, apr_int64_t latest,
                                     clerk_error *error)
{
    if (nbf.form == CLERK_CLAIM_MALFORMED) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "nbf is no time between 0 and 2^53");
    }
    if (nbf.form == CLERK_CLAIM_VALID && nbf.seconds > latest) {
        return clerk_fail(error, CLERK_E_TOKEN_NOT_ACTIVE_YET, "not active yet");
    }
    return CLERK_OK;
}

static clerk_status check_issued_at(clerk_claim_time iat, apr_int64_t latest,
                                    clerk_error *error)
{
    if (iat.form == CLERK_CLAIM_MALFORMED) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "iat is no time between 0 and 2^53");
    }
    if (iat.form == CLERK_CLAIM_VALID && iat.seconds > latest) {
        return clerk_fail(error, CLERK_E_TOKEN_IAT_IN_THE_FUTURE,
                          "issued in the future");
    }
    return CLERK_OK;
}

clerk_status clerk_policy_check_session(const clerk_policy *policy,
                                        const clerk_instance *instance,
                                        const clerk_claims *claims, apr_time_t now,
                                        clerk_error *error)
{
    apr_int64_t earliest = second_of(now - policy->clock_skew);
    apr_int64_t latest = latest_second(now, policy->clock_skew);
    clerk_status status;

    if ((status = check_identity(claims, error)) != CLERK_OK
        || (status = check_audience(policy, claims->aud, error)) != CLERK_OK
        || (status = check_authorized_party(policy, claims->azp, error)) != CLERK_OK
        || (status = check_issuer(policy, instance, claims->iss, error)) != CLERK_OK
        || (status = check_expiry(claims->exp, earliest, error)) != CLERK_OK
        || (status = check_not_before(claims->nbf, latest, error)) != CLERK_OK)
    {
        return status;
    }
    return check_issued_at(claims->iat, latest, error);
}

static clerk_status check_machine(const clerk_policy *policy, clerk_token_type type,
                                  const clerk_claims *claims, apr_time_t now,
                                  clerk_error *error)
{
    apr_int64_t earliest = second_of(now - policy->clock_skew);
    apr_int64_t latest = latest_second(now, policy->clock_skew);
    clerk_status status;

    if (!claims->sub) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED, "no subject");
    }
    status = type == CLERK_TOKEN_OAUTH
                 ? clerk_policy_check_oauth_audience(policy, claims->aud, error)
                 : check_audience(policy, claims->aud, error);
    if (status != CLERK_OK
        || (status = check_expiry(claims->exp, earliest, error)) != CLERK_OK
        || (status = check_not_before(claims->nbf, latest, error)) != CLERK_OK)
    {
        return status;
    }
    return check_issued_at(claims->iat, latest, error);
}

clerk_status clerk_policy_check_machine(const clerk_policy *policy, clerk_token_type type,
                                        const clerk_claims *claims, apr_time_t now,
                                        clerk_error *error)
{
    clerk_error cause = { CLERK_OK, NULL };

    if (check_machine(policy, type, claims, now, &cause) == CLERK_OK) {
        return CLERK_OK;
    }
    /* verifyM2MJwt and verifyOAuthJwt have one code for all of them */
    return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED, cause.detail);
}
