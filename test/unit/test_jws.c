/* SPDX-License-Identifier: Apache-2.0 - signatures that match, and everything that must not */
#include "support.h"

#include <pthread.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "core/jws.h"

static clerk_key key_of(EVP_PKEY *pkey, clerk_jwt_alg alg, apr_pool_t *pool)
{
    clerk_key key = { "k", alg, pkey, { 0 }, clerk_jws_contexts(alg, pkey, pool) };

    return key;
}

static clerk_jwt decoded(const char *token, apr_pool_t *pool)
{
    clerk_jwt jwt;

    assert_int_equal(clerk_jwt_decode(&jwt, support_text(token, pool), pool, NULL),
                     CLERK_OK);
    return jwt;
}

static clerk_status verify(const char *token, const clerk_key *key, apr_pool_t *pool)
{
    clerk_jwt jwt = decoded(token, pool);

    return clerk_jws_verify(&jwt, key, NULL);
}

static const char *header_of(const char *alg, apr_pool_t *pool)
{
    return apr_psprintf(pool, "{\"alg\":\"%s\"}", alg);
}

/* clang-format off */
static const struct {
    const char *token_alg, *digest;
    clerk_jwt_alg key_alg;
    clerk_status want;
} algorithm_cases[] = {
    { "RS256", "SHA256", CLERK_ALG_RS256, CLERK_OK },
    { "RS384", "SHA384", CLERK_ALG_RS384, CLERK_OK },
    { "RS512", "SHA512", CLERK_ALG_RS512, CLERK_OK },
    /* the key decides, however well the token is signed */
    { "RS384", "SHA384", CLERK_ALG_RS256, CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "RS512", "SHA512", CLERK_ALG_RS256, CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "RS256", "SHA256", CLERK_ALG_RS384, CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "RS256", "SHA256", CLERK_ALG_RS512, CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "RS256", "SHA256", CLERK_ALG_OTHER, CLERK_E_TOKEN_VERIFICATION_FAILED },
    /* another digest than the token says */
    { "RS256", "SHA384", CLERK_ALG_RS256, CLERK_E_TOKEN_INVALID_SIGNATURE },
    { "RS256", "SHA512", CLERK_ALG_RS256, CLERK_E_TOKEN_INVALID_SIGNATURE },
    { "RS256", "SHA1", CLERK_ALG_RS256, CLERK_E_TOKEN_INVALID_SIGNATURE },
    { "RS512", "SHA256", CLERK_ALG_RS512, CLERK_E_TOKEN_INVALID_SIGNATURE },
    /* no other algorithm, not even with a key that would have it */
    { "none", "SHA256", CLERK_ALG_RS256, CLERK_E_TOKEN_INVALID_ALGORITHM },   /* J04 */
    { "none", "SHA256", CLERK_ALG_OTHER, CLERK_E_TOKEN_INVALID_ALGORITHM },   /* J04 */
    { "ES256", "SHA256", CLERK_ALG_RS256, CLERK_E_TOKEN_INVALID_ALGORITHM },  /* J06 */
    { "PS256", "SHA256", CLERK_ALG_RS256, CLERK_E_TOKEN_INVALID_ALGORITHM },  /* J06 */
    { "HS256", "SHA256", CLERK_ALG_OTHER, CLERK_E_TOKEN_INVALID_ALGORITHM },
    { "rs256", "SHA256", CLERK_ALG_RS256, CLERK_E_TOKEN_INVALID_ALGORITHM },
    { "", "SHA256", CLERK_ALG_RS256, CLERK_E_TOKEN_INVALID_ALGORITHM },
};
/* clang-format on */

