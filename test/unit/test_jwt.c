/* SPDX-License-Identifier: Apache-2.0 - cutting and decoding tokens, and reading their headers */
#include "support.h"

#include "core/jwt.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

/* {"alg":"RS256"} and {"sub":"user_1"} and three bytes */
#define HEADER "eyJhbGciOiJSUzI1NiJ9"
#define PAYLOAD "eyJzdWIiOiJ1c2VyXzEifQ"
#define SIGNATURE "c2ln"

/* clang-format off */
static const struct {
    const char *label, *token;
    size_t len;
    const char *detail; /* NULL: accepted */
} cases[] = {
    { "three segments", BYTES(HEADER "." PAYLOAD "." SIGNATURE), NULL },
    { "padded payload", BYTES(HEADER "." PAYLOAD "==." SIGNATURE), NULL },
    { "padded signature", BYTES(HEADER "." PAYLOAD ".c2lnbg=="), NULL },
    { "singly padded signature", BYTES(HEADER "." PAYLOAD ".c2lnbmE="), NULL },

    { "empty", BYTES(""), "fewer than three segments" },
    { "one segment", BYTES(HEADER), "fewer than three segments" },
    { "two segments", BYTES(HEADER "." PAYLOAD), "fewer than three segments" }, /* J01 */
    { "four segments", BYTES(HEADER "." PAYLOAD "." SIGNATURE "." SIGNATURE),
      "more than three segments" },
    { "fourth segment empty", BYTES(HEADER "." PAYLOAD "." SIGNATURE "."),
      "more than three segments" },
    { "dots alone", BYTES(".."), "segment is not base64url" },
    { "empty header", BYTES("." PAYLOAD "." SIGNATURE), "segment is not base64url" },
    { "empty payload", BYTES(HEADER ".." SIGNATURE), "segment is not base64url" },
    { "empty signature", BYTES(HEADER "." PAYLOAD "."), NULL }, /* judged as one */
    { "padding for a signature", BYTES(HEADER "." PAYLOAD ".="),
      "signature is not base64url" },
    { "four of padding for a signature", BYTES(HEADER "." PAYLOAD ".===="),
      "signature is not base64url" },
    { "padding that completes nothing", BYTES(HEADER "." PAYLOAD "=." SIGNATURE),
      "segment is not base64url" },
    { "padding behind whole groups", BYTES(HEADER "=." PAYLOAD "." SIGNATURE),
      "segment is not base64url" },
    { "padding in front", BYTES(HEADER "." PAYLOAD ".==c2lnbg"),
      "signature is not base64url" },
    { "padding inside", BYTES(HEADER "." PAYLOAD ".c2==lnbg"),
      "signature is not base64url" },
    { "standard alphabet", BYTES(HEADER "." PAYLOAD ".c2l+"),
      "signature is not base64url" },
    { "stray bit in the payload", BYTES(HEADER "." "eyJzdWIiOiJ1c2VyXzEifR." SIGNATURE),
      "segment is not base64url" },
    { "stray bit in the signature", BYTES(HEADER "." PAYLOAD ".c2lnbh"),
      "signature is not base64url" },
    { "space in front", BYTES(" " HEADER "." PAYLOAD "." SIGNATURE),
      "segment is not base64url" },
    { "line break behind", BYTES(HEADER "." PAYLOAD "." SIGNATURE "\n"),
      "signature is not base64url" },
    { "NUL behind", BYTES(HEADER "." PAYLOAD "." SIGNATURE "\0"),
      "signature is not base64url" },
    { "NUL in the header", BYTES("eyJhbGciOiJSUzI1Ni\0Q." PAYLOAD "." SIGNATURE),
      "segment is not base64url" },
    { "header of text", BYTES("Zm9v." PAYLOAD "." SIGNATURE), "not JSON" }, /* J02 */
    { "header of Latin-1", BYTES("eyLpIjoxfQ." PAYLOAD "." SIGNATURE),
      "JSON is not UTF-8" },
    { "JSON serialization", BYTES("{\"payload\":\"" PAYLOAD "\",\"protected\":\"" HEADER
      "\",\"signature\":\"" SIGNATURE "\"}"), "fewer than three segments" },
};
/* clang-format on */

