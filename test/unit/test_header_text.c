/* SPDX-License-Identifier: Apache-2.0 - tests of values that shall stand in header fields */
#include "core/header_text.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *value, *header, *plain;
} cases[] = {
    { "", "", "" },
    { "plain, \"text\" 100%", "plain, \"text\" 100%", "plain, \"text\" 100%" },
    { "\xc3\xa9", "%C3%A9", "\xc3\xa9" },
    { "\xc3\xa9 50%", "%C3%A9 50%25", "\xc3\xa9 50%" },
    { "a\r\nb: 1%", "a%0D%0Ab: 1%25", "a%0D%0Ab: 1%25" },
    { " admin", "%20admin", " admin" },
    { "50% a ", "50%25%20a%20", "50% a " },
    { " ", "%20", " " },
    { "\t", "%09", "%09" },
    { "\x7f", "%7F", "%7F" },
    { "\x01\xff", "%01%FF", "%01\xff" },
};

static void encodes_what_no_header_takes(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(cases); i++) {
        assert_string_equal(clerk_header_text(cases[i].value, *state), cases[i].header);
        assert_string_equal(clerk_text_without_controls(cases[i].value, *state),
                            cases[i].plain);
    }
}

static void keeps_what_may_stay(void **state)
{
    static const char TEXT[] = "nothing to do";

    assert_ptr_equal(clerk_header_text(TEXT, *state), TEXT);
    assert_ptr_equal(clerk_text_without_controls(TEXT, *state), TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = { support_test(encodes_what_no_header_takes),
                                        support_test(keeps_what_may_stay) };

    return support_run("header_text", tests);
}
