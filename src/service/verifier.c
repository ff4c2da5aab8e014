/* SPDX-License-Identifier: Apache-2.0 - from a request's facts to who is asking */
#include "verifier.h"

#include "cookie_flow.h"
#include "session_recovery.h"
#include "verdict_count.h"

static int accepts(const clerk_inquiry *inquiry, clerk_token_type type)
{
    return (inquiry->situation.policy->accepts & (unsigned)type) != 0;
}

/** Nothing can cure it. */
static clerk_status refuse(clerk_inquiry *inquiry, clerk_status status)
{
    const char *detail = inquiry->error.detail;

    clerk_decision_sign_out(&inquiry->verdict->decision, clerk_status_reason(status),
                            detail && status != CLERK_E_TOKEN_TYPE_MISMATCH ? detail : "");
    return status;
}

/* ---------------------------------------------------------------- a machine token */

static clerk_status verify_opaque(clerk_inquiry *inquiry, clerk_token_type type)
{
    const clerk_situation *situation = &inquiry->situation;
    clerk_machine_answer answer = { NULL, NULL };
    clerk_api_failure failure;
    clerk_status status;

    if (!clerk_token_is_opaque(inquiry->verdict->token)) {
        return clerk_fail(&inquiry->error, CLERK_E_TOKEN_INVALID,
                          "no opaque token looks like this");
    }
    status = clerk_token_cache_verify(&answer, inquiry->verifier->tokens,
                                      situation->instance, type, inquiry->verdict->token,
                                      inquiry->verification.now, &failure, inquiry->pool);
    if (status != CLERK_OK) {
        inquiry->verdict->retry_after = failure.retry_after;
        return clerk_fail(&inquiry->error, status, failure.error.detail);
    }
    if (type == CLERK_TOKEN_OAUTH) {
        status = clerk_policy_check_oauth_audience(situation->policy, answer.aud,
                                                   &inquiry->error);
    }
    if (status == CLERK_OK) {
        inquiry->verdict->auth = answer.auth;
    }
    return status;
}

/** What has the shape of a JWT is one or nothing; nobody else is asked about it. */
static clerk_status verify_machine(clerk_inquiry *inquiry, clerk_token_type type,
                                   const clerk_evidence *evidence)
{
    if (evidence == NULL) {
        return clerk_jwt_is_shaped(inquiry->verdict->token)
                   ? clerk_fail(&inquiry->error, CLERK_E_TOKEN_INVALID,
                                "a JWT that cannot be decoded")
                   : verify_opaque(inquiry, type);
    }
    /* one that is known was so when it became known */
    if (evidence->known == NULL && !clerk_jwt_is_shaped(inquiry->verdict->token)) {
        return clerk_fail(&inquiry->error, CLERK_E_TOKEN_INVALID,
                          "a machine's JWT is not padded");
    }
    return clerk_verify_machine_jwt(&inquiry->verdict->auth, evidence,
                                    &inquiry->verification, inquiry->pool,
                                    &inquiry->error);
}

/* ---------------------------------------------------------------- Authorization */

/** @param evidence  NULL where the token did not decode, which the error says */
static clerk_status identify_session(clerk_inquiry *inquiry,
                                     const clerk_evidence *evidence)
{
    clerk_verdict *verdict = inquiry->verdict;
    clerk_status status = CLERK_E_TOKEN_INVALID;

    if (evidence != NULL) {
        status = clerk_token_check_session(verdict->token, &evidence->jwt,
                                           &inquiry->error);
    }
    if (status == CLERK_OK) {
        status = clerk_verify_session_jwt(&verdict->auth, evidence, &inquiry->verification,
                                          inquiry->pool, &inquiry->error);
    }
    return status == CLERK_OK
               ? clerk_inquiry_admit(inquiry)
               : clerk_session_recover(inquiry, status, CLERK_CARRIER_HEADER);
}

static clerk_status identify_machine(clerk_inquiry *inquiry, clerk_token_type type,
                                     const clerk_evidence *evidence)
{
    clerk_status status = verify_machine(inquiry, type, evidence);

    if (status != CLERK_OK) {
        return refuse(inquiry, status);
    }
    clerk_decision_sign_in(&inquiry->verdict->decision);
    return CLERK_OK;
}

