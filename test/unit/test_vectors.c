/* SPDX-License-Identifier: Apache-2.0 - Wycheproof's signatures and keys, each vector accounted for */
#include "support.h"

#include "core/base64url.h"
#include "core/json.h"
#include "core/jws.h"

/*
 * Vectors that this library answers otherwise than the file says, and why. A vector that
 * is listed and answered as the file says fails the test too.
 */
typedef struct exception {
    int first, last; /* tcId */
    const char *why;
} exception;

static const exception signature_exceptions[] = {
    { 1, 1, "HS256 is no algorithm of Clerk's tokens" },
    { 18, 18, "ES256 is none" },
    { 272, 275, "PS256 is none" },
    { 287, 288, "PS256 is none" },
    { 320, 323, "PS384 is none" },
    { 325, 328, "PS512 is none" },
    { 346, 346, "PS384 is none" },
    { 347, 347, "ES512 is none" },
    { 348, 348, "HS256 is none" },
    { 350, 350, "PS384 is none" },
    { 351, 351, "ES512 is none" },
    { 352, 352, "HS256 is none" },
    { 357, 359, "HS256 is none" },
    { 372, 373, "HS256 is none, nor is `?` a character of base64url" },
    { 376, 377, "HS256 is none" },
    { 378, 378, "ES256 is none" },
};

static const exception key_exceptions[] = {
    { 2, 2, "HS256 is no algorithm of Clerk's tokens" },
    { 13, 13, "HS256 is none" },
    { 14, 14, "HS384 is none" },
    { 15, 15, "HS512 is none" },
    /* Keys come from the issuer over TLS: a badly made one is its own to replace. */
    { 7, 7, "how the primes of an RSA key were found (ROCA) is not looked at" },
};

/* What became of the vectors of one file. */
typedef struct tally {
    int accepted, refused, excepted;
} tally;

static int is_listed(const exception *list, size_t count, int id)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (id >= list[i].first && id <= list[i].last) {
            return 1;
        }
    }
    return 0;
}

/* `acceptable` marks what RFC 8017 forbids and some accept: here it is refused. */
static void account(tally *sum, const json_t *vector, int accepted,
                    const exception *list, size_t count)
{
    int id = (int)json_integer_value(json_object_get(vector, "tcId"));
    const char *result = clerk_json_string(vector, "result");
    int listed = is_listed(list, count, id);
    int otherwise;

    assert_non_null(result);
    assert_true(id > 0);
    otherwise = accepted != (strcmp(result, "valid") == 0);
    if (otherwise != listed) {
        fail_msg("vector %d (%s) is %s here, %s in the file%s", id,
                 clerk_json_string(vector, "comment"),
                 accepted ? "accepted" : "refused", result,
                 listed ? ", and listed as an exception" : "");
    }
    sum->accepted += accepted;
    sum->refused += !accepted;
    sum->excepted += listed;
}

/* The files are larger and deeper than what the library's own loader is for. */
static json_t *load_file(const char *name, apr_pool_t *pool)
{
    clerk_slice text =
        support_read_file(apr_pstrcat(pool, "vectors/wycheproof/", name, NULL), pool);
    json_t *file = json_loadb(text.ptr, text.len, 0, NULL);

    assert_non_null(file);
    return file;
}

/* ---------------------------------------------------------------- JWS and JWK */

/**
 * Take a vector's token apart with the library's own pieces. clerk_jwt_decode itself
 * refuses every one of them: their payloads are texts, a JWT's is a JSON object.
 */
static int take_apart(clerk_jwt *jwt, clerk_slice token, apr_pool_t *pool)
{
    const json_t *object;
    clerk_slice rest = token;
    clerk_slice header;
    clerk_slice payload;
    clerk_slice bytes;

    memset(jwt, 0, sizeof(*jwt));
    if (!clerk_slice_cut(&header, &rest, '.') || !clerk_slice_cut(&payload, &rest, '.')
        || !clerk_base64url_decode(&bytes, header, pool)
        || clerk_json_load(&object, bytes, pool, NULL) != CLERK_OK
        || !clerk_base64url_decode(&bytes, payload, pool)
        || !clerk_base64url_decode(&jwt->signature, rest, pool))
    {
        return 0;
    }
    jwt->alg = clerk_jwt_alg_of(clerk_json_string(object, "alg"));
    jwt->kid = clerk_slice_of(clerk_json_string(object, "kid"));
    jwt->signing_input.ptr = token.ptr;
    jwt->signing_input.len = header.len + 1 + payload.len;
    return 1;
}

static int is_accepted(clerk_slice token, const clerk_key_set *set, apr_pool_t *pool)
{
    const clerk_key *key;
    clerk_jwt jwt;

    if (!take_apart(&jwt, token, pool)) {
        return 0;
    }
    key = clerk_key_set_find(set, jwt.kid);
    return key != NULL && clerk_jws_verify(&jwt, key, NULL) == CLERK_OK;
}

/* A group's public keys, or the private ones where those are all; may be empty. */
static const clerk_key_set *keys_of(const json_t *group, apr_pool_t *pool)
{
    static const clerk_key_set none = { NULL, 0 };
    const json_t *keys = json_object_get(group, "public");
    const clerk_key_set *set;
    const char *text;

    keys = keys ? keys : json_object_get(group, "private");
    assert_non_null(keys);
    text = clerk_json_text(keys, pool);
    if (json_object_get(keys, "keys") == NULL) {
        text = support_jwk_set(text, pool);
    }
    return clerk_key_set_parse(&set, support_text(text, pool), pool, NULL) == CLERK_OK
               ? set
               : &none;
}

