/* SPDX-License-Identifier: Apache-2.0 - which keys of a JWK Set are taken, and which are not */
#include "support.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "core/jwk.h"

/* A modulus of exactly @a bits bits, odd or even; no RSA key behind it, none needed. */
static const char *modulus(unsigned bits, int odd, apr_pool_t *pool)
{
    apr_size_t len = (bits + 7) / 8;
    unsigned char *bytes = apr_pcalloc(pool, len);

    bytes[0] = (unsigned char)(1u << (bits - 1) % 8);
    bytes[len - 1] |= (unsigned char)odd;
    return support_base64url(bytes, len, pool);
}

static clerk_status parse(const clerk_key_set **set, const char *json, apr_pool_t *pool,
                          clerk_error *error)
{
    return clerk_key_set_parse(set, support_text(json, pool), pool, error);
}

/* clang-format off */
static const struct { const char *label, *members; int usable; } member_cases[] = {
    { "as Clerk writes it",
      "\"kty\":\"RSA\",\"kid\":\"k\",\"use\":\"sig\",\"alg\":\"RS256\"", 1 },
    { "alg RS384", "\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":\"RS384\"", 1 },
    { "alg RS512", "\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":\"RS512\"", 1 },
    { "neither alg nor use", "\"kty\":\"RSA\",\"kid\":\"k\"", 1 },
    { "key_ops verify", "\"kty\":\"RSA\",\"kid\":\"k\",\"key_ops\":[\"verify\"]", 1 },
    { "key_ops with more",
      "\"kty\":\"RSA\",\"kid\":\"k\",\"key_ops\":[7,\"sign\",\"verify\"]", 1 },
    { "unknown members", "\"kty\":\"RSA\",\"kid\":\"k\",\"crv\":null,\"x5c\":[1]", 1 },

    { "no kty", "\"kid\":\"k\"", 0 },
    { "kty EC", "\"kty\":\"EC\",\"kid\":\"k\"", 0 },
    { "kty oct", "\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"AAAA\"", 0 },
    { "kty in lower case", "\"kty\":\"rsa\",\"kid\":\"k\"", 0 },
    { "kty a number", "\"kty\":1,\"kid\":\"k\"", 0 },
    { "no kid", "\"kty\":\"RSA\"", 0 },
    { "kid empty", "\"kty\":\"RSA\",\"kid\":\"\"", 0 },
    { "kid null", "\"kty\":\"RSA\",\"kid\":null", 0 },
    { "kid a number", "\"kty\":\"RSA\",\"kid\":1", 0 },
    { "use enc", "\"kty\":\"RSA\",\"kid\":\"k\",\"use\":\"enc\"", 0 },
    { "use empty", "\"kty\":\"RSA\",\"kid\":\"k\",\"use\":\"\"", 0 },
    { "use null", "\"kty\":\"RSA\",\"kid\":\"k\",\"use\":null", 0 },
    { "key_ops without verify", "\"kty\":\"RSA\",\"kid\":\"k\",\"key_ops\":[\"sign\"]",
      0 },
    { "key_ops empty", "\"kty\":\"RSA\",\"kid\":\"k\",\"key_ops\":[]", 0 },
    { "key_ops a string", "\"kty\":\"RSA\",\"kid\":\"k\",\"key_ops\":\"verify\"", 0 },
    { "alg PS256", "\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":\"PS256\"", 0 },
    { "alg RSA-OAEP", "\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":\"RSA-OAEP\"", 0 },
    { "alg HS256", "\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":\"HS256\"", 0 },
    { "alg none", "\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":\"none\"", 0 },
    { "alg empty", "\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":\"\"", 0 },
    { "alg null", "\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":null", 0 },
};
/* clang-format on */

static void members_decide_whether_a_key_serves(void **state)
{
    size_t i;

    for (i = 0; i < support_count(member_cases); i++) {
        const char *json =
            apr_psprintf(*state, "{\"keys\":[{%s,\"n\":\"%s\",\"e\":\"AQAB\"}]}",
                         member_cases[i].members, modulus(2048, 1, *state));
        const clerk_key_set *set = NULL;
        clerk_error error = { CLERK_OK, "" };
        clerk_status status = parse(&set, json, *state, &error);

        print_message("# %s\n", member_cases[i].label);
        if (member_cases[i].usable) {
            assert_int_equal(status, CLERK_OK);
            assert_int_equal(set->count, 1);
            assert_string_equal(set->keys[0].kid, "k");
        }
        else {
            assert_int_equal(status, CLERK_E_JWK_FAILED_TO_LOAD);
            assert_string_equal(error.detail, "key set has no usable RSA key");
            assert_null(set);
        }
    }
}

/* clang-format off */
static const struct { const char *alg; clerk_jwt_alg want; } alg_cases[] = {
    { NULL, CLERK_ALG_RS256 },
    { "RS256", CLERK_ALG_RS256 },
    { "RS384", CLERK_ALG_RS384 },
    { "RS512", CLERK_ALG_RS512 },
};
/* clang-format on */

static void alg_is_the_keys_own(void **state)
{
    size_t i;

    for (i = 0; i < support_count(alg_cases); i++) {
        const char *jwk =
            support_jwk(support_signing_key(), "k", alg_cases[i].alg, *state);
        const clerk_key_set *set;

        assert_int_equal(parse(&set, support_jwk_set(jwk, *state), *state, NULL),
                         CLERK_OK);
        assert_int_equal(set->keys[0].alg, alg_cases[i].want);
        assert_int_equal(EVP_PKEY_eq(set->keys[0].pkey, support_signing_key()), 1);
    }
}

/* @a n and @a e are JSON values. */
static int takes_numbers(const char *n, const char *e, apr_pool_t *pool)
{
    const clerk_key_set *set;
    const char *json = apr_psprintf(
        pool, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":%s,\"e\":%s}]}", n, e);

    return parse(&set, json, pool, NULL) == CLERK_OK;
}

static const char *quoted(const char *text, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "\"", text, "\"", NULL);
}

