/* SPDX-License-Identifier: Apache-2.0 - RSA public keys from a JWK Set or from PEM, and their look-up */
#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "base64url.h"
#include "json.h"
#include "jws.h"

/* OpenSSL takes no larger exponent for keys beyond 3072 bits; nobody needs one below. */
enum { EXPONENT_MAX_BITS = 64 };

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static int has_good_size(const EVP_PKEY *pkey)
{
    int bits = EVP_PKEY_get_bits(pkey);

    return bits >= CLERK_RSA_MIN_BITS && bits <= CLERK_RSA_MAX_BITS;
}

static int make_id(clerk_key *key)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key->pkey, &der);
    int made = len > 0
               && EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    memcpy(key->id, digest, made ? sizeof(key->id) : 0);
    key->id[sizeof(key->id) - 1] = (unsigned char)key->alg;
    return made;
}

/** Fill what follows from kid, alg and pkey. */
static int make_ready(clerk_key *key, apr_pool_t *pool)
{
    key->contexts = clerk_jws_contexts(key->alg, key->pkey, pool);
    return key->contexts != NULL && make_id(key);
}

/* ---------------------------------------------------------------- JWK */

/*
 * A Base64urlUInt (RFC 7518, 2). Leading zero octets, which it must not have and which
 * some libraries write all the same (RFC 7518, 6.3.1.1), do not change the number.
 */
static BIGNUM *read_number(const json_t *jwk, const char *name, int max_bits,
                           apr_pool_t *pool)
{
    const char *text = clerk_json_string(jwk, name);
    clerk_slice bytes;

    if (text == NULL || !clerk_base64url_decode(&bytes, clerk_slice_of(text), pool)) {
        return NULL;
    }
    while (bytes.len > 0 && *bytes.ptr == '\0') {
        bytes.ptr++;
        bytes.len--;
    }
    if (bytes.len == 0 || bytes.len > (apr_size_t)max_bits / 8) {
        return NULL;
    }
    return BN_bin2bn((const unsigned char *)bytes.ptr, (int)bytes.len, NULL);
}

/* RFC 8017, 3.1: both odd, the exponent at least 3. With 1, each text signs itself. */
static int is_rsa_pair(const BIGNUM *n, const BIGNUM *e)
{
    return n != NULL && e != NULL && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e);
}

