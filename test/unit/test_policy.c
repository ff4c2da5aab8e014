/* SPDX-License-Identifier: Apache-2.0 - tests of what a verified session token must satisfy */
#include "core/policy.h"

#include "claims_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WHO "\"sub\":\"user_1\",\"sid\":\"sess_1\""
#define LATER ",\"exp\":1700000060"

static const char *const none[] = { NULL };
static const char *const just_a[] = { "https://a", NULL };
static const char *const a_and_b[] = { "https://a", "https://b", NULL };
static const char *const empty_value[] = { "", NULL };

/* What the policy says about a payload without its braces. */
static clerk_status judge(const clerk_policy *policy, const clerk_instance *instance,
                          const char *members, apr_time_t now, apr_pool_t *pool)
{
    clerk_claims claims = fixture_claims(apr_psprintf(pool, "{%s}", members), pool);
    clerk_error error = { CLERK_OK, NULL };
    clerk_status status =
        clerk_policy_check_session(policy, instance, &claims, now, &error);

    assert_int_equal(error.status, status);
    assert_true((status == CLERK_OK) == (error.detail == NULL));
    return status;
}

/* ---------------------------------------------------------------- identity and times */

static const struct {
    const char *label;
    int skew; /* seconds */
    const char *members;
    clerk_status want;
} plain[] = {
    { "all that is needed (J17)", 0, WHO LATER, CLERK_OK },
    { "sub missing (J14)", 0, "\"sid\":\"sess_1\"" LATER,
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "sub a number (J14)", 0, "\"sub\":7,\"sid\":\"sess_1\"" LATER,
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "sub null (J14)", 0, "\"sub\":null,\"sid\":\"sess_1\"" LATER,
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "sub empty", 0, "\"sub\":\"\",\"sid\":\"sess_1\"" LATER,
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "sid missing", 0, "\"sub\":\"user_1\"" LATER, CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "sid empty", 0, "\"sub\":\"user_1\",\"sid\":\"\"" LATER,
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "sid missing comes before expiry", 0, "\"sub\":\"user_1\",\"exp\":1",
      CLERK_E_TOKEN_VERIFICATION_FAILED },

    { "exp missing (J15)", 0, WHO, CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "exp a string (J15)", 0, WHO ",\"exp\":\"1700000060\"",
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "exp beyond 2^53", 0, WHO ",\"exp\":9007199254740993",
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "exp at 2^53", 0, WHO ",\"exp\":9007199254740992", CLERK_OK },
    { "exp = now, no skew (J16)", 0, WHO ",\"exp\":1700000000", CLERK_E_TOKEN_EXPIRED },
    { "exp = now + 1, no skew (J17, J24)", 0, WHO ",\"exp\":1700000001", CLERK_OK },
    { "exp = now - 1, no skew (J24)", 0, WHO ",\"exp\":1699999999",
      CLERK_E_TOKEN_EXPIRED },
    { "exp = now - 5, skew 5 (J18)", 5, WHO ",\"exp\":1699999995",
      CLERK_E_TOKEN_EXPIRED },
    { "exp = now - 4, skew 5 (J18)", 5, WHO ",\"exp\":1699999996", CLERK_OK },
    { "exp = now - 3.1 is now - 4", 5, WHO ",\"exp\":1699999996.9", CLERK_OK },

    { "nbf = now, no skew (J19)", 0, WHO LATER ",\"nbf\":1700000000", CLERK_OK },
    { "nbf = now + 1, no skew (J19)", 0, WHO LATER ",\"nbf\":1700000001",
      CLERK_E_TOKEN_NOT_ACTIVE_YET },
    { "nbf = now + 5, skew 5 (J20)", 5, WHO LATER ",\"nbf\":1700000005", CLERK_OK },
    { "nbf = now + 6, skew 5 (J20)", 5, WHO LATER ",\"nbf\":1700000006",
      CLERK_E_TOKEN_NOT_ACTIVE_YET },
    { "nbf null (J21)", 0, WHO LATER ",\"nbf\":null",
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "nbf a string (J21)", 0, WHO LATER ",\"nbf\":\"1\"",
      CLERK_E_TOKEN_VERIFICATION_FAILED },

    { "iat = now, no skew (J22)", 0, WHO LATER ",\"iat\":1700000000", CLERK_OK },
    { "iat = now + 1, no skew (J22)", 0, WHO LATER ",\"iat\":1700000001",
      CLERK_E_TOKEN_IAT_IN_THE_FUTURE },
    { "iat = now + 5, skew 5", 5, WHO LATER ",\"iat\":1700000005", CLERK_OK },
    { "iat = now + 6, skew 5", 5, WHO LATER ",\"iat\":1700000006",
      CLERK_E_TOKEN_IAT_IN_THE_FUTURE },
    { "iat a string (J23)", 0, WHO LATER ",\"iat\":\"1\"",
      CLERK_E_TOKEN_VERIFICATION_FAILED },

    { "expired comes before not active yet", 0, WHO ",\"exp\":1,\"nbf\":1800000000",
      CLERK_E_TOKEN_EXPIRED },
    { "not active yet comes before iat", 0,
      WHO LATER ",\"nbf\":1800000000,\"iat\":1800000000",
      CLERK_E_TOKEN_NOT_ACTIVE_YET },
};

