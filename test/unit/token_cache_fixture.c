/* SPDX-License-Identifier: Apache-2.0 - a token cache over a fake network, with a clock that the test sets */
#include "token_cache_fixture.h"

_Atomic apr_time_t token_clock;

static apr_time_t read_clock(void)
{
    return atomic_load(&token_clock);
}

static void set_instance(clerk_instance *instance, const char *secret, int number)
{
    instance->api_url = "https://api.clerk.com";
    instance->secret_key = secret;
    memset(instance->api_id, number, sizeof(instance->api_id));
}

token_world *token_world_make(apr_pool_t *pool)
{
    token_world *w = apr_pcalloc(pool, sizeof(*w));

    w->pool = pool;
    fake_http_init(&w->fake, API_KEY_ANSWER(""));
    w->ttl = apr_time_from_sec(30);
    w->connections = 8;
    w->options.patience = apr_time_from_sec(5);
    w->options.patient = 64;
    w->options.max_entries = 64;
    w->options.max_bytes = 65536;
    w->options.clock = read_clock;
    set_instance(&w->one, "sk_test_one", 1);
    set_instance(&w->two, "sk_test_two", 2);
    atomic_store(&token_clock, SUPPORT_NOW);
    token_world_restart(w);
    return w;
}

void token_world_restart(token_world *w)
{
    clerk_token_cache *cache = apr_pcalloc(w->pool, sizeof(*cache));
    clerk_api *api = apr_pcalloc(w->pool, sizeof(*api));

    api->http = &w->fake.http;
    api->clock = read_clock;
    assert_int_equal(clerk_api_gate_create(&api->gate, w->connections, NULL, w->pool),
                     APR_SUCCESS);
    assert_int_equal(clerk_api_answers_create(&cache->answers, &w->options, w->pool),
                     APR_SUCCESS);
    cache->api = api;
    cache->ttl = w->ttl;
    w->cache = cache;
}

clerk_status token_world_verify_for(token_world *w, const clerk_instance *instance,
                                    clerk_token_type type, const char *token)
{
    clerk_status status;

    memset(&w->answer, 0, sizeof(w->answer));
    memset(&w->failure, 0x55, sizeof(w->failure)); /* so that what is not set shows */
    status = clerk_token_cache_verify(&w->answer, w->cache, instance, type,
                                      support_text(token, w->pool), 0, &w->failure, w->pool);
    if (status == CLERK_OK) {
        assert_non_null(w->answer.auth);
        assert_int_equal(w->answer.auth->type, type);
    }
    else {
        assert_int_equal(w->failure.error.status, status);
        assert_non_null(w->failure.error.detail);
    }
    return status;
}

clerk_status token_world_verify(token_world *w, const char *token)
{
    return token_world_verify_for(w, &w->one, CLERK_TOKEN_API_KEY, token);
}

int token_world_calls(token_world *w)
{
    return atomic_exchange(&w->fake.calls, 0);
}

void token_world_answer(token_world *w, int http_status, const char *body)
{
    w->fake.status = http_status;
    w->fake.body = body;
    w->fake.retry_after = -1;
    w->fake.result = APR_SUCCESS;
}
