/* SPDX-License-Identifier: Apache-2.0 - what all unit tests share: pools, guarded bytes, keys, signed tokens */
#ifndef CLERK_TEST_SUPPORT_H
#define CLERK_TEST_SUPPORT_H

/* cmocka.h wants these four before it, in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_pools.h>
#include <apr_time.h>
#include <openssl/evp.h>

#include "core/slice.h"

/*
 * A test program:
 *
 *     static void decodes(void **state)
 *     {
 *         apr_pool_t *pool = *state;
 *         …
 *     }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = { support_test(decodes), … };
 *         return support_run("base64url", tests);
 *     }
 *
 * A fixture that cannot do its work ends the program: it may be used from any thread.
 */

/** One test function; its state is a pool that lives as long as the test. */
#define support_test(function)                                                         \
    cmocka_unit_test_setup_teardown(function, support_pool_make, support_pool_drop)

/** Run an array of tests under a group name; the value is main's exit status. */
#define support_run(name, tests)                                                       \
    cmocka_run_group_tests_name(name, tests, support_group_begin, support_group_end)

/** Elements of an array. */
#define support_count(array) (sizeof(array) / sizeof((array)[0]))

int support_group_begin(void **state);
int support_group_end(void **state);
int support_pool_make(void **state);
int support_pool_drop(void **state);

/* ---------------------------------------------------------------- bytes */

/**
 * A heap block of exactly @a len bytes, freed with @a pool: a sanitizer sees the first
 * byte read beyond either edge. No NUL follows.
 */
clerk_slice support_bytes(const void *bytes, apr_size_t len, apr_pool_t *pool);

/** The same for the bytes of a C string, without its NUL. */
clerk_slice support_text(const char *text, apr_pool_t *pool);

/** The same for base64url without padding, as a C string. */
const char *support_base64url(const void *bytes, apr_size_t len, apr_pool_t *pool);

/** A file below the source's test directory ("vectors/x.json"), in a guarded block. */
clerk_slice support_read_file(const char *path, apr_pool_t *pool);

/* ---------------------------------------------------------------- keys */

#define SUPPORT_KID "ins_2aBcDeFgHiJk"

/** The 2048-bit RSA key that signs: one a program, made at first use. */
EVP_PKEY *support_signing_key(void);

/** Another one, for signatures by a stranger. */
EVP_PKEY *support_stranger_key(void);

/** A fresh RSA key, freed with @a pool. Slow beyond 2048 bits. */
EVP_PKEY *support_make_key(unsigned bits, unsigned long exponent, apr_pool_t *pool);

/** The public half in PEM (SubjectPublicKeyInfo), LF line ends. */
const char *support_pem(EVP_PKEY *pkey, apr_pool_t *pool);

/** The public half as a JWK with `use` `sig`; a NULL @a kid or @a alg is left out. */
const char *support_jwk(EVP_PKEY *pkey, const char *kid, const char *alg,
                        apr_pool_t *pool);

/** {"keys":[…]} around @a jwks, JSON texts joined by commas already. */
const char *support_jwk_set(const char *jwks, apr_pool_t *pool);

/** The set with the signing key alone, kid SUPPORT_KID, alg RS256. */
const char *support_jwks(apr_pool_t *pool);

/* ---------------------------------------------------------------- tokens */

/** The moment at which SUPPORT_PAYLOAD is good. */
#define SUPPORT_NOW_SECONDS 1700000000
#define SUPPORT_NOW apr_time_from_sec(SUPPORT_NOW_SECONDS)

/** A session token's header and payload, version 2, no organization. */
#define SUPPORT_HEADER                                                                 \
    "{\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD111AAA\",\"kid\":\"" SUPPORT_KID            \
    "\",\"typ\":\"JWT\"}"
#define SUPPORT_PAYLOAD                                                                  \
    "{\"azp\":\"https://www.example.com\",\"exp\":1700000050,\"fva\":[5,-1],"            \
    "\"iat\":1699999990,\"iss\":\"https://clerk.example.com\",\"jti\":\"0a1b2c3d4e\","   \
    "\"nbf\":1699999980,\"sid\":\"sess_2abc\",\"sts\":\"active\",\"sub\":\"user_2abc\"," \
    "\"v\":2}"

/**
 * A compact JWS of the two texts, whatever they say, signed by the signing key (RS256).
 *
 * @return owned by @a pool
 */
const char *support_sign_jwt(const char *header_json, const char *payload_json,
                             apr_pool_t *pool);

/** The same by @a pkey with @a digest: "SHA256", "SHA384", "SHA512", … */
const char *support_sign_jwt_with(EVP_PKEY *pkey, const char *digest,
                                  const char *header_json, const char *payload_json,
                                  apr_pool_t *pool);

/** PKCS#1 v1.5 signature of @a input. */
clerk_slice support_sign(EVP_PKEY *pkey, const char *digest, clerk_slice input,
                         apr_pool_t *pool);

/** The two texts encoded, each with a dot behind: an unsigned token (RFC 7518, 3.6). */
const char *support_unsigned_jwt(const char *header_json, const char *payload_json,
                                 apr_pool_t *pool);

#endif
