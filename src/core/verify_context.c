/* SPDX-License-Identifier: Apache-2.0 - what OpenSSL needs to verify with one key, made once and lent out */
#include "verify_context.h"

#include <stdatomic.h>

#include <openssl/rsa.h>

/* Threads that verify with one key at the same moment; further ones make their own. */
enum { PLACES = 16 };

typedef struct context {
    EVP_MD_CTX *digest;
    EVP_PKEY_CTX *verify;
} context;

struct clerk_verify_contexts {
    EVP_PKEY *pkey;
    EVP_MD *md;
    _Atomic(context *) spare[PLACES];
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
    int i;

    for (i = 0; i < PLACES; i++) {
        free_context(atomic_load(&contexts->spare[i]));
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

static context *take(clerk_verify_contexts *contexts)
{
    int i;

    for (i = 0; i < PLACES; i++) {
        context *found = NULL;

        if (atomic_load_explicit(&contexts->spare[i], memory_order_relaxed) != NULL) {
            found = atomic_exchange_explicit(&contexts->spare[i], NULL,
                                             memory_order_acquire);
        }
        if (found != NULL) {
            return found;
        }
    }
    return make_context(contexts);
}

static void put_back(clerk_verify_contexts *contexts, context *used)
{
    int i;

    for (i = 0; i < PLACES; i++) {
        context *nothing = NULL;

        if (atomic_load_explicit(&contexts->spare[i], memory_order_relaxed) == NULL
            && atomic_compare_exchange_strong_explicit(&contexts->spare[i], &nothing,
                                                       used, memory_order_release,
                                                       memory_order_relaxed))
        {
            return;
        }
    }
    free_context(used);
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
    context *using = take(contexts);
    int verdict = using ? verify(contexts, using, signature, input) : -1;

    if (verdict < 0) {
        free_context(using); /* whatever state it is in */
    }
    else {
        put_back(contexts, using);
    }
    return verdict;
}
