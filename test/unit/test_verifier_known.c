/* SPDX-License-Identifier: Apache-2.0 - a token that was verified before is let in no further than a new one */
#include "verifier_world.h"

static apr_size_t kept(const verifier_world *w)
{
    return clerk_verified_tokens_count(w->verifier.verified);
}

/** A world that has let @a payload in once. */
static verifier_world *world_that_knows(const char **token, const char *payload,
                                        apr_pool_t *pool)
{
    verifier_world *w = verifier_world_make(pool);

    *token = support_sign_jwt(SUPPORT_HEADER, payload, pool);
    assert_int_equal(verifier_world_by_bearer(w, *token), CLERK_OK);
    assert_int_equal(kept(w), 1);
    return w;
}

/** Make the signature bad without the verifier knowing: what is let in now was known. */
static const char *forged_but_known(verifier_world *w, const char *payload)
{
    const char *token = support_sign_jwt_with(support_stranger_key(), "SHA256",
                                              SUPPORT_HEADER, payload, w->pool);
    clerk_verified verified;
    clerk_verified_term term;
    clerk_verified_id id;
    clerk_key_ref ref;

    memset(&verified, 0, sizeof(verified));
    assert_int_equal(
        clerk_jwt_decode(&verified.jwt, clerk_slice_of(token), w->pool, NULL),
        CLERK_OK);
    clerk_claims_read(&verified.claims, verified.jwt.payload);
    verified.auth = clerk_auth_from_session(&verified.claims, w->pool);
    assert_int_equal(clerk_key_store_find(&ref, w->verifier.keys, &w->instance,
                                          verified.jwt.kid, w->now, NULL),
                     CLERK_OK);
    memcpy(verified.key_id, ref.key->id, sizeof(verified.key_id));
    clerk_key_release(&ref);
    assert_true(clerk_verified_tokens_id(&id, w->verifier.verified, w->instance.key_id,
                                         clerk_slice_of(token)));
    term.until = verified.auth->expires;
    term.edition = 0; /* so that the key is looked for the first time */
    clerk_verified_tokens_keep(w->verifier.verified, &id, &verified, &term, w->now,
                               w->pool);
    return token;
}

static void a_known_token_costs_no_signature(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *token = forged_but_known(w, GOOD);

    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    assert_string_equal(w->verdict.auth->user_id, "user_2abc");
    assert_int_equal(verifier_world_by_session_cookie(w, token), CLERK_OK);
    w->verifier.verified = NULL;
    assert_int_equal(verifier_world_by_bearer(w, token),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
}

static void what_is_no_good_is_not_kept(void **state)
{
    static const char *const others[] = { "https://other", NULL };
    verifier_world *w = verifier_world_make(*state);
    const char *token = support_sign_jwt(SUPPORT_HEADER, GOOD, w->pool);
    const char *forged = support_sign_jwt_with(support_stranger_key(), "SHA256",
                                               SUPPORT_HEADER, GOOD, w->pool);
    const char *expired =
        support_sign_jwt(SUPPORT_HEADER, PAYLOAD(",\"exp\":1699999000"), w->pool);
    const char *foreign =
        support_sign_jwt(HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_x\""), GOOD, w->pool);

    verifier_world_by_bearer(w, forged);
    verifier_world_by_bearer(w, expired);
    verifier_world_by_bearer(w, foreign);
    verifier_world_by_bearer(w, "a.b.c");
    w->policy.authorized_parties = others;
    verifier_world_by_bearer(w, token);
    assert_int_equal(kept(w), 0);
}

/* ---------------------------------------------------------------- policy of each place */

static void policy_holds_for_known_tokens(void **state)
{
    static const char *const good[] = { "https://a", NULL };
    static const char *const others[] = { "https://other", NULL };
    static const struct {
        const char *label;
        clerk_policy policy;
        clerk_status want;
    } cases[] = {
        { "party", { .authorized_parties = good }, CLERK_OK },
        { "other party",
          { .authorized_parties = others },
          CLERK_E_TOKEN_INVALID_AUTHORIZED_PARTIES },
        { "audience", { .audiences = good }, CLERK_OK },
        { "other audience",
          { .audiences = others },
          CLERK_E_TOKEN_VERIFICATION_FAILED },
        { "other issuer", { .issuers = others }, CLERK_E_TOKEN_INVALID_ISSUER },
        { "any issuer", { .any_issuer = 1 }, CLERK_OK },
        { "again", { .authorized_parties = good, .audiences = good }, CLERK_OK },
    };
    const char *token;
    verifier_world *w = world_that_knows(
        &token, PAYLOAD(EXP ",\"azp\":\"https://a\",\"aud\":[\"x\",\"https://a\"]"),
        *state);
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        w->policy = cases[i].policy;
        w->policy.accepts = CLERK_TOKEN_SESSION;
        print_message("# %s\n", cases[i].label);
        assert_int_equal(verifier_world_by_bearer(w, token), cases[i].want);
        assert_int_equal(verifier_world_by_session_cookie(w, token), cases[i].want);
    }
    w->policy.accepts = CLERK_TOKEN_M2M | CLERK_TOKEN_API_KEY;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_TOKEN_TYPE_MISMATCH);
    assert_int_equal(kept(w), 1);
}

