/* SPDX-License-Identifier: Apache-2.0 - what all unit tests share: pools, guarded bytes, keys, signed tokens */
#include "support.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <apr_general.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>

#ifndef TEST_SRCDIR
#error "TEST_SRCDIR must be the path of the source's test directory"
#endif

static pthread_once_t keys_once = PTHREAD_ONCE_INIT;
static EVP_PKEY *signing_key;
static EVP_PKEY *stranger_key;

/* cmocka's assertions jump, which only the test's own thread may do. */
static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "test fixture failed: %s\n", what);
        abort();
    }
}

int support_group_begin(void **state)
{
    (void)state;
    must(apr_initialize() == APR_SUCCESS, "apr_initialize");
    return 0;
}

int support_group_end(void **state)
{
    (void)state;
    EVP_PKEY_free(signing_key);
    EVP_PKEY_free(stranger_key);
    signing_key = stranger_key = NULL;
    apr_terminate();
    return 0;
}

int support_pool_make(void **state)
{
    apr_pool_t *pool;

    must(apr_pool_create(&pool, NULL) == APR_SUCCESS, "apr_pool_create");
    *state = pool;
    return 0;
}

int support_pool_drop(void **state)
{
    apr_pool_destroy(*state);
    *state = NULL;
    return 0;
}

/* ---------------------------------------------------------------- bytes */

static apr_status_t free_block(void *block)
{
    free(block);
    return APR_SUCCESS;
}

clerk_slice support_bytes(const void *bytes, apr_size_t len, apr_pool_t *pool)
{
    char *block = malloc(len);
    clerk_slice slice = { block, len };

    must(block != NULL || len == 0, "malloc");
    apr_pool_cleanup_register(pool, block, free_block, apr_pool_cleanup_null);
    if (len > 0) {
        memcpy(block, bytes, len);
    }
    return slice;
}

clerk_slice support_text(const char *text, apr_pool_t *pool)
{
    return support_bytes(text, strlen(text), pool);
}

const char *support_base64url(const void *bytes, apr_size_t len, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, (len + 2) / 3 * 4 + 1);
    char *at;

    must(len <= INT_MAX / 2, "base64url length");
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
    for (at = text; *at != '\0' && *at != '='; at++) {
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    }
    *at = '\0';
    return text;
}

clerk_slice support_read_file(const char *path, apr_pool_t *pool)
{
    const char *full = apr_pstrcat(pool, TEST_SRCDIR "/", path, NULL);
    FILE *file = fopen(full, "rb");
    clerk_slice content;
    char *block;
    long size = -1;

    must(file != NULL, full);
    must(fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0, full);
    rewind(file);
    block = malloc((size_t)size);
    must(block != NULL || size == 0, "malloc");
    apr_pool_cleanup_register(pool, block, free_block, apr_pool_cleanup_null);
    must(fread(block, 1, (size_t)size, file) == (size_t)size, full);
    fclose(file);
    content.ptr = block;
    content.len = (apr_size_t)size;
    return content;
}

/* ---------------------------------------------------------------- keys */

static EVP_PKEY *generate_key(unsigned bits, unsigned long exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *pkey = NULL;

    must(ctx != NULL && e != NULL && BN_set_word(e, exponent), "key context");
    must(EVP_PKEY_keygen_init(ctx) == 1
             && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1
             && EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) == 1
             && EVP_PKEY_generate(ctx, &pkey) == 1,
         "key generation");
    BN_free(e);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static void make_keys(void)
{
    signing_key = generate_key(2048, 65537);
    stranger_key = generate_key(2048, 65537);
}

EVP_PKEY *support_signing_key(void)
{
    must(pthread_once(&keys_once, make_keys) == 0, "pthread_once");
    return signing_key;
}

EVP_PKEY *support_stranger_key(void)
{
    must(pthread_once(&keys_once, make_keys) == 0, "pthread_once");
    return stranger_key;
}

