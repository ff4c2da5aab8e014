/* SPDX-License-Identifier: Apache-2.0 - tests: what a background thread does for a key store, and what is reported */
#include "key_store_fixture.h"

static void refreshes_in_the_background(void **state)
{
    key_world *w = key_world_make(*state);
    apr_time_t start = w->now;

    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 0); /* nothing is known */
    assert_int_equal(key_world_calls(w), 0);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
    key_world_assert_due_once(w, start);
    w->now = start + SECONDS(299);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 0);
}

static void fetches_before_it_is_asked(void **state)
{
    key_world *w = key_world_make(*state);
    const clerk_key *local;
    clerk_instance other = w->one;

    clerk_key_store_add(w->store, &w->one, w->now);
    clerk_key_store_add(w->store, &w->one, w->now);
    clerk_key_store_add(w->store, &w->two, w->now);
    assert_int_equal(key_world_calls(w), 0);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 0);
    assert_int_equal(key_world_calls(w), 2);
    key_world_break(w, 500);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 0);

    /* What needs no network gets none. */
    memset(other.key_id, 9, sizeof(other.key_id));
    assert_int_equal(clerk_key_from_pem(
                         &local,
                         clerk_slice_of(support_pem(support_signing_key(), w->pool)),
                         w->pool, NULL),
                     CLERK_OK);
    other.jwt_key = local;
    clerk_key_store_add(w->store, &other, w->now);
    other.jwt_key = NULL;
    other.key_url = NULL;
    clerk_key_store_add(w->store, &other, w->now);
    clerk_key_store_refresh(w->store, w->now);
    assert_int_equal(key_world_calls(w), 0);
}

/** Each set is due at another share of its age, and each server at another one still. */
static void spreads_refreshes(void **state)
{
    key_world *w = key_world_make(*state);
    apr_interval_time_t first = 0;
    int differs = 0;
    apr_uint32_t jitter;

    for (jitter = 0; jitter < 8; jitter++) {
        apr_interval_time_t age = SECONDS(150);

        w->options.jitter = jitter * 0x01020304;
        key_world_restart(w);
        assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
        key_world_calls(w);
        while (clerk_key_store_refresh(w->store, w->now + age) == 0
               && key_world_calls(w) == 0)
        {
            age += SECONDS(1);
        }
        assert_in_range(age, SECONDS(150), SECONDS(270));
        first = jitter == 0 ? age : first;
        differs += age != first;
    }
    assert_in_range(differs, 4, 7);
}

static void counts_failed_refreshes(void **state)
{
    key_world *w = key_world_make(*state);
    clerk_key_ref ref;
    int i;

    key_world_break(w, 404);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_int_not_equal(clerk_key_store_find(&ref, w->store, &w->two,
                                              clerk_slice_of(SUPPORT_KID), w->now,
                                              NULL),
                         CLERK_OK);
    key_world_calls(w);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now + SECONDS(9)), 0);
    assert_int_equal(key_world_calls(w), 0);
    for (i = 1; i < 4; i++) {
        assert_int_equal(clerk_key_store_refresh(w->store, w->now + i * SECONDS(10)),
                         2);
        assert_int_equal(key_world_calls(w), 2);
    }
    w->now += SECONDS(40);
    key_world_mend(w, w->own_set);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 0);
    assert_int_equal(key_world_calls(w), 2);
    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(w), 0);
}

/* ---------------------------------------------------------------- reports */

static clerk_key_report reported;
static int reports;

static void note_report(void *baton, const clerk_key_report *report)
{
    (void)baton;
    reported = *report;
    reports++;
}

static void reports_the_age_of_keys(void **state)
{
    key_world *w = key_world_make(*state);

    reports = 0;
    clerk_key_store_report(w->store, w->now, note_report, NULL);
    assert_int_equal(reports, 0);
    clerk_key_store_add(w->store, &w->one, w->now);
    clerk_key_store_report(w->store, w->now, note_report, NULL);
    assert_int_equal(reports, 1);
    assert_ptr_equal(reported.instance, &w->one);
    assert_int_equal(reported.keys, 0);
    assert_false(reported.is_usable);

    assert_int_equal(key_world_find(w, SUPPORT_KID), CLERK_OK);
    key_world_break(w, 404);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now + SECONDS(280)), 1);
    clerk_key_store_report(w->store, w->now + SECONDS(400), note_report, NULL);
    assert_int_equal(reported.keys, 1);
    assert_true(reported.is_usable);
    assert_int_equal(reported.fetched_at, w->now);
    assert_int_equal(reported.age, SECONDS(400));
    assert_int_equal(reported.failure.status, CLERK_E_JWK_FAILED_TO_LOAD);
    assert_in_range(reported.failed_at - w->now, SECONDS(280), SECONDS(290));

    clerk_key_store_report(w->store, w->now + SECONDS(24 * 3600), note_report, NULL);
    assert_false(reported.is_usable);
    key_world_mend(w, w->own_set);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now + SECONDS(600)), 0);
    clerk_key_store_report(w->store, w->now + SECONDS(601), note_report, NULL);
    assert_int_equal(reported.age, SECONDS(1));
    assert_int_equal(reported.failure.status, CLERK_OK);
    assert_int_equal(reports, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(refreshes_in_the_background),
        support_test(fetches_before_it_is_asked),
        support_test(spreads_refreshes),
        support_test(counts_failed_refreshes),
        support_test(reports_the_age_of_keys),
    };

    return support_run("key_refresh", tests);
}
