/* SPDX-License-Identifier: Apache-2.0 - tests: satellites, visits from elsewhere, organizations by URL */
#include "browser_world.h"

#define OUT CLERK_UNAUTHENTICATED
#define IN CLERK_AUTHENTICATED
#define HS CLERK_HANDSHAKE
#define NEITHER "session-token-and-uat-missing"
#define NEEDS "satellite-needs-syncing"
#define SIGNED_IN "__clerk_db_jwt=d; __client_uat=1; __session=$good"
#define SUFFIXED "__clerk_db_jwt_@=d; __client_uat_@=1; __session_@=$good"
#define PRIMARY "https://primary.example/sign-in"

static void expect(const browser_world *w, const char *label, clerk_decision_kind kind,
                   const char *reason)
{
    const clerk_decision *decision = browser_world_decision(w);

    if (decision->kind != kind || strcmp(decision->reason, reason) != 0) {
        fail_msg("%s: kind %d, reason %s", label, decision->kind, decision->reason);
    }
}

/* ---------------------------------------------------------------- on a satellite */

static browser_world *satellite(const char *key, apr_pool_t *pool)
{
    browser_world *w = browser_world_make(key, pool);

    w->verifier->instance.is_satellite = 1;
    w->verifier->instance.domain = "satellite.example";
    assert_int_equal(clerk_instance_complete(&w->verifier->instance, pool, NULL), CLERK_OK);
    w->verifier->policy.any_issuer = 1;
    w->verifier->options.sign_in_url = PRIMARY;
    return w;
}

static void knows_when_to_ask_the_primary(void **state)
{
    static const char *const keys[] = { LIVE_KEY, TEST_KEY };
    static const struct {
        const char *label;
        int auto_sync;
        const char *url, *cookies;
        const char *method, *destination, *accept;
        clerk_decision_kind kind;
        const char *reason; /* NULL: another one in development */
    } cases[] = {
        { "X01", 0, OWN_URL, "", "GET", "document", "", OUT, NEITHER },
        { "X01: a development browser is no session", 0, OWN_URL, "__clerk_db_jwt=d", "GET",
          "document", "", OUT, NEITHER },
        { "X02", 1, OWN_URL, "", "GET", "document", "", HS, NEEDS },
        { "X03", 0, OWN_ORIGIN "/?__clerk_synced=false", "", "GET", "document", "", HS,
          NEEDS },
        { "X03: with cookies", 0, OWN_ORIGIN "/?__clerk_synced=false", SUFFIXED, "GET",
          "document", "", HS, NEEDS },
        { "X04", 1, OWN_ORIGIN "/?__clerk_synced=true", "__clerk_db_jwt=d", "GET",
          "document", "", OUT, NEITHER },
        { "another word means nothing", 1, OWN_ORIGIN "/?__clerk_synced=True", "", "GET",
          "document", "", HS, NEEDS },
        { "X05", 1, OWN_ORIGIN "/?__clerk_synced=false", "__clerk_db_jwt=d", "GET", "empty",
          "", OUT, NEITHER },
        { "X05: not even by Accept", 1, OWN_ORIGIN "/?__clerk_synced=false",
          "__clerk_db_jwt=d", "GET", "", "text/html", OUT, NEITHER },
        { "X06", 0, OWN_URL, SUFFIXED, "GET", "document", "", IN, "" },
        { "X06: at any setting", 1, OWN_URL, SUFFIXED, "GET", "document", "", IN, "" },
        { "X07", 1, OWN_ORIGIN "/?__clerk_synced=false", "__clerk_db_jwt=d", "POST",
          "document", "", OUT, NEITHER },
    };
    apr_size_t i, key;

    for (i = 0; i < support_count(cases); i++) {
        for (key = 0; key < support_count(keys); key++) {
            browser_world *w = satellite(keys[key], *state);

            w->verifier->options.satellite_auto_sync = cases[i].auto_sync;
            w->verifier->facts.own_url = cases[i].url;
            w->verifier->facts.method = cases[i].method;
            w->verifier->facts.sec_fetch_dest = clerk_slice_of(cases[i].destination);
            w->verifier->facts.accept = clerk_slice_of(cases[i].accept);
            browser_world_ask(w, cases[i].cookies);
            expect(w, cases[i].label, cases[i].kind, cases[i].reason);
        }
    }
}