/* clang-format off */
static const struct {
    const char *label;
    unsigned bits;
    int odd, usable;
} size_cases[] = {
    { "1024 bits", 1024, 1, 0 },
    { "2047 bits", 2047, 1, 0 },
    { "2048 bits", 2048, 1, 1 },
    { "2049 bits", 2049, 1, 1 },
    { "3072 bits", 3072, 1, 1 },
    { "16384 bits", 16384, 1, 1 },
    { "16385 bits", 16385, 1, 0 },
    { "100000 bits", 100000, 1, 0 },
    { "an even modulus", 2048, 0, 0 },
};
static const struct { const char *label, *e; int usable; } exponent_cases[] = {
    { "65537", "\"AQAB\"", 1 },
    { "3", "\"Aw\"", 1 },
    { "5", "\"BQ\"", 1 },
    { "65537 behind a zero octet", "\"AAEAAQ\"", 1 },
    { "64 bits", "\"__________8\"", 1 },
    { "65 bits", "\"Af__________\"", 0 },
    { "0", "\"AA\"", 0 },
    { "1", "\"AQ\"", 0 },
    { "1 behind zero octets", "\"AAAB\"", 0 },
    { "2", "\"Ag\"", 0 },
    { "65536", "\"AQAA\"", 0 },
    { "empty", "\"\"", 0 },
    { "padded", "\"Aw==\"", 0 },
    { "standard alphabet", "\"++8\"", 0 },
    { "a number", "65537", 0 },
    { "null", "null", 0 },
};
/* clang-format on */

