/* SPDX-License-Identifier: Apache-2.0 - public keys in PEM: every spelling of one, and what is none */
#include "support.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "core/jwk.h"

static const char *replaced(const char *text, const char *what, const char *by,
                            apr_pool_t *pool)
{
    const char *result = "";
    const char *at;

    while ((at = strstr(text, what)) != NULL) {
        result = apr_pstrcat(pool, result,
                             apr_pstrmemdup(pool, text, (size_t)(at - text)), by, NULL);
        text = at + strlen(what);
    }
    return apr_pstrcat(pool, result, text, NULL);
}

static const char *without_armour(const char *pem, apr_pool_t *pool)
{
    return replaced(replaced(pem, "-----BEGIN PUBLIC KEY-----\n", "", pool),
                    "-----END PUBLIC KEY-----\n", "", pool);
}

static clerk_status from_pem(const clerk_key **key, const char *text, apr_pool_t *pool,
                             clerk_error *error)
{
    return clerk_key_from_pem(key, support_text(text, pool), pool, error);
}

/* W01: every spelling of one key */
static void pem_in_every_spelling(void **state)
{
    const char *pem = support_pem(support_signing_key(), *state);
    const char *body = without_armour(pem, *state);
    const struct {
        const char *label, *text;
    } spellings[] = {
        { "LF", pem },
        { "CRLF", replaced(pem, "\n", "\r\n", *state) },
        { "CR", replaced(pem, "\n", "\r", *state) },
        { "no line breaks", replaced(pem, "\n", "", *state) },
        { "spaces for line breaks", replaced(pem, "\n", " ", *state) },
        { "line breaks written as \\n", replaced(pem, "\n", "\\n", *state) },
        { "line breaks written as \\r\\n", replaced(pem, "\n", "\\r\\n", *state) },
        { "no last line break", apr_pstrmemdup(*state, pem, strlen(pem) - 1) },
        { "white space around", apr_pstrcat(*state, "\r\n \t", pem, " \n\n", NULL) },
        { "no armour, LF", body },
        { "no armour, CRLF", replaced(body, "\n", "\r\n", *state) },
        { "no armour, no line breaks", replaced(body, "\n", "", *state) },
        { "no armour, \\n", replaced(body, "\n", "\\n", *state) },
        { "no armour, no padding",
          replaced(replaced(body, "\n", "", *state), "=", "", *state) },
    };
    size_t i;

    for (i = 0; i < support_count(spellings); i++) {
        const clerk_key *key = NULL;

        print_message("# %s\n", spellings[i].label);
        assert_int_equal(from_pem(&key, spellings[i].text, *state, NULL), CLERK_OK);
        assert_string_equal(key->kid, "");
        assert_int_equal(key->alg, CLERK_ALG_RS256);
        assert_int_equal(EVP_PKEY_eq(key->pkey, support_signing_key()), 1);
    }
}

typedef int pem_writer(BIO *to, EVP_PKEY *pkey);

static int write_private(BIO *to, EVP_PKEY *pkey)
{
    return PEM_write_bio_PKCS8PrivateKey(to, pkey, NULL, NULL, 0, NULL, NULL);
}

static int write_pkcs1(BIO *to, EVP_PKEY *pkey)
{
    unsigned char *der = NULL;
    int len = i2d_PublicKey(pkey, &der);
    int written = len > 0 ? PEM_write_bio(to, "RSA PUBLIC KEY", "", der, len) : 0;

    OPENSSL_free(der);
    return written > 0;
}

static const char *written(EVP_PKEY *pkey, pem_writer *writer, apr_pool_t *pool)
{
    BIO *memory = BIO_new(BIO_s_mem());
    const char *text;
    char *bytes;
    long len;

    assert_int_equal(writer(memory, pkey), 1);
    len = BIO_get_mem_data(memory, &bytes);
    text = apr_pstrmemdup(pool, bytes, (apr_size_t)len);
    BIO_free(memory);
    return text;
}

static apr_status_t free_key(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

/* The public half of @a pkey, which is taken over, in PEM. */
static const char *generated_pem(EVP_PKEY *pkey, apr_pool_t *pool)
{
    assert_non_null(pkey);
    apr_pool_cleanup_register(pool, pkey, free_key, apr_pool_cleanup_null);
    return support_pem(pkey, pool);
}

static EVP_PKEY *make_pss_key(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *pkey = NULL;

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &pkey), 1);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* The signing key's modulus with another exponent: it parses, though nobody can sign. */
static EVP_PKEY *make_key_with_exponent(const char *hex)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *numbers;
    EVP_PKEY *pkey = NULL;
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;

    assert_int_equal(
        EVP_PKEY_get_bn_param(support_signing_key(), OSSL_PKEY_PARAM_RSA_N, &n), 1);
    assert_int_not_equal(BN_hex2bn(&e, hex), 0);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e), 1);
    numbers = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, numbers), 1);
    OSSL_PARAM_free(numbers);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    return pkey;
}

