/* SPDX-License-Identifier: Apache-2.0 - tests of who is sent to sign in, and to which URL */
#include "core/sign_in.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------- who */

static const struct {
    const char *method, *destination, *accept;
    int navigation, page;
} requests[] = {
    { "GET", "document", "", 1, 1 },
    { "HEAD", "document", "", 1, 1 },
    { "GET", "iframe", "application/json", 1, 1 },
    { "GET", "", "text/html,application/xhtml+xml", 1, 1 },
    { "GET", "", "application/json, text/html;q=0.5", 1, 1 },
    { "GET", "", "application/json", 0, 0 },
    { "GET", "", "*/*", 0, 0 },
    { "GET", "", "", 0, 0 },
    { "GET", "", "text/htm", 0, 0 },
    { "GET", "empty", "text/html", 0, 1 },
    { "GET", "image", "*/*", 0, 0 },
    { "GET", "documents", "", 0, 0 },
    { "GET", "Document", "", 0, 0 },
    { "POST", "document", "text/html", 0, 1 },
    { "POST", "", "text/html", 0, 1 },
    { "get", "document", "", 0, 1 },
    { "OPTIONS", "", "", 0, 0 },
    { NULL, "document", "text/html", 0, 1 },
};

static void tells_navigations(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(requests); i++) {
        clerk_facts facts = { 0 };

        facts.method = requests[i].method;
        facts.sec_fetch_dest = support_text(requests[i].destination, *state);
        facts.accept = support_text(requests[i].accept, *state);
        if (clerk_is_navigation(&facts) != requests[i].navigation
            || clerk_is_page_request(&facts) != requests[i].page)
        {
            fail_msg("request %d", (int)i);
        }
    }
}

/* ---------------------------------------------------------------- where */

#define LIVE "pk_live_Y2xlcmsudGlkZXdhdGVyLWJvb2tzLmV4YW1wbGUk"
#define TEST "pk_test_c3Vubnktb3R0ZXItNDIuY2xlcmsuYWNjb3VudHMuZGV2JA"
#define OWN "https://shop.tidewater-books.example/orders"
#define OWN_ENCODED "https%3A%2F%2Fshop.tidewater-books.example%2Forders"
#define PORTAL "https://accounts.tidewater-books.example/sign-in"

enum { PENDING = 1, SATELLITE = 2, NO_RETURN = 4 };

