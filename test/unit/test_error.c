/* SPDX-License-Identifier: Apache-2.0 - every outcome has its name, family and answer */
#include "support.h"

#include "core/error.h"

/* clang-format off */
static const struct {
    clerk_status status;
    const char *reason;
    clerk_family family;
    int http;
    const char *bearer_error;
} rows[] = {
    { CLERK_OK, "", CLERK_FAMILY_OK, 200, NULL },

    { CLERK_E_SESSION_TOKEN_AND_UAT_MISSING, "session-token-and-uat-missing",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_CLIENT_UAT_BUT_NO_SESSION_TOKEN, "client-uat-but-no-session-token",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_DEV_BROWSER_MISSING, "dev-browser-missing",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_NO_TOKEN_IN_HEADER, "No token in header",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_SESSION_TOKEN_MISSING, "session-token-missing",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_DEV_BROWSER_SYNC, "dev-browser-sync",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_SATELLITE_NEEDS_SYNCING, "satellite-needs-syncing",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_PRIMARY_RESPONDS_TO_SYNCING, "primary-responds-to-syncing",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_PRIMARY_DOMAIN_CROSS_ORIGIN_SYNC, "primary-domain-cross-origin-sync",
      CLERK_FAMILY_ABSENT, 401, NULL },
    { CLERK_E_ACTIVE_ORGANIZATION_MISMATCH, "active-organization-mismatch",
      CLERK_FAMILY_ABSENT, 401, NULL },

    { CLERK_E_TOKEN_INVALID, "token-invalid",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_INVALID_ALGORITHM, "token-invalid-algorithm",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_INVALID_SIGNATURE, "token-invalid-signature",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES, "token-invalid-authorized-parties",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_INVALID_ISSUER, "token-invalid-issuer",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_VERIFICATION_FAILED, "token-verification-failed",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_EXPIRED, "token-expired",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_NOT_ACTIVE_YET, "token-not-active-yet",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_IAT_IN_THE_FUTURE, "token-iat-in-the-future",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_TOKEN_TYPE_MISMATCH, "token-type-mismatch",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_JWK_KID_MISMATCH, "jwk-kid-mismatch",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_SESSION_TOKEN_BUT_NO_CLIENT_UAT, "session-token-but-no-client-uat",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT, "session-token-iat-before-client-uat",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_SESSION_TOKEN_NBF, "session-token-nbf",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_SESSION_TOKEN_IAT_IN_THE_FUTURE, "session-token-iat-in-the-future",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_SESSION_TOKEN_EXPIRED, "session-token-expired",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },
    { CLERK_E_SESSION_PENDING, "session-pending",
      CLERK_FAMILY_REFUSED, 401, "invalid_token" },

    { CLERK_E_JWK_FAILED_TO_LOAD, "jwk-remote-failed-to-load",
      CLERK_FAMILY_UNDECIDED, 503, NULL },
    { CLERK_E_JWK_FAILED_TO_RESOLVE, "jwk-failed-to-resolve",
      CLERK_FAMILY_UNDECIDED, 503, NULL },
    { CLERK_E_JWK_LOCAL_MISSING, "jwk-local-missing",
      CLERK_FAMILY_UNDECIDED, 503, NULL },
    { CLERK_E_SECRET_KEY_INVALID, "secret-key-invalid",
      CLERK_FAMILY_UNDECIDED, 503, NULL },
    { CLERK_E_MACHINE_KEY_UNAVAILABLE, "token-verification-failed",
      CLERK_FAMILY_UNDECIDED, 503, NULL },
    { CLERK_E_MACHINE_UNDECIDED, "unexpected-error",
      CLERK_FAMILY_UNDECIDED, 503, NULL },

    { CLERK_E_UNEXPECTED, "unexpected-error", CLERK_FAMILY_INTERNAL, 500, NULL },
};
/* clang-format on */

static void assert_same_text(const char *got, const char *want)
{
    if (want == NULL) {
        assert_null(got);
    }
    else {
        assert_non_null(got);
        assert_string_equal(got, want);
    }
}

static void each_status_means_what_it_says(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < support_count(rows); i++) {
        print_message("# %s\n", rows[i].reason);
        assert_int_equal(rows[i].status, i);
        assert_string_equal(clerk_status_reason(rows[i].status), rows[i].reason);
        assert_int_equal(clerk_status_family(rows[i].status), rows[i].family);
        assert_int_equal(clerk_status_http(rows[i].status), rows[i].http);
        assert_same_text(clerk_status_bearer_error(rows[i].status),
                         rows[i].bearer_error);
    }
}

static void no_status_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(support_count(rows), CLERK_STATUS_COUNT);
}

/* In one family: the SDK has one name for a bad token and for one it could not judge. */
static void reasons_are_distinct(void **state)
{
    int a;
    int b;

    (void)state;
    for (a = 0; a < CLERK_STATUS_COUNT; a++) {
        for (b = a + 1; b < CLERK_STATUS_COUNT; b++) {
            if (clerk_status_family((clerk_status)a)
                == clerk_status_family((clerk_status)b))
            {
                assert_string_not_equal(clerk_status_reason((clerk_status)a),
                                        clerk_status_reason((clerk_status)b));
            }
        }
    }
}

static void an_unknown_status_never_looks_good(void **state)
{
    static const int strays[] = { -1, CLERK_STATUS_COUNT, 1000 };
    size_t i;

    (void)state;
    for (i = 0; i < support_count(strays); i++) {
        clerk_status stray = (clerk_status)strays[i];

        assert_int_equal(clerk_status_family(stray), CLERK_FAMILY_INTERNAL);
        assert_int_equal(clerk_status_http(stray), 500);
        assert_string_equal(clerk_status_reason(stray), "unexpected-error");
        assert_null(clerk_status_bearer_error(stray));
    }
}

static void fail_notes_and_returns(void **state)
{
    clerk_error error = { CLERK_OK, NULL };

    (void)state;
    assert_int_equal(clerk_fail(&error, CLERK_E_TOKEN_EXPIRED, "too old"),
                     CLERK_E_TOKEN_EXPIRED);
    assert_int_equal(error.status, CLERK_E_TOKEN_EXPIRED);
    assert_string_equal(error.detail, "too old");
    assert_int_equal(clerk_fail(NULL, CLERK_E_UNEXPECTED, "nobody asks"),
                     CLERK_E_UNEXPECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(each_status_means_what_it_says),
        support_test(no_status_is_left_out),
        support_test(reasons_are_distinct),
        support_test(an_unknown_status_never_looks_good),
        support_test(fail_notes_and_returns),
    };

    return support_run("error", tests);
}
