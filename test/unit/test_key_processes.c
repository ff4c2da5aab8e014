/* SPDX-License-Identifier: Apache-2.0 - tests: several processes of one server, and how often they ask */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "key_store_fixture.h"
#include "service/key_shelf.h"

enum { PROCESSES = 4, PATIENCE_MS = 5000 };

#define KEEP SECONDS(3600)

/** A store each, over one board; most tests need no more of a process than that. */
typedef struct server {
    key_world *w;
    clerk_key_store *stores[PROCESSES];
} server;

static server make_server(apr_pool_t *pool)
{
    server made = { .w = key_world_make(pool) };
    key_world *w = made.w;
    int i;

    assert_int_equal(clerk_board_create(&w->options.board, KEEP, pool), APR_SUCCESS);
    assert_int_equal(clerk_key_shelf_create(&w->options.shelf, KEEP, pool), APR_SUCCESS);
    for (i = 0; i < PROCESSES; i++) {
        key_world_restart(w);
        made.stores[i] = w->store;
    }
    return made;
}

static clerk_status find(server *s, int process, const char *kid)
{
    s->w->store = s->stores[process];
    return key_world_find(s->w, kid);
}

static int refresh(server *s, int process)
{
    return clerk_key_store_refresh(s->stores[process], s->w->now);
}

static clerk_board_slot *slot_of(server *s)
{
    return clerk_board_find(s->w->options.board, s->w->one.key_id, s->w->now);
}

static const char *set_of(const char *kid, apr_pool_t *pool)
{
    return support_jwk_set(support_jwk(support_stranger_key(), kid, NULL, pool), pool);
}

/* ---------------------------------------------------------------- one for all */

static void one_process_fetches_for_all(void **state)
{
    server s = make_server(*state);
    int i;

    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(find(&s, i, SUPPORT_KID), CLERK_OK);
    }
    assert_int_equal(key_world_calls(s.w), 1);
    s.w->now += SECONDS(280);
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(refresh(&s, i), 0);
    }
    assert_int_equal(key_world_calls(s.w), 1);
}