static void a_pending_session_is_known_and_let_in_where_it_may(void **state)
{
    const char *token;
    verifier_world *w = verifier_world_make(*state);

    token =
        support_sign_jwt(SUPPORT_HEADER, PAYLOAD(EXP ",\"sts\":\"pending\""), w->pool);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_SESSION_PENDING);
    w->policy.admits_pending = 1;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    w->policy.admits_pending = 0;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_SESSION_PENDING);
    assert_int_equal(kept(w), 1);
}

/** For the same reason as where nothing is kept. */
static void refuses_as_if_new(verifier_world *w, const char *token)
{
    clerk_verified_tokens *known = w->verifier.verified;
    clerk_status status = verifier_world_by_bearer(w, token);

    assert_int_not_equal(status, CLERK_OK);
    w->verifier.verified = NULL;
    assert_int_equal(verifier_world_by_bearer(w, token), status);
    w->verifier.verified = known;
}

static void time_goes_on_for_known_tokens(void **state)
{
    const char *token;
    verifier_world *w = world_that_knows(&token,
                                         PAYLOAD(EXP ",\"nbf\":1700000000,"
                                                     "\"iat\":1700000000"),
                                         *state);

    w->policy.clock_skew = 0;
    w->now = apr_time_from_sec(1700000049);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    w->now = apr_time_from_sec(1700000050);
    refuses_as_if_new(w, token);

    w = world_that_knows(&token, PAYLOAD(EXP ",\"nbf\":1700000000"), *state);
    w->now = apr_time_from_sec(1699999990); /* the clock was set back */
    refuses_as_if_new(w, token);
}

static void an_older_sign_in_is_noticed_in_a_known_cookie(void **state)
{
    const char *token;
    verifier_world *w =
        world_that_knows(&token, PAYLOAD(EXP ",\"iat\":1700000000"), *state);

    assert_int_equal(verifier_world_by_session_cookie(w, token), CLERK_OK);
    assert_int_equal(verifier_world_by_cookies(
                         w, apr_pstrcat(w->pool, "__client_uat=1700000001; __session=",
                                        token, NULL)),
                     CLERK_E_SESSION_TOKEN_IAT_BEFORE_CLIENT_UAT);
}

/* ---------------------------------------------------------------- keys of each instance */

static const char *set_of(EVP_PKEY *pkey, const char *kid, apr_pool_t *pool)
{
    return support_jwk_set(support_jwk(pkey, kid, "RS256", pool), pool);
}

/** The instance's keys are these from now on. */
static void rotate(verifier_world *w, const char *key_set)
{
    key_world_mend(w->keys, key_set);
    w->now += SECONDS(10000);
    assert_int_equal(clerk_key_store_refresh(w->verifier.keys, w->now), 0);
}

#define LONG_LIVED PAYLOAD(",\"exp\":1800000000")

static void a_withdrawn_key_ends_what_it_signed(void **state)
{
    const char *token;
    verifier_world *w = world_that_knows(&token, LONG_LIVED, *state);

    rotate(w, w->keys->own_set);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    rotate(w, set_of(support_stranger_key(), "ins_other", w->pool));
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(kept(w), 0);
}

static void another_key_of_the_same_name_ends_it_too(void **state)
{
    const char *token;
    verifier_world *w = world_that_knows(&token, LONG_LIVED, *state);

    rotate(w, set_of(support_stranger_key(), SUPPORT_KID, w->pool));
    assert_int_equal(verifier_world_by_bearer(w, token),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
    assert_int_equal(kept(w), 0);
}

static void keys_too_old_to_serve_end_it_too(void **state)
{
    const char *token;
    verifier_world *w = world_that_knows(&token, LONG_LIVED, *state);

    key_world_break(w->keys, 500);
    w->now += SECONDS(25 * 60 * 60);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_JWK_FAILED_TO_LOAD);
}