static const struct {
    const char *label, *key, *sign_in_url, *own_url, *dev_browser;
    int flags;
    const char *want;
} locations[] = {
    { "portal (A05)", LIVE, NULL, OWN, NULL, 0, PORTAL "?redirect_url=" OWN_ENCODED },
    { "nobody comes back (A07)", LIVE, NULL, OWN, NULL, NO_RETURN, PORTAL },
    { "own query", LIVE, NULL, OWN "?page=2&q=a%20b", NULL, 0,
      PORTAL "?redirect_url=" OWN_ENCODED "%3Fpage%3D2%26q%3Da%2520b" },
    { "pending (A08)", LIVE, NULL, OWN, NULL, PENDING,
      PORTAL "/tasks?redirect_url=" OWN_ENCODED },
    { "development, portal, dev browser (A09)", TEST, NULL, OWN, "db 1", 0,
      "https://sunny-otter-42.accounts.dev/sign-in?redirect_url=" OWN_ENCODED
      "&__clerk_db_jwt=db+1" },
    { "development, this site (A09)", TEST, "/sign-in", OWN, "db", 0,
      "https://shop.tidewater-books.example/sign-in?redirect_url=" OWN_ENCODED },
    { "development, this site by its URL (A09)", TEST,
      "http://SHOP.tidewater-books.example/sign-in", OWN, "db", 0,
      "http://SHOP.tidewater-books.example/sign-in?redirect_url=" OWN_ENCODED },
    { "development, another port (A09)", TEST,
      "https://shop.tidewater-books.example:8443/s", OWN, "db", 0,
      "https://shop.tidewater-books.example:8443/s?redirect_url=" OWN_ENCODED
      "&__clerk_db_jwt=db" },
    { "development, no dev browser", TEST, NULL, OWN, NULL, 0,
      "https://sunny-otter-42.accounts.dev/sign-in?redirect_url=" OWN_ENCODED },
    { "development, empty dev browser", TEST, NULL, OWN, "", 0,
      "https://sunny-otter-42.accounts.dev/sign-in?redirect_url=" OWN_ENCODED },
    { "development replaces a dev browser", TEST,
      "https://x.example/s?__clerk_db_jwt=old&a=b", OWN, "new", 0,
      "https://x.example/s?__clerk_db_jwt=new&a=b&redirect_url=" OWN_ENCODED },
    { "production hands over no dev browser (N09)", LIVE, NULL, OWN, "db", 0,
      PORTAL "?redirect_url=" OWN_ENCODED },
    { "satellite, elsewhere (A10)", LIVE, "https://main.example/in", OWN, NULL,
      SATELLITE,
      "https://main.example/in?redirect_url=" OWN_ENCODED "%3F__clerk_synced%3Dfalse" },
    { "satellite, synced before (A10)", LIVE, "https://main.example/in",
      OWN "?__clerk_synced=true&a=b", NULL, SATELLITE,
      "https://main.example/in?redirect_url=" OWN_ENCODED
      "%3F__clerk_synced%3Dfalse%26a%3Db" },
    { "satellite, this site (A10)", LIVE, "/in", OWN, NULL, SATELLITE,
      "https://shop.tidewater-books.example/in?redirect_url=" OWN_ENCODED },
    { "satellite's portal is its primary's", LIVE, NULL, OWN, NULL, SATELLITE,
      PORTAL "?redirect_url=" OWN_ENCODED "%3F__clerk_synced%3Dfalse" },

    { "query and order are kept", LIVE, "https://x.example/in?b=1&a=%7e+x", OWN, NULL,
      0, "https://x.example/in?b=1&a=%7e+x&redirect_url=" OWN_ENCODED },
    { "redirect_url is replaced where it is", LIVE,
      "/in?x=1&redirect_url=https://evil.example&y=2&redirect_url=z", OWN, NULL, 0,
      "https://shop.tidewater-books.example/in?x=1&redirect_url=" OWN_ENCODED "&y=2" },
    { "redirect_url is replaced however it is spelled", LIVE, "/in?redirect%5furl=z",
      OWN, NULL, 0,
      "https://shop.tidewater-books.example/in?redirect_url=" OWN_ENCODED },
    { "pending keeps the query", LIVE, "/in?a=b", OWN, NULL, PENDING,
      "https://shop.tidewater-books.example/in/tasks?a=b&redirect_url=" OWN_ENCODED },
    { "pending, slash at the end", LIVE, "/in/", OWN, NULL, PENDING,
      "https://shop.tidewater-books.example/in/tasks?redirect_url=" OWN_ENCODED },
    { "pending, root", LIVE, "https://x.example", OWN, NULL, PENDING,
      "https://x.example/tasks?redirect_url=" OWN_ENCODED },
    { "fragment comes last", LIVE, "https://x.example/in?a=b#/sso", OWN, NULL, PENDING,
      "https://x.example/in/tasks?a=b&redirect_url=" OWN_ENCODED "#/sso" },
    { "no path", LIVE, "https://x.example?a=b", OWN, NULL, 0,
      "https://x.example/?a=b&redirect_url=" OWN_ENCODED },

    { "own port", LIVE, "/in", "http://localhost:8080/a", NULL, 0,
      "http://localhost:8080/in?redirect_url=http%3A%2F%2Flocalhost%3A8080%2Fa" },
    { "a path that looks like another site stays a value", LIVE, "/in",
      "https://h.example//evil.example/%2e%2e", NULL, 0,
      "https://h.example/in?redirect_url=https%3A%2F%2Fh.example%2F%2Fevil.example%2F%252e%252e" },
    { "a handshake that failed does not come back", TEST, "/in",
      "https://h.example/?a&__clerk_handshake=x&b=%20&__clerk_handshake_nonce=n&__clerk_help=1",
      NULL, 0, "https://h.example/in?redirect_url=https%3A%2F%2Fh.example%2F%3Fa%26b%3D%2520" },
    { "bytes that mean something to a browser are escaped", LIVE, "/in",
      "https://h.example/\\evil\"<&?;#\xff", NULL, 0,
      "https://h.example/in?redirect_url="
      "https%3A%2F%2Fh.example%2F%5Cevil%2522%253C%26%3F%3B%23%25FF" },

    /* never another origin than the one that was configured */
    { "//evil", LIVE, "//evil.example/in", OWN, NULL, 0, NULL },
    { "/\\evil", LIVE, "/\\evil.example/in", OWN, NULL, 0, NULL },
    { "/ TAB /evil", LIVE, "/\t/evil.example/in", OWN, NULL, 0, NULL },
    { "\\\\evil", LIVE, "\\\\evil.example/in", OWN, NULL, 0, NULL },
    { "javascript", LIVE, "javascript:alert(1)//", OWN, NULL, 0, NULL },
    { "a path without slash", LIVE, "sign-in", OWN, NULL, 0, NULL },
    { "an empty one", LIVE, "", OWN, NULL, 0, NULL },
    { "a header in it", LIVE, "/in\r\nSet-Cookie: a=b", OWN, NULL, 0, NULL },
    { "a port in a path's clothes", LIVE, "/@evil.example:80", OWN, NULL, NO_RETURN,
      "https://shop.tidewater-books.example/@evil.example:80" },
    { "own URL that is none", LIVE, "/in", "/orders", NULL, 0, NULL },
    { "own URL with credentials", LIVE, "/in", "https://a@evil.example/", NULL, 0,
      NULL },
    { "own URL with a forged host", LIVE, "/in", "https://h.example\\@evil/", NULL, 0,
      NULL },
    { "neither URL nor portal", NULL, NULL, OWN, NULL, 0, NULL },
    { "a URL and no key", NULL, "/in", OWN, "db", 0,
      "https://shop.tidewater-books.example/in?redirect_url=" OWN_ENCODED },
};

