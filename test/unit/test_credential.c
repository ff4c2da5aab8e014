/* SPDX-License-Identifier: Apache-2.0 - tests of the Authorization field */
#include "core/credential.h"

#include "support.h"

static const struct {
    const char *label, *field;
    clerk_status want;
    const char *token; /* "" for none */
} cases[] = {
    { "absent (T16)", "", CLERK_OK, "" },
    { "only spaces", " \t ", CLERK_OK, "" },
    { "Bearer (T12)", "Bearer aa.bb.cc", CLERK_OK, "aa.bb.cc" },
    { "no scheme (T11)", "aa.bb.cc", CLERK_OK, "aa.bb.cc" },
    { "no scheme, spaces around", "  aa.bb.cc\t", CLERK_OK, "aa.bb.cc" },
    { "lower case", "bearer aa.bb.cc", CLERK_OK, "aa.bb.cc" },
    { "upper case", "BEARER aa.bb.cc", CLERK_OK, "aa.bb.cc" },
    { "two spaces: RFC 6750 syntax, accepted on purpose (T17)", "Bearer  aa.bb.cc",
      CLERK_OK, "aa.bb.cc" },
    { "many spaces", "Bearer      aa.bb.cc  ", CLERK_OK, "aa.bb.cc" },
    { "opaque", "Bearer ak_123", CLERK_OK, "ak_123" },
    { "Basic (T13, T14)", "Basic dXNlcg==", CLERK_OK, "" },
    { "another scheme", "Token aa.bb.cc", CLERK_OK, "" },
    { "another scheme with parameters", "Digest username=\"a\", realm=\"b\"", CLERK_OK,
      "" },
    { "another scheme before Bearer", "Basic dXNlcg==, Bearer aa.bb.cc", CLERK_OK, "" },
    { "another scheme that begins alike", "Bearers aa.bb.cc", CLERK_OK, "" },
    { "Bearer alone", "Bearer", CLERK_E_TOKEN_INVALID, NULL },
    { "Bearer and spaces", "Bearer   ", CLERK_E_TOKEN_INVALID, NULL },
    { "bearer alone", "bearer", CLERK_E_TOKEN_INVALID, NULL },
    { "words after the token", "Bearer aa.bb.cc dd", CLERK_E_TOKEN_INVALID, NULL },
    { "a parameter after the token", "Bearer aa.bb.cc a=b", CLERK_E_TOKEN_INVALID,
      NULL },
    { "two fields", "Bearer aa.bb.cc, Bearer dd.ee.ff", CLERK_E_TOKEN_INVALID, NULL },
    { "two fields, no space", "Bearer aa.bb.cc,Bearer dd.ee.ff", CLERK_E_TOKEN_INVALID,
      NULL },
    { "Bearer before another scheme",
      "Bearer aa.bb.cc, Basic dXNlcg==", CLERK_E_TOKEN_INVALID, NULL },
    { "two without scheme", "aa.bb.cc, dd.ee.ff", CLERK_E_TOKEN_INVALID, NULL },
    { "two without scheme and space", "aa.bb.cc,dd.ee.ff", CLERK_E_TOKEN_INVALID,
      NULL },
    { "none and Basic", "aa.bb.cc, Basic dXNlcg==", CLERK_E_TOKEN_INVALID, NULL },
    { "empty and Bearer", ", Bearer aa.bb.cc", CLERK_E_TOKEN_INVALID, NULL },
    { "Bearer and empty", "Bearer aa.bb.cc, ", CLERK_E_TOKEN_INVALID, NULL },
    { "Bearer, comma", "Bearer, aa.bb.cc", CLERK_E_TOKEN_INVALID, NULL },
    { "only a comma", ",", CLERK_E_TOKEN_INVALID, NULL },
    { "a tab is no space", "Bearer\taa.bb.cc", CLERK_E_TOKEN_INVALID, NULL },
};

static void finds_the_token(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clerk_slice field = support_text(cases[i].field, *state);
        clerk_slice token = { "untouched", 9 };
        clerk_error error = { CLERK_OK, NULL };
        clerk_status status = clerk_authorization_token(&token, field, &error);

        if (status != cases[i].want || error.status != status) {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(status));
        }
        if (!clerk_slice_is(token, status == CLERK_OK ? cases[i].token : "untouched")) {
            fail_msg("%s: another token", cases[i].label);
        }
        if (status == CLERK_OK && token.len > 0) {
            assert_true(token.ptr >= field.ptr
                        && token.ptr + token.len <= field.ptr + field.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { support_test(finds_the_token) };

    return support_run("credential", tests);
}
