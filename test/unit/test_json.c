/* SPDX-License-Identifier: Apache-2.0 - what is JSON here, what is refused, how values read */
#include "support.h"

#include "core/json.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

/* clang-format off */
static const struct {
    const char *label, *text;
    size_t len;
    const char *detail; /* NULL: accepted */
} load_cases[] = {
    { "empty object", BYTES("{}"), NULL },
    { "white space around", BYTES(" \t\r\n{ } \n"), NULL },
    { "every kind of value", BYTES("{\"a\":[1,-2.5,\"x\",true,false,null,{}]}"), NULL },
    { "UTF-8", BYTES("{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\"}"), NULL },
    { "escaped pair of surrogates", BYTES("{\"a\":\"\\ud83d\\ude00\"}"), NULL },
    { "one name on two levels", BYTES("{\"a\":{\"a\":1}}"), NULL },
    { "names that differ in case", BYTES("{\"a\":1,\"A\":2}"), NULL },

    { "nothing", BYTES(""), "not JSON" },
    { "white space alone", BYTES(" "), "not JSON" },
    { "array", BYTES("[]"), "JSON is not an object" },               /* J03 */
    { "array of objects", BYTES("[{}]"), "JSON is not an object" },
    { "null", BYTES("null"), "not JSON" },                           /* J03 */
    { "string", BYTES("\"a\""), "not JSON" },
    { "number", BYTES("1"), "not JSON" },
    { "text", BYTES("foo"), "not JSON" },                            /* J02 */
    { "unfinished", BYTES("{\"a\":1"), "not JSON" },
    { "unfinished string", BYTES("{\"a"), "not JSON" },
    { "unfinished escape", BYTES("{\"a\\"), "not JSON" },
    { "trailing comma", BYTES("{\"a\":1,}"), "not JSON" },
    { "single quotes", BYTES("{'a':1}"), "not JSON" },
    { "comment", BYTES("{/**/}"), "not JSON" },
    { "NaN", BYTES("{\"a\":NaN}"), "not JSON" },
    { "leading zero", BYTES("{\"a\":01}"), "not JSON" },
    { "hexadecimal", BYTES("{\"a\":0x1}"), "not JSON" },
    { "line break in a string", BYTES("{\"a\":\"\n\"}"), "not JSON" },
    { "lone surrogate", BYTES("{\"a\":\"\\ud83d\"}"), "not JSON" },
    { "closing brackets first", BYTES("]}{"), "not JSON" },
    { "second object", BYTES("{}{}"), "bytes after the JSON value" },
    { "NUL behind", BYTES("{}\0"), "bytes after the JSON value" },
    { "NUL behind a number", BYTES("{\"a\":1\0}"), "not JSON" },
    { "NUL behind a real number", BYTES("{\"a\":[1.5\0,2]}"), "not JSON" },
    { "NUL in front", BYTES("\0{}"), "not JSON" },
    { "raw NUL in a string", BYTES("{\"a\":\"b\0c\"}"), "not JSON" },
    { "escaped NUL in a string", BYTES("{\"a\":\"b\\u0000c\"}"), "NUL in a JSON string" },
    { "escaped NUL in a name", BYTES("{\"a\\u0000b\":1}"), "NUL in a JSON string" },
    { "byte order mark", BYTES("\xef\xbb\xbf{}"), "not JSON" },
    { "Latin-1", BYTES("{\"a\":\"\xe9\"}"), "JSON is not UTF-8" },
    { "overlong UTF-8", BYTES("{\"a\":\"\xc0\xaf\"}"), "JSON is not UTF-8" },
    { "surrogate in UTF-8", BYTES("{\"a\":\"\xed\xa0\x80\"}"), "JSON is not UTF-8" },
    { "cut UTF-8", BYTES("{\"a\":\"\xc3\"}"), "JSON is not UTF-8" },
    { "duplicate", BYTES("{\"a\":1,\"a\":1}"), "duplicate member in JSON" },
    { "duplicate by escape", BYTES("{\"a\":1,\"\\u0061\":2}"),
      "duplicate member in JSON" },
    { "duplicate within", BYTES("{\"b\":[{\"a\":1,\"a\":2}]}"),
      "duplicate member in JSON" },
    { "duplicate beside a huge integer",
      BYTES("{\"n\":99999999999999999999,\"a\":1,\"a\":2}"),
      "duplicate member in JSON" },
    { "infinite real", BYTES("{\"a\":1e999}"), "JSON number out of range" },
    { "infinite real beside a huge integer",
      BYTES("{\"a\":99999999999999999999,\"b\":-1e999}"),
      "JSON number out of range" },
};
/* clang-format on */

