/* SPDX-License-Identifier: Apache-2.0 - tests of what a decision says */
#include "core/decision.h"

#include "support.h"

static void begins_signed_out(void **state)
{
    clerk_decision decision;

    (void)state;
    memset(&decision, 0x5a, sizeof(decision));
    clerk_decision_begin(&decision);
    assert_int_equal(decision.kind, CLERK_UNAUTHENTICATED);
    assert_string_equal(decision.state, "signed-out");
    assert_string_equal(decision.reason, "");
    assert_string_equal(decision.message, "");
    assert_null(decision.location);
    assert_null(decision.cookies);
    assert_null(decision.advice);
}

/* Who is signed in has no reason left from before. */
static void signs_in_and_out(void **state)
{
    clerk_decision decision;

    (void)state;
    clerk_decision_begin(&decision);
    clerk_decision_sign_out(&decision, "token-invalid", "why");
    assert_string_equal(decision.reason, "token-invalid");
    assert_string_equal(decision.message, "why");
    clerk_decision_sign_in(&decision);
    assert_int_equal(decision.kind, CLERK_AUTHENTICATED);
    assert_string_equal(decision.state, "signed-in");
    assert_string_equal(decision.reason, "");
    assert_string_equal(decision.message, "");
}

/* R05: whatever the API sends, a reason can be a header's value and a part of a URL. */
static void cleans_codes(void **state)
{
    static const struct {
        const char *code, *want;
    } cases[] = {
        { "fetch-error", "fetch-error" },
        { "session_refresh_expired_session_token_consumed",
          "session_refresh_expired_session_token_consumed" },
        { "A.b-1", "A.b-1" },
        { "", "" },
        { "a b\r\nSet-Cookie: x=y", "a_b__Set-Cookie__x_y" },
        { "\xc3\xa9\x01\x7f\xff", "_____" },
        { "0123456789012345678901234567890123456789012345678901234567890123",
          "0123456789012345678901234567890123456789012345678901234567890123" },
        { "01234567890123456789012345678901234567890123456789012345678901234",
          "0123456789012345678901234567890123456789012345678901234567890123" },
    };
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        assert_string_equal(
            clerk_expired_reason(support_text(cases[i].code, *state), *state),
            apr_pstrcat(*state, "session-token-expired-refresh-", cases[i].want, NULL));
    }
    assert_string_equal(
        clerk_expired_reason(support_bytes("a\0b", 3, *state), *state),
        "session-token-expired-refresh-a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(begins_signed_out),
        support_test(signs_in_and_out),
        support_test(cleans_codes),
    };

    return support_run("decision", tests);
}
