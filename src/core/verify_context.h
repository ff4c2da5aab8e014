/* SPDX-License-Identifier: Apache-2.0 - what OpenSSL needs to verify with one key, made once and lent out */
#ifndef CLERK_VERIFY_CONTEXT_H
#define CLERK_VERIFY_CONTEXT_H

#include <openssl/evp.h>

#include "slice.h"

/**
 * Contexts are costly to make and serve one thread at a time, so those that are not in use
 * wait here. Any number of threads may share them.
 */
typedef struct clerk_verify_contexts clerk_verify_contexts;

/**
 * Contexts for RSASSA-PKCS1-v1_5 (RFC 8017, 8.2) with @a pkey, on which they keep a reference.
 *
 * @param digest  as OpenSSL names it
 * @return NULL when OpenSSL does not know the digest, or without memory
 */
clerk_verify_contexts *clerk_verify_contexts_create(EVP_PKEY *pkey, const char *digest,
                                                    apr_pool_t *pool);

/**
 * Verify @a signature over @a input.
 *
 * @return 1 good, 0 bad, negative: OpenSSL could not tell
 */
int clerk_verify_contexts_verify(clerk_verify_contexts *contexts, clerk_slice signature,
                                 clerk_slice input);

#endif
