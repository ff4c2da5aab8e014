/* SPDX-License-Identifier: Apache-2.0 - one spelling for each value, and the forgiving kind */
#include "support.h"

#include "core/base64url.h"

/* A text with its length, for those that hold a NUL. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

typedef int decoder(clerk_slice *out, clerk_slice text, apr_pool_t *pool);

/* clang-format off */
static const struct decode_case {
    const char *label, *text;
    size_t text_len;
    const char *bytes; /* NULL: refused */
    size_t bytes_len;
} strict_cases[] = {
    /* RFC 4648, 10, without the padding */
    { "empty", BYTES(""), BYTES("") },
    { "one byte", BYTES("Zg"), BYTES("f") },
    { "two bytes", BYTES("Zm8"), BYTES("fo") },
    { "three bytes", BYTES("Zm9v"), BYTES("foo") },
    { "four bytes", BYTES("Zm9vYg"), BYTES("foob") },
    { "five bytes", BYTES("Zm9vYmE"), BYTES("fooba") },
    { "six bytes", BYTES("Zm9vYmFy"), BYTES("foobar") },
    /* RFC 7515, C */
    { "both special characters", BYTES("A-z_4ME"), BYTES("\x03\xec\xff\xe0\xc1") },
    { "zero bytes", BYTES("AAAA"), BYTES("\0\0\0") },
    { "all ones", BYTES("____"), BYTES("\xff\xff\xff") },

    { "one character", BYTES("A"), NULL, 0 },
    { "five characters", BYTES("Zm9vY"), NULL, 0 },
    { "four bits set beyond the byte", BYTES("Zh"), NULL, 0 },
    { "all four bits set beyond the byte", BYTES("Zv"), NULL, 0 },
    { "lowest bit beyond two bytes", BYTES("Zm9"), NULL, 0 },
    { "padding", BYTES("Zg=="), NULL, 0 },
    { "half the padding", BYTES("Zg="), NULL, 0 },
    { "padding alone", BYTES("="), NULL, 0 },
    { "padding inside", BYTES("Zg==Zg"), NULL, 0 },
    { "plus", BYTES("A+z_4ME"), NULL, 0 },
    { "slash", BYTES("A-z/4ME"), NULL, 0 },
    { "space in front", BYTES(" Zm9v"), NULL, 0 },
    { "space behind", BYTES("Zm9v "), NULL, 0 },
    { "line break inside", BYTES("Zm\n9v"), NULL, 0 },
    { "NUL inside", BYTES("Zm\0v"), NULL, 0 },
    { "NUL behind", BYTES("Zm9\0"), NULL, 0 },
    { "dot", BYTES("Zm9."), NULL, 0 },
    { "eighth bit", BYTES("Zm9\xf6"), NULL, 0 },
}, forgiving_cases[] = {
    { "empty", BYTES(""), BYTES("") },
    { "padded", BYTES("Zm9vYg=="), BYTES("foob") },
    { "single padding", BYTES("Zm9vYmE="), BYTES("fooba") },
    { "unpadded", BYTES("Zm9vYg"), BYTES("foob") },
    { "white space of every kind", BYTES(" Z\tm\n9\fv\r"), BYTES("foo") },
    { "white space within the padding", BYTES("Zg = ="), BYTES("f") },
    { "white space alone", BYTES(" \n"), BYTES("") },
    { "plus and slash", BYTES("A+z/4ME="), BYTES("\x03\xec\xff\xe0\xc1") },
    { "bits beyond the byte are dropped", BYTES("Zh"), BYTES("f") },
    { "a publishable key", BYTES("Y2xlcmsuZXhhbXBsZS5jb20k"),
      BYTES("clerk.example.com$") },

    { "one character", BYTES("A"), NULL, 0 },
    { "five characters", BYTES("Zm9vY"), NULL, 0 },
    { "padding that completes nothing", BYTES("Zg="), NULL, 0 },
    { "padding behind a whole group", BYTES("Zm9v="), NULL, 0 },
    { "three of padding", BYTES("Z==="), NULL, 0 },
    { "four of padding", BYTES("===="), NULL, 0 },
    { "padding inside", BYTES("Zg==Zg=="), NULL, 0 },
    { "minus", BYTES("A-z/4ME="), NULL, 0 },
    { "underscore", BYTES("A+z_4ME="), NULL, 0 },
    { "vertical tab", BYTES("Zm9v\v"), NULL, 0 },
    { "NUL", BYTES("Zm9\0"), NULL, 0 },
    { "no-break space", BYTES("Zm9v\xc2\xa0"), NULL, 0 },
};
/* clang-format on */

static void check(decoder *decode, const struct decode_case *c, apr_pool_t *pool)
{
    clerk_slice text = support_bytes(c->text, c->text_len, pool);
    clerk_slice out = { "untouched", 9 };
    int accepted = decode(&out, text, pool);

    print_message("# %s\n", c->label);
    assert_int_equal(accepted, c->bytes != NULL);
    if (accepted) {
        assert_int_equal(out.len, c->bytes_len);
        assert_memory_equal(out.ptr, c->bytes, c->bytes_len);
        assert_int_equal(out.ptr[out.len], '\0');
    }
    else {
        assert_true(clerk_slice_is(out, "untouched"));
    }
}

static void strict_table(void **state)
{
    size_t i;

    for (i = 0; i < support_count(strict_cases); i++) {
        check(clerk_base64url_decode, &strict_cases[i], *state);
    }
}

static void forgiving_table(void **state)
{
    size_t i;

    for (i = 0; i < support_count(forgiving_cases); i++) {
        check(clerk_base64_decode_forgiving, &forgiving_cases[i], *state);
    }
}

static void only_the_alphabet_is_accepted(void **state)
{
    clerk_slice out;
    int byte;

    for (byte = 0; byte < 256; byte++) {
        char text[4] = { 'A', 'A', 'A', (char)byte };
        int belongs = byte != 0 && strchr(url_safe, byte) != NULL;

        assert_int_equal(
            clerk_base64url_decode(&out, support_bytes(text, 4, *state), *state),
            belongs);
    }
}

static void each_value_has_one_spelling(void **state)
{
    int seen[256] = { 0 };
    size_t a;
    size_t b;
    int i;

    for (a = 0; a < 64; a++) {
        for (b = 0; b < 64; b++) {
            char text[2] = { url_safe[a], url_safe[b] };
            clerk_slice out;

            if (clerk_base64url_decode(&out, support_bytes(text, 2, *state), *state)) {
                assert_int_equal(out.len, 1);
                seen[(unsigned char)*out.ptr]++;
            }
        }
    }
    for (i = 0; i < 256; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void what_is_encoded_comes_back(void **state)
{
    unsigned char bytes[300];
    size_t len;

    for (len = 0; len < sizeof(bytes); len++) {
        clerk_slice text;
        clerk_slice out;

        bytes[len] = (unsigned char)(len * 89 + 7);
        text = support_text(support_base64url(bytes, len, *state), *state);
        assert_true(clerk_base64url_decode(&out, text, *state));
        assert_int_equal(out.len, len);
        assert_memory_equal(out.ptr, bytes, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(strict_table),
        support_test(forgiving_table),
        support_test(only_the_alphabet_is_accepted),
        support_test(each_value_has_one_spelling),
        support_test(what_is_encoded_comes_back),
    };

    return support_run("base64url", tests);
}