/** As after a graceful restart: the new generation has the keys before its first request. */
static void a_new_process_has_the_keys_at_once(void **state)
{
    server s = make_server(*state);

    assert_int_equal(find(&s, 0, SUPPORT_KID), CLERK_OK);
    key_world_break(s.w, 500);
    key_world_calls(s.w);
    s.w->now += SECONDS(20000); /* the source is down for long */
    key_world_restart(s.w);
    clerk_key_store_add(s.w->store, &s.w->one, s.w->now);
    assert_int_equal(key_world_find(s.w, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(s.w), 0);
}

/* W08 */
static void all_unknown_kids_cost_one_fetch_an_interval(void **state)
{
    server s = make_server(*state);
    int round;
    int i;

    assert_int_equal(find(&s, 0, SUPPORT_KID), CLERK_OK);
    key_world_calls(s.w);
    for (round = 0; round < 3; round++) {
        s.w->now += SECONDS(10);
        for (i = 0; i < 40; i++) {
            const char *kid = apr_psprintf(s.w->pool, "ins_%d_%d", round, i);

            assert_int_equal(find(&s, i % PROCESSES, kid), CLERK_E_JWK_KID_MISMATCH);
        }
        assert_int_equal(key_world_calls(s.w), 1);
        s.w->now += SECONDS(9) + 999999;
        for (i = 0; i < PROCESSES; i++) {
            assert_int_equal(find(&s, i, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
        }
        assert_int_equal(key_world_calls(s.w), 0);
    }
}

static void a_rotation_reaches_all(void **state)
{
    server s = make_server(*state);
    int i;

    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(find(&s, i, SUPPORT_KID), CLERK_OK);
    }
    s.w->now += SECONDS(10);
    s.w->fake.body = set_of("ins_new", s.w->pool);
    assert_int_equal(find(&s, 0, "ins_new"), CLERK_OK);
    assert_int_equal(find(&s, 1, "ins_new"), CLERK_OK);
    /* The old key goes from the others with what they do in the background. */
    assert_int_equal(find(&s, 0, SUPPORT_KID), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(find(&s, 2, SUPPORT_KID), CLERK_OK);
    assert_int_equal(refresh(&s, 2), 0);
    assert_int_equal(find(&s, 2, SUPPORT_KID), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(find(&s, 2, "ins_new"), CLERK_OK);
    assert_int_equal(key_world_calls(s.w), 2);
}

/* ---------------------------------------------------------------- failures */

static void a_failure_is_all_processes_failure(void **state)
{
    static const struct {
        int http_status;
        const char *body;
        clerk_status want;
    } cases[] = {
        { 404, "{}", CLERK_E_JWK_FAILED_TO_LOAD },
        { 401, "{\"errors\":[{\"code\":\"clerk_key_invalid\"}]}",
          CLERK_E_SECRET_KEY_INVALID },
    };
    apr_size_t n;
    int i;

    for (n = 0; n < support_count(cases); n++) {
        server s = make_server(*state);

        s.w->fake.status = cases[n].http_status;
        s.w->fake.body = cases[n].body;
        for (i = 0; i < PROCESSES; i++) {
            assert_int_equal(find(&s, i, SUPPORT_KID), cases[n].want);
        }
        assert_int_equal(key_world_calls(s.w), 1);

        /* Nor does it stick to those who only heard of it. */
        s.w->now += SECONDS(10);
        key_world_mend(s.w, s.w->own_set);
        for (i = PROCESSES - 1; i >= 0; i--) {
            assert_int_equal(find(&s, i, SUPPORT_KID), CLERK_OK);
            assert_int_equal(find(&s, i, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
        }
        assert_int_equal(key_world_calls(s.w), 1);
    }
}

static void retry_after_holds_for_all(void **state)
{
    server s = make_server(*state);
    int i;

    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(find(&s, i, SUPPORT_KID), CLERK_OK);
    }
    key_world_break(s.w, 429);
    s.w->fake.retry_after = SECONDS(30);
    s.w->now += SECONDS(280);
    assert_int_equal(refresh(&s, 1), 1);
    key_world_calls(s.w);
    s.w->now += SECONDS(29);
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(refresh(&s, i), 0);
        assert_int_equal(find(&s, i, SUPPORT_KID), CLERK_OK);
        assert_int_equal(find(&s, i, "ins_unknown"), CLERK_E_JWK_FAILED_TO_LOAD);
    }
    assert_int_equal(key_world_calls(s.w), 0);
    s.w->now += SECONDS(3);
    key_world_mend(s.w, s.w->own_set);
    assert_int_equal(refresh(&s, 3), 0);
    assert_int_equal(key_world_calls(s.w), 1);
}

/* ---------------------------------------------------------------- waiting for others */

typedef struct asker {
    server *s;
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

static void ask_in_all(server *s, asker askers[2 * PROCESSES])
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
    server s = make_server(*state);
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
    server s = make_server(*state);
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
    server s = make_server(*state);
    apr_time_t start;

    s.w->options.wait = 300 * 1000;
    key_world_restart(s.w);
    s.stores[0] = s.w->store;
    assert_int_not_equal(
        clerk_board_lease(slot_of(&s), s.w->options.wait + SECONDS(1), s.w->now), 0);
    start = apr_time_now();
    assert_int_equal(find(&s, 0, SUPPORT_KID), CLERK_E_JWK_FAILED_TO_LOAD);
    assert_true(apr_time_now() - start >= 290 * 1000);
    assert_int_equal(refresh(&s, 0), 0); /* the background does not wait at all */
    assert_int_equal(key_world_calls(s.w), 0);
    s.w->now += s.w->options.wait + SECONDS(1);
    assert_int_equal(find(&s, 0, SUPPORT_KID), CLERK_OK);
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
    server s = make_server(*state);
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
    assert_int_equal(find(&s, 1, SUPPORT_KID), CLERK_OK);
    stamp = clerk_board_stamp(slot_of(&s));
    assert_int_equal(stamp, s.w->now);
    atomic_store(&closed.open, 1);
    pthread_join(slow.thread, NULL);
    assert_int_equal(slow.status, CLERK_OK);
    assert_int_equal(clerk_board_stamp(slot_of(&s)), stamp);
    assert_int_equal(find(&s, 2, SUPPORT_KID), CLERK_OK);
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
    server s = make_server(*state);

    s.w->fake.result = APR_EGENERAL;
    s.w->fake.before = close_store;
    s.w->fake.baton = s.stores[0];
    clerk_key_store_add(s.stores[0], &s.w->one, s.w->now);
    assert_int_equal(refresh(&s, 0), 1);
    key_world_calls(s.w);
    s.w->fake.result = APR_SUCCESS;
    s.w->fake.before = NULL;
    assert_int_equal(clerk_board_outcome(slot_of(&s)), 0);
    assert_int_equal(find(&s, 1, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(s.w), 1);
}

/* ---------------------------------------------------------------- what cannot be shared */

/** Each for itself then, and each by the interval. */
static void a_set_that_fits_nowhere_is_fetched_by_each(void **state)
{
    server s = make_server(*state);
    apr_pool_t *pool = s.w->pool;
    char *padding = apr_palloc(pool, CLERK_KEY_SHELF_MAX_BYTES + 1);
    int i;

    memset(padding, ' ', CLERK_KEY_SHELF_MAX_BYTES);
    padding[CLERK_KEY_SHELF_MAX_BYTES] = '\0';
    s.w->fake.body = apr_pstrcat(pool, s.w->own_set, padding, NULL);
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(find(&s, i, SUPPORT_KID), CLERK_OK);
        assert_int_equal(key_world_calls(s.w), 1);
    }
    for (i = 0; i < 8 * PROCESSES; i++) {
        assert_int_equal(find(&s, i % PROCESSES, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
    }
    assert_int_equal(key_world_calls(s.w), 0);
}

/** Nothing there is believed unread: it is what a broken process may have written. */
static void nonsense_on_the_shelf_is_passed_over(void **state)
{
    server s = make_server(*state);

    assert_true(clerk_key_shelf_put(s.w->options.shelf, s.w->one.key_id,
                                    clerk_slice_of("{\"keys\":[]}"), s.w->now, s.w->now));
    clerk_board_report(slot_of(&s), s.w->now, 12345);
    assert_int_equal(find(&s, 0, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_world_calls(s.w), 1);

    clerk_board_report(slot_of(&s), APR_INT64_MAX, 0);
    s.w->now += SECONDS(20);
    assert_int_equal(find(&s, 1, SUPPORT_KID), CLERK_OK);
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
    server s = make_server(*state);
    int i;

    memset(told, 0, sizeof(told));
    s.w->options.tell = note_event;
    for (i = 0; i < PROCESSES; i++) {
        key_world_restart(s.w);
        s.stores[i] = s.w->store;
        assert_int_equal(find(&s, i, SUPPORT_KID), CLERK_OK);
    }
    assert_told(1, 0, 0);

    key_world_break(s.w, 404);
    s.w->now += SECONDS(280);
    for (i = 0; i < 27; i++) {
        refresh(&s, i % PROCESSES);
        s.w->now += SECONDS(11);
    }
    assert_told(0, 0, 1);
    for (i = 0; i < 27; i++) { /* and again when the refresh age has passed */
        refresh(&s, i % PROCESSES);
        s.w->now += SECONDS(11);
    }
    assert_told(0, 0, 1);

    key_world_mend(s.w, s.w->own_set);
    for (i = 0; i < PROCESSES; i++) {
        refresh(&s, i);
    }
    assert_told(0, 1, 0);
}

/* ---------------------------------------------------------------- processes that are some */

static atomic_int *shared_calls;

static void count_for_all(fake_http *fake, const clerk_http_request *request)
{
    (void)fake;
    (void)request;
    atomic_fetch_add(shared_calls, 1);
    apr_sleep(50 * 1000);
}

static void work(server *s, int number)
{
    clerk_key_ref ref;
    clerk_status status;
    int i;

    for (i = 0; i < 200; i++) {
        const char *kid =
            i % 2 ? SUPPORT_KID : apr_psprintf(s->w->pool, "ins_%d_%d", number, i);

        status = clerk_key_store_find(&ref, s->stores[number], &s->w->one,
                                      clerk_slice_of(kid), s->w->now, NULL);
        if (status != (i % 2 ? CLERK_OK : CLERK_E_JWK_KID_MISMATCH)) {
            _exit(1);
        }
    }
    _exit(0);
}

static void one_fetch_serves_real_processes(void **state)
{
    server s = make_server(*state);
    pid_t children[PROCESSES];
    int status;
    int i;

    shared_calls = mmap(NULL, sizeof(*shared_calls), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared_calls != MAP_FAILED);
    s.w->fake.before = count_for_all;
    for (i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            work(&s, i);
        }
    }
    for (i = 0; i < PROCESSES; i++) {
        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(atomic_load(shared_calls), 1);
    munmap(shared_calls, sizeof(*shared_calls));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(one_process_fetches_for_all),
        support_test(a_new_process_has_the_keys_at_once),
        support_test(all_unknown_kids_cost_one_fetch_an_interval),
        support_test(a_rotation_reaches_all),
        support_test(a_failure_is_all_processes_failure),
        support_test(retry_after_holds_for_all),
        support_test(all_wait_for_one_fetch),
        support_test(all_hear_of_one_failure),
        support_test(a_dead_process_is_not_waited_for),
        support_test(a_late_result_does_not_undo_a_newer),
        support_test(a_process_that_ends_leaves_nothing_behind),
        support_test(a_set_that_fits_nowhere_is_fetched_by_each),
        support_test(nonsense_on_the_shelf_is_passed_over),
        support_test(tells_once_for_all),
        support_test(one_fetch_serves_real_processes),
    };

    return support_run("key_processes", tests);
}
