/* SPDX-License-Identifier: Apache-2.0 - tests of reverification: reading, judging, hinting */
#include "core/reverification.h"

#include "claims_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *text;
    int ok;
    const char *preset;
    clerk_factor_level level;
    int minutes;
} texts[] = {
    { "strict_mfa", 1, "strict_mfa", CLERK_MULTI_FACTOR, 10 },
    { "strict", 1, "strict", CLERK_SECOND_FACTOR, 10 },
    { "moderate", 1, "moderate", CLERK_SECOND_FACTOR, 60 },
    { "lax", 1, "lax", CLERK_SECOND_FACTOR, 1440 },
    { "first_factor:30", 1, NULL, CLERK_FIRST_FACTOR, 30 },
    { "second_factor:1", 1, NULL, CLERK_SECOND_FACTOR, 1 },
    { "multi_factor:99998", 1, NULL, CLERK_MULTI_FACTOR, 99998 },
    { "", 0, NULL, 0, 0 },
    { "Strict", 0, NULL, 0, 0 },
    { "strictest", 0, NULL, 0, 0 },
    { "stric", 0, NULL, 0, 0 },
    { "first_factor", 0, NULL, 0, 0 },
    { "first_factor:", 0, NULL, 0, 0 },
    { "third_factor:10", 0, NULL, 0, 0 },
    { ":10", 0, NULL, 0, 0 },
    { "strict:10", 0, NULL, 0, 0 },
    { "first_factor:0", 0, NULL, 0, 0 },
    { "first_factor:-1", 0, NULL, 0, 0 },
    { "first_factor:+1", 0, NULL, 0, 0 },
    { "first_factor:1.5", 0, NULL, 0, 0 },
    { "first_factor:010", 0, NULL, 0, 0 },
    { "first_factor: 10", 0, NULL, 0, 0 },
    { "first_factor:10 ", 0, NULL, 0, 0 },
    { "first_factor:10m", 0, NULL, 0, 0 },
    { "first_factor:99999", 0, NULL, 0, 0 },
    { "first_factor:4294967306", 0, NULL, 0, 0 },
    { "first_factor:10:10", 0, NULL, 0, 0 },
};

/* H25: what is no configuration is refused, so that it can stop the start. */
static void reads_configurations(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(texts); i++) {
        clerk_reverification asked = { "untouched", CLERK_MULTI_FACTOR, 7 };
        int ok =
            clerk_reverification_parse(&asked, support_text(texts[i].text, *state));

        if (ok != texts[i].ok) {
            fail_msg("%s: %d", texts[i].text, ok);
        }
        if (!ok) {
            assert_int_equal(asked.after_minutes, 7);
            continue;
        }
        assert_int_equal(asked.level, texts[i].level);
        assert_int_equal(asked.after_minutes, texts[i].minutes);
        assert_true((asked.preset == NULL) == (texts[i].preset == NULL));
        if (asked.preset) {
            assert_string_equal(asked.preset, texts[i].preset);
        }
    }
}

static const struct {
    const char *fva;
    int known;
} shapes[] = {
    { "[5,-1]", 1 },    { "[0,0]", 1 },    { "[0.5,9.5]", 1 }, { "[-1,-1]", 1 },
    { "[-1.0,3]", 1 },  { "[1]", 0 },      { "[1,2,3]", 0 },   { "[\"1\",2]", 0 },
    { "[1,\"2\"]", 0 }, { "[-2,1]", 0 },   { "[1,-2]", 0 },    { "[-0.5,1]", 0 },
    { "[null,1]", 0 },  { "[true,1]", 0 }, { "[[1],1]", 0 },   { "{}", 0 },
    { "null", 0 },      { "\"5,-1\"", 0 }, { "5", 0 },         { "[]", 0 },
};

/* H18 */
static void reads_factor_ages(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(shapes); i++) {
        const char *payload = apr_psprintf(*state, "{\"fva\":%s}", shapes[i].fva);
        const clerk_node *fva = clerk_node_member(fixture_payload(payload, *state), "fva");

        if (clerk_factor_ages_read(fva).known != shapes[i].known) {
            fail_msg("%s", shapes[i].fva);
        }
    }
    assert_int_equal(clerk_factor_ages_read(NULL).known, 0); /* H17 */
}

