/* SPDX-License-Identifier: Apache-2.0 - tests: the way to the handshake */
#include "browser_world.h"

#define OUT CLERK_UNAUTHENTICATED
#define IN CLERK_AUTHENTICATED
#define HS CLERK_HANDSHAKE
#define COUNTER(n) "__clerk_redirect_count=" n "; Path=/; SameSite=Lax; HttpOnly; Max-Age=2"

/** The location up to its query. */
static const char *place(browser_world *w)
{
    const char *location = browser_world_decision(w)->location;

    return apr_pstrmemdup(w->pool, location, strcspn(location, "?"));
}

/** The names of the location's parameters in their order, each with a space behind. */
static const char *names(browser_world *w)
{
    const char *query = strchr(browser_world_decision(w)->location, '?');
    clerk_slice rest = clerk_slice_of(query ? query + 1 : NULL);
    clerk_slice element, name;
    const char *all = "";

    while (rest.len > 0) {
        clerk_slice_cut(&element, &rest, '&');
        clerk_slice_cut(&name, &element, '=');
        all = apr_pstrcat(w->pool, all, clerk_slice_copy(name, w->pool), " ", NULL);
    }
    return all;
}

/* N05: production, suffixed and not; N09 */
static void names_all_parameters(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);
    const char *suffix = w->verifier->instance.publishable_key->cookie_suffix;

    browser_world_ask(w, "__session=$expired; __client_uat=1; __clerk_db_jwt=x");
    assert_string_equal(place(w), "https://clerk.example.com/v1/client/handshake");
    assert_string_equal(names(w), "redirect_url __clerk_api_version suffixed_cookies "
                                  "__clerk_hs_reason format __session ");
    assert_string_equal(browser_world_parameter(w, "redirect_url"), OWN_URL);
    assert_string_equal(browser_world_parameter(w, "__clerk_api_version"), "2026-05-12");
    assert_string_equal(browser_world_parameter(w, "suffixed_cookies"), "false");
    assert_string_equal(browser_world_parameter(w, "__clerk_hs_reason"),
                        "session-token-expired-refresh-non-eligible-no-refresh-cookie");
    assert_string_equal(browser_world_parameter(w, "format"), "nonce");
    assert_string_equal(browser_world_parameter(w, "__session"),
                        browser_world_text(w, "$expired"));

    browser_world_ask(w, apr_psprintf(w->pool, "__client_uat_%s=1", suffix));
    assert_string_equal(browser_world_parameter(w, "suffixed_cookies"), "true");
    assert_null(browser_world_parameter(w, "__session"));

    w->verifier->instance.secret_key = NULL; /* who could redeem a nonce? */
    browser_world_ask(w, "__client_uat=1");
    assert_string_equal(names(w), "redirect_url __clerk_api_version suffixed_cookies "
                                  "__clerk_hs_reason ");
}

/* F09: development has the dev browser, and it is taken off the page to come back to */
static void takes_the_development_browser_along(void **state)
{
    browser_world *w = browser_world_make(TEST_KEY, *state);

    w->verifier->facts.own_url =
        OWN_ORIGIN "/a%20b?x=1&__clerk_db_jwt=asdf&y=%7E&__dev_session=old&__clerk_help=1";
    browser_world_ask(w, "");
    assert_string_equal(names(w), "redirect_url __clerk_api_version suffixed_cookies "
                                  "__clerk_hs_reason format __clerk_db_jwt ");
    assert_string_equal(browser_world_parameter(w, "__clerk_db_jwt"), "asdf");
    assert_string_equal(browser_world_parameter(w, "redirect_url"),
                        OWN_ORIGIN "/a%20b?x=1&y=%7E&__clerk_help=1");

    w->verifier->facts.own_url = OWN_URL;
    browser_world_ask(w, "__clerk_db_jwt=cookie; __client_uat=1");
    assert_string_equal(browser_world_parameter(w, "__clerk_db_jwt"), "cookie");
}

/* N06, N07, K09: where the Frontend API is */
static void finds_the_frontend_api(void **state)
{
    static const struct {
        const char *label, *proxy, *domain, *want;
    } cases[] = {
        { "N06", "https://example.com/clerk", NULL, "https://example.com/clerk" },
        { "N06: one slash", "https://example.com/clerk/", NULL, "https://example.com/clerk" },
        { "N06: three", "https://example.com/clerk///", NULL, "https://example.com/clerk" },
        { "a path", "/__clerk", NULL, OWN_ORIGIN "/__clerk" },
        { "a path and a slash", "/__clerk/", NULL, OWN_ORIGIN "/__clerk" },
        { "nothing but a slash", "/", NULL, OWN_ORIGIN },
        { "N07", NULL, "satellite.example", "https://clerk.satellite.example" },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(LIVE_KEY, *state);
        clerk_instance *instance = &w->verifier->instance;

        instance->proxy_url = cases[i].proxy;
        instance->domain = cases[i].domain;
        instance->is_satellite = cases[i].domain != NULL;
        assert_int_equal(clerk_instance_complete(instance, w->pool, NULL), CLERK_OK);
        browser_world_ask(w, "__client_uat=1");
        assert_string_equal(place(w), apr_pstrcat(w->pool, cases[i].want,
                                                  "/v1/client/handshake", NULL));
    }
}

/* N10, N11 */
static void counts_redirects(void **state)
{
    static const struct {
        const char *cookie, *next; /* NULL: the end */
    } cases[] = {
        { "", COUNTER("1") },
        { "; __clerk_redirect_count=", COUNTER("1") },
        { "; __clerk_redirect_count=abc", COUNTER("1") },
        { "; __clerk_redirect_count=1abc", COUNTER("1") },
        { "; __clerk_redirect_count=nan", COUNTER("1") },
        { "; __clerk_redirect_count=0", COUNTER("1") },
        { "; __clerk_redirect_count=1", COUNTER("2") },
        { "; __clerk_redirect_count=2", COUNTER("3") },
        { "; __clerk_redirect_count=2.5", COUNTER("3") },
        { "; __clerk_redirect_count=3", NULL },
        { "; __clerk_redirect_count=4", NULL },
        { "; __clerk_redirect_count=1e300", NULL },
        { "; __clerk_redirect_count=-1", NULL },
        { "; __clerk_redirect_count=99999999999999999999", NULL },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(LIVE_KEY, *state);
        const clerk_decision *decision =
            &browser_world_ask(
                 w, apr_pstrcat(w->pool, "__client_uat=1", cases[i].cookie, NULL))
                 ->decision;

        assert_string_equal(decision->reason, "client-uat-but-no-session-token");
        if (cases[i].next == NULL) {
            assert_int_equal(decision->kind, OUT);
            assert_null(decision->cookies);
            assert_null(decision->location);
            assert_non_null(decision->advice);
        }
        else {
            assert_int_equal(decision->kind, HS);
            assert_int_equal(browser_world_cookies(w), 1);
            assert_true(browser_world_sets(w, cases[i].next));
            assert_null(decision->advice);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(names_all_parameters),
        support_test(takes_the_development_browser_along),
        support_test(finds_the_frontend_api),
        support_test(counts_redirects),
    };

    return support_run("handshake_redirect", tests);
}
