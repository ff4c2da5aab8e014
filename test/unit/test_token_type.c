/* SPDX-License-Identifier: Apache-2.0 - which type a credential looks like */
#include "support.h"

#include "core/token_type.h"

/* clang-format off */
static const struct { const char *text; clerk_token_type type; } opaque_cases[] = {
    { "mt_x", CLERK_TOKEN_M2M },         /* T01 */
    { "oat_x", CLERK_TOKEN_OAUTH },      /* T01 */
    { "ak_x", CLERK_TOKEN_API_KEY },     /* T01 */
    { "mt_", CLERK_TOKEN_M2M },
    { "MT_x", CLERK_TOKEN_SESSION },     /* T02 */
    { "Ak_x", CLERK_TOKEN_SESSION },     /* T02 */
    { "", CLERK_TOKEN_SESSION },         /* T02 */
    { "OAT_x", CLERK_TOKEN_SESSION },
    { "mt", CLERK_TOKEN_SESSION },
    { "ak-x", CLERK_TOKEN_SESSION },
    { " mt_x", CLERK_TOKEN_SESSION },
    { "x_mt_x", CLERK_TOKEN_SESSION },
    { "a.b", CLERK_TOKEN_SESSION },      /* T09 */
    { "a.b.c.d", CLERK_TOKEN_SESSION },  /* T09 */
    { "a..c", CLERK_TOKEN_SESSION },     /* T09 */
    { "a.b=.c", CLERK_TOKEN_SESSION },   /* T09 */
    { "garbage", CLERK_TOKEN_SESSION },
};
static const struct {
    const char *label, *header, *payload;
    clerk_token_type type;
} jwt_cases[] = {
    { "typ at+jwt", "{\"typ\":\"at+jwt\"}", "{\"sub\":\"user_1\"}",
      CLERK_TOKEN_OAUTH },                                                      /* T03 */
    { "typ application/at+jwt", "{\"typ\":\"application/at+jwt\"}", "{}",
      CLERK_TOKEN_OAUTH },                                                      /* T04 */
    { "typ AT+JWT", "{\"typ\":\"AT+JWT\"}", "{}", CLERK_TOKEN_SESSION },        /* T05 */
    { "sub of a machine", "{\"typ\":\"JWT\"}", "{\"sub\":\"mch_1\"}",
      CLERK_TOKEN_M2M },                                                        /* T06 */
    { "sub of a machine, typ at+jwt", "{\"typ\":\"at+jwt\"}", "{\"sub\":\"mch_1\"}",
      CLERK_TOKEN_M2M },                                                        /* T07 */
    { "sub of a user", "{\"typ\":\"JWT\"}", "{\"sub\":\"user_1\"}",
      CLERK_TOKEN_SESSION },                                                    /* T08 */
    { "no typ", "{}", "{\"sub\":\"user_1\"}", CLERK_TOKEN_SESSION },
    { "no sub", "{}", "{}", CLERK_TOKEN_SESSION },
    { "numeric sub", "{}", "{\"sub\":1}", CLERK_TOKEN_SESSION },                /* T10 */
    { "sub null", "{}", "{\"sub\":null}", CLERK_TOKEN_SESSION },
    { "sub an array", "{}", "{\"sub\":[\"mch_1\"]}", CLERK_TOKEN_SESSION },
    { "sub in capitals", "{}", "{\"sub\":\"MCH_1\"}", CLERK_TOKEN_SESSION },
    { "sub cut short", "{}", "{\"sub\":\"mch\"}", CLERK_TOKEN_SESSION },
    { "category alone", "{\"cat\":\"cl_B7d4PD333AAA\"}", "{\"sub\":\"x\"}",
      CLERK_TOKEN_SESSION },
};
static const struct { clerk_token_type type; const char *name; } name_cases[] = {
    { CLERK_TOKEN_SESSION, "session_token" },
    { CLERK_TOKEN_OAUTH, "oauth_token" },
    { CLERK_TOKEN_M2M, "m2m_token" },
    { CLERK_TOKEN_API_KEY, "api_key" },
};
/* clang-format on */

static void opaque_credentials(void **state)
{
    size_t i;

    for (i = 0; i < support_count(opaque_cases); i++) {
        print_message("# \"%s\"\n", opaque_cases[i].text);
        assert_int_equal(
            clerk_token_classify(support_text(opaque_cases[i].text, *state), NULL),
            opaque_cases[i].type);
    }
}

static clerk_token_type classify(const char *header, const char *payload,
                                 const char *signature, apr_pool_t *pool)
{
    const char *token =
        apr_pstrcat(pool, support_unsigned_jwt(header, payload, pool), signature, NULL);
    clerk_slice credential = support_text(token, pool);
    clerk_jwt jwt;

    assert_int_equal(clerk_jwt_decode(&jwt, credential, pool, NULL), CLERK_OK);
    return clerk_token_classify(credential, &jwt);
}