static void load_table(void **state)
{
    static const json_t *const untouched = (const json_t *)&load_cases;
    size_t i;

    for (i = 0; i < support_count(load_cases); i++) {
        clerk_slice text = support_bytes(load_cases[i].text, load_cases[i].len, *state);
        const json_t *out = untouched;
        clerk_error error = { CLERK_OK, "" };
        clerk_status status = clerk_json_load(&out, text, *state, &error);

        print_message("# %s\n", load_cases[i].label);
        if (load_cases[i].detail == NULL) {
            assert_int_equal(status, CLERK_OK);
            assert_true(json_is_object(out));
        }
        else {
            assert_int_equal(status, CLERK_E_TOKEN_INVALID);
            assert_int_equal(error.status, CLERK_E_TOKEN_INVALID);
            assert_string_equal(error.detail, load_cases[i].detail);
            assert_ptr_equal(out, untouched);
        }
    }
}

/* {"a":[[…]]} with @a depth brackets open at the innermost place */
static const char *nested(unsigned depth, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 5 + 2 * (apr_size_t)depth + 1);
    char *at = text;

    memcpy(at, "{\"a\":", 5);
    at += 5;
    memset(at, '[', depth - 1);
    at += depth - 1;
    memset(at, ']', depth - 1);
    at += depth - 1;
    memcpy(at, "}", 2);
    return text;
}

static clerk_status load(const char *text, apr_pool_t *pool, clerk_error *error)
{
    const json_t *out;

    return clerk_json_load(&out, support_text(text, pool), pool, error);
}

static void depth_is_bounded(void **state)
{
    clerk_error error;
    char *hostile = apr_palloc(*state, 1000001);

    assert_int_equal(load(nested(CLERK_JSON_MAX_DEPTH, *state), *state, &error),
                     CLERK_OK);
    assert_int_equal(load(nested(CLERK_JSON_MAX_DEPTH + 1, *state), *state, &error),
                     CLERK_E_TOKEN_INVALID);
    assert_string_equal(error.detail, "JSON nested too deeply");

    memset(hostile, '[', 1000000);
    hostile[1000000] = '\0';
    assert_int_equal(load(hostile, *state, &error), CLERK_E_TOKEN_INVALID);
    assert_string_equal(error.detail, "JSON nested too deeply");
}

/* clang-format off */
static const struct {
    const char *label, *before, *after; /* around 200 opening brackets */
    int accepted;
} bracket_cases[] = {
    { "in a string", "{\"a\":\"", "\"}", 1 },
    { "in a name", "{\"", "\":1}", 1 },
    { "behind an escaped quote", "{\"a\":\"\\\"", "\"}", 1 },
    { "behind an escaped backslash, outside", "{\"a\":\"\\\\\",\"b\":", "}", 0 },
    { "behind an escaped backslash and quote", "{\"a\":\"\\\\\\\"", "\"}", 1 },
};
/* clang-format on */

static void brackets_in_strings_do_not_nest(void **state)
{
    char brackets[201];
    size_t i;

    memset(brackets, '[', 200);
    brackets[200] = '\0';
    for (i = 0; i < support_count(bracket_cases); i++) {
        clerk_error error = { CLERK_OK, "" };
        clerk_status status = load(apr_pstrcat(*state, bracket_cases[i].before,
                                               brackets, bracket_cases[i].after, NULL),
                                   *state, &error);

        print_message("# %s\n", bracket_cases[i].label);
        assert_int_equal(status == CLERK_OK, bracket_cases[i].accepted);
        if (!bracket_cases[i].accepted) {
            assert_string_equal(error.detail, "JSON nested too deeply");
        }
    }
}

static const json_t *loaded(const char *text, apr_pool_t *pool)
{
    const json_t *out = NULL;

    assert_int_equal(clerk_json_load(&out, support_text(text, pool), pool, NULL),
                     CLERK_OK);
    return out;
}

/* clang-format off */
static const struct {
    const char *number, *text;
    json_type type;
} number_cases[] = {
    { "0", "0", JSON_INTEGER },
    { "-0", "0", JSON_INTEGER },
    { "-0.0", "0", JSON_INTEGER },
    { "5", "5", JSON_INTEGER },
    { "5.0", "5", JSON_INTEGER },
    { "5e0", "5", JSON_INTEGER },
    { "17e8", "1700000000", JSON_INTEGER },
    { "-2.0", "-2", JSON_INTEGER },
    { "9007199254740992.0", "9007199254740992", JSON_INTEGER },
    { "-9007199254740992.0", "-9007199254740992", JSON_INTEGER },
    { "9007199254740994.0", "9007199254740994.0", JSON_REAL },
    { "9223372036854775807", "9223372036854775807", JSON_INTEGER },
    { "-9223372036854775808", "-9223372036854775808", JSON_INTEGER },
    { "9223372036854775808", "9.223372036854776e18", JSON_REAL },
    { "99999999999999999999", "1e20", JSON_REAL },
    { "0.1", "0.1", JSON_REAL },
    { "-2.50", "-2.5", JSON_REAL },
    { "0.30000000000000004", "0.30000000000000004", JSON_REAL },
    { "1e-7", "1e-7", JSON_REAL },
    { "1700000000.5", "1700000000.5", JSON_REAL },
    { "1e300", "1e300", JSON_REAL },
};
/* clang-format on */

