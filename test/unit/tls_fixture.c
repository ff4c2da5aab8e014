/* SPDX-License-Identifier: Apache-2.0 - a certificate authority and server certificates for one test */
#include "tls_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <apr_strings.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { DAY = 24 * 60 * 60 };

static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "test fixture failed: %s\n", what);
        abort();
    }
}

static apr_status_t free_key(void *key)
{
    EVP_PKEY_free(key);
    return APR_SUCCESS;
}

static EVP_PKEY *make_key(apr_pool_t *pool)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    must(key != NULL, "EC key");
    apr_pool_cleanup_register(pool, key, free_key, apr_pool_cleanup_null);
    return key;
}

static apr_status_t free_certificate(void *certificate)
{
    X509_free(certificate);
    return APR_SUCCESS;
}

static void set_names(X509 *certificate, const char *subject, const char *issuer)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    (const unsigned char *)subject, -1, -1, 0)
             == 1,
         "subject");
    name = X509_get_issuer_name(certificate);
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    (const unsigned char *)issuer, -1, -1, 0)
             == 1,
         "issuer");
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key, const char *subject, long lifetime,
                              apr_pool_t *pool)
{
    X509 *certificate = X509_new();

    must(certificate != NULL, "X509_new");
    apr_pool_cleanup_register(pool, certificate, free_certificate,
                              apr_pool_cleanup_null);
    must(X509_set_version(certificate, X509_VERSION_3) == 1
             && ASN1_INTEGER_set(X509_get_serialNumber(certificate), subject[0]) == 1
             && X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) != NULL
             && X509_gmtime_adj(X509_getm_notAfter(certificate), lifetime) != NULL
             && X509_set_pubkey(certificate, key) == 1,
         "certificate");
    set_names(certificate, subject, "test authority");
    return certificate;
}

static apr_status_t remove_file(void *path)
{
    unlink(path);
    return APR_SUCCESS;
}

static const char *write_pem(X509 *certificate, apr_pool_t *pool)
{
    const char *directory = getenv("TMPDIR");
    char *path =
        apr_pstrcat(pool, directory ? directory : "/tmp", "/clerk-ca-XXXXXX", NULL);
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    must(file != NULL, path);
    apr_pool_cleanup_register(pool, path, remove_file, apr_pool_cleanup_null);
    must(PEM_write_X509(file, certificate) == 1 && fclose(file) == 0, path);
    return path;
}

tls_authority *tls_authority_make(apr_pool_t *pool)
{
    tls_authority *made = apr_pcalloc(pool, sizeof(*made));

    made->key = make_key(pool);
    made->certificate = make_certificate(made->key, "test authority", DAY, pool);
    add_extension(made->certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(made->certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    must(X509_sign(made->certificate, made->key, EVP_sha256()) > 0, "signature");
    made->file = write_pem(made->certificate, pool);
    return made;
}

static apr_status_t free_context(void *context)
{
    SSL_CTX_free(context);
    return APR_SUCCESS;
}

SSL_CTX *tls_server_make(const tls_authority *authority, const char *name,
                         long lifetime, apr_pool_t *pool)
{
    EVP_PKEY *key = make_key(pool);
    X509 *certificate = make_certificate(key, "server", lifetime, pool);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    must(context != NULL, "SSL_CTX_new");
    apr_pool_cleanup_register(pool, context, free_context, apr_pool_cleanup_null);
    add_extension(certificate, NID_subject_alt_name, name);
    add_extension(certificate, NID_ext_key_usage, "serverAuth");
    must(X509_sign(certificate, authority->key, EVP_sha256()) > 0, "signature");
    must(SSL_CTX_use_certificate(context, certificate) == 1
             && SSL_CTX_use_PrivateKey(context, key) == 1,
         "server certificate");
    return context;
}
