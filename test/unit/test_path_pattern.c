/* SPDX-License-Identifier: Apache-2.0 - tests of path patterns and their translation */
#include "core/path_pattern.h"

#include "support.h"

#define BEGIN "(*LIMIT_MATCH=200000)^"
#define END "[\\/#\\?]?\\z"
#define ANY "[^\\/#\\?]+?"

/* Between BEGIN and END is what path-to-regexp 6.3.0 gives between ^ and its own end. */
static const struct {
    const char *pattern, *expression, *names; /* names: `,` behind each, `-` for none */
} translations[] = {
    { "/", "\\/", "" },
    { "/me", "\\/me", "" },
    { "/me/", "\\/me\\/", "" },
    { "/me/(.*)", "\\/me(?:\\/(.*))", "-," },
    { "/orgs/:slug", "\\/orgs(?:\\/(" ANY "))", "slug," },
    { "/orgs/:slug/(.*)", "\\/orgs(?:\\/(" ANY "))(?:\\/(.*))", "slug,-," },
    { "/(.*)/(.*)", "(?:\\/(.*))(?:\\/(.*))", "-,-," },
    { "/orgs-by-id/:id", "\\/orgs-by-id(?:\\/(" ANY "))", "id," },
    { "/a_b/:a_B9/:c", "\\/a_b(?:\\/(" ANY "))(?:\\/(" ANY "))", "a_B9,c," },

    /* expressions of one's own */
    { "/orgs/:id(\\d+)", "\\/orgs(?:\\/(\\d+))", "id," },
    { "/:slug([^/]+?)", "(?:\\/([^/]+?))", "slug," },
    { "/:slug((?!new)[a-z]+)", "(?:\\/((?!new)[a-z]+))", "slug," },
    { "/:slug((?:a|b)(?=c)(?<=d)(?<!e))", "(?:\\/((?:a|b)(?=c)(?<=d)(?<!e)))",
      "slug," },
    { "/:slug(\\w{2,}\\.x)", "(?:\\/(\\w{2,}\\.x))", "slug," },
    { "/:slug(a|b|)", "(?:\\/(a|b|))", "slug," },
    { "/:slug(a{2}b{2,3}c??d*?e+?f{2}?)", "(?:\\/(a{2}b{2,3}c??d*?e+?f{2}?))",
      "slug," },
    { "/:slug(\\)\\(\\/\\-)", "(?:\\/(\\)\\(\\/\\-))", "slug," },
    { "/:slug([\\]\\w^-])", "(?:\\/([\\]\\w^-]))", "slug," },
    { "(/orgs|/o)/:slug", "(/orgs|/o)(?:\\/(" ANY "))", "-,slug," },
    /* what PCRE would take for something else */
    { "/:slug(a{b)", "(?:\\/(a\\{b))", "slug," },
    { "/:slug(a{,2}{})", "(?:\\/(a\\{,2}\\{}))", "slug," },
    { "/:slug([[:alpha:]])", "(?:\\/([\\[:alpha:]]))", "slug," },

    /* modifiers */
    { "/orgs/:slug?", "\\/orgs(?:\\/(" ANY "))?", "slug," },
    { "/orgs/:slug*", "\\/orgs(?:\\/((?:" ANY ")(?:\\/(?:" ANY "))*))?", "slug," },
    { "/orgs/:slug+", "\\/orgs(?:\\/((?:" ANY ")(?:\\/(?:" ANY "))*))", "slug," },
    { "/:a(b)*", "(?:\\/((?:b)(?:\\/(?:b))*))?", "a," },

    /* groups */
    { "/{}", "\\/(?:)", "" },
    { "/a{b}?", "\\/a(?:b)?", "" },
    { "/a{b}+/c", "\\/a(?:b)+\\/c", "" },
    { "/a{\\}b}*", "\\/a(?:\\}b)*", "" },
    { "/orgs{/:slug}?", "\\/orgs(?:\\/(" ANY "))?", "slug," },
    { "/orgs{/:slug/x}*", "\\/orgs(?:\\/((?:" ANY ")(?:\\/x\\/(?:" ANY "))*)\\/x)?",
      "slug," },
    { "{/:lang}?/orgs/:slug", "(?:\\/(" ANY "))?\\/orgs(?:\\/(" ANY "))",
      "lang,slug," },
    { "/a{:b}", "\\/a(" ANY ")", "b," },
    { "/{:a}-{:b(x)y}?", "\\/(" ANY ")-(?:(x)y)?", "a,b," },
    { "/{(x)}", "\\/(x)", "-," },

    /* what parts one parameter from the next ends it */
    { "/:a-:b", "(?:\\/(" ANY "))-((?:(?!-)[^\\/#\\?])+?)", "a,b," },
    { "/:a.:b", "(?:\\/(" ANY "))(?:\\.((?:(?!\\.)[^\\/#\\?])+?))", "a,b," },
    { "/o-:slug", "\\/o-(" ANY ")", "slug," },

    /* literals */
    { "/file.txt", "\\/file\\.txt", "" },
    { "/a|b$^", "\\/a\\|b\\$\\^", "" },
    { "/x\\:y\\?\\\\", "\\/x\\:y\\?\\\\", "" },
    { "\\/x", "\\/x", "" },
    { "/~-_!%41", "\\/~-_\\!%41", "" },
    { "/[", "\\/\\[", "" },
    { "/(a)b)", "(?:\\/(a))b\\)", "-," },
};

