/* SPDX-License-Identifier: Apache-2.0 - public keys from a JWK Set or from PEM */
#ifndef CLERK_JWK_H
#define CLERK_JWK_H

#include <openssl/evp.h>

#include "jwt.h"
#include "verify_context.h"

enum {
    CLERK_RSA_MIN_BITS = 2048,
    CLERK_RSA_MAX_BITS = 16384,
    CLERK_JWKS_MAX_KEYS = 512,
    CLERK_KEY_ID_LENGTH = 16
};

/** One RSA public key with the only algorithm that it may be used with. */
typedef struct clerk_key {
    const char *kid; /* "" for a PEM key */
    clerk_jwt_alg alg;
    EVP_PKEY *pkey; /* freed with the pool that the key was made in */
    unsigned char id[CLERK_KEY_ID_LENGTH]; /* of pkey and alg, whatever the kid */
    clerk_verify_contexts *contexts; /* for pkey and alg; without them nothing verifies */
} clerk_key;

typedef struct clerk_key_set {
    const clerk_key *keys;
    apr_size_t count;
} clerk_key_set;

/**
 * Read an RSA public key in PEM (SubjectPublicKeyInfo, RFC 5280, 4.1), with or without its
 * armour and with any line breaks, as Clerk's dashboard and environment files carry it.
 *
 * Its algorithm is RS256. A private key, another key type or fewer than
 * CLERK_RSA_MIN_BITS bits are refused.
 *
 * @return CLERK_OK or CLERK_E_JWK_LOCAL_MISSING with a detail for the administrator
 */
clerk_status clerk_key_from_pem(const clerk_key **key, clerk_slice text, apr_pool_t *pool,
                                clerk_error *error);

/**
 * Read a JWK Set (RFC 7517, 5).
 *
 * Keys that cannot serve are passed over (RFC 7517, 5): not `kty` RSA, no `kid`, a `use`
 * other than `sig`, `key_ops` without `verify`, an `alg` other than RS256, RS384 or RS512 (absent means RS256),
 * unusable `n` or `e`, fewer than CLERK_RSA_MIN_BITS or more than CLERK_RSA_MAX_BITS bits. Of two keys with one kid the
 * later one counts.
 *
 * @return CLERK_OK with at least one key, or CLERK_E_JWK_FAILED_TO_LOAD
 */
clerk_status clerk_key_set_parse(const clerk_key_set **set, clerk_slice json,
                                 apr_pool_t *pool, clerk_error *error);

/** NULL when the set has no key of exactly that id. */
const clerk_key *clerk_key_set_find(const clerk_key_set *set, clerk_slice kid);

#endif