static EVP_PKEY *key_of(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *numbers = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;

    if (builder != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n)
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
    {
        numbers = OSSL_PARAM_BLD_to_param(builder);
    }
    if (ctx != NULL && numbers != NULL && EVP_PKEY_fromdata_init(ctx) == 1
        && EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, numbers) != 1)
    {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(numbers);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static EVP_PKEY *read_rsa(const json_t *jwk, apr_pool_t *pool)
{
    BIGNUM *n = read_number(jwk, "n", CLERK_RSA_MAX_BITS, pool);
    BIGNUM *e = read_number(jwk, "e", EXPONENT_MAX_BITS, pool);
    EVP_PKEY *pkey = is_rsa_pair(n, e) ? key_of(n, e) : NULL;

    BN_free(n);
    BN_free(e);
    return pkey;
}

static int lists_verify(const json_t *key_ops)
{
    size_t i;

    for (i = 0; i < json_array_size(key_ops); i++) {
        const char *operation = json_string_value(json_array_get(key_ops, i));

        if (operation != NULL && strcmp(operation, "verify") == 0) {
            return 1;
        }
    }
    return 0;
}

/* RFC 7517, 4.2 and 4.3: both are optional; what is there must allow it. */
static int is_for_verifying(const json_t *jwk)
{
    const json_t *use = json_object_get(jwk, "use");
    const json_t *key_ops = json_object_get(jwk, "key_ops");

    return (use == NULL
            || (json_is_string(use) && strcmp(json_string_value(use), "sig") == 0))
           && (key_ops == NULL || lists_verify(key_ops));
}

static clerk_jwt_alg read_alg(const json_t *jwk)
{
    return json_object_get(jwk, "alg") ? clerk_jwt_alg_of(clerk_json_string(jwk, "alg"))
                                       : CLERK_ALG_RS256;
}

/** @return 1 with @a key filled, or 0 when the JWK cannot serve. */
static int read_jwk(clerk_key *key, const json_t *jwk, apr_pool_t *pool)
{
    const char *kty = clerk_json_string(jwk, "kty");
    const char *kid = clerk_json_string(jwk, "kid");
    clerk_jwt_alg alg = read_alg(jwk);
    EVP_PKEY *pkey;

    if (kty == NULL || strcmp(kty, "RSA") != 0 || kid == NULL || *kid == '\0'
        || alg == CLERK_ALG_OTHER || !is_for_verifying(jwk))
    {
        return 0;
    }
    pkey = read_rsa(jwk, pool);
    if (pkey == NULL) {
        return 0;
    }
    apr_pool_cleanup_register(pool, pkey, free_pkey, apr_pool_cleanup_null);
    if (!has_good_size(pkey)) {
        return 0;
    }
    key->kid = kid;
    key->alg = alg;
    key->pkey = pkey;
    return make_ready(key, pool);
}

/* The place of the key with that kid, or the one after the last. */
static apr_size_t place_of(const clerk_key *keys, apr_size_t count, clerk_slice kid)
{
    apr_size_t i = 0;

    while (i < count && !clerk_slice_is(kid, keys[i].kid)) {
        i++;
    }
    return i;
}

static apr_size_t read_jwks(clerk_key *keys, const json_t *list, apr_pool_t *pool)
{
    apr_size_t count = 0;
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        clerk_key key;

        if (read_jwk(&key, json_array_get(list, i), pool)) {
            apr_size_t place = place_of(keys, count, clerk_slice_of(key.kid));

            keys[place] = key;
            count += place == count;
        }
    }
    return count;
}

clerk_status clerk_key_set_parse(const clerk_key_set **set, clerk_slice json,
                                 apr_pool_t *pool, clerk_error *error)
{
    const json_t *document;
    const json_t *list;
    clerk_key_set *found;
    clerk_key *keys;

    if (clerk_json_load(&document, json, pool, error) != CLERK_OK) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "key set is no JSON object");
    }
    list = json_object_get(document, "keys");
    if (!json_is_array(list) || json_array_size(list) == 0) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD, "key set has no keys");
    }
    if (json_array_size(list) > CLERK_JWKS_MAX_KEYS) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "key set has too many keys");
    }
    keys = apr_pcalloc(pool, json_array_size(list) * sizeof(*keys));
    found = apr_palloc(pool, sizeof(*found));
    found->keys = keys;

    ERR_set_mark();
    found->count = read_jwks(keys, list, pool);
    ERR_pop_to_mark();

    if (found->count == 0) {
        return clerk_fail(error, CLERK_E_JWK_FAILED_TO_LOAD,
                          "key set has no usable RSA key");
    }
    *set = found;
    return CLERK_OK;
}

const clerk_key *clerk_key_set_find(const clerk_key_set *set, clerk_slice kid)
{
    apr_size_t place = place_of(set->keys, set->count, kid);

    return place < set->count ? &set->keys[place] : NULL;
}

/* ---------------------------------------------------------------- PEM */

/* Line breaks as environment files write them, in two characters, become white space. */
static clerk_slice with_plain_breaks(clerk_slice text, apr_pool_t *pool)
{
    char *bytes = clerk_slice_copy(text, pool);
    clerk_slice result = { bytes, text.len };
    apr_size_t i;

    for (i = 0; i + 1 < text.len; i++) {
        if (bytes[i] == '\\' && (bytes[i + 1] == 'n' || bytes[i + 1] == 'r')) {
            bytes[i] = bytes[i + 1] = ' ';
        }
    }
    return result;
}

static clerk_slice without_space_around(clerk_slice text)
{
    while (text.len > 0 && strchr(" \t\r\n", *text.ptr) != NULL && *text.ptr != '\0') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && text.ptr[text.len - 1] != '\0'
           && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL)
    {
        text.len--;
    }
    return text;
}

