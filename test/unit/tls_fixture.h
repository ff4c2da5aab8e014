/* SPDX-License-Identifier: Apache-2.0 - a certificate authority and server certificates for one test */
#ifndef CLERK_TEST_TLS_FIXTURE_H
#define CLERK_TEST_TLS_FIXTURE_H

#include <apr_pools.h>
#include <openssl/ssl.h>

typedef struct tls_authority {
    EVP_PKEY *key;
    X509 *certificate;
    const char *file; /* its certificate in PEM; removed with the pool */
} tls_authority;

tls_authority *tls_authority_make(apr_pool_t *pool);

/**
 * A server's context with a certificate by @a authority.
 *
 * @param name      subject alternative name: `DNS:…`, `IP:…`, joined by commas
 * @param lifetime  in seconds from now; negative: it has expired
 */
SSL_CTX *tls_server_make(const tls_authority *authority, const char *name,
                         long lifetime, apr_pool_t *pool);

#endif
