/* SPDX-License-Identifier: Apache-2.0 - tests: what a browser's cookies lead to, row by row */
#include "browser_world.h"

#define OUT CLERK_UNAUTHENTICATED
#define IN CLERK_AUTHENTICATED
#define HS CLERK_HANDSHAKE
#define NEITHER "session-token-and-uat-missing"
#define NO_COOKIE "session-token-expired-refresh-non-eligible-no-refresh-cookie"

/* Each row of the table, in production and in development; the request is a document's GET. */
static const struct {
    const char *label, *key, *url, *cookies;
    clerk_decision_kind kind;
    const char *reason;
} documents[] = {
    { "F01", LIVE_KEY, OWN_URL, "", OUT, NEITHER },
    { "F02", LIVE_KEY, OWN_URL, "__client_uat=0", OUT, NEITHER },
    { "F03", LIVE_KEY, OWN_URL, "__client_uat=1", HS, "client-uat-but-no-session-token" },
    { "F04", LIVE_KEY, OWN_URL, "__session=$good", HS, "session-token-but-no-client-uat" },
    { "F04: signed out elsewhere", LIVE_KEY, OWN_URL, "__session=$good; __client_uat=0", HS,
      "session-token-but-no-client-uat" },
    { "F05", LIVE_KEY, OWN_URL, "__session=$good; __client_uat=1699999991", HS,
      "session-token-iat-before-client-uat" },
    { "F06", LIVE_KEY, OWN_URL, "__session=$good; __client_uat=1699999990", IN, "" },
    { "F07", LIVE_KEY, OWN_URL, "__session=$garbage; __client_uat=1", OUT, "token-invalid" },
    { "F11", LIVE_KEY, OWN_URL, "__session=$expired; __client_uat=1", HS, NO_COOKIE },
    { "F12", LIVE_KEY, OWN_URL, "__session=$early; __client_uat=1", HS,
      "session-token-nbf" },
    { "issued in the future", LIVE_KEY, OWN_URL, "__session=$future; __client_uat=1", HS,
      "session-token-iat-in-the-future" },
    { "F14", LIVE_KEY, OWN_URL, "__session=$forged; __client_uat=1", OUT,
      "token-invalid-signature" },
    { "F15", LIVE_KEY, OWN_URL, "__session=$elsewhere; __client_uat=1", OUT,
      "token-invalid-authorized-parties" },
    { "F17", LIVE_KEY, OWN_URL, "a=1%3B%20__session%3D$good; __client_uat=1", HS,
      "client-uat-but-no-session-token" },
    { "F18", LIVE_KEY, OWN_URL, "__session=$good; __session=$garbage; __client_uat=1", IN,
      "" },
    { "F18: the other way round", LIVE_KEY, OWN_URL,
      "__session=$garbage; __session=$good; __client_uat=1", OUT, "token-invalid" },
    { "F19", LIVE_KEY, OWN_URL, "x=%zz; __session=$good; __client_uat=1", IN, "" },
    { "F20: abc is 0", LIVE_KEY, OWN_URL, "__session=$good; __client_uat=abc", HS,
      "session-token-but-no-client-uat" },
    { "F20: 17x is 17", LIVE_KEY, OWN_URL, "__client_uat=17x", HS,
      "client-uat-but-no-session-token" },
    { "T19", LIVE_KEY, OWN_URL, "__session=$m2m; __client_uat=1", OUT,
      "token-type-mismatch" },
    { "an OAuth token", LIVE_KEY, OWN_URL, "__session=$oauth; __client_uat=1", OUT,
      "token-type-mismatch" },
    { "C06", LIVE_KEY, OWN_URL, "__session=$template; __client_uat=1", OUT,
      "token-type-mismatch" },
    { "type before age", LIVE_KEY, OWN_URL, "__session=$template; __client_uat=1800000000",
      OUT, "token-type-mismatch" },
    { "age before signature", LIVE_KEY, OWN_URL,
      "__session=$forged; __client_uat=1800000000", HS,
      "session-token-iat-before-client-uat" },
    { "no iat, no age", LIVE_KEY, OWN_URL, "__session=$noiat; __client_uat=1800000000", IN,
      "" },
    { "a pending session", LIVE_KEY, OWN_URL, "__session=$pending; __client_uat=1", OUT,
      "session-pending" },
    { "production has no dev browser", LIVE_KEY, OWN_ORIGIN "/?__clerk_db_jwt=x",
      "__session=$good; __client_uat=1", IN, "" },
    { "production knows no sync request", LIVE_KEY,
      OWN_ORIGIN "/?__clerk_redirect_url=https://sat.example/", "", OUT, NEITHER },
    { "F08", TEST_KEY, OWN_URL, "", HS, "dev-browser-missing" },
    { "F08: whatever else there is", TEST_KEY, OWN_URL, "__session=$good; __client_uat=1",
      HS, "dev-browser-missing" },
    { "F09", TEST_KEY, OWN_ORIGIN "/?__clerk_db_jwt=asdf", "", HS, "dev-browser-sync" },
    { "F09: and a whole sign-in", TEST_KEY, OWN_ORIGIN "/?__clerk_db_jwt=asdf",
      "__clerk_db_jwt=x; __session=$good; __client_uat=1", HS, "dev-browser-sync" },
    { "F09: present is enough", TEST_KEY, OWN_ORIGIN "/?a=1&__clerk_db_jwt", "", HS,
      "dev-browser-sync" },
    { "F10", TEST_KEY, OWN_URL, "__clerk_db_jwt=x", OUT, NEITHER },
    { "development, signed in", TEST_KEY, OWN_URL,
      "__clerk_db_jwt=x; __session=$good; __client_uat=1", IN, "" },
    { "development, no session", TEST_KEY, OWN_URL, "__clerk_db_jwt=x; __client_uat=1", HS,
      "client-uat-but-no-session-token" },
};

