/* SPDX-License-Identifier: Apache-2.0 - tests: which key a token gets, and how often the network is asked */
#include "service/key_store.h"

#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 33)
#define HAS_MALLINFO2 1
#include <malloc.h>
#endif
#endif

#include "key_store_fixture.h"
#include "service/key_snapshot.h"

#define OTHER_KID "ins_other"

static const char *set_of(EVP_PKEY *key, const char *kid, apr_pool_t *pool)
{
    return support_jwk_set(support_jwk(key, kid, "RS256", pool), pool);
}

/* ---------------------------------------------------------------- where keys come from */

/* W02, W03 */
static void takes_the_local_key_without_network(void **state)
{
    static const char *const kids[] = { "", SUPPORT_KID, OTHER_KID };
    key_world *w = key_world_make(*state);
    const clerk_key *local;
    apr_size_t i;

    assert_int_equal(key_world_find(w, SUPPORT_KID),
                     CLERK_OK); /* seen under another key */
    assert_int_equal(key_world_calls(w), 1);
    assert_int_equal(
        clerk_key_from_pem(&local,
                           clerk_slice_of(support_pem(support_stranger_key(), w->pool)),
                           w->pool, NULL),
        CLERK_OK);
    w->one.jwt_key = local;
    for (i = 0; i < sizeof(kids) / sizeof(kids[0]); i++) {
        clerk_key_ref ref = { NULL, NULL };

        assert_int_equal(clerk_key_store_find(&ref, w->store, &w->one,
                                              clerk_slice_of(kids[i]), w->now, NULL),
                         CLERK_OK);
        assert_ptr_equal(ref.key, local);
        clerk_key_release(&ref);
        clerk_key_release(&ref); /* nothing is left to give back */
    }
    assert_int_equal(key_world_calls(w), 0);
}

/* W14 */
static void has_no_source(void **state)
{
    key_world *w = key_world_make(*state);

    w->one.key_url = NULL;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_RESOLVE);
    assert_int_equal(key_world_calls(w), 0);
}

static void asks_nothing_for_a_token_without_kid(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(key_world_find(w, ""), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_world_calls(w), 0);
}

/* W04, W05 (the source is the instance's), W06, W07 (the background asks, before 300 s) */
static void fetches_once_per_refresh_age(void **state)
{
    key_world *w = key_world_make(*state);
    apr_time_t start = w->now;

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    assert_string_equal(w->fake.url, w->one.key_url);
    assert_string_equal(w->fake.bearer, "sk_test_one");
    assert_int_equal(w->fake.timeout, w->options.wait);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now = start + SECONDS(299) + 900000;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 0);

    key_world_assert_due_once(w, start);
    assert_int_equal(atomic_load(&pause_count), 0);
}

/* W07, where no key may be older */
static void fetches_at_the_refresh_age_where_nothing_stale_may_serve(void **state)
{
    key_world *w = key_world_make(*state);
    apr_time_t start = w->now;

    w->options.max_stale = 0;
    key_world_restart(w);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now = start + SECONDS(300) - 1;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    w->now = start + SECONDS(300);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
}

/** However old: to ask is the background's work, and no request waits for it. */
static void asks_nothing_while_a_key_may_serve(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    w->now += SECONDS(24 * 3600) - 1;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 0);
    w->now += 1;
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
}

/* W08 */
static void fetches_once_per_interval_for_unknown_kids(void **state)
{
    key_world *w = key_world_make(*state);
    int round;
    int i;

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    for (round = 0; round < 3; round++) {
        w->now += SECONDS(10);
        for (i = 0; i < 20; i++) {
            const char *kid = apr_psprintf(w->pool, "ins_%d_%d", round, i);

            assert_int_equal(key_world_find(w, kid), CLERK_E_JWK_KID_MISMATCH);
            assert_null(strstr(w->error.detail, SUPPORT_KID));
            assert_null(strstr(w->error.detail, kid));
        }
        assert_int_equal(key_world_calls(w), 1);
        w->now += SECONDS(9) + 999999;
        assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_KID_MISMATCH);
        assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
        assert_int_equal(key_world_calls(w), 0);
    }
}

/* W08: at the very first request the one fetch has been made already */
static void fetches_once_for_a_first_unknown_kid(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_world_calls(w), 1);
}

static void replaces_the_set_whole(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->fake.body = set_of(support_stranger_key(), OTHER_KID, w->pool);
    w->now += SECONDS(10);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 2);
    /* A withdrawn key is gone, though nothing asked for it meanwhile. */
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_KID_MISMATCH);
}

