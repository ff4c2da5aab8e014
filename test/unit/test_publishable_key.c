/* SPDX-License-Identifier: Apache-2.0 - tests of publishable keys and the cookie suffix */
#include "core/publishable_key.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *text, *host;
    clerk_instance_type type;
    const char *suffix;
} keys[] = {
    /* K01, K02, K07, K08 */
    { "pk_test_c3Vubnktb3R0ZXItNDIuY2xlcmsuYWNjb3VudHMuZGV2JA",
      "sunny-otter-42.clerk.accounts.dev", CLERK_DEVELOPMENT, "GN2xZf6R" },
    { "pk_test_c3Vubnktb3R0ZXItNDIuY2xlcmsuYWNjb3VudHMuZGV2JA==",
      "sunny-otter-42.clerk.accounts.dev", CLERK_DEVELOPMENT, "_z5qTdQQ" },
    { "pk_live_Y2xlcmsudGlkZXdhdGVyLWJvb2tzLmV4YW1wbGUk",
      "clerk.tidewater-books.example", CLERK_PRODUCTION, "Bvs3OCm5" },
    { "pk_test_Y2xlcmsuY2xlcmsuZGV2JA", "clerk.clerk.dev", CLERK_DEVELOPMENT,
      "QvfNY2dr" },
    { "pk_live_Y2xlcmsuY2xlcmsuZGV2JA", "clerk.clerk.dev", CLERK_PRODUCTION,
      "1Z8AzTQD" },
    { "pk_test_ZW5vdWdoLWFscGFjYS04Mi5jbGVyay5hY2NvdW50cy5sY2xjbGVyay5jb20k",
      "enough-alpaca-82.clerk.accounts.lclclerk.com", CLERK_DEVELOPMENT, "jtYvyt_H" },
    { "pk_test_eHh4eHh4LXhhYWFhYS1hYS5jbGVyay5hY2NvdW50cy5sY2xjbGVyay5jb20k",
      "xxxxxx-xaaaaa-aa.clerk.accounts.lclclerk.com", CLERK_DEVELOPMENT, "tZJdb-5s" },
    { "pk_live_ZmFrZS1jbGVyay10ZXN0LmNsZXJrLmFjY291bnRzLmRldiQ=",
      "fake-clerk-test.clerk.accounts.dev", CLERK_PRODUCTION, "qReyu04C" },
    { "pk_live_Y2xlcmsuaW5zcGlyZWQucHVtYS03NC5sY2wuZGV2JA",
      "clerk.inspired.puma-74.lcl.dev", CLERK_PRODUCTION, "MqCvchyS" },
    { "pk_test_Y2xlcmsuaW5zcGlyZWQucHVtYS03NC5sY2wuZGV2JA",
      "clerk.inspired.puma-74.lcl.dev", CLERK_DEVELOPMENT, "vWCgMp3A" },
};

static void reads_keys(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        clerk_publishable_key key;
        clerk_error error = { CLERK_OK, NULL };

        if (clerk_publishable_key_parse(&key, keys[i].text, *state, &error) != CLERK_OK)
        {
            fail_msg("%s: %s", keys[i].text, error.detail);
        }
        assert_string_equal(key.text, keys[i].text);
        assert_string_equal(key.frontend_api, keys[i].host);
        assert_int_equal(key.type, keys[i].type);
        assert_string_equal(key.cookie_suffix, keys[i].suffix);
    }
}

/* A key with that text inside. */
static const char *key_of(const char *text, apr_pool_t *pool)
{
    char *encoded = apr_palloc(pool, 2 * strlen(text) + 8);

    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text,
                    (int)strlen(text));
    return apr_pstrcat(pool, "pk_live_", encoded, NULL);
}

static const struct {
    const char *inside;
    int ok;
} insides[] = {
    { "clerk.example.com$", 1 },
    { "clerk.example.com:8443$", 1 },
    { "clerk.localhost:8443$", 1 },
    { "host.example$extra", 0 }, /* K03 */
    { "host.example$$", 0 },     /* K04 */
    { "host$.example$", 0 },     /* K04 */
    { "host$", 0 },              /* K05 */
    { "host.example", 0 },
    { "$", 0 },
    { ".$", 0 },
    { "host.example/path$", 0 },
    { "user@host.example$", 0 },
    { "host.example:0$", 0 },
    { "host.example:$", 0 },
    { "https://host.example$", 0 },
    { "host.example\r\nx$", 0 },
    { "h\xc3\xb6st.example$", 0 },
    { "host .example$", 0 },
};

static void judges_what_is_inside(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(insides); i++) {
        clerk_publishable_key key;
        clerk_status status = clerk_publishable_key_parse(
            &key, key_of(insides[i].inside, *state), *state, NULL);

        if (status != (insides[i].ok ? CLERK_OK : CLERK_E_UNEXPECTED)) {
            fail_msg("%s", insides[i].inside);
        }
    }
}

/* K06 */
static const char *const bad[] = {
    "",
    "pk",
    "pk_live",
    "pk_live_",
    "pk_test_",
    "pk_foo_Y2xlcmsuY2xlcmsuZGV2JA",
    "live_Y2xlcmsuY2xlcmsuZGV2JA",
    "PK_LIVE_Y2xlcmsuY2xlcmsuZGV2JA",
    " pk_live_Y2xlcmsuY2xlcmsuZGV2JA",
    "sk_live_Y2xlcmsuY2xlcmsuZGV2JA",
    "pk_live_Y2xlcmsuY2xlcmsuZGV2J",
    "pk_live_!!!!",
    "pk_live_Y2xl_cmsuY2xlcmsuZGV2JA",
    "pk_live_Y2xlcmsuY2xlcmsuZGV2JA_",
    "pk_live_Y2xl-cmsuY2xlcmsuZGV2JA",
};

static void refuses_what_is_no_key(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        clerk_publishable_key key;
        clerk_error error = { CLERK_OK, NULL };

        memset(&key, 0x5a, sizeof(key));
        if (clerk_publishable_key_parse(&key, bad[i], *state, &error)
            != CLERK_E_UNEXPECTED) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_non_null(error.detail);
        assert_int_equal(key.cookie_suffix[0], 0x5a); /* untouched */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(reads_keys),
        support_test(judges_what_is_inside),
        support_test(refuses_what_is_no_key),
    };

    return support_run("publishable_key", tests);
}
