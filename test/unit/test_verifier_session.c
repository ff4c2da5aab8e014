/* SPDX-License-Identifier: Apache-2.0 - tests: session tokens by key, signature, claims and cookies */
#include "verifier_world.h"

static const char *const parties[] = { "https://www.example.com", NULL };

/* ---------------------------------------------------------------- key and signature */

/* J10 to J13, F14: the signature is judged before any claim */
static void judges_the_signature_before_the_claims(void **state)
{
    static const char *const payloads[] = {
        GOOD,
        PAYLOAD(",\"exp\":1600000000"),           /* J12 */
        PAYLOAD(EXP ",\"azp\":\"https://evil\""), /* J13 */
        PAYLOAD(EXP ",\"nbf\":1800000000"),
        "{\"exp\":\"soon\"}",
    };
    verifier_world *w = verifier_world_make(*state);
    apr_size_t i;

    w->policy.authorized_parties = parties;
    for (i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        const char *forged = support_sign_jwt_with(
            support_stranger_key(), "SHA256", SUPPORT_HEADER, payloads[i], w->pool);

        assert_int_equal(verifier_world_by_bearer(w, forged),
                         CLERK_E_TOKEN_INVALID_SIGNATURE);
        assert_int_equal(verifier_world_by_session_cookie(w, forged),
                         CLERK_E_TOKEN_INVALID_SIGNATURE);
    }
    assert_int_equal(verifier_world_calls(w),
                     1); /* a bad signature under a known kid fetches nothing */
}

/** Header of @a one, payload of @a other, signature of @a one. */
static const char *splice(const char *one, const char *other, apr_pool_t *pool)
{
    const char *payload = strchr(other, '.') + 1;

    return apr_pstrcat(
        pool, apr_pstrmemdup(pool, one, (apr_size_t)(strchr(one, '.') - one)), ".",
        apr_pstrmemdup(pool, payload, (apr_size_t)(strchr(payload, '.') - payload)),
        strrchr(one, '.'), NULL);
}

/* J10, J11 */
static void notices_any_change(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *token = verifier_world_token(w);
    const char *other = support_sign_jwt(SUPPORT_HEADER, GOOD, w->pool);
    char *changed = apr_pstrdup(w->pool, token);
    char *byte = strrchr(changed, '.') + 9;

    assert_int_equal(verifier_world_by_bearer(w, splice(token, token, w->pool)),
                     CLERK_OK);
    assert_int_equal(verifier_world_by_bearer(w, splice(token, other, w->pool)),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
    *byte = *byte == 'A' ? 'B' : 'A';
    assert_int_equal(verifier_world_by_bearer(w, changed),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
    strrchr(changed, '.')[10] = '\0'; /* most of the signature is missing */
    assert_int_not_equal(verifier_world_by_bearer(w, changed), CLERK_OK);
}

/* W08, W09, W11, W12, W14, F16 as the request sees them: never signed in */
static void is_undecided_without_a_key(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *token = verifier_world_token(w);

    key_world_break(w->keys, 500);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(verifier_world_by_session_cookie(w, token),
                     CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(clerk_status_family(w->verdict.status), CLERK_FAMILY_UNDECIDED);
    assert_int_equal(verifier_world_calls(w), 5);

    w = verifier_world_make(*state);
    w->keys->fake.status = 401;
    w->keys->fake.body = "{\"errors\":[{\"code\":\"clerk_key_invalid\"}]}";
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_SECRET_KEY_INVALID);

    w = verifier_world_make(*state);
    w->instance.key_url = NULL;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_JWK_FAILED_TO_RESOLVE);

    w = verifier_world_make(*state);
    token =
        support_sign_jwt("{\"alg\":\"RS256\",\"kid\":\"ins_other\"}", GOOD, w->pool);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(verifier_world_calls(w), 1);
}

/* The algorithm is the key's own, in the set as with a local key. */
static void pins_the_algorithm_to_the_key(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *token = support_sign_jwt_with(
        support_signing_key(), "SHA512", HEADER(",\"alg\":\"RS512\""), GOOD, w->pool);

    assert_int_equal(verifier_world_by_bearer(w, token),
                     CLERK_E_TOKEN_VERIFICATION_FAILED);
    w = verifier_world_make(*state);
    w->keys->fake.body = support_jwk_set(
        support_jwk(support_signing_key(), SUPPORT_KID, "RS512", w->pool), w->pool);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
}

/* W02 */
static void needs_no_network_with_a_local_key(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    clerk_slice pem = clerk_slice_of(support_pem(support_signing_key(), w->pool));

    assert_int_equal(clerk_key_from_pem(&w->instance.jwt_key, pem, w->pool, NULL),
                     CLERK_OK);
    assert_int_equal(verifier_world_by_bearer(w, verifier_world_token(w)), CLERK_OK);
    assert_int_equal(verifier_world_by_bearer(
                         w, support_sign_jwt("{\"alg\":\"RS256\"}", GOOD, w->pool)),
                     CLERK_OK); /* its kid does not matter */
    assert_int_equal(
        verifier_world_by_bearer(w, support_sign_jwt_with(support_stranger_key(),
                                                          "SHA256", SUPPORT_HEADER,
                                                          SUPPORT_PAYLOAD, w->pool)),
        CLERK_E_TOKEN_INVALID_SIGNATURE);
    assert_int_equal(verifier_world_calls(w), 0);
}

/* ---------------------------------------------------------------- claims and cookies */

/* F11 to F13, F15, J14, J36: what the claims say, in the request's own words */
static void judges_the_claims(void **state)
{
    static const struct {
        const char *label;
        const char *method;
        const char *payload;
        clerk_status want;
    } cases[] = {
        { "F11", "GET", PAYLOAD(",\"exp\":1699999995"),
          CLERK_E_SESSION_TOKEN_EXPIRED },
        { "within the skew", "GET", PAYLOAD(",\"exp\":1699999996"), CLERK_OK },
        { "F13", "POST", PAYLOAD(",\"exp\":1699999995"),
          CLERK_E_SESSION_TOKEN_EXPIRED },
        { "F12", "GET", PAYLOAD(EXP ",\"nbf\":1700000006"), CLERK_E_SESSION_TOKEN_NBF },
        { "issued later", "GET", PAYLOAD(EXP ",\"iat\":1700000006"),
          CLERK_E_SESSION_TOKEN_IAT_IN_THE_FUTURE },
        { "J14", "GET", "{\"iss\":\"https://clerk.example.com\",\"sid\":\"s\"" EXP "}",
          CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "an ID token", "GET",
          "{\"iss\":\"https://clerk.example.com\",\"sub\":\"user_1\"" EXP "}",
          CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "no exp", "GET", PAYLOAD(""), CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "J36", "GET", "{\"iss\":\"https://evil\",\"sub\":\"u\",\"sid\":\"s\"" EXP "}",
          CLERK_E_TOKEN_INVALID_ISSUER },
    };
    verifier_world *w = verifier_world_make(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *token = support_sign_jwt(SUPPORT_HEADER, cases[i].payload, w->pool);

        w->facts.method = cases[i].method;
        if (verifier_world_by_bearer(w, token) != cases[i].want) {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(w->verdict.status));
        }
    }
    w->facts.method = "GET";
    w->policy.authorized_parties = parties;
    assert_int_equal(verifier_world_by_bearer(w, verifier_world_token(w)), CLERK_OK);
    assert_int_equal(
        verifier_world_by_bearer(w, support_sign_jwt(SUPPORT_HEADER, GOOD, w->pool)),
        CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES); /* F15, J34 */
}