/* X03: where to; X08: and for how long */
static void goes_to_the_primary(void **state)
{
    browser_world *w = satellite(LIVE_KEY, *state);

    w->verifier->facts.own_url = OWN_ORIGIN "/?__clerk_synced=false";
    browser_world_ask(w, "");
    assert_int_equal(strncmp(browser_world_decision(w)->location,
                             "https://clerk.satellite.example/v1/client/handshake?", 52),
                     0);
    browser_world_ask(w, "__clerk_redirect_count=3");
    expect(w, "X08", OUT, NEEDS);
    assert_non_null(strstr(browser_world_decision(w)->advice, "satellite domain"));

    w = satellite(TEST_KEY, *state);
    w->verifier->facts.own_url = OWN_ORIGIN "/a?b=c%20d&__clerk_synced=false";
    browser_world_ask(w, "");
    assert_string_equal(browser_world_decision(w)->location,
                        PRIMARY "?__clerk_redirect_url=https%3A%2F%2Fwww.example.com%2Fa"
                                "%3Fb%3Dc%2520d%26__clerk_synced%3Dfalse");
    assert_int_equal(browser_world_cookies(w), 1);
    w->verifier->options.sign_in_url = PRIMARY "?x=1";
    browser_world_ask(w, "");
    assert_string_equal(browser_world_parameter(w, "x"), "1");
    w->verifier->options.sign_in_url = NULL; /* configuration sees to that */
    browser_world_ask(w, "");
    expect(w, "nowhere to go", OUT, NEEDS);
    w->verifier->options.sign_in_url = "/sign-in";
    browser_world_ask(w, "");
    expect(w, "a path is of no other site", OUT, NEEDS);
}

/* ---------------------------------------------------------------- on a primary */

/* X09 to X11 */
static void sends_satellites_back(void **state)
{
    static const struct {
        const char *label, *query, *cookies, *want;
    } cases[] = {
        { "X09", "__clerk_redirect_url=https%3A%2F%2Fsat.example%2Fx", "",
          "https://sat.example/x?__clerk_synced=true" },
        { "X09: a known browser", "__clerk_redirect_url=https%3A%2F%2Fsat.example%2Fx%3Fa%3Db",
          "__clerk_db_jwt=d",
          "https://sat.example/x?a=b&__clerk_db_jwt=d&__clerk_synced=true" },
        { "X10",
          "__clerk_redirect_url=https%3A%2F%2Fsat.example%2Fx%3F__clerk_synced%3Dfalse%26a", "",
          "https://sat.example/x?__clerk_synced=true&a" },
        { "X11", "__clerk_redirect_url=https%3A%2F%2Fsat.example%2F&__clerk_db_jwt=q", "",
          "https://sat.example/?__clerk_db_jwt=q&__clerk_synced=true" },
        { "signed in, too", "__clerk_redirect_url=http%3A%2F%2Fsat.example", SIGNED_IN,
          "http://sat.example/?__clerk_db_jwt=d&__clerk_synced=true" },
        { "other scripts are escaped",
          "__clerk_redirect_url=https%3A%2F%2Fsat.example%2F%C3%A9%22", "",
          "https://sat.example/%C3%A9%22?__clerk_synced=true" },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(TEST_KEY, *state);

        w->verifier->facts.own_url =
            apr_pstrcat(w->pool, OWN_ORIGIN "/?", cases[i].query, NULL);
        browser_world_ask(w, cases[i].cookies);
        expect(w, cases[i].label, HS, "primary-responds-to-syncing");
        assert_string_equal(browser_world_decision(w)->location, cases[i].want);
        assert_int_equal(browser_world_cookies(w), 1);
    }
}

