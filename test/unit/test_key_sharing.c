/* SPDX-License-Identifier: Apache-2.0 - tests: what processes of one server learn from each other, and what they cannot */
#include <pthread.h>

#include "key_store_fixture.h"
#include "service/key_shelf.h"

enum { PATIENCE_MS = 5000 };

/* ---------------------------------------------------------------- waiting for others */

typedef struct asker {
    key_server *s;
    int process;
    clerk_status status;
    apr_interval_time_t spent;
    pthread_t thread;
} asker;

static void *ask(void *baton)
{
    asker *self = baton;
    apr_time_t start = apr_time_now();
    clerk_key_ref ref;

    self->status = clerk_key_store_find(&ref, self->s->stores[self->process],
                                        &self->s->w->one, clerk_slice_of(SUPPORT_KID),
                                        self->s->w->now, NULL);
    if (self->status == CLERK_OK) {
        clerk_key_release(&ref);
    }
    self->spent = apr_time_now() - start;
    return NULL;
}

static void answer_slowly(fake_http *fake, const clerk_http_request *request)
{
    (void)fake;
    (void)request;
    apr_sleep(200 * 1000);
}

static void ask_in_all(key_server *s, asker askers[2 * PROCESSES])
{
    int i;

    for (i = 0; i < 2 * PROCESSES; i++) {
        askers[i] = (asker){ .s = s, .process = i % PROCESSES };
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (i = 0; i < 2 * PROCESSES; i++) {
        pthread_join(askers[i].thread, NULL);
    }
}

static void all_wait_for_one_fetch(void **state)
{
    key_server s = key_server_make(*state);
    asker askers[2 * PROCESSES];
    int i;

    s.w->fake.before = answer_slowly;
    ask_in_all(&s, askers);
    for (i = 0; i < 2 * PROCESSES; i++) {
        assert_int_equal(askers[i].status, CLERK_OK);
        assert_true(askers[i].spent < s.w->options.wait);
    }
    assert_int_equal(key_world_calls(s.w), 1);
}

static void all_hear_of_one_failure(void **state)
{
    key_server s = key_server_make(*state);
    asker askers[2 * PROCESSES];
    int i;

    s.w->fake.before = answer_slowly;
    key_world_break(s.w, 404);
    ask_in_all(&s, askers);
    for (i = 0; i < 2 * PROCESSES; i++) {
        assert_int_equal(askers[i].status, CLERK_E_JWK_FAILED_TO_LOAD);
        assert_true(askers[i].spent < s.w->options.wait);
    }
    assert_int_equal(key_world_calls(s.w), 1);
}

/** Who died in mid-fetch holds the others up for a while, and not for ever. */
static void a_dead_process_is_not_waited_for(void **state)
{
    key_server s = key_server_make(*state);
    apr_time_t start;

    s.w->options.wait = 300 * 1000;
    key_world_restart(s.w);
    s.stores[0] = s.w->store;
    assert_int_not_equal(
        clerk_board_lease(key_server_slot(&s), s.w->options.wait + SECONDS(1), s.w->now), 0);
    start = apr_time_now();
    assert_int_equal(key_server_find(&s, 0, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_true(apr_time_now() - start >= 290 * 1000);
    assert_int_equal(key_server_refresh(&s, 0), 0); /* the background does not wait at all */
    assert_int_equal(key_world_calls(s.w), 0);
    s.w->now += s.w->options.wait + SECONDS(1);
    assert_int_equal(key_server_find(&s, 0, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(s.w), 1);
}

/** Two hang behind each other: the first is so slow that its lease runs out. */
typedef struct gate {
    atomic_int entered;
    atomic_int open;
} gate;

static void stand_before_gate(fake_http *fake, const clerk_http_request *request)
{
    gate *self = fake->baton;
    int left = PATIENCE_MS;

    (void)request;
    if (atomic_exchange(&self->entered, 1)) {
        return;
    }
    while (!atomic_load(&self->open) && left-- > 0) {
        apr_sleep(1000);
    }
}

static void a_late_result_does_not_undo_a_newer(void **state)
{
    key_server s = key_server_make(*state);
    asker slow = { .s = &s };
    gate closed = { 0 };
    apr_time_t stamp;

    s.w->fake.baton = &closed;
    s.w->fake.before = stand_before_gate;
    assert_int_equal(pthread_create(&slow.thread, NULL, ask, &slow), 0);
    while (!atomic_load(&closed.entered)) {
        apr_sleep(1000);
    }
    s.w->now += SECONDS(11);
    assert_int_equal(key_server_find(&s, 1, SUPPORT_KID), CLERK_OK);
    stamp = clerk_board_stamp(key_server_slot(&s));
    assert_int_equal(stamp, s.w->now);
    atomic_store(&closed.open, 1);
    pthread_join(slow.thread, NULL);
    assert_int_equal(slow.status, CLERK_OK);
    assert_int_equal(clerk_board_stamp(key_server_slot(&s)), stamp);
    assert_int_equal(key_server_find(&s, 2, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(s.w), 2);
}

static void close_store(fake_http *fake, const clerk_http_request *request)
{
    (void)request;
    clerk_key_store_close(fake->baton);
}

/** Its fetch is broken off: no failure, and nobody has to wait for the interval. */
static void a_process_that_ends_leaves_nothing_behind(void **state)
{
    key_server s = key_server_make(*state);

    s.w->fake.result = APR_EGENERAL;
    s.w->fake.before = close_store;
    s.w->fake.baton = s.stores[0];
    clerk_key_store_add(s.stores[0], &s.w->one, s.w->now);
    assert_int_equal(key_server_refresh(&s, 0), 1);
    key_world_calls(s.w);
    s.w->fake.result = APR_SUCCESS;
    s.w->fake.before = NULL;
    assert_int_equal(clerk_board_outcome(key_server_slot(&s)), 0);
    assert_int_equal(key_server_find(&s, 1, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(s.w), 1);
}

/* ---------------------------------------------------------------- what cannot be shared */

/** Each for itself then, and each by the interval. */
static void a_set_that_fits_nowhere_is_fetched_by_each(void **state)
{
    key_server s = key_server_make(*state);
    apr_pool_t *pool = s.w->pool;
    char *padding = apr_palloc(pool, CLERK_KEY_SHELF_MAX_BYTES + 1);
    int i;

    memset(padding, ' ', CLERK_KEY_SHELF_MAX_BYTES);
    padding[CLERK_KEY_SHELF_MAX_BYTES] = '\0';
    s.w->fake.body = apr_pstrcat(pool, s.w->own_set, padding, NULL);
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(key_server_find(&s, i, SUPPORT_KID), CLERK_OK);
        assert_int_equal(key_world_calls(s.w), 1);
    }
    for (i = 0; i < 8 * PROCESSES; i++) {
        assert_int_equal(key_server_find(&s, i % PROCESSES, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
    }
    assert_int_equal(key_world_calls(s.w), 0);
}

/** Nothing there is believed unread: it is what a broken process may have written. */
static void nonsense_on_the_shelf_is_passed_over(void **state)
{
    key_server s = key_server_make(*state);

    assert_true(clerk_key_shelf_put(s.w->options.shelf, s.w->one.key_id,
                                    clerk_slice_of("{\"keys\":[]}"), s.w->now, s.w->now));
    clerk_board_report(key_server_slot(&s), s.w->now, 12345);
    assert_int_equal(key_server_find(&s, 0, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(s.w), 1);

    clerk_board_report(key_server_slot(&s), APR_INT64_MAX, 0);
    s.w->now += SECONDS(20);
    assert_int_equal(key_server_find(&s, 1, SUPPORT_KID), CLERK_OK);
}

/* ---------------------------------------------------------------- events */

static int told[3];

static void note_event(void *baton, clerk_key_event event, const clerk_key_report *report)
{
    (void)baton;
    assert_non_null(report->instance->key_url);
    assert_int_equal(report->failure.status == CLERK_OK, event != CLERK_KEYS_FAILING);
    told[event]++;
}

static void assert_told(int fetched, int recovered, int failing)
{
    assert_int_equal(told[CLERK_KEYS_FETCHED], fetched);
    assert_int_equal(told[CLERK_KEYS_RECOVERED], recovered);
    assert_int_equal(told[CLERK_KEYS_FAILING], failing);
    memset(told, 0, sizeof(told));
}

static void tells_once_for_all(void **state)
{
    key_server s = key_server_make(*state);
    int i;

    memset(told, 0, sizeof(told));
    s.w->options.tell = note_event;
    for (i = 0; i < PROCESSES; i++) {
        key_world_restart(s.w);
        s.stores[i] = s.w->store;
        assert_int_equal(key_server_find(&s, i, SUPPORT_KID), CLERK_OK);
    }
    assert_told(1, 0, 0);

    key_world_break(s.w, 404);
    s.w->now += SECONDS(280);
    for (i = 0; i < 27; i++) {
        key_server_refresh(&s, i % PROCESSES);
        s.w->now += SECONDS(11);
    }
    assert_told(0, 0, 1);
    for (i = 0; i < 27; i++) { /* and again when the refresh age has passed */
        key_server_refresh(&s, i % PROCESSES);
        s.w->now += SECONDS(11);
    }
    assert_told(0, 0, 1);

    key_world_mend(s.w, s.w->own_set);
    for (i = 0; i < PROCESSES; i++) {
        key_server_refresh(&s, i);
    }
    assert_told(0, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(all_wait_for_one_fetch),
        support_test(all_hear_of_one_failure),
        support_test(a_dead_process_is_not_waited_for),
        support_test(a_late_result_does_not_undo_a_newer),
        support_test(a_process_that_ends_leaves_nothing_behind),
        support_test(a_set_that_fits_nowhere_is_fetched_by_each),
        support_test(nonsense_on_the_shelf_is_passed_over),
        support_test(tells_once_for_all),
    };

    return support_run("key_sharing", tests);
}
