/* SPDX-License-Identifier: Apache-2.0 - tests of queries and percent-encoding */
#include "core/query.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *query, *name, *value, *want;
} sets[] = {
    { "", "a", "1", "a=1" },
    { "b=2", "a", "1", "b=2&a=1" },
    { "a=2", "a", "1", "a=1" },
    { "x=1&a=2&y=3", "a", "1", "x=1&a=1&y=3" },
    { "a=2&b=3&a=4&a", "a", "1", "a=1&b=3" },
    { "a", "a", "1", "a=1" },
    { "a=", "a", "", "a=" },
    { "%61=2", "a", "1", "a=1" },
    { "redirect%5Furl=x&b=%20+c%", "redirect_url", "y", "redirect_url=y&b=%20+c%" },
    { "a+b=2", "a b", "1", "a+b=1" },
    { "%zz=2&%=3", "%zz", "1", "%25zz=1&%=3" },
    { "ab=2&A=3&=4", "a", "1", "ab=2&A=3&=4&a=1" },
    { "&&b=2&&", "a", "1", "b=2&a=1" },
    { "a=b=c&d==e", "x", "1", "a=b=c&d==e&x=1" },
};

static void sets_one_parameter(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(sets); i++) {
        const char *got = clerk_query_set(support_text(sets[i].query, *state),
                                          sets[i].name, sets[i].value, *state);

        assert_string_equal(got, sets[i].want);
    }
}

static const struct {
    const char *text, *want;
} encodings[] = {
    { "", "" },
    { "AZaz09*-._", "AZaz09*-._" },
    { "a b", "a+b" },
    { "https://h/p?q=1&r#f", "https%3A%2F%2Fh%2Fp%3Fq%3D1%26r%23f" },
    { "~!'()+%\"<>\\^`{|}", "%7E%21%27%28%29%2B%25%22%3C%3E%5C%5E%60%7B%7C%7D" },
    { "\r\n\x7f", "%0D%0A%7F" },
    { "\xc3\xa9\xff", "%C3%A9%FF" },
};

static void encodes(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(encodings); i++) {
        assert_string_equal(clerk_form_encode(encodings[i].text, *state),
                            encodings[i].want);
    }
}

static const struct {
    const char *text;
    int ok;
    const char *want;
    size_t len;
} decodings[] = {
    { "", 1, "", 0 },
    { "a+b", 1, "a+b", 3 },
    { "%41%6a%6A%20", 1, "Ajj ", 4 },
    { "%25%34%31", 1, "%41", 3 },
    { "a%00b", 1, "a\0b", 3 },
    { "%", 0, NULL, 0 },
    { "%4", 0, NULL, 0 },
    { "%4g", 0, NULL, 0 },
    { "%g4", 0, NULL, 0 },
    { "% 41", 0, NULL, 0 },
    { "abc%", 0, NULL, 0 },
};

static void decodes(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(decodings); i++) {
        clerk_slice out = { "untouched", 9 };
        int ok =
            clerk_percent_decode(&out, support_text(decodings[i].text, *state), *state);

        if (ok != decodings[i].ok) {
            fail_msg("%s", decodings[i].text);
        }
        if (ok) {
            assert_int_equal(out.len, decodings[i].len);
            assert_memory_equal(out.ptr, decodings[i].want, decodings[i].len + 1);
        }
        else {
            assert_true(clerk_slice_is(out, "untouched"));
        }
    }
}

/* Whatever is encoded comes back, every octet of it. */
static void undoes_itself(void **state)
{
    char text[256];
    clerk_slice back;
    const char *encoded;
    int i;

    for (i = 0; i < 255; i++) {
        text[i] =
            (char)(i + 1 == ' ' ? 'x' : i + 1); /* a space becomes +, which stays */
    }
    text[255] = '\0';
    encoded = clerk_form_encode(text, *state);
    assert_true(clerk_percent_decode(&back, support_text(encoded, *state), *state));
    assert_int_equal(back.len, 255);
    assert_memory_equal(back.ptr, text, 255);
}

/* ---------------------------------------------------------------- reading, adding, removing */

static const struct {
    const char *query, *name, *want; /* NULL: it is not there */
} readings[] = {
    { "a=1&b=2", "a", "1" },
    { "a=1&b=2", "b", "2" },
    { "a=1&b=2", "c", NULL },
    { "a=1&a=2", "a", "1" },
    { "", "a", NULL },
    { "&&a=1", "a", "1" },
    { "a", "a", "" },
    { "a=", "a", "" },
    { "a=b=c", "a", "b=c" },
    { "=1", "", "1" },
    { "aa=1", "a", NULL },
    { "A=1", "a", NULL },
    { "%61=1", "a", "1" },
    { "a=x+y%20z", "a", "x y z" },
    { "a=%", "a", "%" },
    { "a=%4", "a", "%4" },
    { "a=%4g%41", "a", "%4gA" },
    { "a=%c3%a9", "a", "\xc3\xa9" },
    { "a=x%00y", "a", "" },
    { "a=x%0d%0ay", "a", "" },
    { "a=x%7f", "a", "" },
};

static void reads_one_parameter(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(readings); i++) {
        const char *value = "untouched";
        int is_there = clerk_query_get(&value, support_text(readings[i].query, *state),
                                       readings[i].name, *state);

        if (is_there != (readings[i].want != NULL)
            || strcmp(value, readings[i].want ? readings[i].want : "untouched") != 0)
        {
            fail_msg("%s of %s: %s", readings[i].name, readings[i].query, value);
        }
    }
}

static void adds_and_removes(void **state)
{
    static const char *const names[] = { "a", "b", NULL };
    static const struct {
        const char *query, *added, *removed;
    } cases[] = {
        { "", "a=x+%26", "" },
        { "c=1", "c=1&a=x+%26", "c=1" },
        { "a=1&c=%20&b=2&a", "a=1&c=%20&b=2&a&a=x+%26", "c=%20" },
        { "%61=1&&c", "%61=1&&c&a=x+%26", "c" },
        { "aa=1&=2&ab", "aa=1&=2&ab&a=x+%26", "aa=1&=2&ab" },
    };
    size_t i;

    for (i = 0; i < COUNT(cases); i++) {
        clerk_slice query = support_text(cases[i].query, *state);

        assert_string_equal(clerk_query_append(query, "a", "x &", *state), cases[i].added);
        assert_string_equal(clerk_query_without(query, names, *state), cases[i].removed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(sets_one_parameter),
        support_test(encodes),
        support_test(decodes),
        support_test(undoes_itself),
        support_test(reads_one_parameter),
        support_test(adds_and_removes),
    };

    return support_run("query", tests);
}
