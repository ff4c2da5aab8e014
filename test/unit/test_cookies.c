/* SPDX-License-Identifier: Apache-2.0 - tests of cookies and of the choice between suffixed and plain ones */
#include "core/cookies.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIVE "pk_live_Y2xlcmsudGlkZXdhdGVyLWJvb2tzLmV4YW1wbGUk"
#define TEST "pk_test_Y2xlcmsuY2xlcmsuZGV2JA"
#define LIVE_ISS "https://clerk.tidewater-books.example"
#define TEST_ISS "https://clerk.clerk.dev"

/* ---------------------------------------------------------------- one cookie */

static const struct {
    const char *label, *field, *want; /* of cookie c; NULL: none */
} values[] = {
    { "absent", "", NULL },
    { "alone", "c=1", "1" },
    { "among others", "a=0; c=1; d=2", "1" },
    { "no spaces", "a=0;c=1;d=2", "1" },
    { "spaces and tabs around", "a=0 ;\t c \t=  1 2\t; d=2", "1 2" },
    { "empty", "c=", "" },
    { "first of two (F18)", "c=A; c=B", "A" },
    { "first of two, empty", "c=; c=B", "" },
    { "first `=` cuts", "c=a=b==", "a=b==" },
    { "quotes stay", "c=\"1\"", "\"1\"" },
    { "no `=`", "c; d=2", NULL },
    { "no `=` before", "a; c=1", "1" },
    { "letter case", "C=1", NULL },
    { "longer name", "cc=1", NULL },
    { "longer name with it at the end", "xc=1", NULL },
    { "decoded", "c=a%20b%3D%c3%A9", "a b=\xc3\xa9" },
    { "plus stays", "c=a+b", "a+b" },
    { "decoded once", "c=%2525", "%25" },
    { "an encoded ; forges nothing (F17)", "a=1%3B%20c%3Devil", NULL },
    { "an encoded name is another", "%63=1", NULL },
    { "bad escape stays raw (F19)", "c=a%2", "a%2" },
    { "bad escape stays raw as a whole (F19)", "c=%41%zz", "%41%zz" },
    { "not UTF-8 stays raw (F19)", "c=%ff", "%ff" },
    { "overlong stays raw", "c=%c0%af", "%c0%af" },
    { "surrogate stays raw", "c=%ed%a0%80", "%ed%a0%80" },
    { "NUL stays raw", "c=a%00b", "a%00b" },
    { "line break stays raw", "c=a%0d%0ab", "a%0d%0ab" },
    { "DEL stays raw", "c=%7f", "%7f" },
    { "separators only", ";;; ;=;", NULL },
};

static void reads_one_cookie(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(values); i++) {
        const char *got =
            clerk_cookie_value(support_text(values[i].field, *state), "c", *state);
        const char *want = values[i].want;

        if (want ? !got || strcmp(got, want) != 0 : got != NULL) {
            fail_msg("%s: %s", values[i].label, got ? got : "(none)");
        }
    }
}

/* ---------------------------------------------------------------- suffixed or plain */

static clerk_instance instance_of(const char *key_text, apr_pool_t *pool)
{
    clerk_instance instance = { 0 };

    if (key_text) {
        clerk_publishable_key *key = apr_palloc(pool, sizeof(*key));

        assert_int_equal(clerk_publishable_key_parse(key, key_text, pool, NULL),
                         CLERK_OK);
        instance.publishable_key = key;
    }
    assert_int_equal(clerk_instance_complete(&instance, pool, NULL), CLERK_OK);
    return instance;
}

/* Whether a token is good is no question here, so its signature need not be one. */
static const char *token_of(const char *payload, apr_pool_t *pool)
{
    return apr_pstrcat(pool, support_unsigned_jwt("{\"alg\":\"RS256\"}", payload, pool),
                       "AA", NULL);
}

/* NAME=VALUE; where a payload (it begins with a brace) is made a token. */
static const char *cookie(const char *name, const char *suffix, const char *value,
                          apr_pool_t *pool)
{
    if (!value) {
        return "";
    }
    return apr_pstrcat(pool, name, suffix ? "_" : "", suffix ? suffix : "", "=",
                       *value == '{' ? token_of(value, pool) : value, "; ", NULL);
}