static const struct {
    const char *asked;
    double first, second;
    int want;
} ages[] = {
    /* H20, H21: the second factor counts, the first where there is no second */
    { "strict", 0, 9, 1 },
    { "strict", 0, 10, 0 },
    { "strict", 0, 9.99, 1 },
    { "strict", 99, 9, 1 },
    { "strict", 9, -1, 1 },
    { "strict", 10, -1, 0 },
    { "strict", -1, 9, 1 },
    { "strict", -1, 10, 0 },
    /* H22 */
    { "strict_mfa", 9, 9, 1 },
    { "strict_mfa", 11, 9, 0 },
    { "strict_mfa", 10, 9, 0 },
    { "strict_mfa", 9, 11, 0 },
    { "strict_mfa", 9, 10, 0 },
    { "strict_mfa", -1, 5, 0 },
    { "strict_mfa", 5, -1, 1 },
    { "strict_mfa", 10, -1, 0 },
    /* H23 */
    { "moderate", 0, 59, 1 },
    { "moderate", 0, 60, 0 },
    { "lax", 0, 1439, 1 },
    { "lax", 0, 1440, 0 },
    /* H24 */
    { "first_factor:30", 29, -1, 1 },
    { "first_factor:30", 30, -1, 0 },
    { "first_factor:30", 29, 99, 1 },
    { "first_factor:30", 30, 0, 0 },
    { "first_factor:30", -1, 3, 0 },
    /* H19 */
    { "strict", -1, -1, 0 },
    { "strict_mfa", -1, -1, 0 },
    { "first_factor:99998", -1, -1, 0 },
    { "second_factor:99998", -1, -1, 0 },
    { "multi_factor:99998", -1, -1, 0 },
};

static void judges_ages(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(ages); i++) {
        clerk_factor_ages held = { 1, ages[i].first, ages[i].second };
        clerk_reverification asked;

        assert_true(clerk_reverification_parse(&asked, clerk_slice_of(ages[i].asked)));
        if (clerk_factor_ages_satisfy(&held, &asked) != ages[i].want) {
            fail_msg("%s of %g, %g", ages[i].asked, ages[i].first, ages[i].second);
        }
        held.known = 0; /* H17, H18: then nothing is fresh */
        assert_false(clerk_factor_ages_satisfy(&held, &asked));
    }
}

/* H25: hand-made configurations that no text gives */
static void refuses_impossible_configurations(void **state)
{
    static const clerk_reverification impossible[] = {
        { NULL, CLERK_FIRST_FACTOR, 0 },
        { NULL, CLERK_SECOND_FACTOR, -5 },
        { NULL, (clerk_factor_level)7, 10 },
    };
    const clerk_factor_ages fresh = { 1, 0, 0 };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(impossible); i++) {
        assert_false(clerk_factor_ages_satisfy(&fresh, &impossible[i]));
    }
}

static const struct {
    const char *asked, *want;
} hints[] = {
    { "strict_mfa", "\"strict_mfa\"" },
    { "lax", "\"lax\"" },
    { "second_factor:10", "{\"level\":\"second_factor\",\"afterMinutes\":10}" },
    { "first_factor:99998", "{\"level\":\"first_factor\",\"afterMinutes\":99998}" },
    { "multi_factor:1", "{\"level\":\"multi_factor\",\"afterMinutes\":1}" },
};

static void hints_as_the_browser_sdk_reads_it(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(hints); i++) {
        const char *want = apr_pstrcat(
            *state,
            "{\"clerk_error\":{\"type\":\"forbidden\",\"reason\":\"reverification-error\","
            "\"metadata\":{\"reverification\":",
            hints[i].want, "}}}", NULL);
        clerk_reverification asked;
        const char *got;

        assert_true(clerk_reverification_parse(&asked, clerk_slice_of(hints[i].asked)));
        got = clerk_reverification_hint(&asked, *state);
        assert_string_equal(got, want);
        assert_int_equal(fixture_payload(got, *state)->type, CLERK_NODE_OBJECT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(reads_configurations),
        support_test(reads_factor_ages),
        support_test(judges_ages),
        support_test(refuses_impossible_configurations),
        support_test(hints_as_the_browser_sdk_reads_it),
    };

    return support_run("reverification", tests);
}