static const char *names_of(const clerk_path_pattern *pattern, apr_pool_t *pool)
{
    const char *names = "";
    int i;

    for (i = 0; i < pattern->count; i++) {
        names = apr_pstrcat(pool, names, pattern->names[i] ? pattern->names[i] : "-",
                            ",", NULL);
    }
    return names;
}

static void translates(void **state)
{
    size_t i;

    for (i = 0; i < support_count(translations); i++) {
        clerk_path_pattern pattern;
        clerk_path_pattern_fault fault = { "", 0 };

        if (clerk_path_pattern_parse(&pattern, translations[i].pattern, &fault, *state)
            != CLERK_OK)
        {
            fail_msg("%s: %s at %lu", translations[i].pattern, fault.reason,
                     (unsigned long)fault.at);
        }
        assert_string_equal(
            pattern.expression,
            apr_pstrcat(*state, BEGIN, translations[i].expression, END, NULL));
        assert_string_equal(names_of(&pattern, *state), translations[i].names);
    }
}

static const struct {
    const char *pattern;
    apr_size_t at;
    const char *reason;
} refusals[] = {
    /* refused by path-to-regexp, too */
    { "/:", 1, "a : without a parameter's name" },
    { "/:-", 1, "a : without a parameter's name" },
    { "/(", 1, "a ( without its )" },
    { "/:a(\\)", 3, "a ( without its )" },
    { "/()", 2, "an empty expression" },
    { "/(?:a)", 2, "an expression that begins with \"?\"" },
    { "/(a(b))", 3, "a capturing group inside an expression: write (?: for (" },
    { "/(a(", 3, "a capturing group inside an expression: write (?: for (" },
    { "/{a", 3, "a } belongs here" },
    { "/a{b{c}}", 4, "a } belongs here" },
    { "/{a:b:c}", 5, "a } belongs here" },
    { "/a}", 2, "a } without its {" },
    { "/*", 1, "nothing to repeat" },
    { "/a?", 2, "nothing to repeat" },
    { "/a{b}??", 6, "nothing to repeat" },
    { "/:a:b", 3, "text must part this parameter from the one before it" },
    { "/:a{:b}", 4, "text must part this parameter from the one before it" },
    { "/{:a}*", 6, "a parameter without prefix and suffix cannot be repeated" },
    { "/x(a**)", 5, "nothing to repeat" },
    { "/:x([)", 5, "a class without its ]" },

    /* refused here only */
    { "", 0, "a path begins with /" },
    { "orgs/:slug", 0, "a path begins with /" },
    { ":slug", 0, "a path begins with /" },
    { "/a b", 2, "a byte that no path in a URL has: percent-encode it" },
    { "/\xc3\xa9", 1, "a byte that no path in a URL has: percent-encode it" },
    { "/(a\tb)", 3, "a byte that no path in a URL has: percent-encode it" },
    { "/a\x7f", 2, "a byte that no path in a URL has: percent-encode it" },
    { "/a\\", 2, "nothing behind the \\" },
    { "/:x([])", 4, "an empty class" },
    { "/:x(a[^]])", 5, "an empty class" },
    { "/:x([a-z)", 8, "a class without its ]" },
    { "/(*ACCEPT)", 2, "nothing to repeat" },
    { "/:x(a++)", 6, "nothing to repeat" },
    { "/:x(a?+)", 6, "nothing to repeat" },
    { "/:x(a{2}+)", 8, "nothing to repeat" },
    { "/:x(a|*)", 6, "nothing to repeat" },
    { "/:x((?:+))", 7, "nothing to repeat" },
    { "/:x(a??"
      "?)",
      7, "nothing to repeat" },
    { "/:x((?i)a)", 4, "a group of a kind that is not known here" },
    { "/:x((?<n>a))", 4, "a group of a kind that is not known here" },
    { "/:x((?>a))", 4, "a group of a kind that is not known here" },
    { "/:x((?P<n>a))", 4, "a group of a kind that is not known here" },
    { "/:x((?R))", 4, "a group of a kind that is not known here" },
    { "/:x((?#c))", 4, "a group of a kind that is not known here" },
    { "/:x(a\\1)", 5, "an escape that is not known here" },
    { "/:x(\\K)", 4, "an escape that is not known here" },
    { "/:x(\\Qa\\E)", 4, "an escape that is not known here" },
    { "/:x(\\u0061)", 4, "an escape that is not known here" },
    { "/:x([\\b])", 5, "an escape that is not known here" },
};