static void algorithms(void **state)
{
    size_t i;

    for (i = 0; i < support_count(algorithm_cases); i++) {
        clerk_key key = key_of(support_signing_key(), algorithm_cases[i].key_alg, *state);
        const char *token = support_sign_jwt_with(
            support_signing_key(), algorithm_cases[i].digest,
            header_of(algorithm_cases[i].token_alg, *state), SUPPORT_PAYLOAD, *state);

        print_message("# %s by %s\n", algorithm_cases[i].token_alg,
                      algorithm_cases[i].digest);
        assert_int_equal(verify(token, &key, *state), algorithm_cases[i].want);
    }
}

/* J05: the public key's text as the secret of an HMAC */
static void hmac_with_the_public_key_is_refused(void **state)
{
    const char *pem = support_pem(support_signing_key(), *state);
    EVP_PKEY *secret = EVP_PKEY_new_raw_private_key_ex(
        NULL, "HMAC", NULL, (const unsigned char *)pem, strlen(pem));
    const char *token =
        support_unsigned_jwt("{\"alg\":\"HS256\"}", SUPPORT_PAYLOAD, *state);
    clerk_key key = key_of(support_signing_key(), CLERK_ALG_RS256, *state);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t len = sizeof(mac);

    assert_int_equal(
        EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, secret, NULL), 1);
    assert_int_equal(
        EVP_DigestSign(ctx, mac, &len, (const unsigned char *)token, strlen(token) - 1),
        1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(secret);
    assert_int_equal(
        verify(apr_pstrcat(*state, token, support_base64url(mac, len, *state), NULL),
               &key, *state),
        CLERK_E_TOKEN_INVALID_ALGORITHM);
}

static void a_pss_signature_is_not_pkcs1(void **state)
{
    const char *token =
        support_unsigned_jwt("{\"alg\":\"RS256\"}", SUPPORT_PAYLOAD, *state);
    clerk_key key = key_of(support_signing_key(), CLERK_ALG_RS256, *state);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx;
    unsigned char signature[256];
    size_t len = sizeof(signature);

    assert_int_equal(EVP_DigestSignInit_ex(ctx, &key_ctx, "SHA256", NULL, NULL,
                                           support_signing_key(), NULL),
                     1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)token,
                                    strlen(token) - 1),
                     1);
    EVP_MD_CTX_free(ctx);
    assert_int_equal(
        verify(
            apr_pstrcat(*state, token, support_base64url(signature, len, *state), NULL),
            &key, *state),
        CLERK_E_TOKEN_INVALID_SIGNATURE);
}

static void a_strangers_signature_is_refused(void **state)
{
    clerk_key key = key_of(support_signing_key(), CLERK_ALG_RS256, *state);
    const char *token = support_sign_jwt_with(support_stranger_key(), "SHA256",
                                              SUPPORT_HEADER, SUPPORT_PAYLOAD, *state);

    assert_int_equal(verify(token, &key, *state), CLERK_E_TOKEN_INVALID_SIGNATURE);
}

/* J10: every bit of the signature counts. */
static void one_bit_of_the_signature_matters(void **state)
{
    clerk_key key = key_of(support_signing_key(), CLERK_ALG_RS256, *state);
    clerk_jwt jwt =
        decoded(support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, *state), *state);
    char *bytes = apr_pmemdup(*state, jwt.signature.ptr, jwt.signature.len);
    size_t bit;

    jwt.signature.ptr = bytes;
    assert_int_equal(clerk_jws_verify(&jwt, &key, NULL), CLERK_OK);
    for (bit = 0; bit < 8 * jwt.signature.len; bit += bit < 64 || bit >= 1984 ? 1 : 61)
    {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(clerk_jws_verify(&jwt, &key, NULL),
                         CLERK_E_TOKEN_INVALID_SIGNATURE);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    }
    assert_int_equal(clerk_jws_verify(&jwt, &key, NULL), CLERK_OK);
}