static void decode_table(void **state)
{
    size_t i;

    for (i = 0; i < support_count(cases); i++) {
        clerk_slice token = support_bytes(cases[i].token, cases[i].len, *state);
        clerk_error error = { CLERK_OK, "" };
        clerk_jwt before;
        clerk_jwt jwt;
        clerk_status status;

        memset(&jwt, 0x5a, sizeof(jwt));
        before = jwt;
        status = clerk_jwt_decode(&jwt, token, *state, &error);
        print_message("# %s\n", cases[i].label);
        if (cases[i].detail == NULL) {
            assert_int_equal(status, CLERK_OK);
            assert_string_equal(clerk_node_text(jwt.payload, "sub"), "user_1");
        }
        else {
            assert_int_equal(status, CLERK_E_TOKEN_INVALID);
            assert_int_equal(error.status, CLERK_E_TOKEN_INVALID);
            assert_string_equal(error.detail, cases[i].detail);
            assert_memory_equal(&jwt, &before, sizeof(jwt));
        }
    }
}

/* Decode an unsigned-looking token of these two texts, whatever its signature. */
static clerk_status decode(clerk_jwt *jwt, const char *header, const char *payload,
                           apr_pool_t *pool, clerk_error *error)
{
    const char *token =
        apr_pstrcat(pool, support_unsigned_jwt(header, payload, pool), SIGNATURE, NULL);

    return clerk_jwt_decode(jwt, support_text(token, pool), pool, error);
}

/* clang-format off */
static const struct {
    const char *label, *header, *payload, *detail;
} object_cases[] = {
    { "header null", "null", "{}", "not JSON" },
    { "header an array", "[{\"alg\":\"RS256\"}]", "{}", "JSON is not an object" },
    { "header with a duplicate", "{\"alg\":\"RS256\",\"alg\":\"none\"}", "{}",
      "duplicate member in JSON" },
    { "header with a duplicate kid", "{\"alg\":\"RS256\",\"kid\":\"a\",\"kid\":\"b\"}",
      "{}",
      "duplicate member in JSON" },
    { "payload null", "{}", "null", "not JSON" },                 /* J03 */
    { "payload an array", "{}", "[]", "JSON is not an object" },  /* J03 */
    { "payload a string", "{}", "\"user_1\"", "not JSON" },
    { "payload with a duplicate", "{}", "{\"sub\":\"user_1\",\"sub\":\"user_2\"}",
      "duplicate member in JSON" },
    { "payload with a NUL", "{}", "{\"sub\":\"user_1\\u0000x\"}",
      "NUL in a JSON string" },
    { "payload and more", "{}", "{} {}", "bytes after the JSON value" },
    { "crit", "{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", "{}",
      "critical header extension" },
    { "empty crit", "{\"alg\":\"RS256\",\"crit\":[]}", "{}",
      "critical header extension" },
    { "crit null", "{\"alg\":\"RS256\",\"crit\":null}", "{}",
      "critical header extension" },
};
/* clang-format on */

static void both_are_objects_without_surprises(void **state)
{
    size_t i;

    for (i = 0; i < support_count(object_cases); i++) {
        clerk_error error = { CLERK_OK, "" };
        clerk_jwt jwt;

        print_message("# %s\n", object_cases[i].label);
        assert_int_equal(decode(&jwt, object_cases[i].header, object_cases[i].payload,
                                *state, &error),
                         CLERK_E_TOKEN_INVALID);
        assert_string_equal(error.detail, object_cases[i].detail);
    }
}

