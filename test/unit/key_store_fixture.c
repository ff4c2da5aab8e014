/* SPDX-License-Identifier: Apache-2.0 - a key store over a fake network, with a clock that the test sets */
#include "key_store_fixture.h"

#include "service/key_shelf.h"

atomic_int pause_count;
apr_interval_time_t pauses[MAX_PAUSES];

static void note_pause(apr_interval_time_t interval)
{
    int i = atomic_fetch_add(&pause_count, 1);

    if (i < MAX_PAUSES) {
        pauses[i] = interval;
    }
}

static void set_source(clerk_instance *instance, const char *url, const char *secret,
                       int number)
{
    instance->api_url = "https://api.clerk.com";
    instance->key_url = url;
    instance->key_bearer = secret;
    memset(instance->key_id, number, sizeof(instance->key_id));
}

key_world *key_world_make(apr_pool_t *pool)
{
    key_world *w = apr_pcalloc(pool, sizeof(*w));

    w->pool = pool;
    w->own_set = support_jwks(pool);
    fake_http_init(&w->fake, w->own_set);
    w->options.refresh = SECONDS(300);
    w->options.max_stale = SECONDS(24 * 3600);
    w->options.min_interval = SECONDS(10);
    w->options.wait = SECONDS(5);
    w->options.pause = note_pause;
    set_source(&w->one, "https://api.clerk.com/v1/jwks", "sk_test_one", 1);
    set_source(&w->two, "https://api.clerk.com/v1/jwks", "sk_test_two", 2);
    w->now = SUPPORT_NOW;
    atomic_store(&pause_count, 0);
    key_world_restart(w);
    return w;
}

void key_world_restart(key_world *w)
{
    assert_int_equal(clerk_key_store_create(&w->store, &w->fake.http, w->cache,
                                            &w->options, w->pool),
                     APR_SUCCESS);
}

clerk_status key_world_find(key_world *w, const char *kid)
{
    clerk_key_ref ref = { NULL, NULL };
    clerk_status status;

    memset(&w->error, 0, sizeof(w->error));
    status = clerk_key_store_find(&ref, w->store, &w->one, support_text(kid, w->pool),
                                  w->now, &w->error);
    if (status == CLERK_OK) {
        assert_non_null(ref.key);
        assert_string_equal(ref.key->kid, kid);
        clerk_key_release(&ref);
        assert_null(ref.key);
    }
    else {
        assert_null(ref.key);
        assert_int_equal(w->error.status, status);
        assert_non_null(w->error.detail);
    }
    return status;
}

int key_world_calls(key_world *w)
{
    return atomic_exchange(&w->fake.calls, 0);
}

void key_world_break(key_world *w, int http_status)
{
    w->fake.status = http_status;
    w->fake.body = "{}";
}

void key_world_mend(key_world *w, const char *key_set)
{
    w->fake.status = 200;
    w->fake.body = key_set;
    w->fake.retry_after = -1;
}

void key_world_assert_due_once(key_world *w, apr_time_t fetched_at)
{
    apr_time_t at;

    clerk_key_store_refresh(w->store, fetched_at + SECONDS(150) - 1);
    assert_int_equal(key_world_calls(w), 0);
    for (at = fetched_at + SECONDS(150); at <= fetched_at + SECONDS(270);
         at += SECONDS(1))
    {
        clerk_key_store_refresh(w->store, at);
    }
    assert_int_equal(key_world_calls(w), 1);
}

key_server key_server_make(apr_pool_t *pool)
{
    static const apr_interval_time_t keep = SECONDS(3600);
    key_server made = { .w = key_world_make(pool) };
    key_world *w = made.w;
    int i;

    assert_int_equal(clerk_board_create(&w->options.board, keep, pool), APR_SUCCESS);
    assert_int_equal(clerk_key_shelf_create(&w->options.shelf, keep, pool), APR_SUCCESS);
    for (i = 0; i < PROCESSES; i++) {
        key_world_restart(w);
        made.stores[i] = w->store;
    }
    return made;
}

clerk_status key_server_find(key_server *s, int process, const char *kid)
{
    s->w->store = s->stores[process];
    return key_world_find(s->w, kid);
}

int key_server_refresh(key_server *s, int process)
{
    return clerk_key_store_refresh(s->stores[process], s->w->now);
}

clerk_board_slot *key_server_slot(key_server *s)
{
    return clerk_board_find(s->w->options.board, s->w->one.key_id, s->w->now);
}