static void check(const char *label, const clerk_verdict *verdict,
                  clerk_decision_kind kind, const char *reason)
{
    const clerk_decision *decision = &verdict->decision;

    if (decision->kind != kind || strcmp(decision->reason, reason) != 0) {
        fail_msg("%s: kind %d, reason %s", label, decision->kind, decision->reason);
    }
    assert_string_equal(decision->state, kind == HS   ? "handshake"
                                         : kind == IN ? "signed-in"
                                                      : "signed-out");
    assert_int_equal(decision->location != NULL, kind == HS);
    assert_int_equal(verdict->status == CLERK_OK, kind == IN);
    assert_int_equal(decision->cookies != NULL, kind == HS);
}

static void goes_by_the_table(void **state)
{
    static const char *const parties[] = { OWN_ORIGIN, NULL };
    apr_size_t i;

    for (i = 0; i < support_count(documents); i++) {
        browser_world *w = browser_world_make(documents[i].key, *state);

        w->verifier->facts.own_url = documents[i].url;
        if (strncmp(documents[i].label, "F15", 3) == 0) {
            w->verifier->policy.authorized_parties = parties;
        }
        check(documents[i].label, browser_world_ask(w, documents[i].cookies),
              documents[i].kind, documents[i].reason);
        assert_int_equal(browser_world_calls(w), 0);
    }
}

/* N04, F13, N03, N02: the same cookies, and no document's GET: signed out for the same reason. */
static void sends_nobody_else_away(void **state)
{
    static const struct {
        const char *label, *method, *destination, *accept;
    } requests[] = {
        { "N04: POST", "POST", "document", "text/html" },
        { "N04: PUT", "PUT", "document", "text/html" },
        { "N04: HEAD", "HEAD", "document", "text/html" },
        { "N03", "GET", "empty", "text/html" },
        { "N02: not first", "GET", "", "application/json, text/html" },
        { "nothing said", "GET", "", "" },
    };
    static const struct {
        const char *key, *cookies, *reason;
    } cases[] = {
        { LIVE_KEY, "__client_uat=1", "client-uat-but-no-session-token" },
        { LIVE_KEY, "__session=$good", "session-token-but-no-client-uat" },
        { LIVE_KEY, "__session=$early; __client_uat=1", "session-token-nbf" },
        { TEST_KEY, "", "dev-browser-missing" },
    };
    apr_size_t i, j;

    for (i = 0; i < support_count(requests); i++) {
        for (j = 0; j < support_count(cases); j++) {
            browser_world *w = browser_world_make(cases[j].key, *state);

            w->verifier->facts.method = requests[i].method;
            w->verifier->facts.sec_fetch_dest = clerk_slice_of(requests[i].destination);
            w->verifier->facts.accept = clerk_slice_of(requests[i].accept);
            check(requests[i].label, browser_world_ask(w, cases[j].cookies), OUT,
                  cases[j].reason);
        }
    }
}