/* clang-format off */
static const struct { const char *value; clerk_jwt_alg alg; } alg_cases[] = {
    { "\"RS256\"", CLERK_ALG_RS256 },
    { "\"RS384\"", CLERK_ALG_RS384 },
    { "\"RS512\"", CLERK_ALG_RS512 },
    { "\"none\"", CLERK_ALG_OTHER },   /* J04 */
    { "\"None\"", CLERK_ALG_OTHER },
    { "\"HS256\"", CLERK_ALG_OTHER },  /* J05 */
    { "\"ES256\"", CLERK_ALG_OTHER },  /* J06 */
    { "\"PS256\"", CLERK_ALG_OTHER },  /* J06 */
    { "\"EdDSA\"", CLERK_ALG_OTHER },
    { "\"rs256\"", CLERK_ALG_OTHER },
    { "\"RS256 \"", CLERK_ALG_OTHER },
    { "\"RS2567\"", CLERK_ALG_OTHER },
    { "\"RS25\"", CLERK_ALG_OTHER },
    { "\"\"", CLERK_ALG_OTHER },
    { "null", CLERK_ALG_OTHER },
    { "256", CLERK_ALG_OTHER },
    { "[\"RS256\"]", CLERK_ALG_OTHER },
    { NULL, CLERK_ALG_OTHER },
};
static const struct { const char *value; clerk_jwt_typ typ; } typ_cases[] = {
    { NULL, CLERK_TYP_ABSENT },                       /* J07 */
    { "\"JWT\"", CLERK_TYP_JWT },                     /* J07 */
    { "\"jwt\"", CLERK_TYP_OTHER },                   /* J08 */
    { "\"\"", CLERK_TYP_OTHER },                      /* J08 */
    { "\"JWT \"", CLERK_TYP_OTHER },
    { "null", CLERK_TYP_OTHER },
    { "1", CLERK_TYP_OTHER },
    { "\"at+jwt\"", CLERK_TYP_AT_JWT },               /* J08, T03 */
    { "\"application/at+jwt\"", CLERK_TYP_AT_JWT },   /* T04 */
    { "\"AT+JWT\"", CLERK_TYP_OTHER },                /* T05 */
    { "\"application/AT+JWT\"", CLERK_TYP_OTHER },
    { "\"application/jwt\"", CLERK_TYP_OTHER },
    { "[\"JWT\"]", CLERK_TYP_OTHER },
};
static const struct {
    const char *value;
    clerk_jwt_category category;
    int non_session;
} cat_cases[] = {
    { NULL, CLERK_CATEGORY_ABSENT, 0 },
    { "\"cl_B7d4PD111AAA\"", CLERK_CATEGORY_SESSION, 0 },
    { "\"cl_I7d4PD111III\"", CLERK_CATEGORY_IGNORE, 0 },
    { "\"cl_B7d4PD222AAA\"", CLERK_CATEGORY_TEMPLATE, 1 },
    { "\"cl_B7d4PD333AAA\"", CLERK_CATEGORY_M2M, 1 },
    { "\"cl_Zz\"", CLERK_CATEGORY_UNKNOWN, 1 },
    { "\"cl_b7d4pd111aaa\"", CLERK_CATEGORY_UNKNOWN, 1 },
    { "\"cl_B7d4PD111AAA \"", CLERK_CATEGORY_UNKNOWN, 1 },
    { "\"\"", CLERK_CATEGORY_UNKNOWN, 1 },
    { "null", CLERK_CATEGORY_UNKNOWN, 1 },
    { "[\"cl_B7d4PD111AAA\"]", CLERK_CATEGORY_UNKNOWN, 1 },
};
static const struct { const char *value, *kid; } kid_cases[] = {
    { "\"ins_1\"", "ins_1" },
    { "\"\\u0069ns_1\"", "ins_1" },
    { "\"a b/../\xc3\xa9\"", "a b/../\xc3\xa9" },
    { "\"\"", "" },
    { "null", "" },
    { "7", "" },
    { "[\"ins_1\"]", "" },
    { NULL, "" },
};
/* clang-format on */

static clerk_jwt with_header(const char *member, const char *value, apr_pool_t *pool)
{
    const char *header =
        value ? apr_psprintf(pool, "{\"x\":1,\"%s\":%s}", member, value) : "{\"x\":1}";
    clerk_jwt jwt;

    print_message("# %s %s\n", member, value ? value : "absent");
    assert_int_equal(decode(&jwt, header, "{}", pool, NULL), CLERK_OK);
    return jwt;
}

static void header_members_are_classified(void **state)
{
    size_t i;

    for (i = 0; i < support_count(alg_cases); i++) {
        clerk_jwt jwt = with_header("alg", alg_cases[i].value, *state);

        assert_int_equal(jwt.alg, alg_cases[i].alg);
    }
    for (i = 0; i < support_count(typ_cases); i++) {
        clerk_jwt jwt = with_header("typ", typ_cases[i].value, *state);

        assert_int_equal(jwt.typ, typ_cases[i].typ);
    }
    for (i = 0; i < support_count(cat_cases); i++) {
        clerk_jwt jwt = with_header("cat", cat_cases[i].value, *state);

        assert_int_equal(jwt.category, cat_cases[i].category);
        assert_int_equal(clerk_jwt_is_non_session(&jwt), cat_cases[i].non_session);
    }
    for (i = 0; i < support_count(kid_cases); i++) {
        clerk_jwt jwt = with_header("kid", kid_cases[i].value, *state);

        assert_true(clerk_slice_is(jwt.kid, kid_cases[i].kid));
    }
    assert_int_equal(clerk_jwt_alg_of(NULL), CLERK_ALG_OTHER);
}

