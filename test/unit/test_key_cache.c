/* SPDX-License-Identifier: Apache-2.0 - tests: key sets in the cache that processes share */
#include "service/key_cache.h"

#include "fake_cache.h"
#include "key_store_fixture.h"

static fake_cache *give_cache(key_world *w)
{
    fake_cache *cache = fake_cache_make(w->pool);

    w->cache = &cache->sealed;
    key_world_restart(w);
    return cache;
}

/** As if another process had left it there. */
static void leave(key_world *w, apr_time_t fetched_at, const char *json)
{
    clerk_key_cache_write(w->cache, &w->one, clerk_slice_of(json), fetched_at,
                          fetched_at + SECONDS(48 * 3600), w->pool);
}

/* ---------------------------------------------------------------- the usual way */

static void serves_other_processes(void **state)
{
    key_world *w = key_world_make(*state);
    fake_cache *cache = give_cache(w);
    int i;

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    assert_int_equal(cache->puts, 1);
    assert_int_equal(cache->count, 1);
    assert_int_equal(cache->entries[0].expires, w->now + w->options.max_stale);
    for (i = 0; i < 3; i++) {
        key_world_restart(w);
        w->now += SECONDS(20);
        assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    }
    assert_int_equal(key_world_calls(w), 0);
    assert_int_equal(cache->puts, 1);

    /* Its age is counted from the fetch, not from when this process saw it. */
    w->now += SECONDS(239);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 0);
    w->now += SECONDS(1);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 0);
    assert_int_equal(key_world_calls(w), 1);
    assert_int_equal(cache->puts, 2);
}

static void is_asked_only_when_memory_does_not_do(void **state)
{
    key_world *w = key_world_make(*state);
    fake_cache *cache = give_cache(w);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(cache->gets, 1);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_find(w, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(cache->gets, 1);
}

static void stores_no_failure(void **state)
{
    static const struct {
        int http_status;
        const char *body;
    } answers[] = { { 500, "{}" }, { 200, "{\"keys\":[]}" }, { 200, "<html>" } };
    key_world *w = key_world_make(*state);
    fake_cache *cache = give_cache(w);
    apr_size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        w->fake.status = answers[i].http_status;
        w->fake.body = answers[i].body;
        w->now += SECONDS(10);
        assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    }
    assert_int_equal(cache->puts, 0);
}

static void is_kept_apart_by_source(void **state)
{
    key_world *w = key_world_make(*state);
    fake_cache *cache = give_cache(w);
    clerk_key_ref ref;

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(clerk_key_store_find(&ref, w->store, &w->two,
                                          clerk_slice_of(SUPPORT_KID), w->now, NULL),
                     CLERK_OK);
    clerk_key_release(&ref);
    assert_int_equal(key_world_calls(w), 2);
    assert_int_equal(cache->count, 2);
    /* The key is a digest: neither the source's identity nor any part of it. */
    assert_memory_not_equal(cache->entries[0].key, w->one.key_id, CLERK_DIGEST_LENGTH);
}

