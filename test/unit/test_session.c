/* SPDX-License-Identifier: Apache-2.0 - tests of what cookies and failures mean for a session */
#include "core/session.h"

#include "claims_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *label;
    clerk_instance_type type;
    const char *dev_browser, *session;
    apr_int64_t client_uat;
    clerk_status want;
} cookies[] = {
    { "production, nothing (F01)", CLERK_PRODUCTION, NULL, NULL, 0,
      CLERK_E_SESSION_TOKEN_AND_UAT_MISSING },
    { "client_uat alone (F03)", CLERK_PRODUCTION, NULL, NULL, 1,
      CLERK_E_CLIENT_UAT_BUT_NO_SESSION_TOKEN },
    { "session alone (F04)", CLERK_PRODUCTION, NULL, "t", 0,
      CLERK_E_SESSION_TOKEN_BUT_NO_CLIENT_UAT },
    { "both", CLERK_PRODUCTION, NULL, "t", 1, CLERK_OK },
    { "a negative client_uat is one", CLERK_PRODUCTION, NULL, "t", -5, CLERK_OK },
    { "production ignores the dev browser", CLERK_PRODUCTION, "db", "t", 1, CLERK_OK },
    { "development, nothing (F08)", CLERK_DEVELOPMENT, NULL, NULL, 0,
      CLERK_E_DEV_BROWSER_MISSING },
    { "development, all but the dev browser (F08)", CLERK_DEVELOPMENT, NULL, "t", 1,
      CLERK_E_DEV_BROWSER_MISSING },
    { "development, dev browser alone (F10)", CLERK_DEVELOPMENT, "db", NULL, 0,
      CLERK_E_SESSION_TOKEN_AND_UAT_MISSING },
    { "development, no session", CLERK_DEVELOPMENT, "db", NULL, 1,
      CLERK_E_CLIENT_UAT_BUT_NO_SESSION_TOKEN },
    { "development, no client_uat", CLERK_DEVELOPMENT, "db", "t", 0,
      CLERK_E_SESSION_TOKEN_BUT_NO_CLIENT_UAT },
    { "development, all", CLERK_DEVELOPMENT, "db", "t", 1, CLERK_OK },
};

static void judges_cookies(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cookies); i++) {
        clerk_instance instance = { 0 };
        clerk_browser_state browser = { 0 };
        clerk_status got;

        instance.type = cookies[i].type;
        browser.dev_browser = cookies[i].dev_browser;
        browser.session = cookies[i].session;
        browser.client_uat = cookies[i].client_uat;
        got = clerk_session_check_cookies(&browser, &instance);
        if (got != cookies[i].want) {
            fail_msg("%s: %s", cookies[i].label, clerk_status_reason(got));
        }
    }
}

/* F02: the cookie says 0, not nothing. */
static void signed_out_is_nothing(void **state)
{
    clerk_instance instance = { 0 };
    clerk_browser_state browser;

    assert_int_equal(clerk_instance_complete(&instance, *state, NULL), CLERK_OK);
    clerk_browser_state_read(&browser, support_text("__client_uat=0", *state),
                             clerk_slice_of(NULL), &instance, SUPPORT_NOW, *state);
    assert_int_equal(clerk_session_check_cookies(&browser, &instance),
                     CLERK_E_SESSION_TOKEN_AND_UAT_MISSING);
}

static const struct {
    const char *label, *payload;
    apr_int64_t client_uat;
    clerk_status want;
} session_ages[] = {
    { "older (F05)", "{\"iat\":99}", 100, CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT },
    { "of that second (F06)", "{\"iat\":100}", 100, CLERK_OK },
    { "newer", "{\"iat\":101}", 100, CLERK_OK },
    { "no iat: verification judges", "{}", 100, CLERK_OK },
    { "iat no number: verification judges", "{\"iat\":\"1\"}", 100, CLERK_OK },
    { "negative client_uat", "{\"iat\":0}", -5, CLERK_OK },
};

static void judges_age(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(session_ages); i++) {
        clerk_claims claims = fixture_claims(session_ages[i].payload, *state);
        clerk_browser_state browser = { 0 };

        browser.client_uat = session_ages[i].client_uat;
        if (clerk_session_check_age(&browser, &claims) != session_ages[i].want) {
            fail_msg("%s", session_ages[i].label);
        }
    }
}

static const struct {
    clerk_status verification, want;
} outcomes[] = {
    { CLERK_E_TOKEN_EXPIRED, CLERK_E_SESSION_TOKEN_EXPIRED },
    /* F12 */
    { CLERK_E_TOKEN_NOT_ACTIVE_YET, CLERK_E_SESSION_TOKEN_NBF },
    { CLERK_E_TOKEN_IAT_IN_THE_FUTURE, CLERK_E_SESSION_TOKEN_IAT_IN_THE_FUTURE },
};

static void names_outcomes(void **state)
{
    size_t i;
    int status;

    (void)state;
    for (i = 0; i < COUNT(outcomes); i++) {
        assert_int_equal(clerk_session_outcome(outcomes[i].verification),
                         outcomes[i].want);
    }
    for (status = CLERK_OK; status < CLERK_STATUS_COUNT; status++)
    { /* F07, F14, F15, F16 */
        if (status != CLERK_E_TOKEN_EXPIRED && status != CLERK_E_TOKEN_NOT_ACTIVE_YET
            && status != CLERK_E_TOKEN_IAT_IN_THE_FUTURE)
        {
            assert_int_equal(clerk_session_outcome((clerk_status)status), status);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(judges_cookies),
        support_test(signed_out_is_nothing),
        support_test(judges_age),
        support_test(names_outcomes),
    };

    return support_run("session", tests);
}