/* F01 to F08, F10: the cookies alone, before any token is looked at */
static void judges_the_cookies_first(void **state)
{
    static const struct {
        const char *label;
        const char *publishable_key;
        const char *field; /* a good token is appended to a name without a value */
        clerk_status want;
        clerk_carrier carrier;
    } cases[] = {
        { "F01", LIVE_KEY, "", CLERK_E_SESSION_TOKEN_AND_UAT_MISSING,
          CLERK_CARRIER_NONE },
        { "F02", LIVE_KEY, "__client_uat=0", CLERK_E_SESSION_TOKEN_AND_UAT_MISSING,
          CLERK_CARRIER_NONE },
        { "F03", LIVE_KEY, "__client_uat=1", CLERK_E_CLIENT_UAT_BUT_NO_SESSION_TOKEN,
          CLERK_CARRIER_NONE },
        { "F04", LIVE_KEY, "__session=", CLERK_E_SESSION_TOKEN_BUT_NO_CLIENT_UAT,
          CLERK_CARRIER_COOKIE },
        { "F05", LIVE_KEY, "__client_uat=1699999991; __session=",
          CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT, CLERK_CARRIER_COOKIE },
        { "F06", LIVE_KEY, "__client_uat=1699999990; __session=", CLERK_OK,
          CLERK_CARRIER_COOKIE },
        { "F08", TEST_KEY, "__client_uat=1; __session=", CLERK_E_DEV_BROWSER_MISSING,
          CLERK_CARRIER_COOKIE },
        { "F10", TEST_KEY, "__clerk_db_jwt=dvb_1",
          CLERK_E_SESSION_TOKEN_AND_UAT_MISSING, CLERK_CARRIER_NONE },
        { "a development session", TEST_KEY,
          "__clerk_db_jwt=dvb_1; __client_uat=1; __session=", CLERK_OK,
          CLERK_CARRIER_COOKIE },
    };
    verifier_world *w = verifier_world_make(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *field = cases[i].field;

        if (*field != '\0' && field[strlen(field) - 1] == '=') {
            field = apr_pstrcat(w->pool, field, verifier_world_token(w), NULL);
        }
        verifier_world_set_instance(w, cases[i].publishable_key);
        if (verifier_world_by_cookies(w, field) != cases[i].want
            || w->verdict.carrier != cases[i].carrier)
        {
            fail_msg("%s: %s", cases[i].label, clerk_status_reason(w->verdict.status));
        }
    }
}

/* The age is judged before the signature: it sends a browser to the handshake, no further. */
static void judges_the_age_before_the_signature(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *forged = support_sign_jwt_with(
        support_stranger_key(), "SHA256", SUPPORT_HEADER, SUPPORT_PAYLOAD, w->pool);
    const char *field =
        apr_pstrcat(w->pool, "__client_uat=1699999991; __session=", forged, NULL);

    assert_int_equal(verifier_world_by_cookies(w, field),
                     CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT);
    assert_int_equal(verifier_world_calls(w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(judges_the_signature_before_the_claims),
        support_test(notices_any_change),
        support_test(is_undecided_without_a_key),
        support_test(pins_the_algorithm_to_the_key),
        support_test(needs_no_network_with_a_local_key),
        support_test(judges_the_claims),
        support_test(judges_the_cookies_first),
        support_test(judges_the_age_before_the_signature),
    };

    return support_run("verifier_session", tests);
}
