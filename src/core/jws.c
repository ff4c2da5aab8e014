/* SPDX-License-Identifier: Apache-2.0 - verify one signature with one key and one pinned algorithm */
#include "jws.h"

#include <openssl/err.h>

static const char *digest_of(clerk_jwt_alg alg)
{
    switch (alg) {
    case CLERK_ALG_RS256:
        return "SHA256";
    case CLERK_ALG_RS384:
        return "SHA384";
    case CLERK_ALG_RS512:
        return "SHA512";
    default:
        return NULL;
    }
}

clerk_verify_contexts *clerk_jws_contexts(clerk_jwt_alg alg, EVP_PKEY *pkey,
                                          apr_pool_t *pool)
{
    const char *digest = digest_of(alg);

    return digest ? clerk_verify_contexts_create(pkey, digest, pool) : NULL;
}

clerk_status clerk_jws_verify(const clerk_jwt *jwt, const clerk_key *key,
                              clerk_error *error)
{
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
    verdict = key->contexts ? clerk_verify_contexts_verify(
                  key->contexts, jwt->signature, jwt->signing_input)
                            : -1;
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