static void a_real_token_comes_apart(void **state)
{
    const char *text = support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, *state);
    clerk_slice token = support_text(text, *state);
    clerk_jwt jwt;

    assert_int_equal(clerk_jwt_decode(&jwt, token, *state, NULL), CLERK_OK);
    assert_ptr_equal(jwt.signing_input.ptr, token.ptr);
    assert_int_equal(jwt.signing_input.len, strrchr(text, '.') - text);
    assert_int_equal(jwt.signature.len, 256);
    assert_true(clerk_slice_is(jwt.kid, SUPPORT_KID));
    assert_int_equal(jwt.alg, CLERK_ALG_RS256);
    assert_int_equal(jwt.typ, CLERK_TYP_JWT);
    assert_int_equal(jwt.category, CLERK_CATEGORY_SESSION);
    assert_string_equal(clerk_node_text(jwt.payload, "sid"), "sess_2abc");
}

static void padding_stays_in_the_signing_input(void **state)
{
    static const char text[] = HEADER "." PAYLOAD "==." SIGNATURE;
    clerk_jwt jwt;

    assert_int_equal(clerk_jwt_decode(&jwt, support_text(text, *state), *state, NULL),
                     CLERK_OK);
    assert_true(clerk_slice_is(jwt.signing_input, HEADER "." PAYLOAD "=="));
}

/* A token of exactly @a len bytes, good but for its length. */
static clerk_slice token_of_length(apr_size_t len, apr_pool_t *pool)
{
    static const char *const payloads[] = { "{}", " {}", "  {}", "   {}" };
    size_t i;

    for (i = 0; i < support_count(payloads); i++) {
        const char *start =
            support_unsigned_jwt("{\"alg\":\"RS256\"}", payloads[i], pool);
        apr_size_t room = len - strlen(start);
        char *signature = apr_palloc(pool, room + 1);

        if (room % 4 != 1) {
            memset(signature, 'A', room);
            signature[room] = '\0';
            return support_text(apr_pstrcat(pool, start, signature, NULL), pool);
        }
    }
    fail_msg("no token of %lu bytes", (unsigned long)len);
    return clerk_slice_of(NULL);
}

static void length_is_bounded(void **state)
{
    clerk_slice longest = token_of_length(CLERK_TOKEN_MAX_LENGTH, *state);
    clerk_slice longer = token_of_length(CLERK_TOKEN_MAX_LENGTH + 1, *state);
    clerk_error error;
    clerk_jwt jwt;

    assert_int_equal(longest.len, 16384);
    assert_int_equal(clerk_jwt_decode(&jwt, longest, *state, NULL), CLERK_OK);
    assert_int_equal(longer.len, 16385);
    assert_int_equal(clerk_jwt_decode(&jwt, longer, *state, &error),
                     CLERK_E_TOKEN_INVALID);
    assert_string_equal(error.detail, "token too long");
}

/* clang-format off */
static const struct { const char *text; size_t len; int shaped; } shape_cases[] = {
    { BYTES("a.b.c"), 1 },
    { BYTES("Az09-_.Az09-_.Az09-_"), 1 },
    { BYTES("a.b"), 0 },       /* T09 */
    { BYTES("a.b.c.d"), 0 },   /* T09 */
    { BYTES("a..c"), 0 },      /* T09 */
    { BYTES("a.b=.c"), 0 },    /* T09 */
    { BYTES(""), 0 },
    { BYTES("."), 0 },
    { BYTES(".."), 0 },
    { BYTES(".b.c"), 0 },
    { BYTES("a.b."), 0 },
    { BYTES("a.b.c."), 0 },
    { BYTES("a.b.c="), 0 },
    { BYTES("a.b.c "), 0 },
    { BYTES(" a.b.c"), 0 },
    { BYTES("a.b.c\n"), 0 },
    { BYTES("a.b.c\0"), 0 },
    { BYTES("a.b+.c"), 0 },
    { BYTES("a.b/.c"), 0 },
    { BYTES("a.b.\xe9"), 0 },
    { BYTES("abc"), 0 },
};
/* clang-format on */

static void shape_table(void **state)
{
    size_t i;

    for (i = 0; i < support_count(shape_cases); i++) {
        print_message("# case %d\n", (int)i);
        assert_int_equal(clerk_jwt_is_shaped(support_bytes(shape_cases[i].text,
                                                           shape_cases[i].len, *state)),
                         shape_cases[i].shaped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(decode_table),
        support_test(both_are_objects_without_surprises),
        support_test(header_members_are_classified),
        support_test(a_real_token_comes_apart),
        support_test(padding_stays_in_the_signing_input),
        support_test(length_is_bounded),
        support_test(shape_table),
    };

    return support_run("jwt", tests);
}