/* A URL that no satellite of ours has is as if it were not there. */
static void sends_nobody_to_strangers(void **state)
{
    static const char *const parties[] = { OWN_ORIGIN, "https://sat.example",
                                           "http://localhost:3001", NULL };
    static const struct {
        const char *url;
        int is_party, goes; /* without and with a list of parties */
    } cases[] = {
        { "https%3A%2F%2Fsat.example%2Fx", 1, 1 },
        { "https%3A%2F%2FSAT.example%3A443%2Fx", 1, 1 },
        { "http%3A%2F%2Flocalhost%3A3001%2F", 1, 1 },
        { "http%3A%2F%2Fsat.example%2Fx", 0, 1 },
        { "https%3A%2F%2Fsat.example%3A444%2Fx", 0, 1 },
        { "https%3A%2F%2Fevil.example%2F", 0, 1 },
        { "https%3A%2F%2Fsat.example.evil.example%2F", 0, 1 },
        { "https%3A%2F%2Fsat.example%40evil.example%2F", 0, 0 },
        { "https%3A%2F%2Fevil.example%5C%40sat.example%2F", 0, 0 },
        { "https%3A%5C%5Csat.example%2F", 0, 0 },
        { "%2F%2Fsat.example%2F", 0, 0 },
        { "%2Fx", 0, 0 },
        { "javascript%3Aalert(1)", 0, 0 },
        { "data%3Atext%2Fhtml,x", 0, 0 },
        { "https%3A%2F%2Fsat.example%2F%0D%0ASet-Cookie%3A+x", 0, 0 },
        { "https%3A%2F%2Fsat.example%2F%00", 0, 0 },
        { "https%3A%2F%2Fsat.example%2Fa+b", 0, 0 },
        { "nonsense", 0, 0 },
        { "", 0, 0 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(TEST_KEY, *state);
        int goes;

        w->verifier->facts.own_url = apr_pstrcat(
            w->pool, OWN_ORIGIN "/?__clerk_redirect_url=", cases[i].url, NULL);
        goes = strcmp(browser_world_ask(w, "__clerk_db_jwt=d")->decision.reason, NEITHER) != 0;
        if (goes != cases[i].goes) {
            fail_msg("%s", cases[i].url);
        }
        w->verifier->policy.authorized_parties = parties;
        goes = strcmp(browser_world_ask(w, "__clerk_db_jwt=d")->decision.reason, NEITHER) != 0;
        if (goes != cases[i].is_party) {
            fail_msg("%s, parties", cases[i].url);
        }
    }
}

/* Nor does a satellite answer for its primary. */
static void satellites_answer_nobody(void **state)
{
    browser_world *w = satellite(TEST_KEY, *state);

    w->verifier->facts.own_url =
        OWN_ORIGIN "/?__clerk_redirect_url=https%3A%2F%2Fsat.example%2F&__clerk_synced=true";
    browser_world_ask(w, "__clerk_db_jwt=d");
    expect(w, "a satellite", OUT, NEITHER);
}

/* ---------------------------------------------------------------- from elsewhere */

static void syncs_after_a_visit_elsewhere(void **state)
{
    static const struct {
        const char *label, *key, *referer, *method, *destination;
        int syncs;
    } cases[] = {
        { "X12", LIVE_KEY, "https://elsewhere.example/page", "GET", "document", 1 },
        { "X12: another port", LIVE_KEY, "https://www.example.com:8443/", "GET", "document",
          1 },
        { "X12: another scheme", LIVE_KEY, "http://www.example.com/", "GET", "document", 1 },
        { "X12: an application", LIVE_KEY, "android-app://com.example", "GET", "document",
          1 },
        { "X13: own", LIVE_KEY, "https://www.EXAMPLE.com:443/other", "GET", "document", 0 },
        { "X13: absent", LIVE_KEY, "", "GET", "document", 0 },
        { "X13: no URL", LIVE_KEY, "nonsense", "GET", "document", 0 },
        { "X13: nor this", LIVE_KEY, "https://", "GET", "document", 0 },
        { "X14: POST", LIVE_KEY, "https://elsewhere.example/", "POST", "document", 0 },
        { "X14: fetch()", LIVE_KEY, "https://elsewhere.example/", "GET", "empty", 0 },
        { "X14: a frame", LIVE_KEY, "https://elsewhere.example/", "GET", "iframe", 0 },
        { "X15: Frontend API", LIVE_KEY, "https://clerk.example.com/v1/x", "GET", "document",
          0 },
        { "X15: at any port", LIVE_KEY, "https://clerk.example.com:8443/", "GET", "document",
          0 },
        { "X15: portal", LIVE_KEY, "https://accounts.example.com/sign-in", "GET", "document",
          0 },
        { "X15: portal at another port", LIVE_KEY, "https://accounts.example.com:8443/",
          "GET", "document", 1 },
        { "X16", TEST_KEY, "https://happy-cat-1.accounts.dev/", "GET", "document", 0 },
        { "X16: staging", TEST_KEY, "https://x.accountsstage.dev/", "GET", "document", 0 },
        { "X16: legacy", TEST_KEY, "https://accounts.happy.cat-1.lcl.dev/", "GET",
          "document", 0 },
        { "X16: Frontend API of another", TEST_KEY, "https://x.clerk.accounts.dev/", "GET",
          "document", 1 },
        { "X16: legacy, no portal", TEST_KEY, "https://evil.lcl.dev/", "GET", "document", 1 },
        { "X16: production", LIVE_KEY, "https://happy-cat-1.accounts.dev/", "GET",
          "document", 1 },
        { "X17", LIVE_KEY, "https://accounts.other.example/", "GET", "document", 1 },
        { "X17: development", TEST_KEY, "https://accounts.other.example/", "GET", "document",
          1 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(cases[i].key, *state);

        w->verifier->facts.method = cases[i].method;
        w->verifier->facts.sec_fetch_dest = clerk_slice_of(cases[i].destination);
        w->verifier->facts.referer = support_text(cases[i].referer, *state);
        browser_world_ask(w, SIGNED_IN);
        expect(w, "off", IN, "");
        w->verifier->options.cross_origin_sync = 1;
        browser_world_ask(w, SIGNED_IN);
        expect(w, cases[i].label, cases[i].syncs ? HS : IN,
               cases[i].syncs ? "primary-domain-cross-origin-sync" : "");
        browser_world_ask(w, SIGNED_IN "; __clerk_redirect_count=1");
        expect(w, "X18", IN, "");
    }
}

static void syncs_no_satellite_and_nobody_else(void **state)
{
    browser_world *w = satellite(LIVE_KEY, *state);

    w->verifier->options.cross_origin_sync = 1;
    w->verifier->facts.referer = clerk_slice_of("https://elsewhere.example/");
    browser_world_ask(w, SUFFIXED);
    expect(w, "a satellite", IN, "");

    w = browser_world_make(LIVE_KEY, *state);
    w->verifier->options.cross_origin_sync = 1;
    w->verifier->facts.referer = clerk_slice_of("https://elsewhere.example/");
    browser_world_ask(w, "");
    expect(w, "nobody", OUT, NEITHER);
    w->verifier->options.handshake = 0;
    browser_world_ask(w, SIGNED_IN);
    expect(w, "no handshake", IN, "");

    w = browser_world_make(LIVE_KEY, *state);
    w->verifier->instance.proxy_url = "https://proxy.example/clerk";
    assert_int_equal(clerk_instance_complete(&w->verifier->instance, w->pool, NULL),
                     CLERK_OK);
    w->verifier->options.cross_origin_sync = 1;
    w->verifier->facts.referer = clerk_slice_of("https://proxy.example/x");
    browser_world_ask(w, SIGNED_IN);
    expect(w, "X15: the proxy", IN, "");
    w->verifier->facts.referer = clerk_slice_of("https://accounts.example.com/");
    browser_world_ask(w, SIGNED_IN);
    expect(w, "no portal behind a proxy", HS, "primary-domain-cross-origin-sync");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(knows_when_to_ask_the_primary),
        support_test(goes_to_the_primary),
        support_test(sends_satellites_back),
        support_test(sends_nobody_to_strangers),
        support_test(satellites_answer_nobody),
        support_test(syncs_after_a_visit_elsewhere),
        support_test(syncs_no_satellite_and_nobody_else),
    };

    return support_run("browser_syncs", tests);
}