static void judges_identity_and_times(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(plain); i++) {
        clerk_policy policy = { 0 };
        clerk_instance instance = { 0 };
        clerk_status got;

        policy.clock_skew = apr_time_from_sec(plain[i].skew);
        got = judge(&policy, &instance, plain[i].members, SUPPORT_NOW, *state);
        if (got != plain[i].want) {
            fail_msg("%s: %s", plain[i].label, clerk_status_reason(got));
        }
    }
}

/* Not only whole seconds: the clock and the skew count microseconds. */
static const struct {
    const char *label;
    apr_time_t now;
    apr_interval_time_t skew;
    const char *members;
    clerk_status want;
} fine[] = {
    { "a microsecond before exp", SUPPORT_NOW - 1, 0, WHO ",\"exp\":1700000000",
      CLERK_OK },
    { "exp", SUPPORT_NOW, 0, WHO ",\"exp\":1700000000", CLERK_E_TOKEN_EXPIRED },
    { "half a second after exp, skew 500ms", SUPPORT_NOW + 500000, 500000,
      WHO ",\"exp\":1700000000", CLERK_E_TOKEN_EXPIRED },
    { "a microsecond less", SUPPORT_NOW + 499999, 500000, WHO ",\"exp\":1700000000",
      CLERK_OK },
    { "a microsecond before nbf", SUPPORT_NOW - 1, 0, WHO LATER ",\"nbf\":1700000000",
      CLERK_E_TOKEN_NOT_ACTIVE_YET },
    { "nbf", SUPPORT_NOW, 0, WHO LATER ",\"nbf\":1700000000", CLERK_OK },
    { "nbf, half a second early, skew 500ms", SUPPORT_NOW - 500000, 500000,
      WHO LATER ",\"nbf\":1700000000", CLERK_OK },
    { "a microsecond earlier", SUPPORT_NOW - 500001, 500000,
      WHO LATER ",\"nbf\":1700000000", CLERK_E_TOKEN_NOT_ACTIVE_YET },
    { "a clock before 1970", -1, 0, WHO ",\"exp\":0", CLERK_OK },
    { "a clock at 1970", 0, 0, WHO ",\"exp\":0", CLERK_E_TOKEN_EXPIRED },
    { "a clock near its end does not wrap", APR_INT64_MAX - 1, apr_time_from_sec(5),
      WHO ",\"exp\":9007199254740992,\"iat\":1", CLERK_OK },
    { "a skew beyond any clock", SUPPORT_NOW, APR_INT64_MAX, WHO ",\"exp\":1,\"iat\":5",
      CLERK_OK },
};

static void judges_times_by_the_microsecond(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(fine); i++) {
        clerk_policy policy = { 0 };
        clerk_instance instance = { 0 };
        clerk_status got;

        policy.clock_skew = fine[i].skew;
        got = judge(&policy, &instance, fine[i].members, fine[i].now, *state);
        if (got != fine[i].want) {
            fail_msg("%s: %s", fine[i].label, clerk_status_reason(got));
        }
    }
}