#define ISSUED(iss, iat) "{\"iss\":\"" iss "\",\"iat\":" #iat ",\"exp\":1700000060}"
#define PAST(iss) "{\"iss\":\"" iss "\",\"iat\":100,\"exp\":1700000000}"

static const struct {
    const char *label, *key;
    const char *suffixed_uat, *uat, *suffixed_session, *session;
    int want;
} choices[] = {
    /* no suffixed ones */
    { "plain only (S01)", LIVE, NULL, "5", NULL, ISSUED(LIVE_ISS, 100), 0 },
    { "nothing at all", LIVE, NULL, NULL, NULL, NULL, 0 },
    { "empty suffixed ones", LIVE, "", "5", "", NULL, 0 },
    /* both */
    { "both valid, same age (S02)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100),
      ISSUED(LIVE_ISS, 100), 1 },
    { "suffixed only", LIVE, "5", NULL, ISSUED(LIVE_ISS, 100), NULL, 1 },
    { "suffixed newer", LIVE, "5", "5", ISSUED(LIVE_ISS, 101), ISSUED(LIVE_ISS, 100),
      1 },
    { "plain newer (S03)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100), ISSUED(LIVE_ISS, 101),
      0 },
    { "plain newer, no client_uats (S03)", LIVE, NULL, NULL, ISSUED(LIVE_ISS, 100),
      ISSUED(LIVE_ISS, 101), 0 },
    { "plain newer, plain signed out", LIVE, "5", "0", ISSUED(LIVE_ISS, 100),
      ISSUED(LIVE_ISS, 101), 1 },
    { "suffixed signed out, plain in (S04)", LIVE, "0", "5", ISSUED(LIVE_ISS, 100),
      ISSUED(LIVE_ISS, 100), 0 },
    { "suffixed signed out, plain unknown (S04)", LIVE, "0", NULL, NULL, NULL, 0 },
    { "both signed out", LIVE, "0", "0", NULL, NULL, 1 },
    { "00 is not signed out", LIVE, "00", "5", NULL, NULL, 1 },
    { "a numeral as iat is its number", LIVE, "5", "5", "{\"iss\":\"x\",\"iat\":\"9\"}",
      ISSUED(LIVE_ISS, 1), 1 },
    { "and may be the smaller one", LIVE, "5", "5", "{\"iss\":\"x\",\"iat\":\"9\"}",
      ISSUED(LIVE_ISS, 10), 0 },
    { "nothing is newer than a word", LIVE, "5", "5", "{\"iss\":\"x\",\"iat\":\"x\"}",
      ISSUED(LIVE_ISS, 10), 1 },
    { "nor is a word newer", LIVE, "5", "5", ISSUED(LIVE_ISS, 10),
      ISSUED(LIVE_ISS, "x"), 1 },
    { "nor an object", LIVE, "5", "5", ISSUED(LIVE_ISS, 10), ISSUED(LIVE_ISS, {}), 1 },
    { "null as iat is 0", LIVE, "5", "5", "{\"iss\":\"x\",\"iat\":null}",
      ISSUED(LIVE_ISS, 1), 0 },
    { "no iat is 0", LIVE, "5", "5", "{\"iss\":\"x\"}", ISSUED(LIVE_ISS, 1), 0 },
    { "suffixed undecodable counts as 0", LIVE, "5", "5", "junk", ISSUED(LIVE_ISS, 1),
      0 },
    /* whose is the plain one? */
    { "other issuer, production (S05)", LIVE, NULL, NULL, NULL,
      ISSUED("https://clerk.other.example", 100), 1 },
    { "other issuer, development (S05)", TEST, NULL, "5", NULL, ISSUED(LIVE_ISS, 100),
      1 },
    { "own issuer as http", LIVE, NULL, "5", NULL,
      ISSUED("http://clerk.tidewater-books.example", 100), 0 },
    { "own issuer, scheme in capitals", LIVE, NULL, "5", NULL,
      ISSUED("HTTPS://clerk.tidewater-books.example", 100), 0 },
    { "own issuer without scheme", LIVE, NULL, "5", NULL,
      ISSUED("clerk.tidewater-books.example", 100), 0 },
    { "issuer with more after the host", LIVE, NULL, "5", NULL,
      ISSUED(LIVE_ISS "/", 100), 1 },
    { "issuer that ends too soon", LIVE, NULL, "5", NULL,
      ISSUED("https://clerk.tidewater-books", 100), 1 },
    { "issuer of schemes only", LIVE, NULL, "5", NULL, ISSUED("https://http://", 100),
      1 },
    { "array as issuer (S06)", LIVE, NULL, "5", NULL, "{\"iss\":[\"" LIVE_ISS "\"]}",
      1 },
    { "object as issuer (S06)", LIVE, NULL, "5", NULL, "{\"iss\":{}}", 1 },
    { "true as issuer (S06)", LIVE, NULL, "5", NULL, "{\"iss\":true}", 1 },
    { "no issuer (S07)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100), "{\"iat\":100}", 0 },
    { "null as issuer (S07)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100), "{\"iss\":null}",
      0 },
    { "empty issuer (S07)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100), "{\"iss\":\"\"}",
      0 },
    { "zero as issuer (S07)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100), "{\"iss\":0}", 0 },
    { "false as issuer (S07)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100), "{\"iss\":false}",
      0 },
    { "undecodable (S07)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100), "junk", 0 },
    { "undecodable: two parts (S07)", LIVE, "5", "5", ISSUED(LIVE_ISS, 100), "a.b", 0 },
    /* left-overs */
    { "suffixed session without its client_uat (S08)", LIVE, NULL, "5",
      ISSUED(LIVE_ISS, 100), NULL, 0 },
    { "development, left over (S09)", TEST, "5", "0", PAST(TEST_ISS), NULL, 0 },
    { "development, not past yet (S09)", TEST, "5", "0", ISSUED(TEST_ISS, 100), NULL,
      1 },
    { "development, past, plain not signed out", TEST, "5", "5", PAST(TEST_ISS), NULL,
      1 },
    { "development, past, plain absent", TEST, "5", NULL, PAST(TEST_ISS), NULL, 1 },
    { "production, past (S10)", LIVE, "5", "0", PAST(LIVE_ISS), NULL, 1 },
    { "development, undecodable is not past", TEST, "5", "0", "junk", NULL, 1 },
    /* without a publishable key there is no suffix */
    { "no publishable key", NULL, "5", "5", ISSUED(LIVE_ISS, 100),
      ISSUED(LIVE_ISS, 100), 0 },
};

static void chooses_cookies(void **state)
{
    apr_pool_t *pool = *state;
    size_t i;

    for (i = 0; i < COUNT(choices); i++) {
        clerk_instance instance = instance_of(choices[i].key, pool);
        const char *suffix = instance.publishable_key
                                 ? instance.publishable_key->cookie_suffix
                                 : "QvfNY2dr";
        const char *field = apr_pstrcat(
            pool, cookie("__client_uat", suffix, choices[i].suffixed_uat, pool),
            cookie("__client_uat", NULL, choices[i].uat, pool),
            cookie("__session", suffix, choices[i].suffixed_session, pool),
            cookie("__session", NULL, choices[i].session, pool), NULL);
        clerk_browser_state got;

        memset(&got, 0x5a, sizeof(got));
        clerk_browser_state_read(&got, support_text(field, pool), clerk_slice_of(NULL), &instance,
                                 SUPPORT_NOW, pool);
        if (got.suffixed != choices[i].want) {
            fail_msg("%s: %d", choices[i].label, got.suffixed);
        }
    }
}

/* The choice is made once, for all that comes in both forms. */
static void reads_what_was_chosen(void **state)
{
    apr_pool_t *pool = *state;
    clerk_instance instance = instance_of(LIVE, pool);
    const char *newer = token_of(ISSUED(LIVE_ISS, 101), pool);
    const char *older = token_of(ISSUED(LIVE_ISS, 100), pool);
    const char *others =
        "__clerk_db_jwt=plain_db; __clerk_db_jwt_Bvs3OCm5=suffixed_db; "
        "__refresh=plain_r; __refresh_Bvs3OCm5=suffixed_r; "
        "__client_uat=7; __client_uat_Bvs3OCm5=8";
    clerk_browser_state got;

    clerk_browser_state_read(
        &got,
        support_text(apr_pstrcat(pool, "__session=", older,
                                 "; __session_Bvs3OCm5=", newer, "; ", others, NULL),
                     pool),
        clerk_slice_of(NULL), &instance, SUPPORT_NOW, pool);
    assert_int_equal(got.suffixed, 1);
    assert_string_equal(got.session, newer);
    assert_string_equal(got.dev_browser, "suffixed_db");
    assert_string_equal(got.refresh, "suffixed_r");
    assert_int_equal(got.client_uat, 8);

    clerk_browser_state_read(
        &got,
        support_text(apr_pstrcat(pool, "__session=", newer,
                                 "; __session_Bvs3OCm5=", older, "; ", others, NULL),
                     pool),
        clerk_slice_of(NULL), &instance, SUPPORT_NOW, pool);
    assert_int_equal(got.suffixed, 0);
    assert_string_equal(got.session, newer);
    assert_string_equal(got.dev_browser, "plain_db");
    assert_string_equal(got.refresh, "suffixed_r"); /* R02: never the plain one */
    assert_int_equal(got.client_uat, 7);

    clerk_browser_state_read(&got, support_text("__refresh=plain_r; __session=", pool),
                             clerk_slice_of(NULL), &instance, SUPPORT_NOW, pool);
    assert_null(got.refresh);
    assert_null(got.session);
    assert_null(got.dev_browser);
    assert_int_equal(got.client_uat, 0);
}

static const struct {
    const char *text;
    apr_int64_t want;
} uats[] = {
    /* F20 */
    { "abc", 0 },
    { "17x", 17 },
    { "1700000000", 1700000000 },
    { "0", 0 },
    { "", 0 },
    { "-5", -5 },
    { "%2017", 17 },
    { "1e5", 1 },
    { "1.9", 1 },
    { "99999999999999999999999", APR_INT64_MAX },
};

static void reads_client_uat(void **state)
{
    clerk_instance instance = instance_of(LIVE, *state);
    size_t i;

    for (i = 0; i < COUNT(uats); i++) {
        const char *field = apr_pstrcat(*state, "__client_uat=", uats[i].text, NULL);
        clerk_browser_state got;

        clerk_browser_state_read(&got, support_text(field, *state), clerk_slice_of(NULL), &instance,
                                 SUPPORT_NOW, *state);
        if (got.client_uat != uats[i].want) {
            fail_msg("%s: %ld", uats[i].text, (long)got.client_uat);
        }
    }
}

/* ---------------------------------------------------------------- query before cookie */

static void prefers_the_query(void **state)
{
    static const char cookies[] =
        "__clerk_db_jwt=c1; __clerk_handshake=c2; __clerk_handshake_nonce=c3";
    clerk_instance instance = instance_of(LIVE, *state);
    clerk_browser_state got;

    clerk_browser_state_read(
        &got, support_text(cookies, *state),
        support_text("__clerk_db_jwt=q1&__clerk_handshake=q2&__clerk_handshake_nonce=q3"
                     "&__clerk_synced=false&__clerk_redirect_url=https%3A%2F%2Fx",
                     *state),
        &instance, SUPPORT_NOW, *state);
    assert_string_equal(got.dev_browser, "q1");
    assert_string_equal(got.handshake, "q2");
    assert_string_equal(got.nonce, "q3");
    assert_string_equal(got.synced, "false");
    assert_string_equal(got.sync_redirect_url, "https://x");
    assert_true(got.brings_dev_browser);
    assert_true(got.has_nonce_cookie);

    clerk_browser_state_read(
        &got, support_text(cookies, *state),
        support_text("__clerk_db_jwt&__clerk_handshake=&__clerk_handshake_nonce=", *state),
        &instance, SUPPORT_NOW, *state);
    assert_string_equal(got.dev_browser, "c1"); /* an empty value is none, */
    assert_true(got.brings_dev_browser);        /* but it is there */
    assert_string_equal(got.handshake, "c2");
    assert_string_equal(got.nonce, "c3");
    assert_null(got.synced);
    assert_null(got.sync_redirect_url);

    clerk_browser_state_read(&got, clerk_slice_of(NULL),
                             support_text("__clerk_handshake_nonce=q3", *state), &instance,
                             SUPPORT_NOW, *state);
    assert_string_equal(got.nonce, "q3");
    assert_false(got.has_nonce_cookie);
    assert_false(got.brings_dev_browser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(reads_one_cookie),
        support_test(chooses_cookies),
        support_test(reads_what_was_chosen),
        support_test(reads_client_uat),
        support_test(prefers_the_query),
    };

    return support_run("cookies", tests);
}
