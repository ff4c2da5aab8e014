/* SPDX-License-Identifier: Apache-2.0 - what OpenSSL needs to verify with one key, made once and lent out */
#include "verify_context.h"

#include <openssl/rsa.h>

#include "lender.h"

typedef struct context {
    EVP_MD_CTX *digest;
    EVP_PKEY_CTX *verify;
} context;

struct clerk_verify_contexts {
    EVP_PKEY *pkey;
    EVP_MD *md;
    clerk_lender spare; /* context */
};

static void free_context(context *made)
{
    if (made != NULL) {
        EVP_MD_CTX_free(made->digest);
        EVP_PKEY_CTX_free(made->verify);
        OPENSSL_free(made);
    }
}

static context *make_context(const clerk_verify_contexts *contexts)
{
    context *made = OPENSSL_zalloc(sizeof(*made));

    if (made == NULL) {
        return NULL;
    }
    made->digest = EVP_MD_CTX_new();
    made->verify = EVP_PKEY_CTX_new_from_pkey(NULL, contexts->pkey, NULL);
    if (made->digest == NULL || made->verify == NULL
        || EVP_PKEY_verify_init(made->verify) != 1
        || EVP_PKEY_CTX_set_rsa_padding(made->verify, RSA_PKCS1_PADDING) != 1
        || EVP_PKEY_CTX_set_signature_md(made->verify, contexts->md) != 1)
    {
        free_context(made);
        return NULL;
    }
    return made;
}

static apr_status_t clear(void *baton)
{
    clerk_verify_contexts *contexts = baton;
    context *made;

    while ((made = clerk_lender_take(&contexts->spare)) != NULL) {
        free_context(made);
    }
    EVP_MD_free(contexts->md);
    EVP_PKEY_free(contexts->pkey);
    return APR_SUCCESS;
}

clerk_verify_contexts *clerk_verify_contexts_create(EVP_PKEY *pkey, const char *digest,
                                                    apr_pool_t *pool)
{
    clerk_verify_contexts *contexts = apr_pcalloc(pool, sizeof(*contexts));

    contexts->md = EVP_MD_fetch(NULL, digest, NULL);
    if (contexts->md == NULL || EVP_PKEY_up_ref(pkey) != 1) {
        EVP_MD_free(contexts->md);
        return NULL;
    }
    contexts->pkey = pkey;
    apr_pool_cleanup_register(pool, contexts, clear, apr_pool_cleanup_null);
    return contexts;
}

static int verify(const clerk_verify_contexts *contexts, const context *using,
                  clerk_slice signature, clerk_slice input)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_DigestInit_ex2(using->digest, contexts->md, NULL) != 1
        || EVP_DigestUpdate(using->digest, input.ptr, input.len) != 1
        || EVP_DigestFinal_ex(using->digest, digest, &len) != 1)
    {
        return -1;
    }
    return EVP_PKEY_verify(using->verify, (const unsigned char *)signature.ptr,
                           signature.len, digest, len);
}

int clerk_verify_contexts_verify(clerk_verify_contexts *contexts, clerk_slice signature,
                                 clerk_slice input)
{
    context *using = clerk_lender_take(&contexts->spare);
    int verdict;

    if (using == NULL) {
        using = make_context(contexts);
    }
    verdict = using ? verify(contexts, using, signature, input) : -1;
    /* a failure leaves it in whatever state */
    if (verdict < 0 || !clerk_lender_put(&contexts->spare, using)) {
        free_context(using);
    }
    return verdict;
}
