/* SPDX-License-Identifier: Apache-2.0 - tests of URL pieces and of what URLs are acceptable */
#include "core/url.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *text, *origin, *host;
    unsigned port;
    const char *path, *query, *fragment, *again;
} good[] = {
    { "https://example.com", "https://example.com", "example.com", 443, "", "", "",
      "https://example.com/" },
    { "http://example.com/a/b?c=d&e#f", "http://example.com", "example.com", 80, "/a/b",
      "c=d&e", "f", NULL },
    { "HTTPS://Example.COM:8443/", "HTTPS://Example.COM:8443", "Example.COM", 8443, "/",
      "", "", NULL },
    { "https://h?q", "https://h", "h", 443, "", "q", "", "https://h/?q" },
    { "https://h#f?g", "https://h", "h", 443, "", "", "f?g", "https://h/#f?g" },
    { "https://h/?a?b#c#d", "https://h", "h", 443, "/", "a?b", "c#d", NULL },
    { "https://h/?#", "https://h", "h", 443, "/", "", "", "https://h/" },
    { "https://h//evil.example/x", "https://h", "h", 443, "//evil.example/x", "", "",
      NULL },
    { "https://h/\\evil.example\xff\"", "https://h", "h", 443, "/\\evil.example\xff\"",
      "", "", "https://h/\\evil.example%FF%22" },
    { "https://h/a@b:c", "https://h", "h", 443, "/a@b:c", "", "", NULL },
    { "http://127.0.0.1:80/", "http://127.0.0.1:80", "127.0.0.1", 80, "/", "", "",
      NULL },
    { "http://[::1]:8080/", "http://[::1]:8080", "[::1]", 8080, "/", "", "", NULL },
    { "https://[2001:db8::1]/", "https://[2001:db8::1]", "[2001:db8::1]", 443, "/", "",
      "", NULL },
    { "https://a_b-c.example:65535", "https://a_b-c.example:65535", "a_b-c.example",
      65535, "", "", "", "https://a_b-c.example:65535/" },
};

static void cuts_urls(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        clerk_url url;

        if (!clerk_url_parse(&url, support_text(good[i].text, *state))) {
            fail_msg("%s is refused", good[i].text);
        }
        if (!clerk_slice_is(url.origin, good[i].origin)
            || !clerk_slice_is(url.host, good[i].host) || url.port != good[i].port
            || !clerk_slice_is(url.path, good[i].path)
            || !clerk_slice_is(url.query, good[i].query)
            || !clerk_slice_is(url.fragment, good[i].fragment))
        {
            fail_msg("%s is cut wrongly", good[i].text);
        }
        assert_int_equal(url.is_https, (good[i].text[4] | 0x20) == 's');
        assert_string_equal(clerk_url_text(&url, *state),
                            good[i].again ? good[i].again : good[i].text);
    }
}

static const char *const bad[] = {
    "",
    "/path",
    "//example.com/",
    "example.com",
    "https:",
    "https:/example.com",
    "https://",
    "https:///x",
    "https://?x",
    "ftp://example.com/",
    "javascript:alert(1)",
    "httpss://example.com/",
    "https ://example.com",
    " https://example.com",
    "https://example.com/a b",
    "https://example.com/\t",
    "https://example.com/\n",
    "https://exa\tmple.com/",
    "https://example.com/\x7f",
    "https://user@example.com/",
    "https://user:pw@example.com/",
    "https://@example.com/",
    "https://example.com\\@evil/",
    "https://\\example.com/",
    "https://example.com:/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:99999/",
    "https://example.com:4294967739/",
    "https://example.com:+1/",
    "https://example.com:1a/",
    "https://.example.com/",
    "https://example..com/",
    "https://example.com./",
    "https://ex%61mple.com/",
    "https://ex*mple.com/",
    "https://\xc3\xa9.example/",
    "https://[::1/",
    "https://[]/",
    "https://[::1]x/",
    "https://[::1]x80/",
    "https://[::1]:/",
    "https://[zz]/",
    "https://[127.0.0.1]/",
    "https://::1/",
    "https://[fe80::1%25eth0]/",
};

static void refuses_what_is_no_url(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        clerk_url url;

        memset(&url, 0x5a, sizeof(url));
        if (clerk_url_parse(&url, support_text(bad[i], *state))) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_int_equal(url.is_https, 0x5a5a5a5a);
        assert_false(clerk_url_is_acceptable(bad[i]));
    }
}

static void refuses_long_host_names(void **state)
{
    char label[65];
    clerk_url url;
    apr_pool_t *pool = *state;
    const char *host;

    memset(label, 'a', 64);
    label[64] = '\0';
    assert_false(clerk_url_parse(
        &url, clerk_slice_of(apr_pstrcat(pool, "https://", label, NULL))));
    label[63] = '\0';
    host = apr_pstrcat(pool, label, ".", label, ".", label, ".", label, NULL); /* 255 */
    assert_false(clerk_url_parse(
        &url, clerk_slice_of(apr_pstrcat(pool, "https://", host, NULL))));
    assert_true(clerk_url_parse(
        &url, clerk_slice_of(apr_pstrcat(pool, "https://", host + 2, NULL))));
}