static void numbers_have_one_kind(void **state)
{
    size_t i;

    for (i = 0; i < support_count(number_cases); i++) {
        const json_t *object = loaded(
            apr_pstrcat(*state, "{\"n\":", number_cases[i].number, "}", NULL), *state);
        const json_t *list = loaded(
            apr_pstrcat(*state, "{\"n\":[[", number_cases[i].number, "]]}", NULL),
            *state);
        const json_t *number = clerk_json_at(object, "n");

        print_message("# %s\n", number_cases[i].number);
        assert_int_equal(json_typeof(number), number_cases[i].type);
        assert_string_equal(clerk_json_text(number, *state), number_cases[i].text);
        assert_true(
            json_equal((json_t *)number,
                       json_array_get(json_array_get(clerk_json_at(list, "n"), 0), 0)));
    }
}

static void a_huge_integer_leaves_the_others_alone(void **state)
{
    const json_t *object =
        loaded("{\"big\":123456789012345678901234567890,\"exp\":1700000050,"
               "\"deep\":{\"list\":[1,2.5,{\"n\":3}]}}",
               *state);

    assert_true(json_is_real(clerk_json_at(object, "big")));
    assert_int_equal(json_integer_value(clerk_json_at(object, "exp")), 1700000050);
    assert_string_equal(clerk_json_text(clerk_json_at(object, "deep"), *state),
                        "{\"list\":[1,2.5,{\"n\":3}]}");
}

static void string_is_for_strings_only(void **state)
{
    const json_t *object =
        loaded("{\"s\":\"x\",\"e\":\"\",\"n\":1,\"z\":null,\"o\":{}}", *state);

    assert_string_equal(clerk_json_string(object, "s"), "x");
    assert_string_equal(clerk_json_string(object, "e"), "");
    assert_null(clerk_json_string(object, "n"));
    assert_null(clerk_json_string(object, "z"));
    assert_null(clerk_json_string(object, "o"));
    assert_null(clerk_json_string(object, "absent"));
    assert_null(clerk_json_string(NULL, "s"));
}

/* clang-format off */
static const struct { const char *path, *text; } path_cases[] = {
    { "o", "{\"id\":\"org_1\",\"n\":{\"m\":[1]}}" },
    { "o.id", "\"org_1\"" },
    { "o.n.m", "[1]" },
    { "z", "null" },
    { "", "1" },
    { ".x", NULL },
    { "oo", NULL },
    { "o.", NULL },
    { "o.i", NULL },
    { "o.idx", NULL },
    { "o.id.x", NULL },
    { "o.n.m.0", NULL },
    { "o..id", NULL },
    { "z.x", NULL },
    { "absent.id", NULL },
};
/* clang-format on */

static void at_follows_a_path(void **state)
{
    const json_t *object = loaded(
        "{\"o\":{\"id\":\"org_1\",\"n\":{\"m\":[1]}},\"z\":null,\"\":1}", *state);
    size_t i;

    for (i = 0; i < support_count(path_cases); i++) {
        const json_t *value = clerk_json_at(object, path_cases[i].path);

        print_message("# %s\n", path_cases[i].path);
        if (path_cases[i].text == NULL) {
            assert_null(value);
        }
        else {
            assert_non_null(value);
            assert_string_equal(clerk_json_text(value, *state), path_cases[i].text);
        }
    }
    assert_null(clerk_json_at(NULL, "o"));
}

static void text_is_compact_ascii(void **state)
{
    const json_t *object =
        loaded("{ \"a\" : [ true, null, \"\xc3\xa9\\n\xf0\x9f\x98\x80/\" ] }", *state);

    assert_string_equal(clerk_json_text(object, *state),
                        "{\"a\":[true,null,\"\\u00E9\\n\\uD83D\\uDE00/\"]}");
    assert_null(clerk_json_text(NULL, *state));
}

static void plain_has_no_quotes(void **state)
{
    const json_t *object = loaded(
        "{\"s\":\"\xc3\xa9\",\"n\":7,\"t\":true,\"z\":null,\"l\":[\"x\"]}", *state);

    assert_string_equal(clerk_json_plain(clerk_json_at(object, "s"), *state),
                        "\xc3\xa9");
    assert_string_equal(clerk_json_plain(clerk_json_at(object, "n"), *state), "7");
    assert_string_equal(clerk_json_plain(clerk_json_at(object, "t"), *state), "true");
    assert_string_equal(clerk_json_plain(clerk_json_at(object, "z"), *state), "null");
    assert_string_equal(clerk_json_plain(clerk_json_at(object, "l"), *state),
                        "[\"x\"]");
    assert_null(clerk_json_plain(NULL, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(load_table),
        support_test(depth_is_bounded),
        support_test(brackets_in_strings_do_not_nest),
        support_test(numbers_have_one_kind),
        support_test(a_huge_integer_leaves_the_others_alone),
        support_test(string_is_for_strings_only),
        support_test(at_follows_a_path),
        support_test(text_is_compact_ascii),
        support_test(plain_has_no_quotes),
    };

    return support_run("json", tests);
}
