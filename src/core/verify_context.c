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

struct clerk_verify_shelf {
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

static context *make_context(const clerk_verify_shelf *shelf)
{
    context *made = OPENSSL_zalloc(sizeof(*made));

    if (made == NULL) {
        return NULL;
    }
    made->digest = EVP_MD_CTX_new();
    made->verify = EVP_PKEY_CTX_new_from_pkey(NULL, shelf->pkey, NULL);
    if (made->digest == NULL || made->verify == NULL
        || EVP_PKEY_verify_init(made->verify) != 1
        || EVP_PKEY_CTX_set_rsa_padding(made->verify, RSA_PKCS1_PADDING) != 1
        || EVP_PKEY_CTX_set_signature_md(made->verify, shelf->md) != 1)
    {
        free_context(made);
        return NULL;
    }
    return made;
}

static apr_status_t clear(void *baton)
{
    clerk_verify_shelf *shelf = baton;
    int i;

    for (i = 0; i < PLACES; i++) {
        free_context(atomic_load(&shelf->spare[i]));
    }
    EVP_MD_free(shelf->md);
    EVP_PKEY_free(shelf->pkey);
    return APR_SUCCESS;
}

clerk_verify_shelf *clerk_verify_shelf_create(EVP_PKEY *pkey, const char *digest,
                                              apr_pool_t *pool)
{
    clerk_verify_shelf *shelf = apr_pcalloc(pool, sizeof(*shelf));

    shelf->md = EVP_MD_fetch(NULL, digest, NULL);
    if (shelf->md == NULL || EVP_PKEY_up_ref(pkey) != 1) {
        EVP_MD_free(shelf->md);
        return NULL;
    }
    shelf->pkey = pkey;
    apr_pool_cleanup_register(pool, shelf, clear, apr_pool_cleanup_null);
    return shelf;
}

static context *take(clerk_verify_shelf *shelf)
{
    int i;

    for (i = 0; i < PLACES; i++) {
        context *found = NULL;

        if (atomic_load_explicit(&shelf->spare[i], memory_order_relaxed) != NULL) {
            found = atomic_exchange_explicit(&shelf->spare[i], NULL, memory_order_acquire);
        }
        if (found != NULL) {
            return found;
        }
    }
    return make_context(shelf);
}

static void put_back(clerk_verify_shelf *shelf, context *used)
{
    int i;

    for (i = 0; i < PLACES; i++) {
        context *nothing = NULL;

        if (atomic_load_explicit(&shelf->spare[i], memory_order_relaxed) == NULL
            && atomic_compare_exchange_strong_explicit(&shelf->spare[i], &nothing, used,
                                                       memory_order_release,
                                                       memory_order_relaxed))
        {
            return;
        }
    }
    free_context(used);
}

static int verify(const clerk_verify_shelf *shelf, const context *using,
                  clerk_slice signature, clerk_slice input)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_DigestInit_ex2(using->digest, shelf->md, NULL) != 1
        || EVP_DigestUpdate(using->digest, input.ptr, input.len) != 1
        || EVP_DigestFinal_ex(using->digest, digest, &len) != 1)
    {
        return -1;
    }
    return EVP_PKEY_verify(using->verify, (const unsigned char *)signature.ptr,
                           signature.len, digest, len);
}

int clerk_verify_shelf_verify(clerk_verify_shelf *shelf, clerk_slice signature,
                              clerk_slice input)
{
    context *using = take(shelf);
    int verdict = using ? verify(shelf, using, signature, input) : -1;

    if (verdict < 0) {
        free_context(using); /* whatever state it is in */
    }
    else {
        put_back(shelf, using);
    }
    return verdict;
}
