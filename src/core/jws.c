/* SPDX-License-Identifier: Apache-2.0 - verify one signature with one key and one pinned algorithm */
#include "jws.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

static const EVP_MD *digest_of(clerk_jwt_alg alg)
{
    switch (alg) {
    case CLERK_ALG_RS256:
        return EVP_sha256();
    case CLERK_ALG_RS384:
        return EVP_sha384();
    case CLERK_ALG_RS512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

/* 1 good, 0 bad, negative: OpenSSL could not tell. */
static int verify(EVP_MD_CTX *ctx, const clerk_jwt *jwt, const clerk_key *key)
{
    EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */

    if (EVP_DigestVerifyInit(ctx, &key_ctx, digest_of(jwt->alg), NULL, key->pkey) != 1
        || EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PADDING) != 1)
    {
        return -1;
    }
    return EVP_DigestVerify(
        ctx, (const unsigned char *)jwt->signature.ptr, jwt->signature.len,
        (const unsigned char *)jwt->signing_input.ptr, jwt->signing_input.len);
}

clerk_status clerk_jws_verify(const clerk_jwt *jwt, const clerk_key *key,
                              clerk_error *error)
{
    EVP_MD_CTX *ctx;
    int verdict;

    if (digest_of(jwt->alg) == NULL) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID_ALGORITHM,
                          "algorithm is none of RS256, RS384, RS512");
    }
    if (jwt->alg != key->alg) {
        return clerk_fail(error, CLERK_E_TOKEN_VERIFICATION_FAILED,
                          "algorithm is not the key's");
    }
    /* RFC 8017, 8.2.2, step 1. Past it, a negative verdict is no doing of the token's. */
    if (jwt->signature.len != (apr_size_t)EVP_PKEY_get_size(key->pkey)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID_SIGNATURE,
                          "signature has another length than the key");
    }

    /* The queue is the thread's, and others leave errors there that they still want. */
    ERR_set_mark();
    ctx = EVP_MD_CTX_new();
    verdict = ctx ? verify(ctx, jwt, key) : -1;
    EVP_MD_CTX_free(ctx);
    ERR_pop_to_mark();

    if (verdict < 0) {
        return clerk_fail(error, CLERK_E_UNEXPECTED, "OpenSSL could not verify");
    }
    if (verdict != 1) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID_SIGNATURE,
                          "signature does not match");
    }
    return CLERK_OK;
}
