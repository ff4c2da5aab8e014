/* SPDX-License-Identifier: Apache-2.0 - tests: several processes of one server, and how often they ask */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "key_store_fixture.h"

static const char *set_of(const char *kid, apr_pool_t *pool)
{
    return support_jwk_set(support_jwk(support_stranger_key(), kid, NULL, pool), pool);
}

/* ---------------------------------------------------------------- one for all */

static void one_process_fetches_for_all(void **state)
{
    key_server s = key_server_make(*state);
    int i;

    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(key_server_find(&s, i, SUPPORT_KID), CLERK_OK);
    }
    assert_int_equal(key_world_calls(s.w), 1);
    s.w->now += SECONDS(280);
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(key_server_refresh(&s, i), 0);
    }
    assert_int_equal(key_world_calls(s.w), 1);
}

/** As after a graceful restart: the new generation has the keys before its first request. */
static void a_new_process_has_the_keys_at_once(void **state)
{
    key_server s = key_server_make(*state);

    assert_int_equal(key_server_find(&s, 0, SUPPORT_KID), CLERK_OK);
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
    key_server s = key_server_make(*state);
    int round;
    int i;

    assert_int_equal(key_server_find(&s, 0, SUPPORT_KID), CLERK_OK);
    key_world_calls(s.w);
    for (round = 0; round < 3; round++) {
        s.w->now += SECONDS(10);
        for (i = 0; i < 40; i++) {
            const char *kid = apr_psprintf(s.w->pool, "ins_%d_%d", round, i);

            assert_int_equal(key_server_find(&s, i % PROCESSES, kid), CLERK_E_JWK_KID_MISMATCH);
        }
        assert_int_equal(key_world_calls(s.w), 1);
        s.w->now += SECONDS(9) + 999999;
        for (i = 0; i < PROCESSES; i++) {
            assert_int_equal(key_server_find(&s, i, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
        }
        assert_int_equal(key_world_calls(s.w), 0);
    }
}

static void a_rotation_reaches_all(void **state)
{
    key_server s = key_server_make(*state);
    int i;

    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(key_server_find(&s, i, SUPPORT_KID), CLERK_OK);
    }
    s.w->now += SECONDS(10);
    s.w->fake.body = set_of("ins_new", s.w->pool);
    assert_int_equal(key_server_find(&s, 0, "ins_new"), CLERK_OK);
    assert_int_equal(key_server_find(&s, 1, "ins_new"), CLERK_OK);
    /* The old key goes from the others with what they do in the background. */
    assert_int_equal(key_server_find(&s, 0, SUPPORT_KID), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_server_find(&s, 2, SUPPORT_KID), CLERK_OK);
    assert_int_equal(key_server_refresh(&s, 2), 0);
    assert_int_equal(key_server_find(&s, 2, SUPPORT_KID), CLERK_E_JWK_KID_MISMATCH);
    assert_int_equal(key_server_find(&s, 2, "ins_new"), CLERK_OK);
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
        key_server s = key_server_make(*state);

        s.w->fake.status = cases[n].http_status;
        s.w->fake.body = cases[n].body;
        for (i = 0; i < PROCESSES; i++) {
            assert_int_equal(key_server_find(&s, i, SUPPORT_KID), cases[n].want);
        }
        assert_int_equal(key_world_calls(s.w), 1);

        /* Nor does it stick to those who only heard of it. */
        s.w->now += SECONDS(10);
        key_world_mend(s.w, s.w->own_set);
        for (i = PROCESSES - 1; i >= 0; i--) {
            assert_int_equal(key_server_find(&s, i, SUPPORT_KID), CLERK_OK);
            assert_int_equal(key_server_find(&s, i, "ins_unknown"), CLERK_E_JWK_KID_MISMATCH);
        }
        assert_int_equal(key_world_calls(s.w), 1);
    }
}

static void retry_after_holds_for_all(void **state)
{
    key_server s = key_server_make(*state);
    int i;

    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(key_server_find(&s, i, SUPPORT_KID), CLERK_OK);
    }
    key_world_break(s.w, 429);
    s.w->fake.retry_after = SECONDS(30);
    s.w->now += SECONDS(280);
    assert_int_equal(key_server_refresh(&s, 1), 1);
    key_world_calls(s.w);
    s.w->now += SECONDS(29);
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(key_server_refresh(&s, i), 0);
        assert_int_equal(key_server_find(&s, i, SUPPORT_KID), CLERK_OK);
        assert_int_equal(key_server_find(&s, i, "ins_unknown"), CLERK_E_JWK_FAILED_TO_LOAD);
    }
    assert_int_equal(key_world_calls(s.w), 0);
    s.w->now += SECONDS(3);
    key_world_mend(s.w, s.w->own_set);
    assert_int_equal(key_server_refresh(&s, 3), 0);
    assert_int_equal(key_world_calls(s.w), 1);
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

/** Each has read the clock a moment before the one that came first. */
static void work(key_server *s, int number)
{
    apr_time_t now = s->w->now - 1000 * number;
    clerk_key_ref ref;
    clerk_status status;
    int i;

    for (i = 0; i < 200; i++) {
        const char *kid =
            i % 2 ? SUPPORT_KID : apr_psprintf(s->w->pool, "ins_%d_%d", number, i);

        status = clerk_key_store_find(&ref, s->stores[number], &s->w->one,
                                      clerk_slice_of(kid), now, NULL);
        if (status != (i % 2 ? CLERK_OK : CLERK_E_JWK_KID_MISMATCH)) {
            _exit(1);
        }
    }
    _exit(0);
}

static void one_fetch_serves_real_processes(void **state)
{
    key_server s = key_server_make(*state);
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
        support_test(one_fetch_serves_real_processes),
    };

    return support_run("key_processes", tests);
}