/* ---------------------------------------------------------------- audience */

static const struct {
    const char *label;
    const char *const *audiences;
    const char *aud; /* JSON; NULL: absent */
    clerk_status want;
} audience[] = {
    { "not asked (J28)", NULL, "\"https://x\"", CLERK_OK },
    { "asked for nothing", none, "\"https://x\"", CLERK_OK },
    { "asked for an empty value only", empty_value, "\"https://x\"", CLERK_OK },
    { "absent (J27)", just_a, NULL, CLERK_OK },
    { "equal (J25)", just_a, "\"https://a\"", CLERK_OK },
    { "different (J25)", just_a, "\"https://b\"", CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "letter case", just_a, "\"HTTPS://a\"", CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "shares one (J26)", a_and_b, "[\"https://x\",\"https://b\"]", CLERK_OK },
    { "shares the first", a_and_b, "[\"https://a\",\"https://x\"]", CLERK_OK },
    { "shares none (J26)", a_and_b, "[\"https://x\"]",
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "empty string", just_a, "\"\"", CLERK_OK },
    { "empty array", just_a, "[]", CLERK_OK },
    { "array of an empty string", just_a, "[\"\"]", CLERK_OK },
    { "an empty one does not match an empty one", empty_value, "\"\"", CLERK_OK },
    { "another after an empty one", just_a, "[\"\",\"https://x\"]",
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "other shapes: a number", just_a, "1", CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "other shapes: null", just_a, "null", CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "other shapes: false", just_a, "false", CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "other shapes: an object", just_a, "{\"a\":\"https://a\"}",
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "other shapes: nested", just_a, "[[\"https://a\"]]",
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "other shapes: mixed", just_a, "[\"https://a\",1]",
      CLERK_E_TOKEN_VERIFICATION_FAILED },
    { "other shapes, not asked", NULL, "{}", CLERK_OK },
};

static void judges_the_audience(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(audience); i++) {
        clerk_policy policy = { 0 };
        clerk_instance instance = { 0 };
        const char *members =
            apr_pstrcat(*state, WHO LATER, audience[i].aud ? ",\"aud\":" : "",
                        audience[i].aud, NULL);
        clerk_status got;

        policy.audiences = audience[i].audiences;
        got = judge(&policy, &instance, members, SUPPORT_NOW, *state);
        if (got != audience[i].want) {
            fail_msg("%s: %s", audience[i].label, clerk_status_reason(got));
        }
    }
}

/* ---------------------------------------------------------------- parties */

