/* SPDX-License-Identifier: Apache-2.0 - tests: entries of a shared cache, sealed */
#include "fake_cache.h"
#include "support.h"

#define NOW SUPPORT_NOW
#define SECONDS(n) apr_time_from_sec(n)

static const char SECRET[] = "sk_test_one_secret_key";
static const char TEXT[] = "{\"subject\":\"user_2abc\"}";

typedef struct seal_world {
    fake_cache *cache;
    clerk_instance one; /* has a secret key */
    clerk_sealed_entry entry;
    clerk_slice value;
    apr_time_t expires;
    apr_pool_t *pool;
} seal_world;

static void name_of(clerk_sealed_entry *entry, const char *purpose,
                    const clerk_instance *instance, const char *id)
{
    assert_true(clerk_sealed_entry_name(entry, purpose, instance, instance->api_id,
                                        clerk_slice_of(id)));
}

static seal_world *world_make(apr_pool_t *pool)
{
    seal_world *w = apr_pcalloc(pool, sizeof(*w));

    w->pool = pool;
    w->cache = fake_cache_make(pool);
    w->one.secret_key = SECRET;
    memset(w->one.key_id, 1, CLERK_DIGEST_LENGTH);
    memset(w->one.api_id, 2, CLERK_DIGEST_LENGTH);
    name_of(&w->entry, "purpose", &w->one, "id");
    return w;
}

static void put(seal_world *w, const char *text)
{
    clerk_sealed_cache_put(&w->cache->sealed, &w->entry, support_text(text, w->pool), NOW,
                           NOW + SECONDS(30), w->pool);
}

static int get_at(seal_world *w, const clerk_sealed_entry *entry, apr_time_t now)
{
    return clerk_sealed_cache_get(&w->value, &w->expires, &w->cache->sealed, entry, now,
                                  w->pool);
}

static int get(seal_world *w)
{
    return get_at(w, &w->entry, NOW);
}

/* ---------------------------------------------------------------- for those who may */

static void gives_back_what_was_put(void **state)
{
    static const char *const texts[] = { "", "a", TEXT };
    seal_world *w = world_make(*state);
    apr_size_t i;

    assert_false(get(w));
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put(w, texts[i]);
        assert_int_equal(w->cache->entries[0].value.len,
                         strlen(texts[i]) + CLERK_SEAL_OVERHEAD);
        assert_int_equal(clerk_sealed_cache_expiry(w->cache->entries[0].value),
                         NOW + SECONDS(30));
        assert_true(get(w));
        assert_true(clerk_slice_is(w->value, texts[i]));
        assert_int_equal(w->expires, NOW + SECONDS(30));
        assert_int_equal(w->cache->entries[0].expires, NOW + SECONDS(30));
    }
    assert_int_equal(w->cache->count, 1);
}

static void is_opened_by_another_server_with_the_secret(void **state)
{
    seal_world *w = world_make(*state);
    clerk_instance twin = w->one;
    clerk_sealed_entry theirs;

    put(w, TEXT);
    memset(w->cache->sealed.server_secret, 't', CLERK_SERVER_SECRET_LENGTH);
    twin.secret_key = apr_pstrdup(w->pool, SECRET);
    name_of(&theirs, "purpose", &twin, "id");
    assert_true(get_at(w, &theirs, NOW));
    assert_true(clerk_slice_is(w->value, TEXT));
}

/** Without a secret only the server's own processes open it; a machine's secret is one. */
static void is_sealed_by_the_secret_there_is(void **state)
{
    static const struct {
        const char *label, *secret, *machine;
        int opens_elsewhere;
    } cases[] = {
        { "secret key", SECRET, NULL, 1 },
        { "machine's", NULL, "ak_machine", 1 },
        { "both", SECRET, "ak_machine", 1 },
        { "none", NULL, NULL, 0 },
    };
    seal_world *w = world_make(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        w->one.secret_key = cases[i].secret;
        w->one.machine_secret_key = cases[i].machine;
        memset(w->cache->sealed.server_secret, 's', CLERK_SERVER_SECRET_LENGTH);
        put(w, TEXT);
        assert_true(get(w));
        memset(w->cache->sealed.server_secret, 't', CLERK_SERVER_SECRET_LENGTH);
        if (get(w) != cases[i].opens_elsewhere) {
            fail_msg("another server opens it or not: %s", cases[i].label);
        }
    }
}

/* ---------------------------------------------------------------- for nobody else */