static void pem_that_cannot_serve_is_refused(void **state)
{
    EVP_PKEY *ours = support_signing_key();
    const char *pem = support_pem(ours, *state);
    const char *body = replaced(without_armour(pem, *state), "\n", "", *state);
    const char *private_pem = written(ours, write_private, *state);
    const struct {
        const char *label, *text, *detail;
    } refused[] = {
        { "nothing", "", "no key" },
        { "white space", " \n", "no key" },
        { "a private key", private_pem, "PEM block is not a PUBLIC KEY" },
        { "a private key's body",
          replaced(replaced(private_pem, "-----BEGIN PRIVATE KEY-----", "", *state),
                   "-----END PRIVATE KEY-----", "", *state),
          "not a public key" },
        { "PKCS#1", written(ours, write_pkcs1, *state),
          "PEM block is not a PUBLIC KEY" },
        { "a certificate's armour", replaced(pem, "PUBLIC KEY", "CERTIFICATE", *state),
          "PEM block is not a PUBLIC KEY" },
        { "a private key called public",
          replaced(private_pem, "PRIVATE KEY", "PUBLIC KEY", *state),
          "not a public key" },
        { "two keys", apr_pstrcat(*state, pem, pem, NULL),
          "neither PEM nor the base64 of a public key" },
        { "text in front", apr_pstrcat(*state, "key:\n", pem, NULL),
          "neither PEM nor the base64 of a public key" },
        { "text behind", apr_pstrcat(*state, pem, "key\n", NULL),
          "PEM text does not end where its public key does" },
        { "no end", replaced(pem, "-----END PUBLIC KEY-----", "", *state),
          "PEM text does not end where its public key does" },
        { "armour alone", "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----",
          "not a public key" },
        { "armour that overlaps", "-----BEGIN PUBLIC KEY-----END PUBLIC KEY-----",
          "PEM text does not end where its public key does" },
        { "a file's name", "file:/etc/clerk/key.pem",
          "neither PEM nor the base64 of a public key" },
        { "base64url", apr_pstrcat(*state, "_", body + 1, NULL),
          "neither PEM nor the base64 of a public key" },
        { "cut off", apr_pstrmemdup(*state, body, strlen(body) / 2 / 4 * 4),
          "not a public key" },
        { "bytes behind the key",
          apr_pstrcat(*state, replaced(body, "=", "", *state), "AAAA", NULL),
          "not a public key" },
        { "some other base64", "Zm9vYmFy", "not a public key" },
        { "P-256", generated_pem(EVP_EC_gen("P-256"), *state), "not a sound RSA key" },
        { "RSA-PSS", generated_pem(make_pss_key(), *state), "not a sound RSA key" },
        { "exponent 1", generated_pem(make_key_with_exponent("01"), *state),
          "not a sound RSA key" },
        { "exponent 2", generated_pem(make_key_with_exponent("02"), *state),
          "not a sound RSA key" },
        { "exponent of 65 bits",
          generated_pem(make_key_with_exponent("010000000000000001"), *state),
          "not a sound RSA key" },
        { "1024 bits", support_pem(support_make_key(1024, 65537, *state), *state),
          "RSA key is not of 2048 to 16384 bits" },
        { "2047 bits", support_pem(support_make_key(2047, 65537, *state), *state),
          "RSA key is not of 2048 to 16384 bits" },
    };
    size_t i;

    for (i = 0; i < support_count(refused); i++) {
        const clerk_key *key = NULL;
        clerk_error error = { CLERK_OK, "" };

        print_message("# %s\n", refused[i].label);
        assert_int_equal(from_pem(&key, refused[i].text, *state, &error),
                         CLERK_E_JWK_LOCAL_MISSING);
        assert_int_equal(error.status, CLERK_E_JWK_LOCAL_MISSING);
        assert_string_equal(error.detail, refused[i].detail);
        assert_null(key);
    }
}

static void pem_with_exponent_three_is_taken(void **state)
{
    const clerk_key *key;

    assert_int_equal(from_pem(&key, generated_pem(make_key_with_exponent("03"), *state),
                              *state, NULL),
                     CLERK_OK);
}

/* A NUL ends nothing: it is a byte that belongs to no alphabet. */
static void a_nul_hides_nothing(void **state)
{
    const char *pem = support_pem(support_signing_key(), *state);
    clerk_slice text = support_bytes(pem, strlen(pem) + 1, *state);
    const clerk_key *key = NULL;

    assert_int_equal(clerk_key_from_pem(&key, text, *state, NULL),
                     CLERK_E_JWK_LOCAL_MISSING);
    assert_null(key);
}

static void failures_leave_no_openssl_errors(void **state)
{
    const clerk_key *key;

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7); /* somebody else's */
    assert_int_equal(from_pem(&key, "Zm9vYmFy", *state, NULL),
                     CLERK_E_JWK_LOCAL_MISSING);
    assert_int_equal(ERR_GET_LIB(ERR_get_error()), ERR_LIB_USER);
    assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(pem_in_every_spelling),
        support_test(pem_that_cannot_serve_is_refused),
        support_test(pem_with_exponent_three_is_taken),
        support_test(a_nul_hides_nothing),
        support_test(failures_leave_no_openssl_errors),
    };

    return support_run("pem", tests);
}
