/* SPDX-License-Identifier: Apache-2.0 - tests of the scopes of a machine token */
#include "core/scopes.h"

#include "claims_fixture.h"

/** `value` as member `s` of an object. */
static const clerk_node *member(const char *value, apr_pool_t *pool)
{
    return clerk_node_member(
        fixture_payload(apr_pstrcat(pool, "{\"s\":", value, "}", NULL), pool), "s");
}

static void reads_arrays_and_texts(void **state)
{
    static const struct {
        const char *label, *value, *of_array, *of_text; /* joined; NULL: none */
    } cases[] = {
        { "array", "[\"a\",\"b:c\"]", "a b:c", NULL },
        { "elements of other types are left out", "[\"a\",1,null,{},[\"x\"],\"b\"]",
          "a b", NULL },
        { "an element with a space is no scope", "[\"a b\",\"c\"]", "c", NULL },
        { "nor one with other bytes that no scope has",
          "[\"a\\\"b\",\"a\\\\b\",\"a\\tb\",\"\\u00e4\",\"\",\"c\"]", "c", NULL },
        { "empty array", "[]", NULL, NULL },
        { "text", "\"a b:c\"", NULL, "a b:c" },
        { "several spaces", "\"  a   b \"", NULL, "a b" },
        { "empty text", "\"\"", NULL, NULL },
        { "a tab joins nothing", "\"a\\tb c\"", NULL, "c" },
        { "object", "{\"a\":\"b\"}", NULL, NULL },
        { "number", "7", NULL, NULL },
        { "null", "null", NULL, NULL },
    };
    apr_pool_t *pool = *state;
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        const clerk_node *value = member(cases[i].value, pool);
        clerk_scopes array = clerk_scopes_of_array(value, pool);
        clerk_scopes text = clerk_scopes_of_text(value, pool);
        const char *of_array = clerk_scopes_text(&array, pool);
        const char *of_text = clerk_scopes_text(&text, pool);

        if (strcmp(of_array ? of_array : "-",
                   cases[i].of_array ? cases[i].of_array : "-")
                != 0
            || strcmp(of_text ? of_text : "-",
                      cases[i].of_text ? cases[i].of_text : "-")
                   != 0)
        {
            fail_msg("%s: \"%s\", \"%s\"", cases[i].label, of_array, of_text);
        }
    }
    assert_int_equal(clerk_scopes_of_array(NULL, pool).count, 0);
    assert_int_equal(clerk_scopes_of_text(NULL, pool).count, 0);
}

static void finds_whole_scopes_only(void **state)
{
    apr_pool_t *pool = *state;
    clerk_scopes scopes =
        clerk_scopes_of_text(member("\"notes:read notes:write\"", pool), pool);
    static const char *const absent[] = { "notes",      "notes:",  "notes:rea",
                                          "Notes:read", "",        "notes:read ",
                                          "read",       "notes:read notes:write" };
    clerk_scopes none = { NULL, 0 };
    apr_size_t i;

    assert_true(clerk_scopes_have(&scopes, support_text("notes:read", pool)));
    assert_true(clerk_scopes_have(&scopes, support_text("notes:write", pool)));
    for (i = 0; i < support_count(absent); i++) {
        assert_false(clerk_scopes_have(&scopes, support_text(absent[i], pool)));
        assert_false(clerk_scopes_have(&none, support_text(absent[i], pool)));
    }
}

static void knows_what_a_scope_is(void **state)
{
    static const char *const good[] = { "a", "!", "notes:read", "https://x/y?z#[]~'" };
    static const char *const bad[] = { "", " ", "a b", "\"", "\\", "a\x7f", "\xc3\xa4" };
    apr_size_t i;

    for (i = 0; i < support_count(good); i++) {
        assert_true(clerk_is_scope(support_text(good[i], *state)));
    }
    for (i = 0; i < support_count(bad); i++) {
        assert_false(clerk_is_scope(support_text(bad[i], *state)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(reads_arrays_and_texts),
        support_test(finds_whole_scopes_only),
        support_test(knows_what_a_scope_is),
    };

    return support_run("scopes", tests);
}