static clerk_instance instance_of(const char *key_text, int is_satellite,
                                  apr_pool_t *pool)
{
    clerk_instance instance = { 0 };

    if (key_text) {
        clerk_publishable_key *key = apr_palloc(pool, sizeof(*key));

        assert_int_equal(clerk_publishable_key_parse(key, key_text, pool, NULL),
                         CLERK_OK);
        instance.publishable_key = key;
    }
    instance.is_satellite = is_satellite;
    instance.domain = is_satellite ? "sat.example" : NULL;
    assert_int_equal(clerk_instance_complete(&instance, pool, NULL), CLERK_OK);
    return instance;
}

static void builds_locations(void **state)
{
    apr_pool_t *pool = *state;
    size_t i;

    for (i = 0; i < COUNT(locations); i++) {
        clerk_instance instance =
            instance_of(locations[i].key, (locations[i].flags & SATELLITE) != 0, pool);
        clerk_sign_in_request request = { 0 };
        const char *want = locations[i].want;
        const char *got;

        request.sign_in_url = locations[i].sign_in_url;
        request.own_url = locations[i].own_url;
        request.pending = locations[i].flags & PENDING;
        request.no_return = locations[i].flags & NO_RETURN;
        request.dev_browser = locations[i].dev_browser;
        got = clerk_sign_in_location(&instance, &request, pool);
        if (want ? !got || strcmp(got, want) != 0 : got != NULL) {
            fail_msg("%s: %s", locations[i].label, got ? got : "(none)");
        }
    }
}

/* ---------------------------------------------------------------- sign-up, and back elsewhere */

