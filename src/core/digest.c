/* SPDX-License-Identifier: Apache-2.0 - SHA-256 with what OpenSSL needs for it made once */
#include "digest.h"

#include <openssl/evp.h>

#include "lender.h"

struct clerk_digester {
    EVP_MD *md;
    clerk_lender contexts; /* EVP_MD_CTX */
};

static apr_status_t clear(void *baton)
{
    clerk_digester *digester = baton;
    EVP_MD_CTX *context;

    while ((context = clerk_lender_take(&digester->contexts)) != NULL) {
        EVP_MD_CTX_free(context);
    }
    EVP_MD_free(digester->md);
    return APR_SUCCESS;
}

clerk_digester *clerk_digester_create(apr_pool_t *pool)
{
    clerk_digester *digester = apr_pcalloc(pool, sizeof(*digester));

    digester->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (digester->md == NULL) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, digester, clear, apr_pool_cleanup_null);
    return digester;
}

static int update(EVP_MD_CTX *context, const clerk_slice *parts, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        if (EVP_DigestUpdate(context, parts[i].ptr, parts[i].len) != 1) {
            return 0;
        }
    }
    return 1;
}

int clerk_digest(unsigned char digest[CLERK_DIGEST_LENGTH], clerk_digester *digester,
                 const clerk_slice *parts, int count)
{
    EVP_MD_CTX *context = clerk_lender_take(&digester->contexts);
    int made;

    if (context == NULL) {
        context = EVP_MD_CTX_new();
    }
    made = context != NULL && EVP_DigestInit_ex2(context, digester->md, NULL) == 1
           && update(context, parts, count)
           && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    if (context != NULL && !clerk_lender_put(&digester->contexts, context)) {
        EVP_MD_CTX_free(context);
    }
    return made;
}