/**
 * Where sessions alone are accepted every token is tried as one, so an opaque machine token
 * is merely malformed; else the type decides first (authenticateRequest in
 * `@clerk/backend`).
 */
static clerk_status identify_header(clerk_inquiry *inquiry)
{
    clerk_slice token = inquiry->verdict->token;
    clerk_evidence examined;
    const clerk_evidence *evidence =
        clerk_token_examine(&examined, token, &inquiry->verification, inquiry->pool,
                            &inquiry->error)
                == CLERK_OK
            ? &examined
            : NULL;
    clerk_token_type type = examined.type;

    inquiry->verdict->type = type;
    if (inquiry->situation.policy->accepts == CLERK_TOKEN_SESSION) {
        return identify_session(inquiry, evidence);
    }
    if (!accepts(inquiry, type)) {
        return refuse(inquiry, clerk_fail(&inquiry->error, CLERK_E_TOKEN_TYPE_MISMATCH,
                                          "tokens of this type are not accepted here"));
    }
    return type == CLERK_TOKEN_SESSION ? identify_session(inquiry, evidence)
                                       : identify_machine(inquiry, type, evidence);
}

/**
 * No token, and cookies do not count. Without a token a request passes for one with a session
 * where the SDK is given a list, so there the type is what is wrong.
 */
static clerk_status miss_machine(clerk_inquiry *inquiry)
{
    unsigned accepted = inquiry->situation.policy->accepts;
    int is_single = accepted != 0 && (accepted & (accepted - 1)) == 0;
    clerk_status status =
        is_single ? CLERK_E_NO_TOKEN_IN_HEADER : CLERK_E_TOKEN_TYPE_MISMATCH;

    clerk_fail(&inquiry->error, status,
               "no token in Authorization, and cookies carry sessions only");
    clerk_decision_sign_out(&inquiry->verdict->decision, clerk_status_reason(status), "");
    return status;
}

static clerk_status identify(clerk_inquiry *inquiry)
{
    clerk_verdict *verdict = inquiry->verdict;
    clerk_status status =
        clerk_authorization_token(&verdict->token, inquiry->situation.facts->authorization,
                                  &inquiry->error);

    if (status != CLERK_OK) {
        verdict->carrier = CLERK_CARRIER_HEADER;
        return refuse(inquiry, status);
    }
    if (verdict->token.len > 0) {
        verdict->carrier = CLERK_CARRIER_HEADER;
        inquiry->situation.header_token = verdict->token;
        return identify_header(inquiry);
    }
    return accepts(inquiry, CLERK_TOKEN_SESSION) ? clerk_cookie_flow(inquiry)
                                                 : miss_machine(inquiry);
}

void clerk_verifier_identify(clerk_verdict *verdict, const clerk_verifier *verifier,
                             const clerk_instance *instance, const clerk_policy *policy,
                             const clerk_session_options *options,
                             const clerk_facts *facts, apr_time_t now, apr_pool_t *pool)
{
    static const clerk_session_options none;
    clerk_inquiry inquiry = {
        .verifier = verifier,
        .situation = { .facts = facts,
                       .instance = instance,
                       .policy = policy,
                       .options = options ? options : &none,
                       .pool = pool },
        .verification = { verifier->keys, verifier->verified, instance, policy, now },
        .verdict = verdict,
        .pool = pool,
    };

    memset(verdict, 0, sizeof(*verdict));
    clerk_decision_begin(&verdict->decision);
    verdict->token = clerk_slice_of(NULL);
    verdict->retry_after = -1;
    verdict->status = identify(&inquiry);
    if (verdict->status != CLERK_OK && verdict->carrier == CLERK_CARRIER_HEADER) {
        clerk_inquiry_read_browser(&inquiry); /* for a redirect to sign in */
    }
    verdict->browser = inquiry.situation.browser;
    verdict->detail = verdict->status != CLERK_OK ? inquiry.error.detail : NULL;
    clerk_verdict_count(verdict);
}