/* W09, W10 */
static void never_lends_one_instances_key_to_another(void **state)
{
    key_world *w = key_world_make(*state);
    clerk_key_ref ones;
    clerk_key_ref twos;
    clerk_slice kid = clerk_slice_of(SUPPORT_KID);

    assert_int_equal(clerk_key_store_find(&ones, w->store, &w->one, kid, w->now, NULL),
                     CLERK_OK);
    w->fake.body = set_of(support_stranger_key(), SUPPORT_KID, w->pool);
    assert_int_equal(clerk_key_store_find(&twos, w->store, &w->two, kid, w->now, NULL),
                     CLERK_OK);
    assert_int_equal(key_world_calls(w), 2);
    assert_string_equal(w->fake.bearer, "sk_test_two");
    assert_int_equal(EVP_PKEY_eq(ones.key->pkey, support_signing_key()), 1);
    assert_int_equal(EVP_PKEY_eq(twos.key->pkey, support_stranger_key()), 1);
    clerk_key_release(&ones);
    clerk_key_release(&twos);

    w->fake.body = set_of(support_stranger_key(), OTHER_KID, w->pool);
    w->now += SECONDS(10);
    assert_int_equal(clerk_key_store_find(&twos, w->store, &w->two,
                                          clerk_slice_of(OTHER_KID), w->now, NULL),
                     CLERK_OK);
    clerk_key_release(&twos);
    assert_int_equal(key_world_calls(w), 1);
    key_world_break(w, 404);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_FAILED_TO_LOAD);
}

static void shares_a_source_between_instances(void **state)
{
    key_world *w = key_world_make(*state);
    clerk_instance twin = w->one;
    clerk_key_ref ref;

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(clerk_key_store_find(&ref, w->store, &twin,
                                          clerk_slice_of(SUPPORT_KID), w->now, NULL),
                     CLERK_OK);
    clerk_key_release(&ref);
    assert_int_equal(key_world_calls(w), 1);
}

/* ---------------------------------------------------------------- clocks */

static void follows_a_clock_that_was_set_back(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now -= SECONDS(3600);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    clerk_key_store_refresh(w->store, w->now); /* due at once, and not in an hour */
    assert_int_equal(key_world_calls(w), 1);
    key_world_assert_due_once(w, w->now);
}

static void bounds_old_keys_after_the_clock_was_set_back(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    key_world_break(w, 404);
    w->now -= SECONDS(30 * 24 * 3600);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now += SECONDS(24 * 3600); /* and not for a month */
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_equal(key_world_calls(w), 2);
}

static void is_not_moved_by_a_slightly_older_now(void **state)
{
    key_world *w = key_world_make(*state);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    w->now -= SECONDS(2);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_world_calls(w), 1);
}

/* ---------------------------------------------------------------- lifetimes */

static void keeps_a_key_while_it_is_held(void **state)
{
    key_world *w = key_world_make(*state);
    apr_pool_t *process;
    clerk_key_ref ref;

    apr_pool_create(&process, w->pool);
    assert_int_equal(
        clerk_key_store_create(&w->store, &w->fake.http, NULL, &w->options, process),
        APR_SUCCESS);
    assert_int_equal(clerk_key_store_find(&ref, w->store, &w->one,
                                          clerk_slice_of(SUPPORT_KID), w->now, NULL),
                     CLERK_OK);
    w->fake.body = set_of(support_stranger_key(), OTHER_KID, w->pool);
    w->now += SECONDS(10);
    assert_int_equal(key_world_find(w, OTHER_KID), CLERK_OK);
    apr_pool_destroy(process);
    assert_string_equal(ref.key->kid, SUPPORT_KID);
    assert_int_equal(EVP_PKEY_eq(ref.key->pkey, support_signing_key()), 1);
    clerk_key_release(&ref);
}

/**
 * Under a sanitizer and on older systems there are no such statistics; there the leak
 * check has to serve.
 */
static apr_size_t heap_in_use(void)
{
#ifdef HAS_MALLINFO2
    struct mallinfo2 heap = mallinfo2();

    return heap.uordblks + heap.hblkhd;
#else
    return 0;
#endif
}

static void does_not_grow_with_rotations(void **state)
{
    key_world *w = key_world_make(*state);
    apr_size_t before = 0;
    int i;

    for (i = 0; i < 600; i++) {
        if (i == 100) {
            before = heap_in_use();
        }
        w->now += SECONDS(300);
        assert_int_equal(clerk_key_store_refresh(w->store, w->now), 0);
        if (i == 0) {
            assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
        }
    }
    assert_int_equal(key_world_calls(w), 600);
    assert_true(heap_in_use() < before + 100 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(takes_the_local_key_without_network),
        support_test(has_no_source),
        support_test(asks_nothing_for_a_token_without_kid),
        support_test(fetches_once_per_refresh_age),
        support_test(fetches_at_the_refresh_age_where_nothing_stale_may_serve),
        support_test(asks_nothing_while_a_key_may_serve),
        support_test(fetches_once_per_interval_for_unknown_kids),
        support_test(fetches_once_for_a_first_unknown_kid),
        support_test(replaces_the_set_whole),
        support_test(never_lends_one_instances_key_to_another),
        support_test(shares_a_source_between_instances),
        support_test(follows_a_clock_that_was_set_back),
        support_test(bounds_old_keys_after_the_clock_was_set_back),
        support_test(is_not_moved_by_a_slightly_older_now),
        support_test(keeps_a_key_while_it_is_held),
        support_test(does_not_grow_with_rotations),
    };

    return support_run("key_store", tests);
}