static void refuses(void **state)
{
    size_t i;

    for (i = 0; i < support_count(refusals); i++) {
        clerk_path_pattern pattern = { NULL, NULL, 0 };
        clerk_path_pattern_fault fault = { "", 0 };

        if (clerk_path_pattern_parse(&pattern, refusals[i].pattern, &fault, *state)
            == CLERK_OK) {
            fail_msg("\"%s\" is taken, as %s", refusals[i].pattern, pattern.expression);
        }
        assert_null(pattern.expression);
        assert_string_equal(apr_psprintf(*state, "%s: %s at %lu", refusals[i].pattern,
                                         fault.reason, (unsigned long)fault.at),
                            apr_psprintf(*state, "%s: %s at %lu", refusals[i].pattern,
                                         refusals[i].reason,
                                         (unsigned long)refusals[i].at));
    }
}

/* Any bytes: nothing beyond either end is read, and what is taken has its ends. */
static void takes_or_refuses_any_text(void **state)
{
    static const char alphabet[] = "/:a(\\d)*{}?+[]^-.|$b,2=!<";
    unsigned seed = 20;
    int round;

    for (round = 0; round < 20000; round++) {
        char text[24];
        size_t length, i;
        clerk_path_pattern pattern;
        clerk_path_pattern_fault fault;
        const char *guarded;

        seed = seed * 1103515245u + 12345u;
        length = 1 + (seed >> 16) % (sizeof(text) - 2);
        text[0] = '/';
        for (i = 1; i < length; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }
        text[length] = '\0';
        guarded = support_bytes(text, length + 1, *state).ptr;
        if (clerk_path_pattern_parse(&pattern, guarded, &fault, *state) == CLERK_OK) {
            assert_int_equal(strncmp(pattern.expression, BEGIN, strlen(BEGIN)), 0);
            assert_string_equal(
                pattern.expression + strlen(pattern.expression) - strlen(END), END);
        }
        else {
            assert_true(fault.at <= length);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(translates),
        support_test(refuses),
        support_test(takes_or_refuses_any_text),
    };

    return support_run("path_pattern", tests);
}
