/* SPDX-License-Identifier: Apache-2.0 - tests of what an instance's settings imply */
#include "core/instance.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIVE                                                                           \
    "pk_live_Y2xlcmsudGlkZXdhdGVyLWJvb2tzLmV4YW1wbGUk" /* clerk.tidewater-books.example */
#define TEST "pk_test_c3Vubnktb3R0ZXItNDIuY2xlcmsuYWNjb3VudHMuZGV2JA"
#define LIVE_HOST "clerk.tidewater-books.example"
#define TEST_HOST "sunny-otter-42.clerk.accounts.dev"

static const char *or_none(const char *text)
{
    return text ? text : "-";
}

static void give_key(clerk_instance *instance, const char *text, apr_pool_t *pool)
{
    clerk_publishable_key *key = apr_palloc(pool, sizeof(*key));

    assert_int_equal(clerk_publishable_key_parse(key, text, pool, NULL), CLERK_OK);
    instance->publishable_key = key;
}

static const char *joined(const char *const *list, apr_pool_t *pool)
{
    const char *text = "";

    for (; *list; list++) {
        text = apr_pstrcat(pool, text, *text ? " " : "", *list, NULL);
    }
    return text;
}

/* ---------------------------------------------------------------- hosts */

static const struct {
    const char *label, *key, *proxy_url, *domain;
    int is_satellite;
    const char *frontend_api, *frontend_api_url, *portal, *issuers;
} hosts[] = {
    { "production (K02)", LIVE, NULL, NULL, 0, LIVE_HOST, "https://" LIVE_HOST,
      "https://accounts.tidewater-books.example", "https://" LIVE_HOST },
    { "development (K01)", TEST, NULL, NULL, 0, TEST_HOST, "https://" TEST_HOST,
      "https://sunny-otter-42.accounts.dev", "https://" TEST_HOST },
    { "proxy URL, production (K09)", LIVE, "https://shop.example/__clerk", NULL, 0,
      LIVE_HOST, "https://shop.example/__clerk",
      "https://accounts.tidewater-books.example",
      "https://" LIVE_HOST " https://shop.example/__clerk" },
    { "proxy URL, development (K09)", TEST, "https://shop.example/__clerk", NULL, 0,
      TEST_HOST, "https://shop.example/__clerk", "https://sunny-otter-42.accounts.dev",
      "https://" TEST_HOST " https://shop.example/__clerk" },
    { "proxy URL with slashes", LIVE, "https://shop.example/__clerk///", NULL, 0,
      LIVE_HOST, "https://shop.example/__clerk",
      "https://accounts.tidewater-books.example",
      "https://" LIVE_HOST " https://shop.example/__clerk" },
    { "proxy path", LIVE, "/__clerk/", NULL, 0, LIVE_HOST, "/__clerk",
      "https://accounts.tidewater-books.example", "https://" LIVE_HOST },
    { "satellite with a domain, production (K10)", LIVE, NULL, "sat.example", 1,
      "clerk.sat.example", "https://clerk.sat.example",
      "https://accounts.tidewater-books.example",
      "https://" LIVE_HOST " https://clerk.sat.example" },
    { "domain without satellite (K11)", LIVE, NULL, "sat.example", 0, LIVE_HOST,
      "https://" LIVE_HOST, "https://accounts.tidewater-books.example",
      "https://" LIVE_HOST },
    { "satellite with a domain, development (K12)", TEST, NULL, "sat.example", 1,
      TEST_HOST, "https://" TEST_HOST, "https://sunny-otter-42.accounts.dev",
      "https://" TEST_HOST },
    { "satellite with a proxy URL", LIVE, "https://sat.example/c", NULL, 1, LIVE_HOST,
      "https://sat.example/c", "https://accounts.tidewater-books.example",
      "https://" LIVE_HOST " https://sat.example/c" },
    { "satellite with both (K09, K10)", LIVE, "https://sat.example/c", "sat.example", 1,
      "clerk.sat.example", "https://sat.example/c",
      "https://accounts.tidewater-books.example",
      "https://" LIVE_HOST " https://clerk.sat.example https://sat.example/c" },
    { "no key", NULL, "https://sat.example/c", NULL, 0, NULL, NULL, NULL, "" },
};