static const struct {
    const char *url;
    int want;
} acceptable[] = {
    { "https://api.clerk.com", 1 },
    { "https://api.clerk.com/v1/jwks?a=b", 1 },
    { "https://10.0.0.1:8443/", 1 },
    { "http://localhost", 1 },
    { "http://LocalHost:8080/x", 1 },
    { "http://clerk.localhost:8080", 1 },
    { "http://127.0.0.1", 1 },
    { "http://127.255.255.254:9000", 1 },
    { "http://[::1]:9000/", 1 },
    { "http://api.clerk.com", 0 },
    { "http://localhost.example.com", 0 },
    { "http://notlocalhost", 0 },
    { "http://.localhost", 0 },
    { "http://127.0.0.1.example.com", 0 },
    { "http://127.0.0.256", 0 },
    { "http://127.1", 0 },
    { "http://128.0.0.1", 0 },
    { "http://[::2]/", 0 },
    { "http://localhost@evil.example/", 0 },
    { "https://example.com/#", 0 },
    { "https://example.com/#f", 0 },
    { "https://example.com/a\\b", 0 },
    { "https://example.com/\xc3\xa9", 0 },
    { "https://example.com/a b", 0 },
};

static void accepts_https_and_loopback(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(acceptable); i++) {
        if (clerk_url_is_acceptable(acceptable[i].url) != acceptable[i].want) {
            fail_msg("%s", acceptable[i].url);
        }
    }
    assert_false(clerk_url_is_acceptable(NULL));
}

static const struct {
    const char *text;
    int want;
} paths[] = {
    { "/", 1 },       { "/sign-in", 1 },         { "/sign-in?a=b#c", 1 },
    { "/a//b", 1 },   { "/.//evil.example", 1 }, { "", 0 },
    { "sign-in", 0 }, { "//evil.example", 0 },   { "/\\evil.example", 0 },
    { "/a\\b", 0 },   { "/\t/evil.example", 0 }, { "/a b", 0 },
    { "/a\r\nb", 0 }, { "/\xc3\xa9", 0 },        { "https://example.com", 0 },
};

static void knows_paths_of_this_site(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(paths); i++) {
        if (clerk_url_is_site_path(paths[i].text) != paths[i].want) {
            fail_msg("%s", paths[i].text);
        }
    }
    assert_false(clerk_url_is_site_path(NULL));
}

static const struct {
    const char *text;
    int want;
} hosts[] = {
    { "clerk.example.com", 1 },
    { "clerk.example.com:8443", 1 },
    { "127.0.0.1:1", 1 },
    { "localhost", 1 },
    { "", 0 },
    { "a..b", 0 },
    { "a.b:", 0 },
    { "a.b:0", 0 },
    { "a.b/c", 0 },
    { "a@b", 0 },
    { "https://a.b", 0 },
    { "[::1]", 0 },
    { "a b", 0 },
    { "a.b:1:2", 0 },
};

static void knows_hosts(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(hosts); i++) {
        if (clerk_url_is_host(support_text(hosts[i].text, *state)) != hosts[i].want) {
            fail_msg("%s", hosts[i].text);
        }
    }
}

static const struct {
    const char *a, *b;
    int same_origin, same_host;
} pairs[] = {
    { "https://h/a", "https://h/b?c", 1, 1 },
    { "https://h", "https://H:443", 1, 1 },
    { "https://h", "http://h", 0, 1 },
    { "https://h:443", "http://h:80", 0, 1 },
    { "https://h", "http://h:443", 0, 0 },
    { "https://h:80", "http://h:80", 0, 0 },
    { "https://h:8080", "http://h:8080", 0, 1 },
    { "https://h", "https://h:8443", 0, 0 },
    { "https://h", "https://hh", 0, 0 },
    { "https://h.example", "https://h.example.evil", 0, 0 },
    { "http://localhost:3000", "http://localhost:3001", 0, 0 },
};

static void compares_origins(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(pairs); i++) {
        clerk_url a, b;

        assert_true(clerk_url_parse(&a, clerk_slice_of(pairs[i].a)));
        assert_true(clerk_url_parse(&b, clerk_slice_of(pairs[i].b)));
        if (clerk_url_same_origin(&a, &b) != pairs[i].same_origin
            || clerk_url_same_origin(&b, &a) != pairs[i].same_origin
            || clerk_url_same_host(&a, &b) != pairs[i].same_host
            || clerk_url_same_host(&b, &a) != pairs[i].same_host)
        {
            fail_msg("%s and %s", pairs[i].a, pairs[i].b);
        }
    }
}

/* The query goes before the fragment, also where there was no query. */
static const struct {
    const char *url, *want;
} web_origins[] = {
    { "https://www.example.com/a?b#c", "https://www.example.com" },
    { "HTTPS://WWW.Example.com:443", "https://www.example.com" },
    { "https://www.example.com:80/", "https://www.example.com:80" },
    { "http://localhost:80", "http://localhost" },
    { "http://LocalHost:8080/x", "http://localhost:8080" },
    { "http://[::1]:80/", "http://[::1]" },
};

static void writes_origins_as_browsers_do(void **state)
{
    size_t i;

    for (i = 0; i < support_count(web_origins); i++) {
        clerk_url url;

        assert_true(clerk_url_parse(&url, support_text(web_origins[i].url, *state)));
        assert_string_equal(clerk_url_web_origin(&url, *state), web_origins[i].want);
    }
}

static void sets_parameters(void **state)
{
    clerk_url url;

    assert_true(clerk_url_parse(&url, clerk_slice_of("https://h#f")));
    clerk_url_set_parameter(&url, "a", "1 2", *state);
    clerk_url_set_parameter(&url, "b", "3", *state);
    clerk_url_set_parameter(&url, "a", "4", *state);
    assert_string_equal(clerk_url_text(&url, *state), "https://h/?a=4&b=3#f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(cuts_urls),
        support_test(refuses_what_is_no_url),
        support_test(refuses_long_host_names),
        support_test(accepts_https_and_loopback),
        support_test(knows_paths_of_this_site),
        support_test(knows_hosts),
        support_test(compares_origins),
        support_test(writes_origins_as_browsers_do),
        support_test(sets_parameters),
    };

    return support_run("url", tests);
}