static void modulus_is_bounded(void **state)
{
    const char *whole = modulus(2048, 1, *state);
    size_t i;

    for (i = 0; i < support_count(size_cases); i++) {
        print_message("# %s\n", size_cases[i].label);
        assert_int_equal(
            takes_numbers(
                quoted(modulus(size_cases[i].bits, size_cases[i].odd, *state), *state),
                "\"AQAB\"", *state),
            size_cases[i].usable);
    }
    assert_false(takes_numbers("\"\"", "\"AQAB\"", *state));
    assert_false(takes_numbers("1", "\"AQAB\"", *state));
    assert_false(takes_numbers("null", "\"AQAB\"", *state));
    assert_false(takes_numbers(quoted(apr_pstrcat(*state, whole, "==", NULL), *state),
                               "\"AQAB\"", *state));
    assert_false(takes_numbers(
        quoted(apr_pstrcat(*state, "+", whole + 1, NULL), *state), "\"AQAB\"", *state));
}

static void exponent_is_odd_and_at_least_three(void **state)
{
    const char *n = quoted(modulus(2048, 1, *state), *state);
    size_t i;

    for (i = 0; i < support_count(exponent_cases); i++) {
        print_message("# %s\n", exponent_cases[i].label);
        assert_int_equal(takes_numbers(n, exponent_cases[i].e, *state),
                         exponent_cases[i].usable);
    }
}

/* RFC 7518, 6.3.1.1 warns of libraries that write a zero octet in front. */
static void a_leading_zero_octet_changes_nothing(void **state)
{
    unsigned char bytes[258] = { 0 };
    BIGNUM *n = NULL;
    const clerk_key_set *set;

    assert_int_equal(
        EVP_PKEY_get_bn_param(support_signing_key(), OSSL_PKEY_PARAM_RSA_N, &n), 1);
    assert_int_equal(BN_bn2binpad(n, bytes + 2, 256), 256);
    BN_free(n);
    assert_int_equal(
        parse(&set,
              apr_psprintf(*state,
                           "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"%s\","
                           "\"e\":\"AQAB\"}]}",
                           support_base64url(bytes, sizeof(bytes), *state)),
              *state, NULL),
        CLERK_OK);
    assert_int_equal(EVP_PKEY_eq(set->keys[0].pkey, support_signing_key()), 1);
}

/* clang-format off */
static const struct { const char *label, *json, *detail; } set_cases[] = {
    { "nothing", "", "key set is no JSON object" },
    { "HTML", "<html></html>", "key set is no JSON object" },
    { "an array", "[]", "key set is no JSON object" },
    { "duplicate keys", "{\"keys\":[],\"keys\":[]}", "key set is no JSON object" },
    { "an empty object", "{}", "key set has no keys" },
    { "no keys", "{\"keys\":[]}", "key set has no keys" },           /* W13 */
    { "keys null", "{\"keys\":null}", "key set has no keys" },
    { "keys an object", "{\"keys\":{\"kty\":\"RSA\"}}", "key set has no keys" },
    { "keys that are none", "{\"keys\":[null,1,\"x\",[],{}]}",
      "key set has no usable RSA key" },
};
/* clang-format on */

static void what_is_no_key_set_fails(void **state)
{
    size_t i;

    for (i = 0; i < support_count(set_cases); i++) {
        const clerk_key_set *set = NULL;
        clerk_error error = { CLERK_OK, "" };

        print_message("# %s\n", set_cases[i].label);
        assert_int_equal(parse(&set, set_cases[i].json, *state, &error),
                         CLERK_E_JWK_FAILED_TO_LOAD);
        assert_int_equal(error.status, CLERK_E_JWK_FAILED_TO_LOAD);
        assert_string_equal(error.detail, set_cases[i].detail);
        assert_null(set);
    }
}

