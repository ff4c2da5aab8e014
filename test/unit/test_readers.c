/* SPDX-License-Identifier: Apache-2.0 - what a reader may be looking at is not freed */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <apr_time.h>

#include "service/readers.h"

static void who_came_before_the_stamp_is_waited_for(void **state)
{
    clerk_readers *readers = clerk_readers_create(*state);
    clerk_reading *first, *second;
    uint64_t before, after;

    before = clerk_readers_stamp(readers);
    assert_true(clerk_readers_have_left(readers, before));
    first = clerk_readers_enter(readers);
    assert_true(clerk_readers_have_left(readers, before)); /* came later */
    after = clerk_readers_stamp(readers);
    assert_false(clerk_readers_have_left(readers, after));
    second = clerk_readers_enter(readers);
    assert_ptr_not_equal(first, second);
    clerk_readers_leave(first);
    assert_true(clerk_readers_have_left(readers, after));
    clerk_readers_leave(second);
    assert_true(clerk_readers_have_left(readers, clerk_readers_stamp(readers)));
}

/* ---------------------------------------------------------------- threads */

enum { THREADS = 4, ROUNDS = 100, PLACES = 64, GOOD = 42 };

typedef struct shared {
    clerk_readers *readers;
    _Atomic(int *) number;
    _Atomic(int) is_over;
} shared;

static void *look(void *argument)
{
    shared *with = argument;

    while (!atomic_load(&with->is_over)) {
        clerk_reading *reading = clerk_readers_enter(with->readers);
        int number = *atomic_load(&with->number);

        clerk_readers_leave(reading);
        if (number != GOOD) {
            return argument;
        }
    }
    return NULL;
}

static int *fresh(void)
{
    int *made = malloc(sizeof(*made));

    assert_non_null(made);
    *made = GOOD;
    return made;
}

/** Unlink, wait for who may be looking, spoil and free: under sanitizers a mistake shows. */
static void replace(shared *with)
{
    int *gone = atomic_exchange(&with->number, fresh());
    uint64_t stamp = clerk_readers_stamp(with->readers);

    while (!clerk_readers_have_left(with->readers, stamp)) {
        sched_yield();
    }
    *gone = 0;
    free(gone);
}

static void nobody_sees_what_was_freed(void **state)
{
    shared with = { clerk_readers_create(*state), NULL, 0 };
    pthread_t threads[THREADS];
    int i;

    atomic_store(&with.number, fresh());
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, look, &with), 0);
    }
    for (i = 0; i < ROUNDS; i++) {
        replace(&with);
    }
    atomic_store(&with.is_over, 1);
    for (i = 0; i < THREADS; i++) {
        void *wrong;

        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    free(atomic_load(&with.number));
}

static void *enter(void *readers)
{
    return (void *)clerk_readers_enter(readers);
}

static void who_finds_no_place_waits_for_one(void **state)
{
    clerk_readers *readers = clerk_readers_create(*state);
    clerk_reading *taken[PLACES];
    pthread_t late;
    void *place;
    int i;

    for (i = 0; i < PLACES; i++) {
        taken[i] = clerk_readers_enter(readers);
    }
    assert_int_equal(pthread_create(&late, NULL, enter, readers), 0);
    apr_sleep(10000);
    clerk_readers_leave(taken[17]);
    pthread_join(late, &place);
    assert_ptr_equal(place, taken[17]);
    assert_false(clerk_readers_have_left(readers, clerk_readers_stamp(readers)));
    for (i = 0; i < PLACES; i++) {
        clerk_readers_leave(taken[i]); /* that of the late one among them */
    }
    assert_true(clerk_readers_have_left(readers, clerk_readers_stamp(readers)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(who_came_before_the_stamp_is_waited_for),
        support_test(who_finds_no_place_waits_for_one),
        support_test(nobody_sees_what_was_freed),
    };

    return support_run("readers", tests);
}
