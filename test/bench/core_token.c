/* SPDX-License-Identifier: Apache-2.0 - a signed token as the core's benchmark verifies it */
#include "core_token.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#define KID "ins_2aBcDeFgHiJkLmNoPqRsTuVwXyZ"
#define ISSUER "https://clerk.example.com"

static void need(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench: %s\n", what);
        exit(2);
    }
}

static const char *base64url(const void *bytes, apr_size_t len, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 4 * ((len + 2) / 3) + 1);
    char *at;

    EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
    for (at = text; *at != '\0'; at++) {
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at;
    }
    return text;
}

static const char *number_of(const EVP_PKEY *pkey, const char *name, apr_pool_t *pool)
{
    BIGNUM *number = NULL;
    unsigned char bytes[1024];
    int len;

    need(EVP_PKEY_get_bn_param(pkey, name, &number) == 1, "a key without numbers");
    len = BN_bn2bin(number, bytes);
    BN_free(number);
    return base64url(bytes, (apr_size_t)len, pool);
}

static const char *jwk(const EVP_PKEY *pkey, const char *kid, apr_pool_t *pool)
{
    return apr_pstrcat(
        pool, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"", kid,
        "\",\"n\":\"", number_of(pkey, OSSL_PKEY_PARAM_RSA_N, pool), "\",\"e\":\"",
        number_of(pkey, OSSL_PKEY_PARAM_RSA_E, pool), "\"}", NULL);
}

const char *bench_jwk_set(const bench_site *site, int count, apr_pool_t *pool)
{
    const char *own = jwk(site->pkey, KID, pool);
    apr_array_header_t *keys = apr_array_make(pool, count, sizeof(char *));
    int i;

    for (i = 1; i < count; i++) {
        const char *kid = apr_psprintf(pool, "ins_other_%d", i);

        APR_ARRAY_PUSH(keys, const char *) = jwk(site->pkey, kid, pool);
    }
    APR_ARRAY_PUSH(keys, const char *) = own;
    return apr_pstrcat(pool, "{\"keys\":[", apr_array_pstrcat(pool, keys, ','), "]}",
                       NULL);
}

static apr_status_t drop_key(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

bench_site *bench_site_make(apr_pool_t *pool)
{
    static const char *const issuers[] = { ISSUER, NULL };
    bench_site *site = apr_pcalloc(pool, sizeof(*site));
    clerk_error error = { CLERK_OK, NULL };

    site->pkey = EVP_RSA_gen(2048);
    need(site->pkey != NULL, "no RSA key");
    apr_pool_cleanup_register(pool, site->pkey, drop_key, apr_pool_cleanup_null);
    site->instance.issuers = issuers;
    site->policy.accepts = CLERK_TOKEN_SESSION;
    site->policy.clock_skew = apr_time_from_sec(5);
    site->now = apr_time_from_sec(1700000010);
    need(clerk_key_set_parse(&site->keys, clerk_slice_of(bench_jwk_set(site, 1, pool)),
                             pool, &error)
             == CLERK_OK,
         "the key set cannot be read");
    return site;
}

static const char *sign(const bench_site *site, const char *text, apr_pool_t *pool)
{
    unsigned char signature[1024];
    size_t len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    need(ctx != NULL
             && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, site->pkey) == 1
             && EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text,
                               strlen(text))
                    == 1,
         "cannot sign");
    EVP_MD_CTX_free(ctx);
    return base64url(signature, len, pool);
}

clerk_slice bench_token(const bench_site *site, unsigned number, const char *more,
                        apr_pool_t *pool)
{
    static const char header[] =
        "{\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD111AAA\",\"kid\":\"" KID
        "\",\"typ\":\"JWT\"}";
    const char *payload = apr_psprintf(
        pool,
        "{\"azp\":\"https://app.example.com\",\"exp\":1700000060,\"fva\":[5,-1],"
        "\"iat\":1700000000,\"iss\":\"" ISSUER "\",\"nbf\":1699999990,"
        "\"o\":{\"id\":\"org_2aBcDeFgHiJkLmNoPqRsTuVwXyZ\",\"rol\":\"admin\","
        "\"slg\":\"example\"},\"sid\":\"sess_2aBcDeFgHiJkLmNoPq%09u\",\"sts\":\"active\","
        "\"sub\":\"user_2aBcDeFgHiJkLmNoPqR%08u\",\"v\":2%s}",
        number, number, more);
    const char *text =
        apr_pstrcat(pool, base64url(header, sizeof(header) - 1, pool), ".",
                    base64url(payload, strlen(payload), pool), NULL);

    return clerk_slice_of(apr_pstrcat(pool, text, ".", sign(site, text, pool), NULL));
}
