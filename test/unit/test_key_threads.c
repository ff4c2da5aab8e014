/* SPDX-License-Identifier: Apache-2.0 - tests: many threads and one key store */
#include <pthread.h>

#include "core/jws.h"
#include "key_store_fixture.h"

enum { THREADS = 8, PATIENCE_MS = 5000 };

/** What one thread asks and gets. */
typedef struct asker {
    key_world *w;
    const char *kid;
    apr_time_t now;
    clerk_status status;
    apr_interval_time_t spent;
    pthread_t thread;
} asker;

static clerk_status find(key_world *w, const clerk_instance *instance, const char *kid,
                         apr_time_t now)
{
    clerk_key_ref ref;
    clerk_status status =
        clerk_key_store_find(&ref, w->store, instance, clerk_slice_of(kid), now, NULL);

    if (status == CLERK_OK) {
        clerk_key_release(&ref);
    }
    return status;
}

static void *ask(void *baton)
{
    asker *self = baton;
    apr_time_t start = apr_time_now();

    self->status = find(self->w, &self->w->one, self->kid, self->now);
    self->spent = apr_time_now() - start;
    return NULL;
}

static void *refresh(void *baton)
{
    asker *self = baton;

    self->status = clerk_key_store_refresh(self->w->store, self->now) == 0
                       ? CLERK_OK
                       : CLERK_E_JWK_FAILED_TO_LOAD;
    return NULL;
}

static void start_with(asker *self, key_world *w, const char *kid, void *(*work)(void *))
{
    *self = (asker){ .w = w, .kid = kid, .now = w->now };
    assert_int_equal(pthread_create(&self->thread, NULL, work, self), 0);
}

static void start(asker *self, key_world *w, const char *kid)
{
    start_with(self, w, kid, ask);
}

static void join(asker *self)
{
    assert_int_equal(pthread_join(self->thread, NULL), 0);
}

/* ---------------------------------------------------------------- one fetch for all */

static void answer_slowly(fake_http *fake, const clerk_http_request *request)
{
    (void)fake;
    (void)request;
    apr_sleep(150 * 1000);
}

static void one_fetch_serves_all(void **state)
{
    key_world *w = key_world_make(*state);
    asker askers[THREADS];
    int i;

    w->fake.before = answer_slowly;
    for (i = 0; i < THREADS; i++) {
        start(&askers[i], w, SUPPORT_KID);
    }
    for (i = 0; i < THREADS; i++) {
        join(&askers[i]);
        assert_int_equal(askers[i].status, CLERK_OK);
        assert_true(askers[i].spent < w->options.wait); /* told, not timed out */
    }
    assert_int_equal(key_world_calls(w), 1);
}

static void one_failure_serves_all(void **state)
{
    key_world *w = key_world_make(*state);
    asker askers[THREADS];
    int i;

    w->fake.before = answer_slowly;
    key_world_break(w, 404);
    for (i = 0; i < THREADS; i++) {
        start(&askers[i], w, SUPPORT_KID);
    }
    for (i = 0; i < THREADS; i++) {
        join(&askers[i]);
        assert_int_equal(askers[i].status, CLERK_E_JWK_FAILED_TO_LOAD);
    }
    assert_int_equal(key_world_calls(w), 1);
}

/* ---------------------------------------------------------------- a source that hangs */

/** The first request hangs until `open` is set. */
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

static void await(atomic_int *flag)
{
    int left = PATIENCE_MS;

    while (!atomic_load(flag) && left-- > 0) {
        apr_sleep(1000);
    }
    assert_true(atomic_load(flag));
}

static void hang(key_world *w, gate *closed)
{
    memset(closed, 0, sizeof(*closed));
    w->fake.baton = closed;
    w->fake.before = stand_before_gate;
}

static void waits_no_longer_than_it_may(void **state)
{
    key_world *w = key_world_make(*state);
    asker fetcher;
    asker waiter;
    gate closed;

    w->options.wait = 100 * 1000;
    key_world_restart(w);
    hang(w, &closed);
    start(&fetcher, w, SUPPORT_KID);
    await(&closed.entered);
    start(&waiter, w, SUPPORT_KID);
    join(&waiter);
    assert_int_equal(waiter.status, CLERK_E_JWK_FAILED_TO_LOAD);
    assert_true(waiter.spent >= 90 * 1000 && waiter.spent < PATIENCE_MS * 500);

    atomic_store(&closed.open, 1);
    join(&fetcher);
    assert_int_equal(fetcher.status, CLERK_OK);
    assert_int_equal(find(w, &w->one, SUPPORT_KID, w->now), CLERK_OK);
    assert_int_equal(key_world_calls(w), 1);
}

/** A known key waits for nothing, an unknown one in the first second of the fetch. */
static void old_keys_serve_while_the_source_hangs(void **state)
{
    key_world *w = key_world_make(*state);
    asker refresher;
    asker askers[3];
    gate closed;
    int i;

    assert_int_equal(find(w, &w->one, SUPPORT_KID, w->now), CLERK_OK);
    hang(w, &closed);
    w->now += SECONDS(300);
    start_with(&refresher, w, NULL, refresh);
    await(&closed.entered);
    start(&askers[0], w, SUPPORT_KID);
    start(&askers[1], w, "ins_unknown");
    for (i = 0; i < 2; i++) {
        join(&askers[i]);
    }
    assert_int_equal(askers[0].status, CLERK_OK);
    assert_int_equal(askers[1].status, CLERK_E_JWK_FAILED_TO_LOAD);
    assert_true(askers[1].spent < w->options.wait);
    start(&askers[2], w, "ins_unknown"); /* too late to wait at all */
    join(&askers[2]);
    assert_int_equal(askers[2].status, CLERK_E_JWK_FAILED_TO_LOAD);
    assert_true(askers[2].spent < askers[1].spent / 2);
    assert_int_equal(atomic_load(&closed.open), 0);
    atomic_store(&closed.open, 1);
    join(&refresher);
    assert_int_equal(refresher.status, CLERK_OK);
    assert_int_equal(key_world_calls(w), 2);
}

