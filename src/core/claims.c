/* SPDX-License-Identifier: Apache-2.0 - the registered claims, typed, before any is judged */
#include "claims.h"

/* Beyond it a number of JSON no longer stands for one integer (RFC 8259, 6). */
static const apr_int64_t LARGEST_TIME = APR_INT64_C(1) << 53;

const char *clerk_claim_text(const clerk_node *object, const char *name)
{
    const char *text = clerk_node_text(object, name);

    return text && *text != '\0' ? text : NULL;
}

static clerk_claim_time read_time(const clerk_node *payload, const char *name)
{
    clerk_claim_time time = { CLERK_CLAIM_ABSENT, 0 };
    const clerk_node *value = clerk_node_member(payload, name);

    if (!value) {
        return time;
    }
    time.form = CLERK_CLAIM_MALFORMED;
    if (value->type == CLERK_NODE_INTEGER) {
        apr_int64_t number = value->number.integer;

        if (number >= 0 && number <= LARGEST_TIME) {
            time.form = CLERK_CLAIM_VALID;
            time.seconds = number;
        }
    }
    else if (value->type == CLERK_NODE_REAL) {
        double number = value->number.real;

        if (number >= 0 && number <= (double)LARGEST_TIME) {
            time.form = CLERK_CLAIM_VALID;
            time.seconds = (apr_int64_t)number;
        }
    }
    return time;
}

void clerk_claims_read(clerk_claims *claims, const clerk_node *payload)
{
    claims->payload = payload;
    claims->sub = clerk_claim_text(payload, "sub");
    claims->sid = clerk_claim_text(payload, "sid");
    claims->iss = clerk_claim_text(payload, "iss");
    claims->azp = clerk_claim_text(payload, "azp");
    claims->aud = clerk_node_member(payload, "aud");
    claims->exp = read_time(payload, "exp");
    claims->nbf = read_time(payload, "nbf");
    claims->iat = read_time(payload, "iat");
}

apr_time_t clerk_claim_moment(clerk_claim_time time)
{
    return time.seconds > APR_INT64_MAX / APR_USEC_PER_SEC
               ? APR_INT64_MAX
               : apr_time_from_sec(time.seconds);
}

const char *clerk_claims_actor(const clerk_node *payload)
{
    const clerk_node *actor = clerk_node_member(payload, "act");
    const char *subject = clerk_node_text(actor, "sub");

    if (!actor || actor->type == CLERK_NODE_NULL) {
        return NULL;
    }
    return subject ? subject : "";
}