static void another_instance_knows_nothing_of_it(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *token = forged_but_known(w, GOOD);

    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    w->instance.key_id[0] ^= 1;
    assert_int_equal(verifier_world_by_bearer(w, token),
                     CLERK_E_TOKEN_INVALID_SIGNATURE);
    w->instance.key_id[0] ^= 1;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
}

/* ---------------------------------------------------------------- machines */

static void a_known_machine_is_no_session(void **state)
{
    verifier_world *w = verifier_world_make(*state);
    const char *token =
        support_sign_jwt(HEADER(",\"alg\":\"RS256\""),
                         "{\"sub\":\"mch_1\",\"aud\":[\"mch_2\"]" EXP "}", w->pool);

    w->policy.accepts = CLERK_TOKEN_M2M;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    assert_int_equal(kept(w), 1);
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_OK);
    assert_string_equal(w->verdict.auth->machine_id, "mch_1");
    assert_string_equal(clerk_scopes_text(&w->verdict.auth->scopes, w->pool), "mch_2");

    w->policy.accepts = CLERK_TOKEN_SESSION;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_TOKEN_TYPE_MISMATCH);
    assert_int_equal(verifier_world_by_session_cookie(w, token),
                     CLERK_E_TOKEN_TYPE_MISMATCH);
    w->policy.accepts = CLERK_TOKEN_OAUTH;
    assert_int_equal(verifier_world_by_bearer(w, token), CLERK_E_TOKEN_TYPE_MISMATCH);
}

/** What is ready is used in place of the text that is kept, and judged like it. */
static void a_ready_answer_is_used_until_its_time(void **state)
{
    static const char *const others[] = { "https://other", NULL };
    verifier_world *w = verifier_world_make(*state);

    w->tokens->cache->ready = w->verifier.verified;
    w->policy.accepts = CLERK_TOKEN_API_KEY | CLERK_TOKEN_OAUTH;
    token_world_answer(w->tokens, 200,
                       API_KEY_ANSWER(",\"scopes\":[\"a\",\"b\"],\"claims\":{\"x\":1}"));
    assert_int_equal(verifier_world_by_bearer(w, "ak_1"), CLERK_OK);
    assert_int_equal(kept(w), 1);
    w->tokens->cache->answers = NULL; /* nobody else is asked */
    assert_int_equal(verifier_world_by_bearer(w, "ak_1"), CLERK_OK);
    assert_string_equal(w->verdict.auth->user_id, "user_2abc");
    assert_string_equal(clerk_scopes_text(&w->verdict.auth->scopes, w->pool), "a b");
    assert_int_equal(json_object_size(clerk_auth_claims(w->verdict.auth, w->pool)), 1);
    assert_int_equal(w->verdict.auth->expires, APR_INT64_MAX);
    assert_int_equal(token_world_calls(w->tokens), 1);

    w = verifier_world_make(*state);
    w->tokens->cache->ready = w->verifier.verified;
    w->policy.accepts = CLERK_TOKEN_OAUTH;
    token_world_answer(w->tokens, 200,
                       "{\"object\":\"clerk_idp_oauth_access_token\",\"id\":\"oat_2\","
                       "\"subject\":\"user_2abc\",\"aud\":[\"https://a\"]}");
    assert_int_equal(verifier_world_by_bearer(w, "oat_1"), CLERK_OK);
    w->policy.audiences = others;
    assert_int_equal(verifier_world_by_bearer(w, "oat_1"),
                     CLERK_E_TOKEN_VERIFICATION_FAILED);
    assert_int_equal(kept(w), 1);
    w->now += SECONDS(30);
    token_clock += SECONDS(30);
    w->policy.audiences = NULL;
    assert_int_equal(verifier_world_by_bearer(w, "oat_1"), CLERK_OK);
    assert_int_equal(token_world_calls(w->tokens), 2);
    token_clock -= SECONDS(30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(a_known_token_costs_no_signature),
        support_test(what_is_no_good_is_not_kept),
        support_test(policy_holds_for_known_tokens),
        support_test(a_pending_session_is_known_and_let_in_where_it_may),
        support_test(time_goes_on_for_known_tokens),
        support_test(an_older_sign_in_is_noticed_in_a_known_cookie),
        support_test(a_withdrawn_key_ends_what_it_signed),
        support_test(another_key_of_the_same_name_ends_it_too),
        support_test(keys_too_old_to_serve_end_it_too),
        support_test(another_instance_knows_nothing_of_it),
        support_test(a_known_machine_is_no_session),
        support_test(a_ready_answer_is_used_until_its_time),
    };

    return support_run("verifier, known tokens", tests);
}