static void derives_hosts(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(hosts); i++) {
        clerk_instance instance = { 0 };
        const char *got, *want;

        if (hosts[i].key) {
            give_key(&instance, hosts[i].key, *state);
        }
        instance.proxy_url = hosts[i].proxy_url;
        instance.domain = hosts[i].domain;
        instance.is_satellite = hosts[i].is_satellite;
        assert_int_equal(clerk_instance_complete(&instance, *state, NULL), CLERK_OK);
        got = apr_psprintf(*state, "%s %s %s [%s]", or_none(instance.frontend_api),
                           or_none(instance.frontend_api_url),
                           or_none(instance.account_portal),
                           joined(instance.issuers, *state));
        want = apr_psprintf(*state, "%s %s %s [%s]", or_none(hosts[i].frontend_api),
                            or_none(hosts[i].frontend_api_url),
                            or_none(hosts[i].portal), hosts[i].issuers);
        if (strcmp(got, want) != 0) {
            fail_msg("%s: %s", hosts[i].label, got);
        }
        assert_int_equal(instance.type, hosts[i].key && strcmp(hosts[i].key, TEST) == 0
                                            ? CLERK_DEVELOPMENT
                                            : CLERK_PRODUCTION);
    }
}

static const struct {
    const char *label, *proxy_url, *domain;
    int is_satellite;
} bad[] = {
    { "satellite without either (K15)", NULL, NULL, 1 },
    { "domain that is a URL", NULL, "https://sat.example", 1 },
    { "domain with a path", NULL, "sat.example/x", 1 },
    { "empty domain", NULL, "", 1 },
    { "bad domain that would be ignored", NULL, "sat example", 0 },
};

static void refuses_settings(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        clerk_instance instance = { 0 };
        clerk_error error = { CLERK_OK, NULL };

        give_key(&instance, LIVE, *state);
        instance.proxy_url = bad[i].proxy_url;
        instance.domain = bad[i].domain;
        instance.is_satellite = bad[i].is_satellite;
        if (clerk_instance_complete(&instance, *state, &error) != CLERK_E_UNEXPECTED) {
            fail_msg("%s", bad[i].label);
        }
        assert_non_null(error.detail);
    }
}

static const struct {
    const char *host, *portal;
} portals[] = {
    /* K13 */
    { "foo-bar-13.clerk.accounts.dev", "https://foo-bar-13.accounts.dev" },
    { "clerk.example.com", "https://accounts.example.com" },
    { "clerk.accounts.example.com", "https://accounts.example.com" },
    { "clerk.included.katydid-92.lcl.dev",
      "https://accounts.included.katydid-92.lcl.dev" },
    { "x.clerk.accountsstage.dev", "https://x.accountsstage.dev" },
    { "", "" },
    { "example.com", "https://example.com" },
    { "clerk.a.clerk.b", "https://accounts.a.clerk.b" },
    { "a.clerk.accounts.clerk.b", "https://a.accounts.clerk.b" },
    { "clerk.example.com:8443", "https://accounts.example.com:8443" },
};

static void derives_portals(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(portals); i++) {
        assert_string_equal(clerk_account_portal(portals[i].host, *state),
                            portals[i].portal);
    }
}

/* ---------------------------------------------------------------- keys */

static const struct {
    const char *label, *key, *secret, *api_url, *jwks_url;
    const char *want_api, *want_url, *want_bearer;
} sources[] = {
    { "secret key", LIVE, "sk_live_x", NULL, NULL, "https://api.clerk.com",
      "https://api.clerk.com/v1/jwks", "sk_live_x" },
    { "another Backend API", NULL, "sk_live_x", "https://api.example//", NULL,
      "https://api.example", "https://api.example/v1/jwks", "sk_live_x" },
    { "a path before it", NULL, "sk_live_x", "http://localhost:9/bapi/", NULL,
      "http://localhost:9/bapi", "http://localhost:9/bapi/v1/jwks", "sk_live_x" },
    { "no secret key", LIVE, NULL, NULL, NULL, "https://api.clerk.com",
      "https://" LIVE_HOST "/.well-known/jwks.json", NULL },
    { "explicit, elsewhere: the secret stays here", LIVE, "sk_live_x", NULL,
      "https://keys.example/jwks", "https://api.clerk.com", "https://keys.example/jwks",
      NULL },
    { "explicit, at the Backend API", LIVE, "sk_live_x", NULL,
      "https://API.clerk.com:443/k", "https://api.clerk.com",
      "https://API.clerk.com:443/k", "sk_live_x" },
    { "explicit, its host unencrypted", LIVE, "sk_live_x", NULL,
      "http://api.clerk.com/k", "https://api.clerk.com", "http://api.clerk.com/k",
      NULL },
    { "explicit, another port", LIVE, "sk_live_x", NULL, "https://api.clerk.com:444/k",
      "https://api.clerk.com", "https://api.clerk.com:444/k", NULL },
    { "explicit, a name that begins alike", LIVE, "sk_live_x", NULL,
      "https://api.clerk.com.evil.example/k", "https://api.clerk.com",
      "https://api.clerk.com.evil.example/k", NULL },
    { "explicit, credentials in it", LIVE, "sk_live_x", NULL,
      "https://api.clerk.com@evil.example/k", "https://api.clerk.com",
      "https://api.clerk.com@evil.example/k", NULL },
    { "nothing", NULL, NULL, NULL, NULL, "https://api.clerk.com", NULL, NULL },
};