/* J11: and every byte that it was made for */
static void one_byte_of_the_input_matters(void **state)
{
    clerk_key key = key_of(support_signing_key(), CLERK_ALG_RS256, *state);
    clerk_jwt jwt =
        decoded(support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, *state), *state);
    char *bytes = apr_pmemdup(*state, jwt.signing_input.ptr, jwt.signing_input.len);
    size_t i;

    jwt.signing_input.ptr = bytes;
    for (i = 0; i < jwt.signing_input.len; i++) {
        bytes[i] ^= 1;
        assert_int_equal(clerk_jws_verify(&jwt, &key, NULL),
                         CLERK_E_TOKEN_INVALID_SIGNATURE);
        bytes[i] ^= 1;
    }
    jwt.signing_input.len--;
    assert_int_equal(clerk_jws_verify(&jwt, &key, NULL),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
    jwt.signing_input.len = 0;
    assert_int_equal(clerk_jws_verify(&jwt, &key, NULL),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
}

/* J11, as an attacker would: another payload under the old signature */
static void a_swapped_payload_is_refused(void **state)
{
    clerk_key key = key_of(support_signing_key(), CLERK_ALG_RS256, *state);
    const char *honest =
        support_sign_jwt(SUPPORT_HEADER, "{\"sub\":\"user_1\"}", *state);
    const char *forged =
        support_unsigned_jwt(SUPPORT_HEADER, "{\"sub\":\"user_2\"}", *state);

    assert_int_equal(verify(honest, &key, *state), CLERK_OK);
    assert_int_equal(verify(apr_pstrcat(*state, forged, strrchr(honest, '.') + 1, NULL),
                            &key, *state),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
}

/* clang-format off */
static const struct {
    const char *label;
    size_t cut, zeros_before, zeros_after;
} lengths[] = {
    { "empty", 256, 0, 0 },
    { "one byte", 255, 0, 0 },
    { "last byte missing", 1, 0, 0 },
    { "zero byte in front", 0, 1, 0 },
    { "zero byte behind", 0, 0, 1 },
    { "twice the length", 0, 256, 0 },
};
/* clang-format on */

/* RFC 8017, 8.2.2, step 1: as long as the modulus, no more and no less */
static void signature_is_as_long_as_the_key(void **state)
{
    clerk_key key = key_of(support_signing_key(), CLERK_ALG_RS256, *state);
    clerk_jwt jwt =
        decoded(support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, *state), *state);
    clerk_slice signature = jwt.signature;
    clerk_error error;
    size_t i;

    assert_int_equal(signature.len, 256);
    for (i = 0; i < support_count(lengths); i++) {
        unsigned char bytes[1024] = { 0 };
        size_t kept = 256 - lengths[i].cut;

        memcpy(bytes + lengths[i].zeros_before, signature.ptr, kept);
        jwt.signature = support_bytes(
            bytes, lengths[i].zeros_before + kept + lengths[i].zeros_after, *state);
        print_message("# %s\n", lengths[i].label);
        assert_int_equal(clerk_jws_verify(&jwt, &key, &error),
                         CLERK_E_TOKEN_INVALID_SIGNATURE);
        assert_string_equal(error.detail, "signature has another length than the key");
    }
}

/* Numbers that nobody signs with: 0, 1, and one beyond the modulus */
static void degenerate_signatures_are_refused(void **state)
{
    clerk_key key = key_of(support_signing_key(), CLERK_ALG_RS256, *state);
    clerk_jwt jwt =
        decoded(support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, *state), *state);
    unsigned char bytes[256];
    clerk_error error;

    jwt.signature.ptr = (const char *)bytes;
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(clerk_jws_verify(&jwt, &key, &error),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
    bytes[255] = 1;
    assert_int_equal(clerk_jws_verify(&jwt, &key, &error),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(clerk_jws_verify(&jwt, &key, &error),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
    assert_string_equal(error.detail, "signature does not match");
}

static void larger_keys_and_small_exponents_work(void **state)
{
    EVP_PKEY *keys[] = { support_make_key(2048, 3, *state),
                         support_make_key(2056, 65537, *state),
                         support_make_key(3072, 65537, *state) };
    size_t i;

    for (i = 0; i < support_count(keys); i++) {
        clerk_key key = key_of(keys[i], CLERK_ALG_RS256, *state);

        assert_int_equal(verify(support_sign_jwt_with(keys[i], "SHA256", SUPPORT_HEADER,
                                                      SUPPORT_PAYLOAD, *state),
                                &key, *state),
                         CLERK_OK);
    }
}

/* What no parser of ours makes: the failure is our own, and no way in. */
static void a_key_that_openssl_cannot_use_is_unexpected(void **state)
{
    EVP_PKEY *curve = EVP_EC_gen("P-256");
    clerk_key key = key_of(curve, CLERK_ALG_RS256, *state);
    clerk_jwt jwt =
        decoded(support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, *state), *state);
    clerk_error error;

    jwt.signature.len = (apr_size_t)EVP_PKEY_get_size(curve);
    assert_int_equal(clerk_jws_verify(&jwt, &key, &error), CLERK_E_UNEXPECTED);
    assert_int_equal(error.status, CLERK_E_UNEXPECTED);
    EVP_PKEY_free(curve);
}

static void failures_leave_no_openssl_errors(void **state)
{
    clerk_key key = key_of(support_stranger_key(), CLERK_ALG_RS256, *state);
    const char *token = support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, *state);

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7); /* somebody else's */
    assert_int_equal(verify(token, &key, *state), CLERK_E_TOKEN_INVALID_SIGNATURE);
    assert_int_equal(ERR_GET_LIB(ERR_get_error()), ERR_LIB_USER);
    assert_int_equal(ERR_peek_error(), 0);
}

