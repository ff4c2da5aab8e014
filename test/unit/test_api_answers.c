/* SPDX-License-Identifier: Apache-2.0 - tests of template tokens and Users: what is asked, and how long an answer is kept */
#include <apr_strings.h>

#include "fake_http.h"
#include "service/template_tokens.h"
#include "service/users.h"
#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECONDS(n) apr_time_from_sec(n)

static apr_time_t now;

static apr_time_t read_clock(void)
{
    return now;
}

typedef struct world {
    fake_http fake;
    clerk_api api;
    clerk_api_answers *answers;
    clerk_instance instance;
    clerk_auth auth;
    clerk_api_failure failure;
    apr_pool_t *pool;
} world;

static world *make_world(apr_pool_t *pool)
{
    clerk_api_answers_options options = { .patience = SECONDS(1),
                                          .patient = 4,
                                          .max_entries = 16,
                                          .max_bytes = 65536,
                                          .clock = read_clock };
    world *w = apr_pcalloc(pool, sizeof(*w));

    now = SUPPORT_NOW;
    w->pool = pool;
    fake_http_init(&w->fake, "{}");
    w->api.http = &w->fake.http;
    w->api.clock = read_clock;
    w->instance.api_url = "https://api.clerk.com";
    w->instance.secret_key = "sk_test_one";
    w->auth.type = CLERK_TOKEN_SESSION;
    w->auth.user_id = w->auth.subject = "user_1";
    w->auth.session_id = "sess_1";
    assert_int_equal(clerk_api_gate_create(&w->api.gate, 4, NULL, pool), APR_SUCCESS);
    assert_int_equal(clerk_api_answers_create(&w->answers, &options, pool), APR_SUCCESS);
    return w;
}

static int calls(world *w)
{
    return atomic_exchange(&w->fake.calls, 0);
}

/** An answer with a JWT of that expiry: header {}, any signature. */
static const char *token_answer(apr_pool_t *pool, const char *payload_base64)
{
    return apr_pstrcat(pool, "{\"object\":\"token\",\"jwt\":\"e30.", payload_base64,
                       ".c2ln\"}", NULL);
}

static clerk_status find_token(world *w, const char **jwt, const char *segment)
{
    memset(&w->failure, 0x55, sizeof(w->failure));
    return clerk_template_token_find(jwt, w->answers, &w->api, &w->instance, &w->auth,
                                     segment, &w->failure, w->pool);
}

static const char *payload_of(world *w, apr_time_t exp)
{
    const char *json =
        apr_psprintf(w->pool, "{\"exp\":%" APR_TIME_T_FMT "}", apr_time_sec(exp));
    char *encoded = apr_pcalloc(w->pool, 2 * strlen(json));

    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)json,
                    (int)strlen(json));
    for (char *at = encoded; *at != '\0'; at++) {
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    }
    encoded[strcspn(encoded, "=")] = '\0';
    return encoded;
}

static void asks_for_a_token_of_the_template(void **state)
{
    world *w = make_world(*state);
    const char *jwt = NULL;

    w->fake.body = token_answer(w->pool, payload_of(w, now + SECONDS(60)));
    assert_int_equal(find_token(w, &jwt, "a%20b"), CLERK_OK);
    assert_string_equal(w->fake.method, "POST");
    assert_string_equal(w->fake.url,
                        "https://api.clerk.com/v1/sessions/sess_1/tokens/a%20b");
    assert_string_equal(w->fake.bearer, "sk_test_one");
    assert_true(strncmp(jwt, "e30.", 4) == 0);
}

static void keeps_it_until_shortly_before_its_end(void **state)
{
    world *w = make_world(*state);
    const char *jwt;

    w->fake.body = token_answer(w->pool, payload_of(w, now + SECONDS(60)));
    assert_int_equal(find_token(w, &jwt, "t"), CLERK_OK);
    now += SECONDS(49);
    assert_int_equal(find_token(w, &jwt, "t"), CLERK_OK);
    assert_int_equal(calls(w), 1);
    now += SECONDS(1);
    assert_int_equal(find_token(w, &jwt, "t"), CLERK_OK);
    assert_int_equal(calls(w), 1);
}

static void keeps_none_for_ever(void **state)
{
    world *w = make_world(*state);
    const char *jwt;

    w->fake.body = token_answer(w->pool, payload_of(w, now + SECONDS(315360000)));
    assert_int_equal(find_token(w, &jwt, "t"), CLERK_OK);
    now += CLERK_TEMPLATE_TOKEN_TTL - 1;
    assert_int_equal(find_token(w, &jwt, "t"), CLERK_OK);
    assert_int_equal(calls(w), 1);
    now += 1;
    assert_int_equal(find_token(w, &jwt, "t"), CLERK_OK);
    assert_int_equal(calls(w), 1);
}

static void keeps_none_without_an_end(void **state)
{
    static const char *const payloads[] = { "e30", "eyJleHAiOiJ4In0", "bm8" };
    world *w = make_world(*state);
    const char *jwt;
    size_t i;

    for (i = 0; i < COUNT(payloads); i++) {
        w->fake.body = token_answer(w->pool, payloads[i]);
        assert_int_equal(find_token(w, &jwt, "t"), CLERK_OK);
        assert_int_equal(find_token(w, &jwt, "t"), CLERK_OK);
        assert_int_equal(calls(w), 2);
    }
}