static void chooses_the_key_source(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(sources); i++) {
        clerk_instance instance = { 0 };
        const char *got, *want;

        if (sources[i].key) {
            give_key(&instance, sources[i].key, *state);
        }
        instance.secret_key = sources[i].secret;
        instance.api_url = sources[i].api_url;
        instance.jwks_url = sources[i].jwks_url;
        assert_int_equal(clerk_instance_complete(&instance, *state, NULL), CLERK_OK);
        got = apr_psprintf(*state, "%s %s %s", instance.api_url,
                           or_none(instance.key_url), or_none(instance.key_bearer));
        want =
            apr_psprintf(*state, "%s %s %s", sources[i].want_api,
                         or_none(sources[i].want_url), or_none(sources[i].want_bearer));
        if (strcmp(got, want) != 0) {
            fail_msg("%s: %s", sources[i].label, got);
        }
    }
}

/* A satellite asks at its own Frontend API. */
static void asks_where_the_satellite_is(void **state)
{
    clerk_instance instance = { 0 };

    give_key(&instance, LIVE, *state);
    instance.is_satellite = 1;
    instance.domain = "sat.example";
    assert_int_equal(clerk_instance_complete(&instance, *state, NULL), CLERK_OK);
    assert_string_equal(instance.key_url,
                        "https://clerk.sat.example/.well-known/jwks.json");
}

/* Other URL, other secret, other local key: other identity; the same settings: the same. */
static void tells_key_sources_apart(void **state)
{
    clerk_key signing = { "", CLERK_ALG_RS256, NULL, { 0 }, NULL };
    clerk_key stranger = { "", CLERK_ALG_RS256, NULL, { 0 }, NULL };
    clerk_instance instances[8];
    size_t i, j;

    signing.pkey = support_signing_key();
    stranger.pkey = support_stranger_key();
    memset(instances, 0, sizeof(instances));
    instances[1].secret_key = "sk_live_x";
    instances[2].secret_key = "sk_live_y";
    instances[3].secret_key = "sk_live_x";
    instances[3].api_url = "https://api.example";
    instances[4].jwks_url = "https://api.clerk.com/v1/jwks";
    instances[5].jwt_key = &signing;
    instances[6].jwt_key = &stranger;
    instances[7].jwt_key = &signing;
    instances[7].secret_key = "sk_live_x";
    for (i = 0; i < COUNT(instances); i++) {
        clerk_instance again = instances[i];

        assert_int_equal(clerk_instance_complete(&instances[i], *state, NULL),
                         CLERK_OK);
        assert_int_equal(clerk_instance_complete(&again, *state, NULL), CLERK_OK);
        assert_memory_equal(again.key_id, instances[i].key_id, CLERK_DIGEST_LENGTH);
        for (j = 0; j < i; j++) {
            assert_memory_not_equal(instances[j].key_id, instances[i].key_id,
                                    CLERK_DIGEST_LENGTH);
        }
    }
}

static void tells_apis_and_credentials_apart(void **state)
{
    static const clerk_publishable_key key = { .type = CLERK_PRODUCTION,
                                               .frontend_api = "clerk.example.com" };
    clerk_instance instances[] = {
        { .secret_key = "sk_1" },
        { .secret_key = "sk_2" },
        { .machine_secret_key = "sk_1" },
        { .secret_key = "sk_1", .machine_secret_key = "ak_1" },
        { .secret_key = "sk_1", .machine_secret_key = "ak_2" },
        { .secret_key = "sk_1", .api_url = "https://api.example.com" },
        { .secret_key = "sk_1", .publishable_key = &key },
    };
    size_t i, j;

    for (i = 0; i < COUNT(instances); i++) {
        clerk_instance again = instances[i];

        assert_int_equal(clerk_instance_complete(&instances[i], *state, NULL), CLERK_OK);
        assert_int_equal(clerk_instance_complete(&again, *state, NULL), CLERK_OK);
        assert_memory_equal(again.api_id, instances[i].api_id, CLERK_DIGEST_LENGTH);
        for (j = 0; j < i; j++) {
            assert_memory_not_equal(instances[j].api_id, instances[i].api_id,
                                    CLERK_DIGEST_LENGTH);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(derives_hosts),
        support_test(refuses_settings),
        support_test(derives_portals),
        support_test(tells_apis_and_credentials_apart),
        support_test(chooses_the_key_source),
        support_test(asks_where_the_satellite_is),
        support_test(tells_key_sources_apart),
    };

    return support_run("instance", tests);
}
