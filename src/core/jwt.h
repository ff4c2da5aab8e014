/* SPDX-License-Identifier: Apache-2.0 - cut and decode a compact JWS, judge nothing of its claims */
#ifndef CLERK_JWT_H
#define CLERK_JWT_H

#include "node.h"

/** Longer tokens are refused unread. Clerk's cookies stay below 4 KiB. */
enum { CLERK_TOKEN_MAX_LENGTH = 16 * 1024 };

typedef enum clerk_jwt_alg {
    CLERK_ALG_OTHER = 0, /* missing, `none`, HS*, PS*, ES*, EdDSA, anything else */
    CLERK_ALG_RS256,
    CLERK_ALG_RS384,
    CLERK_ALG_RS512
} clerk_jwt_alg;

typedef enum clerk_jwt_typ {
    CLERK_TYP_ABSENT = 0,
    CLERK_TYP_JWT,    /* exactly `JWT` */
    CLERK_TYP_AT_JWT, /* exactly `at+jwt` or `application/at+jwt` (RFC 9068, 2.1) */
    CLERK_TYP_OTHER   /* any other value, a non-string among them */
} clerk_jwt_typ;

/** Clerk's JOSE header member `cat`, by which it tells its tokens apart. */
typedef enum clerk_jwt_category {
    CLERK_CATEGORY_ABSENT = 0, /* older tokens */
    CLERK_CATEGORY_SESSION,    /* cl_B7d4PD111AAA */
    CLERK_CATEGORY_TEMPLATE,   /* cl_B7d4PD222AAA: made from a JWT template */
    CLERK_CATEGORY_M2M,        /* cl_B7d4PD333AAA */
    CLERK_CATEGORY_IGNORE,     /* cl_I7d4PD111III: says nothing */
    CLERK_CATEGORY_UNKNOWN     /* anything else, a non-string among them */
} clerk_jwt_category;

/** A decoded, unverified token. Slices point into the token or into the pool. */
typedef struct clerk_jwt {
    clerk_slice signing_input; /* first two segments as received (RFC 7515, 5.2) */
    clerk_slice signature;     /* decoded */
    clerk_slice kid; /* decoded, a NUL behind it; empty when absent or not a string */
    clerk_jwt_alg alg;
    clerk_jwt_typ typ;
    clerk_jwt_category category;
    const char *sub;           /* claim of the payload; NULL unless a string */
    const clerk_node *payload; /* an object; its text lives as long as the pool */
} clerk_jwt;

clerk_jwt_alg clerk_jwt_alg_of(const char *name);

/** Whether @a token is three non-empty runs of `[A-Za-z0-9_-]` joined by dots. */
int clerk_jwt_is_shaped(clerk_slice token);

/**
 * Cut a compact JWS (RFC 7515, 7.1), decode all three segments, read its header.
 *
 * A segment may carry `=` padding, as `@clerk/backend` allows. Refused besides what
 * cannot be decoded: more than CLERK_TOKEN_MAX_LENGTH bytes, header or payload that is
 * no object or has duplicate members, and `crit` (RFC 7515, 4.1.11: no extension is
 * understood). Header members that name keys (`jku`, `jwk`, `x5u`, `x5c`) are not read.
 *
 * @param jwt    filled only when the call succeeds
 * @param token  as received; must outlive @a jwt
 * @return CLERK_OK or CLERK_E_TOKEN_INVALID
 */
clerk_status clerk_jwt_decode(clerk_jwt *jwt, clerk_slice token, apr_pool_t *pool,
                              clerk_error *error);

/** Whether the category rules out a session token (it is neither session, ignore nor absent). */
int clerk_jwt_is_non_session(const clerk_jwt *jwt);

#endif
