/* SPDX-License-Identifier: Apache-2.0 - tests: the organization that the URL asks for */
#include "browser_world.h"

#define OUT CLERK_UNAUTHENTICATED
#define IN CLERK_AUTHENTICATED
#define HS CLERK_HANDSHAKE
#define MISMATCH "active-organization-mismatch"

/* O01 to O07; which pattern gave the target is the request floor's business */
static const struct {
    const char *label;
    clerk_organization_kind kind;
    const char *value, *session;
    clerk_decision_kind want;
    const char *parameter; /* NULL: none is sent */
} cases[] = {
    { "O01, O02", CLERK_ORGANIZATION_BY_SLUG, "b", "$org", HS, "b" },
    { "O01: no organization yet", CLERK_ORGANIZATION_BY_SLUG, "b", "$good", HS, "b" },
    { "O01: letter case counts", CLERK_ORGANIZATION_BY_SLUG, "A", "$org", HS, "A" },
    { "O03, O08", CLERK_ORGANIZATION_BY_ID, "org_b", "$org", HS, "org_b" },
    { "O04", CLERK_ORGANIZATION_BY_SLUG, "a", "$org", IN, NULL },
    { "O04: by id", CLERK_ORGANIZATION_BY_ID, "org_a", "$org", IN, NULL },
    { "O05", CLERK_ORGANIZATION_PERSONAL, NULL, "$org", HS, "" },
    { "O06", CLERK_ORGANIZATION_PERSONAL, NULL, "$good", IN, NULL },
    { "O07", CLERK_ORGANIZATION_UNSAID, NULL, "$org", IN, NULL },
};

static browser_world *world(clerk_organization_kind kind, const char *value,
                            apr_pool_t *pool)
{
    browser_world *w = browser_world_make(LIVE_KEY, pool);

    w->verifier->options.organization.kind = kind;
    w->verifier->options.organization.value = value;
    return w;
}

static void check(const browser_world *w, const char *label, clerk_decision_kind kind,
                  const char *reason)
{
    const clerk_decision *decision = browser_world_decision(w);

    if (decision->kind != kind || strcmp(decision->reason, reason) != 0) {
        fail_msg("%s: kind %d, reason %s", label, decision->kind, decision->reason);
    }
}

static void follows_the_url(void **state)
{
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = world(cases[i].kind, cases[i].value, *state);

        browser_world_ask(w, apr_pstrcat(w->pool, "__client_uat=1; __session=",
                                         cases[i].session, NULL));
        check(w, cases[i].label, cases[i].want, cases[i].want == HS ? MISMATCH : "");
        if (cases[i].want == HS) {
            assert_string_equal(browser_world_parameter(w, "organization_id"),
                                cases[i].parameter);
            assert_null(w->verifier->verdict.auth);
        }
    }
}

/* O09 to O11, and sessions with a task left */
static void stays_signed_in_where_it_cannot(void **state)
{
    browser_world *w = world(CLERK_ORGANIZATION_BY_SLUG, "b", *state);

    browser_world_ask(w, "__client_uat=1; __session=$org; __clerk_redirect_count=3");
    check(w, "O09", IN, "");
    assert_int_equal(browser_world_cookies(w), 0);
    browser_world_ask(w, "__client_uat=1; __session=$org; __clerk_redirect_count=2");
    check(w, "O09: not yet", HS, MISMATCH);

    w->verifier->facts.sec_fetch_dest = clerk_slice_of("empty");
    browser_world_ask(w, "__client_uat=1; __session=$org");
    check(w, "O10", IN, "");
    w->verifier->facts.sec_fetch_dest = clerk_slice_of("document");
    w->verifier->facts.method = "POST";
    browser_world_ask(w, "__client_uat=1; __session=$org");
    check(w, "O10: POST", IN, "");
    w->verifier->facts.method = "GET";
    w->verifier->options.handshake = 0;
    browser_world_ask(w, "__client_uat=1; __session=$org");
    check(w, "no handshake", IN, "");
    w->verifier->options.handshake = 1;

    browser_world_ask(w, "__client_uat=1; __session=$pending");
    check(w, "pending", OUT, "session-pending");
    w->verifier->policy.admits_pending = 1;
    browser_world_ask(w, "__client_uat=1; __session=$pending");
    check(w, "pending and admitted", IN, "");

    w->verifier->facts.authorization =
        support_text(browser_world_text(w, "Bearer $org"), w->pool);
    browser_world_ask(w, "");
    check(w, "O11", IN, "");
}

/* O12 */
static void goes_along_with_any_handshake(void **state)
{
    browser_world *w = world(CLERK_ORGANIZATION_BY_SLUG, "b&c", *state);

    browser_world_ask(w, "__client_uat=1");
    check(w, "O12", HS, "client-uat-but-no-session-token");
    assert_string_equal(browser_world_parameter(w, "organization_id"), "b&c");
    w->verifier->options.organization.kind = CLERK_ORGANIZATION_PERSONAL;
    w->verifier->options.organization.value = NULL;
    browser_world_ask(w, "__client_uat=1");
    assert_string_equal(browser_world_parameter(w, "organization_id"), "");
    w->verifier->options.organization.kind = CLERK_ORGANIZATION_UNSAID;
    browser_world_ask(w, "__client_uat=1");
    assert_null(browser_world_parameter(w, "organization_id"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(follows_the_url),
        support_test(stays_signed_in_where_it_cannot),
        support_test(goes_along_with_any_handshake),
    };

    return support_run("browser_organization", tests);
}