static void decoded_tokens(void **state)
{
    size_t i;

    for (i = 0; i < support_count(jwt_cases); i++) {
        print_message("# %s\n", jwt_cases[i].label);
        assert_int_equal(
            classify(jwt_cases[i].header, jwt_cases[i].payload, "c2lnbg", *state),
            jwt_cases[i].type);
    }
}

static void padding_disguises_no_machine(void **state)
{
    size_t i;

    for (i = 0; i < support_count(jwt_cases); i++) {
        print_message("# %s\n", jwt_cases[i].label);
        assert_int_equal(
            classify(jwt_cases[i].header, jwt_cases[i].payload, "c2lnbg==", *state),
            jwt_cases[i].type);
    }
}

static void names_go_both_ways(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < support_count(name_cases); i++) {
        assert_string_equal(clerk_token_type_name(name_cases[i].type),
                            name_cases[i].name);
        assert_int_equal(clerk_token_type_named(name_cases[i].name),
                         name_cases[i].type);
    }
}

static void other_words_name_nothing(void **state)
{
    static const char *const words[] = { "",         "any",      "machine_token",
                                         "Api_Key",  "api_key ", "session",
                                         "api_keys", NULL };
    size_t i;

    (void)state;
    for (i = 0; i < support_count(words); i++) {
        assert_int_equal(clerk_token_type_named(words[i]), CLERK_TOKEN_NONE);
    }
    assert_string_equal(clerk_token_type_name(CLERK_TOKEN_NONE), "");
    assert_string_equal(clerk_token_type_name(CLERK_TOKEN_ANY), "");
}

static void knows_what_could_be_opaque(void **state)
{
    static const char *const good[] = { "mt_a", "oat_Ab9-._~+/", "ak_x==", "mt_a.b",
                                        "ak_ak_1" };
    static const char *const bad[] = { "",        "mt_",         "oat_",   "ak_",
                                       "MT_a",    "x_a",         "ak_=a",  "ak_a b",
                                       "ak_a\tb", "ak_\"",       "ak_\\",  "ak_a,b",
                                       "ak_%41",  "ak_\xc3\xa4", "at_ak_a" };
    apr_pool_t *pool = *state;
    char *longest = apr_palloc(pool, CLERK_TOKEN_MAX_LENGTH + 2);
    apr_size_t i;

    for (i = 0; i < support_count(good); i++) {
        assert_true(clerk_token_is_opaque(support_text(good[i], pool)));
    }
    for (i = 0; i < support_count(bad); i++) {
        assert_false(clerk_token_is_opaque(support_text(bad[i], pool)));
    }
    memset(longest, 'a', CLERK_TOKEN_MAX_LENGTH + 1);
    memcpy(longest, "ak_", 3);
    assert_true(
        clerk_token_is_opaque(support_bytes(longest, CLERK_TOKEN_MAX_LENGTH, pool)));
    assert_false(clerk_token_is_opaque(
        support_bytes(longest, CLERK_TOKEN_MAX_LENGTH + 1, pool)));
    assert_false(clerk_token_is_opaque(support_bytes("ak_a\0b", 6, pool)));
}

/** Each byte in the middle of a token; the alphabet is that of RFC 6750, 2.1. */
static void knows_the_alphabet(void **state)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-._~+/";
    char token[] = "ak_a?b";
    int byte;

    for (byte = 0; byte < 256; byte++) {
        token[4] = (char)byte;
        assert_int_equal(clerk_token_is_opaque(support_bytes(token, 6, *state)),
                         memchr(allowed, byte, sizeof(allowed) - 1) != NULL);
    }
}

static void knows_which_are_machines(void **state)
{
    (void)state;
    assert_true(clerk_token_type_is_machine(CLERK_TOKEN_OAUTH));
    assert_true(clerk_token_type_is_machine(CLERK_TOKEN_M2M));
    assert_true(clerk_token_type_is_machine(CLERK_TOKEN_API_KEY));
    assert_false(clerk_token_type_is_machine(CLERK_TOKEN_SESSION));
    assert_false(clerk_token_type_is_machine(CLERK_TOKEN_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(opaque_credentials),
        support_test(decoded_tokens),
        support_test(knows_what_could_be_opaque),
        support_test(knows_the_alphabet),
        support_test(knows_which_are_machines),
        support_test(padding_disguises_no_machine),
        support_test(names_go_both_ways),
        support_test(other_words_name_nothing),
    };

    return support_run("token_type", tests);
}