static int ends_with(clerk_slice text, const char *suffix)
{
    apr_size_t len = strlen(suffix);

    return text.len >= len && memcmp(text.ptr + text.len - len, suffix, len) == 0;
}

/** Take the armour of a public key off, where there is one. */
static clerk_status take_armour_off(clerk_slice *body, clerk_slice text,
                                    clerk_error *error)
{
    static const char begin[] = "-----BEGIN PUBLIC KEY-----";
    static const char end[] = "-----END PUBLIC KEY-----";

    if (!clerk_slice_starts_with(text, "-----BEGIN ")) {
        *body = text;
        return CLERK_OK;
    }
    if (!clerk_slice_starts_with(text, begin)) {
        return clerk_fail(error, CLERK_E_JWK_LOCAL_MISSING,
                          "PEM block is not a PUBLIC KEY");
    }
    text.ptr += sizeof(begin) - 1;
    text.len -= sizeof(begin) - 1;
    if (!ends_with(text, end)) {
        return clerk_fail(error, CLERK_E_JWK_LOCAL_MISSING,
                          "PEM text does not end where its public key does");
    }
    text.len -= sizeof(end) - 1;
    *body = text;
    return CLERK_OK;
}

static EVP_PKEY *read_spki(clerk_slice der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.len);

    if (pkey != NULL && at != (const unsigned char *)der.ptr + der.len) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return pkey;
}

static int is_sound_rsa(const EVP_PKEY *pkey)
{
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    int sound = EVP_PKEY_is_a(pkey, "RSA")
                && EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1
                && EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1
                && is_rsa_pair(n, e) && BN_num_bits(e) <= EXPONENT_MAX_BITS;

    BN_free(n);
    BN_free(e);
    return sound;
}

static clerk_status read_pem(clerk_key *key, clerk_slice text, apr_pool_t *pool,
                             clerk_error *error)
{
    clerk_slice body;
    clerk_slice der;

    text = without_space_around(with_plain_breaks(text, pool));
    if (text.len == 0) {
        return clerk_fail(error, CLERK_E_JWK_LOCAL_MISSING, "no key");
    }
    if (take_armour_off(&body, text, error) != CLERK_OK) {
        return CLERK_E_JWK_LOCAL_MISSING;
    }
    if (!clerk_base64_decode_forgiving(&der, body, pool)) {
        return clerk_fail(error, CLERK_E_JWK_LOCAL_MISSING,
                          "neither PEM nor the base64 of a public key");
    }
    key->pkey = read_spki(der);
    if (key->pkey == NULL) {
        return clerk_fail(error, CLERK_E_JWK_LOCAL_MISSING, "not a public key");
    }
    apr_pool_cleanup_register(pool, key->pkey, free_pkey, apr_pool_cleanup_null);
    if (!is_sound_rsa(key->pkey)) {
        return clerk_fail(error, CLERK_E_JWK_LOCAL_MISSING, "not a sound RSA key");
    }
    if (!has_good_size(key->pkey)) {
        return clerk_fail(error, CLERK_E_JWK_LOCAL_MISSING,
                          "RSA key is not of 2048 to 16384 bits");
    }
    key->kid = "";
    key->alg = CLERK_ALG_RS256;
    if (!make_ready(key, pool)) {
        return clerk_fail(error, CLERK_E_JWK_LOCAL_MISSING, "OpenSSL cannot use the key");
    }
    return CLERK_OK;
}

clerk_status clerk_key_from_pem(const clerk_key **key, clerk_slice text,
                                apr_pool_t *pool, clerk_error *error)
{
    clerk_key *found = apr_palloc(pool, sizeof(*found));
    clerk_status status;

    ERR_set_mark();
    status = read_pem(found, text, pool, error);
    ERR_pop_to_mark();
    if (status == CLERK_OK) {
        *key = found;
    }
    return status;
}