static tally drive_tokens(const char *name, const exception *list, size_t count,
                          apr_pool_t *pool)
{
    json_t *file = load_file(name, pool);
    tally sum = { 0, 0, 0 };
    json_t *group;
    json_t *vector;
    size_t i;
    size_t j;

    json_array_foreach(json_object_get(file, "testGroups"), i, group)
    {
        const clerk_key_set *set = keys_of(group, pool);

        json_array_foreach(json_object_get(group, "tests"), j, vector)
        {
            clerk_slice token = support_text(clerk_json_string(vector, "jws"), pool);
            clerk_jwt jwt;

            account(&sum, vector, is_accepted(token, set, pool), list, count);
            assert_int_equal(clerk_jwt_decode(&jwt, token, pool, NULL),
                             CLERK_E_TOKEN_INVALID);
        }
    }
    assert_int_equal(sum.accepted + sum.refused,
                     json_integer_value(json_object_get(file, "numberOfTests")));
    json_decref(file);
    return sum;
}

static void json_web_signatures(void **state)
{
    tally sum = drive_tokens("json_web_signature_test.json", signature_exceptions,
                             support_count(signature_exceptions), *state);

    assert_int_equal(sum.accepted, 16);
    assert_int_equal(sum.refused, 385);
    assert_int_equal(sum.excepted, 30);
}

static void json_web_keys(void **state)
{
    tally sum = drive_tokens("json_web_key_test.json", key_exceptions,
                             support_count(key_exceptions), *state);

    assert_int_equal(sum.accepted, 2);
    assert_int_equal(sum.refused, 24);
    assert_int_equal(sum.excepted, 5);
}

/* ---------------------------------------------------------------- RSA signatures */

static clerk_slice from_hex(const char *hex, apr_pool_t *pool)
{
    apr_size_t len = strlen(hex) / 2;
    char *bytes = apr_palloc(pool, len + 1);
    apr_size_t i;

    for (i = 0; i < len; i++) {
        char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

        bytes[i] = (char)apr_strtoi64(digits, NULL, 16);
    }
    return support_bytes(bytes, len, pool);
}

/* The key by both ways that lead to one; they must be the same. */
static clerk_key key_of(const json_t *group, apr_pool_t *pool)
{
    const json_t *jwk = json_object_get(group, "keyJwk");
    const char *set_text = support_jwk_set(clerk_json_text(jwk, pool), pool);
    clerk_slice pem = support_text(clerk_json_string(group, "publicKeyPem"), pool);
    const clerk_key_set *set;
    const clerk_key *local;

    assert_int_equal(
        clerk_key_set_parse(&set, support_text(set_text, pool), pool, NULL), CLERK_OK);
    assert_int_equal(clerk_key_from_pem(&local, pem, pool, NULL), CLERK_OK);
    assert_int_equal(set->count, 1);
    assert_int_equal(EVP_PKEY_eq(set->keys[0].pkey, local->pkey), 1);
    return set->keys[0];
}

static tally drive_signatures(const char *name, apr_pool_t *pool)
{
    json_t *file = load_file(name, pool);
    tally sum = { 0, 0, 0 };
    json_t *group;
    json_t *vector;
    size_t i;
    size_t j;

    json_array_foreach(json_object_get(file, "testGroups"), i, group)
    {
        clerk_key key = key_of(group, pool);

        json_array_foreach(json_object_get(group, "tests"), j, vector)
        {
            clerk_jwt jwt = { .alg = key.alg };

            jwt.signing_input = from_hex(clerk_json_string(vector, "msg"), pool);
            jwt.signature = from_hex(clerk_json_string(vector, "sig"), pool);
            account(&sum, vector, clerk_jws_verify(&jwt, &key, NULL) == CLERK_OK, NULL,
                    0);
        }
    }
    assert_int_equal(sum.accepted + sum.refused,
                     json_integer_value(json_object_get(file, "numberOfTests")));
    json_decref(file);
    return sum;
}

/* clang-format off */
static const struct { const char *name; int accepted, refused; } signature_files[] = {
    { "rsa_signature_2048_sha256_test.json", 9, 250 },
    { "rsa_signature_2048_sha384_test.json", 7, 251 },
    { "rsa_signature_2048_sha512_test.json", 8, 251 },
    { "rsa_signature_3072_sha256_test.json", 8, 251 },
    { "rsa_signature_4096_sha256_test.json", 7, 251 },
};
/* clang-format on */

static void rsa_signatures(void **state)
{
    size_t i;

    for (i = 0; i < support_count(signature_files); i++) {
        tally sum = drive_signatures(signature_files[i].name, *state);

        print_message("# %s\n", signature_files[i].name);
        assert_int_equal(sum.accepted, signature_files[i].accepted);
        assert_int_equal(sum.refused, signature_files[i].refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(json_web_signatures),
        support_test(json_web_keys),
        support_test(rsa_signatures),
    };

    return support_run("vectors", tests);
}