static apr_status_t free_key(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

EVP_PKEY *support_make_key(unsigned bits, unsigned long exponent, apr_pool_t *pool)
{
    EVP_PKEY *pkey = generate_key(bits, exponent);

    apr_pool_cleanup_register(pool, pkey, free_key, apr_pool_cleanup_null);
    return pkey;
}

const char *support_pem(EVP_PKEY *pkey, apr_pool_t *pool)
{
    BIO *memory = BIO_new(BIO_s_mem());
    const char *text;
    char *bytes;
    long len;

    must(memory != NULL && PEM_write_bio_PUBKEY(memory, pkey) == 1, "PEM");
    len = BIO_get_mem_data(memory, &bytes);
    must(len > 0, "PEM");
    text = apr_pstrmemdup(pool, bytes, (apr_size_t)len);
    BIO_free(memory);
    return text;
}

static const char *number_text(EVP_PKEY *pkey, const char *parameter, apr_pool_t *pool)
{
    BIGNUM *number = NULL;
    unsigned char *bytes;
    int len;

    must(EVP_PKEY_get_bn_param(pkey, parameter, &number) == 1, parameter);
    len = BN_num_bytes(number);
    bytes = apr_palloc(pool, (apr_size_t)len);
    must(BN_bn2bin(number, bytes) == len, parameter);
    BN_free(number);
    return support_base64url(bytes, (apr_size_t)len, pool);
}

const char *support_jwk(EVP_PKEY *pkey, const char *kid, const char *alg,
                        apr_pool_t *pool)
{
    return apr_psprintf(
        pool, "{\"use\":\"sig\",\"kty\":\"RSA\"%s%s%s%s%s%s,\"n\":\"%s\",\"e\":\"%s\"}",
        kid ? ",\"kid\":\"" : "", kid ? kid : "", kid ? "\"" : "",
        alg ? ",\"alg\":\"" : "", alg ? alg : "", alg ? "\"" : "",
        number_text(pkey, OSSL_PKEY_PARAM_RSA_N, pool),
        number_text(pkey, OSSL_PKEY_PARAM_RSA_E, pool));
}

const char *support_jwk_set(const char *jwks, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "{\"keys\":[", jwks, "]}", NULL);
}

const char *support_jwks(apr_pool_t *pool)
{
    return support_jwk_set(
        support_jwk(support_signing_key(), SUPPORT_KID, "RS256", pool), pool);
}

/* ---------------------------------------------------------------- tokens */

clerk_slice support_sign(EVP_PKEY *pkey, const char *digest, clerk_slice input,
                         apr_pool_t *pool)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = (size_t)EVP_PKEY_get_size(pkey);
    unsigned char *bytes = apr_palloc(pool, len);
    clerk_slice signature;

    must(ctx != NULL
             && EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, pkey, NULL) == 1
             && EVP_DigestSign(ctx, bytes, &len, (const unsigned char *)input.ptr,
                               input.len)
                    == 1,
         "signature");
    EVP_MD_CTX_free(ctx);
    signature.ptr = (const char *)bytes;
    signature.len = len;
    return signature;
}

const char *support_unsigned_jwt(const char *header_json, const char *payload_json,
                                 apr_pool_t *pool)
{
    return apr_pstrcat(pool, support_base64url(header_json, strlen(header_json), pool),
                       ".", support_base64url(payload_json, strlen(payload_json), pool),
                       ".", NULL);
}

const char *support_sign_jwt_with(EVP_PKEY *pkey, const char *digest,
                                  const char *header_json, const char *payload_json,
                                  apr_pool_t *pool)
{
    const char *token = support_unsigned_jwt(header_json, payload_json, pool);
    clerk_slice input = { token, strlen(token) - 1 };
    clerk_slice signature = support_sign(pkey, digest, input, pool);

    return apr_pstrcat(pool, token,
                       support_base64url(signature.ptr, signature.len, pool), NULL);
}

const char *support_sign_jwt(const char *header_json, const char *payload_json,
                             apr_pool_t *pool)
{
    return support_sign_jwt_with(support_signing_key(), "SHA256", header_json,
                                 payload_json, pool);
}