static const struct {
    const char *label;
    const char *const *parties;
    const char *azp; /* JSON; NULL: absent */
    clerk_status want;
} party[] = {
    { "not asked", NULL, "\"https://x\"", CLERK_OK },
    { "no parties (J31)", none, "\"https://x\"", CLERK_OK },
    { "not asked, absent (J35)", NULL, NULL, CLERK_OK },
    { "equal (J32)", just_a, "\"https://a\"", CLERK_OK },
    { "equal to the second", a_and_b, "\"https://b\"", CLERK_OK },
    { "a slash more (J33)", just_a, "\"https://a/\"",
      CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
    { "different (J33)", just_a, "\"https://b\"",
      CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
    { "letter case", just_a, "\"https://A\"",
      CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
    { "a part of it", just_a, "\"https://\"",
      CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
    { "absent (J34)", just_a, NULL, CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
    { "empty (J34)", just_a, "\"\"", CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
    { "an array", just_a, "[\"https://a\"]", CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
    { "empty, an empty party", empty_value, "\"\"",
      CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
};

static void judges_the_authorized_party(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(party); i++) {
        clerk_policy policy = { 0 };
        clerk_instance instance = { 0 };
        const char *members = apr_pstrcat(
            *state, WHO LATER, party[i].azp ? ",\"azp\":" : "", party[i].azp, NULL);
        clerk_status got;

        policy.authorized_parties = party[i].parties;
        got = judge(&policy, &instance, members, SUPPORT_NOW, *state);
        if (got != party[i].want) {
            fail_msg("%s: %s", party[i].label, clerk_status_reason(got));
        }
    }
}

/* The instance issues as https://b, the policy of a section may say otherwise. */
static const char *const just_b[] = { "https://b", NULL };

static const struct {
    const char *label;
    const char *const *of_instance;
    const char *const *of_policy;
    int any;
    const char *iss; /* JSON; NULL: absent */
    clerk_status want;
} issuer[] = {
    { "the instance's (J36)", just_b, NULL, 0, "\"https://b\"", CLERK_OK },
    { "another's (J36)", just_b, NULL, 0, "\"https://a\"",
      CLERK_E_TOKEN_INVALID_ISSUER },
    { "absent (J36)", just_b, NULL, 0, NULL, CLERK_E_TOKEN_INVALID_ISSUER },
    { "an array (J36)", just_b, NULL, 0, "[\"https://b\"]",
      CLERK_E_TOKEN_INVALID_ISSUER },
    { "a slash more", just_b, NULL, 0, "\"https://b/\"", CLERK_E_TOKEN_INVALID_ISSUER },
    { "the policy's", just_b, just_a, 0, "\"https://a\"", CLERK_OK },
    { "the policy replaces the instance", just_b, just_a, 0, "\"https://b\"",
      CLERK_E_TOKEN_INVALID_ISSUER },
    { "one of several", none, a_and_b, 0, "\"https://b\"", CLERK_OK },
    { "any", just_b, NULL, 1, "\"https://x\"", CLERK_OK },
    { "any, absent", just_b, just_a, 1, NULL, CLERK_OK },
    { "an instance without issuers", none, NULL, 0, "\"https://x\"", CLERK_OK },
    { "nothing known", NULL, NULL, 0, NULL, CLERK_OK },
};

static void judges_the_issuer(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(issuer); i++) {
        clerk_policy policy = { 0 };
        clerk_instance instance = { 0 };
        const char *members = apr_pstrcat(
            *state, WHO LATER, issuer[i].iss ? ",\"iss\":" : "", issuer[i].iss, NULL);
        clerk_status got;

        instance.issuers = issuer[i].of_instance;
        policy.issuers = issuer[i].of_policy;
        policy.any_issuer = issuer[i].any;
        got = judge(&policy, &instance, members, SUPPORT_NOW, *state);
        if (got != issuer[i].want) {
            fail_msg("%s: %s", issuer[i].label, clerk_status_reason(got));
        }
    }
}

/* Each case repairs what the one before it failed for: sub, aud, azp, iss, exp, nbf, iat. */
static void judges_in_order(void **state)
{
    static const struct {
        const char *members;
        clerk_status want;
    } order[] = {
        { "\"aud\":\"x\",\"azp\":\"x\",\"iss\":\"x\",\"exp\":1,\"nbf\":1800000000",
          CLERK_E_TOKEN_VERIFICATION_FAILED },
        { WHO ",\"aud\":\"x\",\"azp\":\"x\",\"iss\":\"x\",\"exp\":1",
          CLERK_E_TOKEN_VERIFICATION_FAILED },
        { WHO ",\"azp\":\"x\",\"iss\":\"x\",\"exp\":1",
          CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
        { WHO ",\"azp\":\"https://a\",\"iss\":\"x\",\"exp\":1",
          CLERK_E_TOKEN_INVALID_ISSUER },
        { WHO ",\"azp\":\"https://a\",\"iss\":\"https://a\",\"exp\":1",
          CLERK_E_TOKEN_EXPIRED },
        { WHO LATER ",\"azp\":\"https://a\",\"iss\":\"https://a\"", CLERK_OK },
    };
    clerk_policy policy = { 0 };
    clerk_instance instance = { 0 };
    size_t i;

    policy.audiences = policy.authorized_parties = policy.issuers = just_a;
    for (i = 0; i < COUNT(order); i++) {
        assert_int_equal(
            judge(&policy, &instance, order[i].members, SUPPORT_NOW, *state),
            order[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(judges_identity_and_times),
        support_test(judges_times_by_the_microsecond),
        support_test(judges_the_audience),
        support_test(judges_the_authorized_party),
        support_test(judges_the_issuer),
        support_test(judges_in_order),
    };

    return support_run("policy", tests);
}