static void each_state_of_a_session_has_its_own(void **state)
{
    static const struct {
        const char *session_id, *user_id, *org_id, *org_role, *actor, *segment;
    } states[] = {
        { "sess_1", "user_1", NULL, NULL, NULL, "t" },
        { "sess_2", "user_1", NULL, NULL, NULL, "t" },
        { "sess_1", "user_1", "org_1", NULL, NULL, "t" },
        { "sess_1", "user_1", "org_2", NULL, NULL, "t" },
        { "sess_1", "user_1", "org_1", "org:admin", NULL, "t" },
        { "sess_1", "user_1", NULL, NULL, "user_2", "t" },
        { "sess_1", "user_2", NULL, NULL, NULL, "t" },
        { "sess_1", "user_1", NULL, NULL, NULL, "u" },
    };
    world *w = make_world(*state);
    const char *jwt;
    size_t i, round;

    w->fake.body = token_answer(w->pool, payload_of(w, now + SECONDS(60)));
    for (round = 0; round < 2; round++) {
        for (i = 0; i < COUNT(states); i++) {
            w->auth.session_id = states[i].session_id;
            w->auth.user_id = states[i].user_id;
            w->auth.org_id = states[i].org_id;
            w->auth.org_role = states[i].org_role;
            w->auth.actor = states[i].actor;
            assert_int_equal(find_token(w, &jwt, states[i].segment), CLERK_OK);
        }
        assert_int_equal(calls(w), round == 0 ? (int)COUNT(states) : 0);
    }
}

static const struct {
    int http_status;
    const char *body;
    clerk_status want;
    int is_remembered;
} refusals[] = {
    { 404, "{}", CLERK_E_TOKEN_INVALID, 1 },
    { 401, "{}", CLERK_E_SECRET_KEY_INVALID, 0 },
    { 500, "{}", CLERK_E_MACHINE_UNDECIDED, 0 },
    { 302, "{}", CLERK_E_MACHINE_UNDECIDED, 0 },
    { 200, "", CLERK_E_MACHINE_UNDECIDED, 0 },
    { 200, "[]", CLERK_E_MACHINE_UNDECIDED, 0 },
    { 200, "{\"jwt\":7}", CLERK_E_MACHINE_UNDECIDED, 0 },
    { 200, "{\"jwt\":\"a.b\"}", CLERK_E_MACHINE_UNDECIDED, 0 },
    { 200, "{\"jwt\":\"a.b.c\\r\\nX: y\"}", CLERK_E_MACHINE_UNDECIDED, 0 },
};

static void tells_why_there_is_none(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(refusals); i++) {
        world *w = make_world(*state);
        const char *jwt = NULL;

        w->fake.status = refusals[i].http_status;
        w->fake.body = refusals[i].body;
        assert_int_equal(find_token(w, &jwt, "t"), refusals[i].want);
        assert_int_equal(w->failure.error.status, refusals[i].want);
        assert_non_null(w->failure.error.detail);
        assert_int_equal(find_token(w, &jwt, "t"), refusals[i].want);
        assert_int_equal(calls(w), refusals[i].is_remembered ? 1 : 2);
        assert_null(jwt);
        now += CLERK_NEGATIVE_ANSWER_TTL;
        find_token(w, &jwt, "t");
        assert_int_equal(calls(w), 1);
    }
}

static void odd_ids_are_never_sent(void **state)
{
    static const char *const ids[] = { "", "..", "../x", "a/b", "%2e", "a b" };
    world *w = make_world(*state);
    clerk_user user;
    const char *jwt;
    size_t i;

    for (i = 0; i < COUNT(ids); i++) {
        w->auth.session_id = ids[i];
        assert_int_equal(find_token(w, &jwt, "t"), CLERK_E_TOKEN_INVALID);
        assert_int_equal(clerk_users_find(&user, w->answers, &w->api, &w->instance, ids[i],
                                          &w->failure, w->pool),
                         CLERK_E_TOKEN_INVALID);
    }
    assert_int_equal(calls(w), 0);
}

static void without_a_secret_key_nothing_is_asked(void **state)
{
    world *w = make_world(*state);
    const char *jwt;

    w->instance.secret_key = NULL;
    assert_int_equal(find_token(w, &jwt, "t"), CLERK_E_SECRET_KEY_INVALID);
    assert_int_equal(calls(w), 0);
}

static void keeps_a_user_for_its_time(void **state)
{
    world *w = make_world(*state);
    clerk_user user;
    int i;

    w->fake.body = "{\"id\":\"user_1\",\"first_name\":\"Ada\",\"private_metadata\":{}}";
    for (i = 0; i < 2; i++) {
        memset(&user, 0, sizeof(user));
        assert_int_equal(clerk_users_find(&user, w->answers, &w->api, &w->instance,
                                          "user_1", &w->failure, w->pool),
                         CLERK_OK);
        assert_string_equal(user.first_name, "Ada");
        assert_null(strstr(user.json, "private"));
        now += CLERK_USER_TTL - 1;
    }
    assert_string_equal(w->fake.method, "GET");
    assert_string_equal(w->fake.url, "https://api.clerk.com/v1/users/user_1");
    assert_int_equal(calls(w), 1);
    assert_int_equal(clerk_users_find(&user, w->answers, &w->api, &w->instance, "user_1",
                                      &w->failure, w->pool),
                     CLERK_OK);
    assert_int_equal(calls(w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(asks_for_a_token_of_the_template),
        support_test(keeps_it_until_shortly_before_its_end),
        support_test(keeps_none_for_ever),
        support_test(keeps_none_without_an_end),
        support_test(each_state_of_a_session_has_its_own),
        support_test(tells_why_there_is_none),
        support_test(odd_ids_are_never_sent),
        support_test(without_a_secret_key_nothing_is_asked),
        support_test(keeps_a_user_for_its_time),
    };

    return support_run("api_answers", tests);
}
