/* SPDX-License-Identifier: Apache-2.0 - the registered claims, typed, before any is judged */
#include "claims.h"

/* Beyond it a number of JSON no longer stands for one integer (RFC 8259, 6). */
static const apr_int64_t LARGEST_TIME = APR_INT64_C(1) << 53;

const char *clerk_claim_text(const json_t *object, const char *name)
{
    const char *text = clerk_json_string(object, name);

    return text && *text != '\0' ? text : NULL;
}

static clerk_claim_time read_time(const json_t *payload, const char *name)
{
    clerk_claim_time time = { CLERK_CLAIM_ABSENT, 0 };
    const json_t *value = json_object_get(payload, name);

    if (!value) {
        return time;
    }
    time.form = CLERK_CLAIM_MALFORMED;
    if (json_is_integer(value)) {
        json_int_t number = json_integer_value(value);

        if (number >= 0 && number <= LARGEST_TIME) {
            time.form = CLERK_CLAIM_VALID;
            time.seconds = number;
        }
    }
    else if (json_is_real(value)) {
        double number = json_real_value(value);

        if (number >= 0 && number <= (double)LARGEST_TIME) {
            time.form = CLERK_CLAIM_VALID;
            time.seconds = (apr_int64_t)number;
        }
    }
    return time;
}

void clerk_claims_read(clerk_claims *claims, const json_t *payload)
{
    claims->json = payload;
    claims->sub = clerk_claim_text(payload, "sub");
    claims->sid = clerk_claim_text(payload, "sid");
    claims->iss = clerk_claim_text(payload, "iss");
    claims->azp = clerk_claim_text(payload, "azp");
    claims->aud = json_object_get(payload, "aud");
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

const char *clerk_claims_actor(const json_t *payload)
{
    const json_t *actor = json_object_get(payload, "act");
    const char *subject = clerk_json_string(actor, "sub");

    if (!actor || json_is_null(actor)) {
        return NULL;
    }
    return subject ? subject : "";
}