struct shared {
    clerk_jwt good;
    clerk_jwt bad;
    clerk_key key;
    int wrong[4];
};

struct worker {
    struct shared *shared;
    int number;
};

static void *verify_repeatedly(void *argument)
{
    struct worker *worker = argument;
    struct shared *shared = worker->shared;
    int i;

    for (i = 0; i < 50; i++) {
        shared->wrong[worker->number] +=
            clerk_jws_verify(&shared->good, &shared->key, NULL) != CLERK_OK;
        shared->wrong[worker->number] +=
            clerk_jws_verify(&shared->bad, &shared->key, NULL)
            != CLERK_E_TOKEN_INVALID_SIGNATURE;
    }
    return NULL;
}

static void one_key_serves_many_threads(void **state)
{
    struct shared shared = { .key = key_of(support_signing_key(), CLERK_ALG_RS256, *state) };
    struct worker workers[4];
    pthread_t threads[4];
    int i;

    shared.good =
        decoded(support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, *state), *state);
    shared.bad = decoded(support_sign_jwt(SUPPORT_HEADER, "{}", *state), *state);
    shared.bad.signature = shared.good.signature;
    for (i = 0; i < 4; i++) {
        workers[i].shared = &shared;
        workers[i].number = i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, verify_repeatedly, &workers[i]), 0);
    }
    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (i = 0; i < 4; i++)
    { /* an assertion leaves the function, and the threads' data */
        assert_int_equal(shared.wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(algorithms),
        support_test(hmac_with_the_public_key_is_refused),
        support_test(a_pss_signature_is_not_pkcs1),
        support_test(a_strangers_signature_is_refused),
        support_test(one_bit_of_the_signature_matters),
        support_test(one_byte_of_the_input_matters),
        support_test(a_swapped_payload_is_refused),
        support_test(signature_is_as_long_as_the_key),
        support_test(degenerate_signatures_are_refused),
        support_test(larger_keys_and_small_exponents_work),
        support_test(a_key_that_openssl_cannot_use_is_unexpected),
        support_test(failures_leave_no_openssl_errors),
        support_test(one_key_serves_many_threads),
    };

    return support_run("jws", tests);
}
