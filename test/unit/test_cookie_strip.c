/* SPDX-License-Identifier: Apache-2.0 - tests of taking Clerk's cookies out of a field */
#include "core/cookie_strip.h"

#include <apr_strings.h>

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const clerk_publishable_key KEY = { .cookie_suffix = "AbCdEf12" };
static const clerk_instance INSTANCE = { .publishable_key = &KEY };
static const clerk_instance KEYLESS = { .publishable_key = NULL };

static const char SAME[] = "the field itself";

static const struct {
    const char *label, *field, *want; /* NULL: nothing stays */
} cases[] = {
    { "nothing of Clerk's", "a=1;b=2 ;; c", SAME },
    { "nothing at all", "", SAME },
    { "alone", "__session=x", NULL },
    { "all names", "__session=x; __client_uat=1; __refresh=r; __clerk_db_jwt=d; "
                   "__clerk_handshake=h; __clerk_handshake_nonce=n; "
                   "__clerk_redirect_count=2", NULL },
    { "with the suffix", "__session_AbCdEf12=x; __client_uat_AbCdEf12=1; a=1", "a=1" },
    { "another suffix stays", "__session_AbCdEf13=x; __session=y", "__session_AbCdEf13=x" },
    { "a longer suffix stays", "__session_AbCdEf12x=x; __session=y",
      "__session_AbCdEf12x=x" },
    { "longer and shorter names stay", "__sessions=1; _session=2; x__session=3; __refresh=4",
      "__sessions=1; _session=2; x__session=3" },
    { "letter case", "__SESSION=x; __session=y", "__SESSION=x" },
    { "several of one name", "__session=x; a=1; __session=y; __session=", "a=1" },
    { "spaces and tabs", " a = 1 ;\t__session \t= x\t; b=2 ", "a = 1; b=2" },
    { "without a value", "__session; a; __client_uat=", "a" },
    { "an encoded name is another", "__%73ession=x; __refresh=y", "__%73ession=x" },
    { "an encoded ; parts nothing", "a=%3B__session=x; __session=y", "a=%3B__session=x" },
    { "`=` and quotes in values", "a=b==\"c\"; __session=x", "a=b==\"c\"" },
    { "separators only", ";; ;", SAME },
    { "many short ones", "__session=x;a;b;c;d;e;f;g", "a; b; c; d; e; f; g" },
};

static void takes_clerks_cookies_out(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(cases); i++) {
        const char *copy = apr_pstrdup(*state, cases[i].field);
        const char *got = clerk_cookies_strip(copy, &INSTANCE, *state);
        const char *want = cases[i].want;

        if (want == SAME ? got != copy
                         : (want == NULL ? got != NULL
                                         : got == NULL || strcmp(got, want) != 0))
        {
            fail_msg("%s: %s", cases[i].label, got ? got : "(none)");
        }
    }
}

static void without_a_key_plain_names_only(void **state)
{
    static const char FIELD[] = "__session_AbCdEf12=x; __session=y";

    assert_string_equal(clerk_cookies_strip(FIELD, &KEYLESS, *state),
                        "__session_AbCdEf12=x");
    assert_string_equal(clerk_cookies_strip(FIELD, NULL, *state), "__session_AbCdEf12=x");
}

int main(void)
{
    const struct CMUnitTest tests[] = { support_test(takes_clerks_cookies_out),
                                        support_test(without_a_key_plain_names_only) };

    return support_run("cookie_strip", tests);
}
