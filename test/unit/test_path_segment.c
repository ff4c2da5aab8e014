/* SPDX-License-Identifier: Apache-2.0 - tests that a name stays one segment of a path */
#include "core/path_segment.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name, *segment; /* NULL: refused */
} cases[] = {
    { "billing", "billing" },
    { "a-b_c.d~e", "a-b_c.d~e" },
    { "a b", "a%20b" },
    { "a?b#c&d=e+f;g:h@i", "a%3Fb%23c%26d%3De%2Bf%3Bg%3Ah%40i" },
    { "\xc3\xa9", "%C3%A9" },
    { "...", "..." },
    { "", NULL },
    { ".", NULL },
    { "..", NULL },
    { "../x", NULL },
    { "a/b", NULL },
    { "a\\b", NULL },
    { "%2e%2e", NULL },
    { "%252e", NULL },
    { "a%b", NULL },
    { "a\nb", NULL },
    { "a\x7f", NULL },
};

static void keeps_a_name_one_segment(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(cases); i++) {
        const char *got = clerk_path_segment(cases[i].name, *state);

        if (cases[i].segment ? got == NULL || strcmp(got, cases[i].segment) != 0
                             : got != NULL)
        {
            fail_msg("%s: %s", cases[i].name, got ? got : "(refused)");
        }
    }
}

static void bounds_their_length(void **state)
{
    char *name = apr_pcalloc(*state, CLERK_LONGEST_SEGMENT + 2);

    memset(name, 'x', CLERK_LONGEST_SEGMENT);
    assert_true(clerk_is_path_id(name));
    assert_non_null(clerk_path_segment(name, *state));
    name[CLERK_LONGEST_SEGMENT] = 'x';
    assert_false(clerk_is_path_id(name));
    assert_null(clerk_path_segment(name, *state));
}

static void knows_ids(void **state)
{
    static const char *const none[] = { "", ".", "a.b", "a/b", "a b", "a%2f", "\xc3\xa9",
                                        "a\n" };
    size_t i;

    (void)state;
    assert_true(clerk_is_path_id("sess_2xJq0rT5-a_B"));
    assert_false(clerk_is_path_id(NULL));
    for (i = 0; i < COUNT(none); i++) {
        assert_false(clerk_is_path_id(none[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { support_test(keeps_a_name_one_segment),
                                        support_test(bounds_their_length),
                                        support_test(knows_ids) };

    return support_run("path_segment", tests);
}