/* F13: what an expired token's reason ends in, by method; R02: the plain cookie is none */
static void says_why_nothing_was_refreshed(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);

    w->verifier->facts.method = "POST";
    check("F13", browser_world_ask(w, "__session=$expired; __client_uat=1"), OUT,
          "session-token-expired-refresh-non-eligible-non-get");
    w->verifier->facts.method = "GET";
    check("R02", browser_world_ask(w, "__session=$expired; __client_uat=1; __refresh=r"), HS,
          NO_COOKIE);
}

/* N01, N02: who is sent to the handshake */
static void sends_documents(void **state)
{
    static const struct {
        const char *destination, *accept;
    } requests[] = {
        { "document", "" },
        { "iframe", "application/json" },
        { "", "text/html" },
        { "", "text/html,application/xhtml+xml" },
    };
    apr_size_t i;

    for (i = 0; i < support_count(requests); i++) {
        browser_world *w = browser_world_make(LIVE_KEY, *state);

        w->verifier->facts.sec_fetch_dest = clerk_slice_of(requests[i].destination);
        w->verifier->facts.accept = clerk_slice_of(requests[i].accept);
        check("N01", browser_world_ask(w, "__client_uat=1"), HS,
              "client-uat-but-no-session-token");
    }
}

/* N12: a token in Authorization handshakes, too, when time is what is wrong */
static void treats_headers_alike(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);

    w->verifier->facts.authorization =
        support_text(browser_world_text(w, "Bearer $expired"), *state);
    check("N12", browser_world_ask(w, ""), HS, NO_COOKIE);
    assert_string_equal(browser_world_parameter(w, "__session"),
                        browser_world_text(w, "$expired"));
    w->verifier->facts.sec_fetch_dest = clerk_slice_of("");
    check("N12: no document", browser_world_ask(w, ""), OUT, NO_COOKIE);
    assert_string_equal(w->verifier->verdict.decision.message,
                        "expired (reason=token-expired, token-carrier=header)");
}

/* F16: no key, no verdict, and no redirect that would hide it */
static void is_undecided_without_keys(void **state)
{
    browser_world *w = browser_world_make(LIVE_KEY, *state);

    key_world_break(w->verifier->keys, 500);
    check("F16", browser_world_ask(w, "__session=$good; __client_uat=1"), OUT,
          "jwk-remote-failed-to-load");
    assert_int_equal(clerk_status_family(w->verifier->verdict.status),
                     CLERK_FAMILY_UNDECIDED);
}

/* Off is as if there were no such thing: nobody is sent away, nothing is asked. */
static void can_be_switched_off(void **state)
{
    static const struct {
        const char *key, *url, *cookies, *reason;
    } cases[] = {
        { LIVE_KEY, OWN_URL, "__client_uat=1", "client-uat-but-no-session-token" },
        { LIVE_KEY, OWN_URL, "__client_uat=1; __clerk_handshake_nonce=n",
          "client-uat-but-no-session-token" },
        { LIVE_KEY, OWN_URL, "__client_uat=1; __session=$expired", NO_COOKIE },
        { TEST_KEY, OWN_ORIGIN "/?__clerk_handshake_nonce=n", "", "dev-browser-missing" },
        { TEST_KEY, OWN_ORIGIN "/?__clerk_redirect_url=https://sat.example/", "",
          "primary-responds-to-syncing" },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        browser_world *w = browser_world_make(cases[i].key, *state);

        w->verifier->options.handshake = 0;
        w->verifier->facts.own_url = cases[i].url;
        check("off", browser_world_ask(w, cases[i].cookies), OUT, cases[i].reason);
        assert_int_equal(browser_world_calls(w), 0);
        w->verifier->options.handshake = 1;
        w->verifier->facts.own_url = NULL;
        assert_int_not_equal(browser_world_ask(w, cases[i].cookies)->decision.kind, HS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(goes_by_the_table),
        support_test(sends_nobody_else_away),
        support_test(says_why_nothing_was_refreshed),
        support_test(sends_documents),
        support_test(treats_headers_alike),
        support_test(is_undecided_without_keys),
        support_test(can_be_switched_off),
    };

    return support_run("browser_cookies", tests);
}
