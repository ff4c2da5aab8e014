/* SPDX-License-Identifier: Apache-2.0 - one instance, one policy and one request for the verifier */
#include "verifier_world.h"

void verifier_world_set_instance(verifier_world *w, const char *publishable_key)
{
    clerk_publishable_key *key = apr_pcalloc(w->pool, sizeof(*key));

    assert_int_equal(clerk_publishable_key_parse(key, publishable_key, w->pool, NULL),
                     CLERK_OK);
    memset(&w->instance, 0, sizeof(w->instance));
    w->instance.publishable_key = key;
    w->instance.secret_key = "sk_test_not_for_logs";
    assert_int_equal(clerk_instance_complete(&w->instance, w->pool, NULL), CLERK_OK);
}

verifier_world *verifier_world_make(apr_pool_t *pool)
{
    verifier_world *w = apr_pcalloc(pool, sizeof(*w));

    w->pool = pool;
    w->keys = key_world_make(pool);
    w->verifier.keys = w->keys->store;
    w->tokens = token_world_make(pool);
    w->verifier.tokens = w->tokens->cache;
    assert_int_equal(clerk_verified_tokens_create(&w->verifier.verified, 100, pool),
                     APR_SUCCESS);
    w->now = SUPPORT_NOW;
    verifier_world_set_instance(w, LIVE_KEY);
    w->policy.accepts = CLERK_TOKEN_SESSION;
    w->policy.clock_skew = SECONDS(5);
    w->facts.method = "GET";
    return w;
}

clerk_status verifier_world_identify(verifier_world *w)
{
    memset(&w->verdict, 0x55, sizeof(w->verdict)); /* so that what is not set shows */
    clerk_verifier_identify(&w->verdict, &w->verifier, &w->instance, &w->policy,
                            &w->options, &w->facts, w->now, w->pool);
    if (w->verdict.status == CLERK_OK) {
        assert_non_null(w->verdict.auth);
        assert_null(w->verdict.detail);
    }
    else if (w->verdict.status != CLERK_E_SESSION_PENDING) {
        assert_null(w->verdict.auth);
    }
    return w->verdict.status;
}

clerk_status verifier_world_by_header(verifier_world *w, const char *field)
{
    w->facts.authorization = support_text(field, w->pool);
    w->facts.cookie = clerk_slice_of(NULL);
    return verifier_world_identify(w);
}

clerk_status verifier_world_by_bearer(verifier_world *w, const char *token)
{
    return verifier_world_by_header(w, apr_pstrcat(w->pool, "Bearer ", token, NULL));
}

clerk_status verifier_world_by_cookies(verifier_world *w, const char *field)
{
    w->facts.authorization = clerk_slice_of(NULL);
    w->facts.cookie = support_text(field, w->pool);
    return verifier_world_identify(w);
}

clerk_status verifier_world_by_session_cookie(verifier_world *w, const char *token)
{
    return verifier_world_by_cookies(
        w, apr_pstrcat(w->pool, "__client_uat=1600000000; __session=", token, NULL));
}

int verifier_world_calls(verifier_world *w)
{
    return key_world_calls(w->keys);
}

const char *verifier_world_token(const verifier_world *w)
{
    return support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, w->pool);
}
