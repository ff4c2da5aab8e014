/* SPDX-License-Identifier: Apache-2.0 - tests of the registered claims */
#include "claims_fixture.h"

/* Text claims: what is no text with something in it is not there. */
static const struct {
    const char *label, *payload, *want;
} texts[] = {
    { "a string", "{\"sub\":\"user_1\"}", "user_1" },
    { "absent", "{}", NULL },
    { "empty", "{\"sub\":\"\"}", NULL },
    { "a number (J14)", "{\"sub\":1}", NULL },
    { "null (J14)", "{\"sub\":null}", NULL },
    { "an array (S06)", "{\"sub\":[\"user_1\"]}", NULL },
    { "an object", "{\"sub\":{\"sub\":\"user_1\"}}", NULL },
    { "beyond ASCII", "{\"sub\":\"\\u00e9\"}", "\xc3\xa9" },
};

static void reads_text(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        clerk_claims claims = fixture_claims(texts[i].payload, *state);
        const char *want = texts[i].want;

        if (want ? !claims.sub || strcmp(claims.sub, want) != 0 : claims.sub != NULL) {
            fail_msg("%s: %s", texts[i].label, claims.sub ? claims.sub : "(none)");
        }
    }
}

static void reads_each_claim_by_its_name(void **state)
{
    clerk_claims claims = fixture_claims(
        "{\"sub\":\"a\",\"sid\":\"b\",\"iss\":\"c\",\"azp\":\"d\",\"aud\":[\"e\"],"
        "\"exp\":6,\"nbf\":7,\"iat\":8}",
        *state);

    assert_string_equal(claims.sub, "a");
    assert_string_equal(claims.sid, "b");
    assert_string_equal(claims.iss, "c");
    assert_string_equal(claims.azp, "d");
    assert_true(clerk_node_is(claims.aud, CLERK_NODE_ARRAY));
    assert_int_equal(claims.exp.seconds, 6);
    assert_int_equal(claims.nbf.seconds, 7);
    assert_int_equal(claims.iat.seconds, 8);
    assert_true(clerk_node_is(claims.payload, CLERK_NODE_OBJECT));
}

static const struct {
    const char *label, *value;
    clerk_claim_form form;
    apr_int64_t seconds;
} times[] = {
    { "absent", NULL, CLERK_CLAIM_ABSENT, 0 },
    { "an integer", "1700000000", CLERK_CLAIM_VALID, 1700000000 },
    { "zero", "0", CLERK_CLAIM_VALID, 0 },
    { "a fraction is cut off", "1700000000.999", CLERK_CLAIM_VALID, 1700000000 },
    { "an exponent", "1.7e9", CLERK_CLAIM_VALID, 1700000000 },
    { "2^53", "9007199254740992", CLERK_CLAIM_VALID, APR_INT64_C(9007199254740992) },
    { "2^53 + 1", "9007199254740993", CLERK_CLAIM_MALFORMED, 0 },
    { "2^53 as a real number", "9007199254740992.0", CLERK_CLAIM_VALID,
      APR_INT64_C(9007199254740992) },
    { "2^53 + 2 as a real number", "9007199254740994.0", CLERK_CLAIM_MALFORMED, 0 },
    { "beyond 64 bits", "99999999999999999999", CLERK_CLAIM_MALFORMED, 0 },
    { "absurd", "1e300", CLERK_CLAIM_MALFORMED, 0 },
    { "before 1970", "-1", CLERK_CLAIM_MALFORMED, 0 },
    { "just before 1970", "-0.5", CLERK_CLAIM_MALFORMED, 0 },
    { "null (J21)", "null", CLERK_CLAIM_MALFORMED, 0 },
    { "a string (J15, J21, J23)", "\"1700000000\"", CLERK_CLAIM_MALFORMED, 0 },
    { "true", "true", CLERK_CLAIM_MALFORMED, 0 },
    { "an array", "[1700000000]", CLERK_CLAIM_MALFORMED, 0 },
};

static void reads_times(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const char *payload = times[i].value
                                  ? apr_psprintf(*state, "{\"iat\":%s}", times[i].value)
                                  : "{}";
        clerk_claims claims = fixture_claims(payload, *state);

        if (claims.iat.form != times[i].form || claims.iat.seconds != times[i].seconds)
        {
            fail_msg("%s: form %d, %ld", times[i].label, (int)claims.iat.form,
                     (long)claims.iat.seconds);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(reads_text),
        support_test(reads_each_claim_by_its_name),
        support_test(reads_times),
    };

    return support_run("claims", tests);
}
