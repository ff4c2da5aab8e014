/* SPDX-License-Identifier: Apache-2.0 - the number by which it is seen that a key set still is the same */
#include "key_store_fixture.h"

static apr_uint64_t edition(const key_world *w)
{
    return clerk_key_store_edition(w->store, &w->one, w->now);
}

/** A world with a set that was fetched just now. */
static key_world *world_with_keys(apr_pool_t *pool)
{
    key_world *w = key_world_make(pool);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_not_equal(edition(w), 0);
    return w;
}

static void there_is_none_before_keys_are_known(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(edition(w), 0);
    clerk_key_store_add(w->store, &w->one, w->now);
    assert_int_equal(edition(w), 0);
    key_world_break(w, 500);
    assert_int_not_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(edition(w), 0);
    assert_int_equal(key_world_calls(w) > 0, 1);
}

static void it_stays_as_long_as_the_set_does(void **state)
{
    key_world *w = world_with_keys(*state);
    apr_uint64_t first = edition(w);

    assert_int_equal(clerk_key_store_edition(w->store, &w->two, w->now), 0);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(edition(w), first);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 0); /* not due */
    assert_int_equal(edition(w), first);
    w->now += w->options.max_stale - 1;
    assert_int_equal(edition(w), first);
}

static void another_set_has_another(void **state)
{
    key_world *w = world_with_keys(*state);
    apr_uint64_t first = edition(w);

    w->now += w->options.refresh;
    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 0);
    assert_int_not_equal(edition(w), 0);
    assert_int_not_equal(edition(w), first);
}

static void a_failed_fetch_leaves_it(void **state)
{
    key_world *w = world_with_keys(*state);
    apr_uint64_t first = edition(w);

    key_world_break(w, 500);
    w->now += w->options.refresh;
    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 1);
    assert_int_equal(edition(w), first);
}

static void there_is_none_when_keys_are_too_old(void **state)
{
    key_world *w = world_with_keys(*state);

    w->now += w->options.max_stale;
    assert_int_equal(edition(w), 0);
}

static void a_clock_that_was_set_back_is_noticed(void **state)
{
    key_world *w = world_with_keys(*state);
    apr_uint64_t first = edition(w);

    w->now -= SECONDS(60);
    assert_int_equal(edition(w), first);
    w->now -= 1;
    assert_int_equal(edition(w), 0);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_not_equal(edition(w), 0); /* the set counts as due from now on, as the find found */
    assert_int_not_equal(edition(w), first);
}

static void a_local_key_has_always_the_same(void **state)
{
    key_world *w = key_world_make(*state);
    const clerk_key *local;

    assert_int_equal(clerk_key_from_pem(
                         &local,
                         clerk_slice_of(support_pem(support_signing_key(), w->pool)),
                         w->pool, NULL),
                     CLERK_OK);
    w->one.jwt_key = local;
    assert_int_equal(edition(w), CLERK_KEY_EDITION_LOCAL);
    w->now += 2 * w->options.max_stale;
    assert_int_equal(edition(w), CLERK_KEY_EDITION_LOCAL);
}

/* A reload of the process that has another set comes by the shelf. */
static void what_others_fetched_has_one_of_its_own(void **state)
{
    key_server s = key_server_make(*state);
    apr_uint64_t first;

    assert_int_equal(key_server_find(&s, 0, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_server_find(&s, 1, SUPPORT_KID), CLERK_OK);
    first = clerk_key_store_edition(s.stores[1], &s.w->one, s.w->now);
    assert_int_not_equal(first, 0);
    s.w->now += s.w->options.refresh;
    assert_int_equal(key_server_refresh(&s, 0), 0);
    assert_int_equal(clerk_key_store_edition(s.stores[1], &s.w->one, s.w->now), first);
    assert_int_equal(key_server_refresh(&s, 1), 0);
    assert_int_not_equal(clerk_key_store_edition(s.stores[1], &s.w->one, s.w->now), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(there_is_none_before_keys_are_known),
        support_test(it_stays_as_long_as_the_set_does),
        support_test(another_set_has_another),
        support_test(a_failed_fetch_leaves_it),
        support_test(there_is_none_when_keys_are_too_old),
        support_test(a_clock_that_was_set_back_is_noticed),
        support_test(a_local_key_has_always_the_same),
        support_test(what_others_fetched_has_one_of_its_own),
    };

    return support_run("key_editions", tests);
}
