/* SPDX-License-Identifier: Apache-2.0 - the registered claims, typed, before any is judged */
#ifndef CLERK_CLAIMS_H
#define CLERK_CLAIMS_H

#include <apr_time.h>

#include "node.h"

typedef enum clerk_claim_form {
    CLERK_CLAIM_ABSENT = 0,
    CLERK_CLAIM_VALID,
    CLERK_CLAIM_MALFORMED /* wrong type (null among them), or outside 0…2^53 */
} clerk_claim_form;

/** NumericDate (RFC 7519, 2) in whole seconds; a fraction is cut off. */
typedef struct clerk_claim_time {
    clerk_claim_form form;
    apr_int64_t seconds;
} clerk_claim_time;

typedef struct clerk_claims {
    const clerk_node *payload;
    const char *sub;    /* these four: NULL unless a non-empty string */
    const char *sid;
    const char *iss;
    const char *azp;
    const clerk_node *aud; /* as it is, or NULL */
    clerk_claim_time exp;
    clerk_claim_time nbf;
    clerk_claim_time iat;
} clerk_claims;

/** Member @a name of @a object where it is a string and not empty, else NULL. */
const char *clerk_claim_text(const clerk_node *object, const char *name);

/** The moment that a valid time claim stands for, APR_INT64_MAX where that is beyond reach. */
apr_time_t clerk_claim_moment(clerk_claim_time time);

/**
 * The actor (RFC 8693, 4.1) of @a payload: the subject of `act`; "" where it has none, since
 * an actor of a shape that is not understood still is one; NULL without `act`.
 */
const char *clerk_claims_actor(const clerk_node *payload);

/** Read (RFC 7519, 4.1) what @a payload, an object that outlives @a claims, carries. */
void clerk_claims_read(clerk_claims *claims, const clerk_node *payload);

#endif
