/* SPDX-License-Identifier: Apache-2.0 - what tells texts apart within one process, faster than a digest */
#include "fingerprint.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "lender.h"

enum { KEY_LENGTH = 32 };

struct clerk_fingerprinter {
    EVP_MAC *mac;
    OSSL_PARAM params[2];
    unsigned char key[KEY_LENGTH];
    clerk_lender contexts; /* EVP_MAC_CTX */
};

static apr_status_t clear(void *baton)
{
    clerk_fingerprinter *fingerprinter = baton;
    EVP_MAC_CTX *context;

    while ((context = clerk_lender_take(&fingerprinter->contexts)) != NULL) {
        EVP_MAC_CTX_free(context);
    }
    EVP_MAC_free(fingerprinter->mac);
    OPENSSL_cleanse(fingerprinter->key, sizeof(fingerprinter->key));
    return APR_SUCCESS;
}

clerk_fingerprinter *clerk_fingerprinter_create(clerk_fingerprint_mac mac,
                                                apr_pool_t *pool)
{
    static char sha256[] = "SHA256";
    clerk_fingerprinter *made = apr_pcalloc(pool, sizeof(*made));

    made->params[0] = OSSL_PARAM_construct_end();
    if (mac == CLERK_FINGERPRINT_HMAC) {
        made->params[0] =
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0);
    }
    made->params[1] = OSSL_PARAM_construct_end();
    made->mac =
        EVP_MAC_fetch(NULL, mac == CLERK_FINGERPRINT_HMAC ? "HMAC" : "POLY1305", NULL);
    if (made->mac == NULL || RAND_priv_bytes(made->key, sizeof(made->key)) != 1) {
        EVP_MAC_free(made->mac);
        return NULL;
    }
    apr_pool_cleanup_register(pool, made, clear, apr_pool_cleanup_null);
    return made;
}

static int update(EVP_MAC_CTX *context, const clerk_slice *parts, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        if (EVP_MAC_update(context, (const unsigned char *)parts[i].ptr, parts[i].len) != 1) {
            return 0;
        }
    }
    return 1;
}

int clerk_fingerprint(unsigned char print[CLERK_FINGERPRINT_LENGTH],
                      clerk_fingerprinter *fingerprinter, const clerk_slice *parts,
                      int count)
{
    unsigned char whole[EVP_MAX_MD_SIZE];
    EVP_MAC_CTX *context = clerk_lender_take(&fingerprinter->contexts);
    size_t length = 0;
    int made;

    if (context == NULL) {
        context = EVP_MAC_CTX_new(fingerprinter->mac);
    }
    /* Poly1305 takes its key anew each time */
    made = context != NULL
           && EVP_MAC_init(context, fingerprinter->key, KEY_LENGTH, fingerprinter->params) == 1
           && update(context, parts, count)
           && EVP_MAC_final(context, whole, &length, sizeof(whole)) == 1
           && length >= CLERK_FINGERPRINT_LENGTH;
    if (made) {
        memcpy(print, whole, CLERK_FINGERPRINT_LENGTH);
    }
    if (context != NULL && !clerk_lender_put(&fingerprinter->contexts, context)) {
        EVP_MAC_CTX_free(context);
    }
    return made;
}