/* W08 for a server of many processes */
static void spares_the_network_for_unknown_kids(void **state)
{
    key_world *w = key_world_make(*state);

    give_cache(w);
    leave(w, w->now - SECONDS(9), w->own_set);
    assert_int_equal(key_world_find(w, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_world_calls(w), 0);

    key_world_restart(w);
    w->now += SECONDS(1); /* the set is 10 s old: it may have changed */
    assert_int_equal(key_world_find(w, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_world_calls(w), 1);
}

static void brings_a_rotation_that_another_process_saw(void **state)
{
    key_world *w = key_world_make(*state);

    give_cache(w);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    key_world_calls(w);
    w->now += SECONDS(30);
    leave(w, w->now - SECONDS(15),
          support_jwk_set(support_jwk(support_stranger_key(), "ins_new", NULL, w->pool),
                          w->pool));
    assert_int_equal(key_world_find(w, "ins_new"), CLERK_OK);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_world_calls(w), 0);
}

static void never_puts_an_older_set_in_place_of_a_newer(void **state)
{
    key_world *w = key_world_make(*state);

    give_cache(w);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    leave(w, w->now - SECONDS(100),
          support_jwk_set(support_jwk(support_stranger_key(), "ins_old", NULL, w->pool),
                          w->pool));
    w->now += SECONDS(20);
    key_world_break(w, 404);
    assert_int_equal(key_world_find(w, "ins_old"), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
}

/* ---------------------------------------------------------------- when all else fails */

static void stands_in_for_a_source_that_is_down(void **state)
{
    static const struct {
        apr_interval_time_t age;
        clerk_status want;
    } cases[] = {
        { SECONDS(300), CLERK_OK },
        { SECONDS(24 * 3600) - 1, CLERK_OK },
        { SECONDS(24 * 3600), CLERK_E_JWK_FAILED_TO_LOAD },
    };
    key_world *w = key_world_make(*state);
    apr_size_t i;

    give_cache(w);
    key_world_break(w, 404);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        key_world_restart(w);
        leave(w, w->now - cases[i].age, w->own_set);
        assert_int_equal(key_world_find(w, SUPPORT_KID), cases[i].want);
        assert_int_equal(key_world_calls(w), 1); /* the source was asked first */
        assert_int_equal(key_world_find(w, "ins_unknown"), CLERK_E_JWK_FAILED_TO_LOAD);
    }
}

static void is_done_without_where_it_fails(void **state)
{
    key_world *w = key_world_make(*state);
    fake_cache *cache = give_cache(w);

    cache->broken = APR_EGENERAL;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    assert_int_equal(cache->puts, 1);
}

/* ---------------------------------------------------------------- what may lie in it */

static void believes_nothing_it_cannot_read(void **state)
{
    static const struct {
        const char *label;
        const char *head; /* before the key set */
        const char *set;  /* NULL: a good one */
    } cases[] = {
        { "empty", "", "" },
        { "no date", "", NULL },
        { "empty date", "\n", NULL },
        { "no line", "1699999999000000", "" },
        { "from the future", "1700000000000001\n", NULL },
        { "far future", "9223372036854775807\n", NULL },
        { "2^64 more than a good date", "18448444073708551616\n", NULL },
        { "negative", "-1\n", NULL },
        { "signed", "+1699999999000000\n", NULL },
        { "spaced", " 1699999999000000\n", NULL },
        { "hexadecimal", "0x1699999999\n", NULL },
        { "carriage return", "1699999999000000\r\n", NULL },
        { "no keys", "1699999999000000\n", "{\"keys\":[]}" },
        { "no JSON", "1699999999000000\n", "keys" },
        { "JSON and more", "1699999999000000\n", "{\"keys\":[]} {}" },
    };
    key_world *w = key_world_make(*state);
    clerk_sealed_entry entry;
    apr_size_t i;

    give_cache(w);
    assert_true(clerk_sealed_entry_name(&entry, "key set", &w->one, w->one.key_id,
                                        clerk_slice_of("")));
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *set = cases[i].set ? cases[i].set : w->own_set;
        const char *value = apr_pstrcat(w->pool, cases[i].head, set, NULL);

        clerk_sealed_cache_put(w->cache, &entry, clerk_slice_of(value), w->now,
                               w->now + SECONDS(3600), w->pool);
        assert_null(clerk_key_cache_read(NULL, w->cache, &w->one, w->now, w->pool));
        key_world_restart(w);
        if (key_world_find(w, SUPPORT_KID) != CLERK_OK || key_world_calls(w) != 1) {
            fail_msg("believed what was in the cache: %s", cases[i].label);
        }
    }
}

static void believes_what_it_wrote(void **state)
{
    key_world *w = key_world_make(*state);
    fake_cache *cache = give_cache(w);
    clerk_key_snapshot *snapshot;

    leave(w, w->now, w->own_set);
    snapshot = clerk_key_cache_read(NULL, w->cache, &w->one, w->now, w->pool);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->fetched_at, w->now);
    assert_int_equal(snapshot->keys->count, 1);
    clerk_key_snapshot_release(snapshot);
    assert_null(clerk_key_cache_read(NULL, w->cache, &w->one, w->now - 1, w->pool));
    assert_null(clerk_key_cache_read(NULL, w->cache, &w->two, w->now, w->pool));
    assert_null(clerk_key_cache_read(NULL, NULL, &w->one, w->now, w->pool));
    clerk_key_cache_write(NULL, &w->one, clerk_slice_of("{}"), w->now, w->now, w->pool);
    assert_int_equal(cache->puts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(serves_other_processes),
        support_test(is_asked_only_when_memory_does_not_do),
        support_test(stores_no_failure),
        support_test(is_kept_apart_by_source),
        support_test(spares_the_network_for_unknown_kids),
        support_test(brings_a_rotation_that_another_process_saw),
        support_test(never_puts_an_older_set_in_place_of_a_newer),
        support_test(stands_in_for_a_source_that_is_down),
        support_test(is_done_without_where_it_fails),
        support_test(believes_nothing_it_cannot_read),
        support_test(believes_what_it_wrote),
    };

    return support_run("key_cache", tests);
}