static int contains(clerk_slice haystack, const char *needle)
{
    apr_size_t len = strlen(needle);
    apr_size_t i;

    for (i = 0; i + len <= haystack.len; i++) {
        if (memcmp(haystack.ptr + i, needle, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void shows_nothing_of_what_is_in_it(void **state)
{
    seal_world *w = world_make(*state);
    clerk_slice first;

    put(w, TEXT);
    first = w->cache->entries[0].value;
    assert_false(contains(first, "user"));
    assert_false(contains(first, "subject"));
    assert_false(contains(first, SECRET));
    put(w, TEXT);
    assert_false(clerk_slice_equals(first, w->cache->entries[0].value));
}

/** A key that is no digest of its own could be guessed, or found by another kind of entry. */
static void has_a_key_of_its_own(void **state)
{
    seal_world *w = world_make(*state);
    clerk_instance other = w->one;
    clerk_sealed_entry entries[5];
    apr_size_t i;
    apr_size_t j;

    memset(other.api_id, 3, CLERK_DIGEST_LENGTH);
    entries[0] = w->entry;
    name_of(&entries[1], "purpos", &w->one, "eid");
    name_of(&entries[2], "purpose", &other, "id");
    name_of(&entries[3], "purpose", &w->one, "id2");
    name_of(&entries[4], "purpose", &w->one, "");
    for (i = 0; i < 5; i++) {
        for (j = 0; j < i; j++) {
            assert_memory_not_equal(entries[i].key, entries[j].key, CLERK_DIGEST_LENGTH);
        }
    }
}

/** Whatever an intruder writes under the key: each byte altered, cut off, made longer. */
static void opens_nothing_that_was_altered(void **state)
{
    seal_world *w = world_make(*state);
    clerk_slice good;
    apr_size_t i;
    char *copy;

    put(w, TEXT);
    good = w->cache->entries[0].value;
    for (i = 0; i < good.len; i++) {
        clerk_slice bad = { NULL, good.len };

        copy = apr_pmemdup(w->pool, good.ptr, good.len);
        copy[i] = (char)(copy[i] ^ 1);
        bad.ptr = copy;
        fake_cache_plant(w->cache, 0, bad);
        if (get(w)) {
            fail_msg("opened with byte %d altered", (int)i);
        }
        bad.ptr = good.ptr;
        bad.len = i;
        fake_cache_plant(w->cache, 0, bad);
        assert_false(get(w));
    }
    copy = apr_pcalloc(w->pool, good.len + 1);
    memcpy(copy, good.ptr, good.len);
    fake_cache_plant(w->cache, 0, (clerk_slice){ copy, good.len + 1 });
    assert_false(get(w));
    fake_cache_plant(w->cache, 0, good);
    assert_true(get(w));
}

/** What is good in one place is not good in another. */
static void opens_nothing_that_was_moved(void **state)
{
    static const struct {
        const char *purpose, *id;
        int other_api, other_secret;
    } places[] = {
        { "purpose", "other id", 0, 0 },
        { "another purpose", "id", 0, 0 },
        { "purpose", "id", 1, 0 },
        { "purpose", "id", 0, 1 },
    };
    seal_world *w = world_make(*state);
    apr_size_t i;

    put(w, TEXT);
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        clerk_instance owner = w->one;
        clerk_sealed_entry place;

        owner.api_id[0] ^= (unsigned char)places[i].other_api;
        owner.secret_key = places[i].other_secret ? "sk_test_other" : SECRET;
        name_of(&place, places[i].purpose, &owner, places[i].id);
        memcpy(w->cache->entries[0].key, place.key, CLERK_DIGEST_LENGTH);
        if (get_at(w, &place, NOW)) {
            fail_msg("opened in place %d", (int)i);
        }
    }
    memcpy(w->cache->entries[0].key, w->entry.key, CLERK_DIGEST_LENGTH);
    assert_true(get(w));
}

/* ---------------------------------------------------------------- time */

static void is_there_for_its_time_only(void **state)
{
    static const struct {
        apr_interval_time_t after;
        int is_there;
        apr_interval_time_t left;
    } cases[] = {
        { 0, 1, SECONDS(30) },
        { SECONDS(30) - 1, 1, 1 },
        { SECONDS(30), 0, 0 },
        { SECONDS(3600), 0, 0 },
        { -SECONDS(1), 1, SECONDS(30) }, /* put by a clock that is ahead a little */
        { -SECONDS(1) - 1, 0, 0 },
        { -SECONDS(3600), 0, 0 },
    };
    seal_world *w = world_make(*state);
    apr_size_t i;

    put(w, TEXT);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_time_t now = NOW + cases[i].after;

        assert_int_equal(get_at(w, &w->entry, now), cases[i].is_there);
        if (cases[i].is_there) {
            assert_int_equal(w->expires - now, cases[i].left);
        }
    }
}

static void is_not_put_where_it_is_over_already(void **state)
{
    seal_world *w = world_make(*state);

    clerk_sealed_cache_put(&w->cache->sealed, &w->entry, clerk_slice_of(TEXT), NOW, NOW,
                           w->pool);
    clerk_sealed_cache_put(NULL, &w->entry, clerk_slice_of(TEXT), NOW, NOW + 1, w->pool);
    assert_int_equal(w->cache->puts, 0);
    assert_false(clerk_sealed_cache_get(&w->value, &w->expires, NULL, &w->entry, NOW,
                                        w->pool));
}

/* ---------------------------------------------------------------- no entry of ours */

static void bytes_of_others_have_no_expiry(void **state)
{
    static const char NINES[] = "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                "\xff\xff\xff\xff";
    apr_pool_t *pool = *state;

    assert_int_equal(clerk_sealed_cache_expiry(support_text("", pool)), 0);
    assert_int_equal(clerk_sealed_cache_expiry(support_text("\1 short", pool)), 0);
    assert_int_equal(clerk_sealed_cache_expiry(support_text(NINES, pool)), 0);
    assert_int_equal(clerk_sealed_cache_expiry(support_text(
                         "2 a version of later days, long enough to be one", pool)),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(gives_back_what_was_put),
        support_test(is_opened_by_another_server_with_the_secret),
        support_test(is_sealed_by_the_secret_there_is),
        support_test(shows_nothing_of_what_is_in_it),
        support_test(has_a_key_of_its_own),
        support_test(opens_nothing_that_was_altered),
        support_test(opens_nothing_that_was_moved),
        support_test(is_there_for_its_time_only),
        support_test(is_not_put_where_it_is_over_already),
        support_test(bytes_of_others_have_no_expiry),
    };

    return support_run("sealed_cache", tests);
}