static const struct {
    const char *label, *sign_in_url, *sign_up_url, *return_url, *want;
    int flags;
} sign_ups[] = {
    { "portal", NULL, NULL, NULL,
      "https://accounts.tidewater-books.example/sign-up?redirect_url=" OWN_ENCODED, 0 },
    { "beside sign-in (A06)", "/sign-in", NULL, NULL,
      "https://shop.tidewater-books.example/sign-in/create?redirect_url=" OWN_ENCODED, 0 },
    { "beside sign-in, slash and query", "https://x.example/in/?a=b", NULL, NULL,
      "https://x.example/in/create?a=b&redirect_url=" OWN_ENCODED, 0 },
    { "of its own", "/sign-in", "/join", NULL,
      "https://shop.tidewater-books.example/join?redirect_url=" OWN_ENCODED, 0 },
    { "of its own, elsewhere", NULL, "https://x.example/join", NULL,
      "https://x.example/join?redirect_url=" OWN_ENCODED, 0 },
    { "pending (A08)", NULL, NULL, NULL,
      "https://accounts.tidewater-books.example/sign-up/tasks?redirect_url=" OWN_ENCODED,
      PENDING },
    { "nobody comes back (A07)", NULL, NULL, NULL,
      "https://accounts.tidewater-books.example/sign-up", NO_RETURN },
    { "back to another page", NULL, NULL, "https://shop.tidewater-books.example/welcome?a=b",
      "https://accounts.tidewater-books.example/sign-up?redirect_url="
      "https%3A%2F%2Fshop.tidewater-books.example%2Fwelcome%3Fa%3Db", 0 },
    { "satellite (A10)", "https://main.example/in", NULL,
      "https://shop.tidewater-books.example/welcome",
      "https://main.example/in/create?redirect_url=https%3A%2F%2Fshop.tidewater-books.example"
      "%2Fwelcome%3F__clerk_synced%3Dfalse", SATELLITE },
    { "a path that is none", NULL, "//evil.example", NULL, NULL, 0 },
    { "back to what is no URL", NULL, NULL, "/welcome", NULL, 0 },
};

static void builds_sign_up_locations(void **state)
{
    apr_pool_t *pool = *state;
    size_t i;

    for (i = 0; i < COUNT(sign_ups); i++) {
        clerk_instance instance =
            instance_of(LIVE, (sign_ups[i].flags & SATELLITE) != 0, pool);
        clerk_sign_in_request request = { .signs_up = 1,
                                          .sign_in_url = sign_ups[i].sign_in_url,
                                          .sign_up_url = sign_ups[i].sign_up_url,
                                          .own_url = OWN,
                                          .return_url = sign_ups[i].return_url,
                                          .pending = sign_ups[i].flags & PENDING,
                                          .no_return = sign_ups[i].flags & NO_RETURN };
        const char *want = sign_ups[i].want;
        const char *got = clerk_sign_in_location(&instance, &request, pool);

        if (want ? !got || strcmp(got, want) != 0 : got != NULL) {
            fail_msg("%s: %s", sign_ups[i].label, got ? got : "(none)");
        }
    }
}

/* ---------------------------------------------------------------- satellites */

static const struct {
    const char *label, *key, *sign_in_url, *own_url, *want; /* a part of it */
    int is_satellite;
} satellites[] = {
    { "primary", TEST, NULL, OWN, NULL, 0 },
    { "primary, own page", TEST, "/in", OWN, NULL, 0 },
    { "production, portal", LIVE, NULL, OWN, NULL, 1 },
    { "production, primary's page", LIVE, "https://main.example/in", OWN, NULL, 1 },
    { "development, primary's page", TEST, "https://main.example/in", OWN, NULL, 1 },
    { "development, another port", TEST, "http://localhost:1/in", "http://localhost:2/", NULL, 1 },
    { "own URL unknown", TEST, "https://main.example/in", NULL, NULL, 1 },
    { "development, none (K14)", TEST, NULL, OWN, "needs ClerkSignInURL", 1 },
    { "a path (K16)", LIVE, "/in", OWN, "https://HOST/PATH", 1 },
    { "a path, development (K16)", TEST, "/in", NULL, "https://HOST/PATH", 1 },
    { "itself (K16)", LIVE, "https://shop.tidewater-books.example/in", OWN, "itself", 1 },
    { "itself with its port (K16)", TEST, "https://SHOP.tidewater-books.example:443/in", OWN,
      "itself", 1 },
};

static void judges_satellites(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(satellites); i++) {
        clerk_instance instance =
            instance_of(satellites[i].key, satellites[i].is_satellite, *state);
        const char *got = clerk_satellite_problem(&instance, satellites[i].sign_in_url,
                                                  satellites[i].own_url);

        if (satellites[i].want ? !got || !strstr(got, satellites[i].want) : got != NULL) {
            fail_msg("%s: %s", satellites[i].label, got ? got : "(none)");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(tells_navigations),
        support_test(builds_locations),
        support_test(builds_sign_up_locations),
        support_test(judges_satellites),
    };

    return support_run("sign_in", tests);
}