static void keys_are_found_by_their_exact_kid(void **state)
{
    EVP_PKEY *ours = support_signing_key();
    EVP_PKEY *other = support_stranger_key();
    const char *jwks = apr_pstrcat(*state, "{\"kty\":\"EC\",\"kid\":\"ec\"},null,",
                                   support_jwk(ours, "one", NULL, *state), ",",
                                   support_jwk(ours, NULL, NULL, *state), ",",
                                   support_jwk(other, "two", NULL, *state), NULL);
    const clerk_key_set *set;

    assert_int_equal(parse(&set, support_jwk_set(jwks, *state), *state, NULL),
                     CLERK_OK);
    assert_int_equal(set->count, 2);
    assert_int_equal(
        EVP_PKEY_eq(clerk_key_set_find(set, support_text("one", *state))->pkey, ours),
        1);
    assert_int_equal(
        EVP_PKEY_eq(clerk_key_set_find(set, support_text("two", *state))->pkey, other),
        1);
    assert_null(clerk_key_set_find(set, support_text("ec", *state)));
    assert_null(clerk_key_set_find(set, support_text("ONE", *state)));
    assert_null(clerk_key_set_find(set, support_text("on", *state)));
    assert_null(clerk_key_set_find(set, support_text("one ", *state)));
    assert_null(clerk_key_set_find(set, support_bytes("one", 4, *state)));
    assert_null(clerk_key_set_find(set, support_text("", *state)));
}

static void of_two_keys_with_one_kid_the_later_counts(void **state)
{
    EVP_PKEY *earlier = support_signing_key();
    EVP_PKEY *later = support_stranger_key();
    const char *jwks = apr_pstrcat(*state, support_jwk(earlier, "k", NULL, *state), ",",
                                   support_jwk(earlier, "x", NULL, *state), ",",
                                   support_jwk(later, "k", "RS512", *state),
                                   ",{\"kty\":\"RSA\",\"kid\":\"k\"}", NULL);
    const clerk_key_set *set;
    const clerk_key *key;

    assert_int_equal(parse(&set, support_jwk_set(jwks, *state), *state, NULL),
                     CLERK_OK);
    assert_int_equal(set->count, 2);
    key = clerk_key_set_find(set, support_text("k", *state));
    assert_int_equal(EVP_PKEY_eq(key->pkey, later), 1);
    assert_int_equal(key->alg, CLERK_ALG_RS512);
}

/* A set of @a count useless keys and a good one behind them. */
static const char *crowd(unsigned count, apr_pool_t *pool)
{
    const char *good = support_jwk(support_signing_key(), "k", NULL, pool);
    char *jwks = apr_palloc(pool, 3 * (apr_size_t)count + strlen(good) + 1);
    unsigned i;

    for (i = 0; i < count; i++) {
        memcpy(jwks + 3 * (apr_size_t)i, "{},", 3);
    }
    strcpy(jwks + 3 * (apr_size_t)count, good);
    return support_jwk_set(jwks, pool);
}

static void the_number_of_keys_is_bounded(void **state)
{
    const clerk_key_set *set;
    clerk_error error;

    assert_int_equal(parse(&set, crowd(CLERK_JWKS_MAX_KEYS - 1, *state), *state, NULL),
                     CLERK_OK);
    assert_int_equal(parse(&set, crowd(CLERK_JWKS_MAX_KEYS, *state), *state, &error),
                     CLERK_E_JWK_FAILED_TO_LOAD);
    assert_string_equal(error.detail, "key set has too many keys");
}

static void failures_leave_no_openssl_errors(void **state)
{
    const clerk_key_set *set;

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7); /* somebody else's */
    assert_int_equal(
        parse(&set, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k\"}]}", *state, NULL),
        CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(ERR_GET_LIB(ERR_get_error()), ERR_LIB_USER);
    assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(members_decide_whether_a_key_serves),
        support_test(alg_is_the_keys_own),
        support_test(modulus_is_bounded),
        support_test(exponent_is_odd_and_at_least_three),
        support_test(a_leading_zero_octet_changes_nothing),
        support_test(what_is_no_key_set_fails),
        support_test(keys_are_found_by_their_exact_kid),
        support_test(of_two_keys_with_one_kid_the_later_counts),
        support_test(the_number_of_keys_is_bounded),
        support_test(failures_leave_no_openssl_errors),
    };

    return support_run("jwk", tests);
}
