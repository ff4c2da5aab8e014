/* SPDX-License-Identifier: Apache-2.0 - what tells texts apart within one process, faster than a digest */
#include "fingerprint.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "digest.h"
#include "lender.h"

enum { KEY_LENGTH = 32, MOST_PARTS = 4 };

struct clerk_fingerprinter {
    unsigned char key[KEY_LENGTH];
    clerk_digester *digester;
    EVP_MAC *poly1305;     /* NULL: not used */
    clerk_lender contexts; /* EVP_MAC_CTX */
};

static apr_status_t clear(void *baton)
{
    clerk_fingerprinter *fingerprinter = baton;
    EVP_MAC_CTX *context;

    while ((context = clerk_lender_take(&fingerprinter->contexts)) != NULL) {
        EVP_MAC_CTX_free(context);
    }
    EVP_MAC_free(fingerprinter->poly1305);
    OPENSSL_cleanse(fingerprinter->key, sizeof(fingerprinter->key));
    return APR_SUCCESS;
}

clerk_fingerprinter *clerk_fingerprinter_create(clerk_fingerprint_kind kind,
                                                apr_pool_t *pool)
{
    clerk_fingerprinter *made = apr_pcalloc(pool, sizeof(*made));

    apr_pool_cleanup_register(pool, made, clear, apr_pool_cleanup_null);
    made->digester = clerk_digester_create(pool);
    if (made->digester == NULL || RAND_priv_bytes(made->key, sizeof(made->key)) != 1) {
        return NULL;
    }
    if (kind == CLERK_FINGERPRINT_POLY1305) {
        made->poly1305 = EVP_MAC_fetch(NULL, "POLY1305", NULL);
        return made->poly1305 ? made : NULL;
    }
    return made;
}

/* ---------------------------------------------------------------- short texts */

static int by_sha256(unsigned char *print, clerk_fingerprinter *fingerprinter,
                     const clerk_slice *parts, int count)
{
    unsigned char digest[CLERK_DIGEST_LENGTH];
    clerk_slice keyed[1 + MOST_PARTS];

    keyed[0].ptr = (const char *)fingerprinter->key;
    keyed[0].len = sizeof(fingerprinter->key);
    memcpy(keyed + 1, parts, (apr_size_t)count * sizeof(*parts));
    if (!clerk_digest(digest, fingerprinter->digester, keyed, 1 + count)) {
        return 0;
    }
    memcpy(print, digest, CLERK_FINGERPRINT_LENGTH);
    return 1;
}

/* ---------------------------------------------------------------- long texts */

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

static int by_poly1305(unsigned char *print, clerk_fingerprinter *fingerprinter,
                       const clerk_slice *parts, int count)
{
    EVP_MAC_CTX *context = clerk_lender_take(&fingerprinter->contexts);
    size_t length = 0;
    int made;

    if (context == NULL) {
        context = EVP_MAC_CTX_new(fingerprinter->poly1305);
    }
    /* it takes its key anew each time */
    made = context != NULL
           && EVP_MAC_init(context, fingerprinter->key, KEY_LENGTH, NULL) == 1
           && update(context, parts, count)
           && EVP_MAC_final(context, print, &length, CLERK_FINGERPRINT_LENGTH) == 1
           && length == CLERK_FINGERPRINT_LENGTH;
    if (context != NULL && !clerk_lender_put(&fingerprinter->contexts, context)) {
        EVP_MAC_CTX_free(context);
    }
    return made;
}

/* ---------------------------------------------------------------- all texts */

/*
 * For a short text OpenSSL's Poly1305 was measured to leave vector registers in a state that
 * slowed down all that came after it in the request, by a microsecond altogether.
 */
int clerk_fingerprint(unsigned char print[CLERK_FINGERPRINT_LENGTH],
                      clerk_fingerprinter *fingerprinter, const clerk_slice *parts,
                      int count)
{
    apr_size_t length = 0;
    int i;

    if (count > MOST_PARTS) {
        return 0;
    }
    for (i = 0; i < count; i++) {
        length += parts[i].len;
    }
    return length < CLERK_FINGERPRINT_LONG || fingerprinter->poly1305 == NULL
               ? by_sha256(print, fingerprinter, parts, count)
               : by_poly1305(print, fingerprinter, parts, count);
}