/** Many tokens of a new key at once: one asks, the others get to know it too. */
static void tokens_of_a_new_key_wait_for_one_fetch(void **state)
{
    key_world *w = key_world_make(*state);
    asker askers[THREADS];
    int i;

    assert_int_equal(find(w, &w->one, SUPPORT_KID, w->now), CLERK_OK);
    w->now += SECONDS(10);
    w->fake.before = answer_slowly;
    w->fake.body = support_jwk_set(
        support_jwk(support_stranger_key(), "ins_new", NULL, w->pool), w->pool);
    for (i = 0; i < THREADS; i++) {
        start(&askers[i], w, "ins_new");
    }
    for (i = 0; i < THREADS; i++) {
        join(&askers[i]);
        assert_int_equal(askers[i].status, CLERK_OK);
    }
    assert_int_equal(key_world_calls(w), 2);
}

static void a_hanging_source_holds_up_nobody_else(void **state)
{
    key_world *w = key_world_make(*state);
    asker fetcher;
    asker known;
    gate closed;

    assert_int_equal(find(w, &w->one, SUPPORT_KID, w->now), CLERK_OK);
    assert_int_equal(find(w, &w->two, SUPPORT_KID, w->now), CLERK_OK);
    hang(w, &closed);
    w->now += SECONDS(10);
    start(&fetcher, w, "ins_unknown"); /* the set itself is fresh */
    await(&closed.entered);
    start(&known, w, SUPPORT_KID);
    join(&known);
    assert_int_equal(known.status, CLERK_OK);
    assert_int_equal(find(w, &w->two, SUPPORT_KID, w->now), CLERK_OK);
    assert_int_equal(clerk_key_store_refresh(w->store, w->now), 0);
    assert_int_equal(key_world_calls(w), 3);
    /* Both are due now; one of them is being fetched. */
    assert_int_equal(clerk_key_store_refresh(w->store, w->now + SECONDS(200)), 0);
    assert_int_equal(key_world_calls(w), 1);
    assert_int_equal(atomic_load(&closed.open), 0);
    atomic_store(&closed.open, 1);
    join(&fetcher);
    assert_int_equal(fetcher.status, CLERK_E_JWK_KID_MISMATCH);
}

/* ---------------------------------------------------------------- rotations under use */

enum { ROUNDS = 60 };

typedef struct user {
    key_world *w;
    const char *token;
    int verified;
    pthread_t thread;
} user;

/** Verifies with the key after others may have replaced the set that it came from. */
static int verify_once(user *self, int round)
{
    clerk_key_ref ref;
    clerk_jwt jwt;
    apr_pool_t *pool;
    int good = 0;

    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        return 0;
    }
    if (clerk_jwt_decode(&jwt, clerk_slice_of(self->token), pool, NULL) == CLERK_OK
        && clerk_key_store_find(&ref, self->w->store, &self->w->one, jwt.kid,
                                SUPPORT_NOW + SECONDS(300) * round, NULL)
               == CLERK_OK)
    {
        good = clerk_jws_verify(&jwt, ref.key, NULL) == CLERK_OK;
        clerk_key_release(&ref);
    }
    apr_pool_destroy(pool);
    return good;
}

static void *verify_often(void *baton)
{
    user *self = baton;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        self->verified += verify_once(self, round);
    }
    return NULL;
}

static void *refresh_often(void *baton)
{
    user *self = baton;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        clerk_key_store_refresh(self->w->store, SUPPORT_NOW + SECONDS(300) * round);
        find(self->w, &self->w->two, "ins_unknown", SUPPORT_NOW + SECONDS(300) * round);
    }
    return NULL;
}

static void keys_survive_their_replacement(void **state)
{
    key_world *w = key_world_make(*state);
    const char *token = support_sign_jwt(SUPPORT_HEADER, SUPPORT_PAYLOAD, w->pool);
    user users[THREADS];
    int i;

    for (i = 0; i < THREADS; i++) {
        users[i] = (user){ .w = w, .token = token };
        assert_int_equal(pthread_create(&users[i].thread, NULL,
                                        i < 2 ? refresh_often : verify_often,
                                        &users[i]),
                         0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(users[i].thread, NULL);
        assert_int_equal(users[i].verified, i < 2 ? 0 : ROUNDS);
    }
    assert_true(key_world_calls(w) > ROUNDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(one_fetch_serves_all),
        support_test(one_failure_serves_all),
        support_test(waits_no_longer_than_it_may),
        support_test(old_keys_serve_while_the_source_hangs),
        support_test(tokens_of_a_new_key_wait_for_one_fetch),
        support_test(a_hanging_source_holds_up_nobody_else),
        support_test(keys_survive_their_replacement),
    };

    return support_run("key_threads", tests);
}
