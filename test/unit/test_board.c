/* SPDX-License-Identifier: Apache-2.0 - tests: slots, leases, pauses and results that processes share */
#include "service/board.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/time_left.h"
#include "support.h"

#define SECONDS(n) apr_time_from_sec(n)
#define KEEP SECONDS(3600)

enum { THREADS = 8, PROCESSES = 4, SLOTS = 1024 };

static clerk_board *make_board(apr_pool_t *pool)
{
    clerk_board *board;

    assert_int_equal(clerk_board_create(&board, KEEP, pool), APR_SUCCESS);
    return board;
}

/** Ids that begin differently lie at different places; `number` 0 is an id like others. */
static clerk_board_slot *slot_of(clerk_board *board, uint64_t number, apr_time_t now)
{
    unsigned char id[CLERK_DIGEST_LENGTH] = { 0 };

    memcpy(id, &number, sizeof(number));
    return clerk_board_find(board, id, now);
}

/* ---------------------------------------------------------------- slots */

static void gives_each_id_its_slot(void **state)
{
    clerk_board *board = make_board(*state);
    clerk_board_slot *slots[40];
    unsigned i, j;

    for (i = 0; i < 40; i++) {
        /* in two clusters: neighbours, and ids that want the same place */
        slots[i] = slot_of(board, i < 30 ? i : 500 + (uint64_t)SLOTS * i, SUPPORT_NOW);
        assert_non_null(slots[i]);
        assert_int_equal(clerk_board_stamp(slots[i]), 0);
        for (j = 0; j < i; j++) {
            /* 0 means unused, and 1 is what it is called */
            assert_true(slots[i] != slots[j] || (i == 1 && j == 0));
        }
    }
    for (i = 0; i < 40; i++) {
        assert_ptr_equal(slot_of(board, i < 30 ? i : 500 + (uint64_t)SLOTS * i,
                                 SUPPORT_NOW + KEEP * 10),
                         slots[i]);
    }
}

static void works_without_a_board(void **state)
{
    (void)state;
    assert_null(slot_of(NULL, 7, SUPPORT_NOW));
}

/** Ids that want the same place, as many as may lie behind one another. */
static unsigned crowd(clerk_board *board, unsigned from, apr_time_t now)
{
    unsigned housed = 0;
    unsigned i;

    for (i = from; i < from + 30; i++) {
        housed += slot_of(board, 9 + (uint64_t)SLOTS * i, now) != NULL;
    }
    return housed;
}

static void says_when_it_is_full(void **state)
{
    clerk_board *board = make_board(*state);
    unsigned housed = crowd(board, 0, SUPPORT_NOW);

    assert_in_range(housed, 8, 29);
    assert_null(slot_of(board, 9 + (uint64_t)SLOTS * 100, SUPPORT_NOW + KEEP - 1));
    assert_non_null(slot_of(board, 9, SUPPORT_NOW + KEEP - 1)); /* who is there stays */
    assert_int_equal(crowd(board, 200, SUPPORT_NOW + KEEP), housed - 1);
    assert_non_null(slot_of(board, 9, SUPPORT_NOW + KEEP));
}

static void outlives_a_clock_that_was_set_back(void **state)
{
    clerk_board *board = make_board(*state);
    unsigned housed = crowd(board, 0, SUPPORT_NOW);
    apr_time_t back = SUPPORT_NOW - SECONDS(30 * 24 * 3600);

    assert_int_equal(crowd(board, 100, back), housed); /* and not in a month only */
}

/* ---------------------------------------------------------------- leases */

static void lets_one_act_at_a_time(void **state)
{
    clerk_board_slot *slot = slot_of(make_board(*state), 5, SUPPORT_NOW);
    apr_time_t lease = clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW);

    assert_int_not_equal(lease, 0);
    assert_true(clerk_board_is_leased(slot, SECONDS(5), SUPPORT_NOW));
    assert_int_equal(clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW), 0);
    assert_int_equal(clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW + SECONDS(5) - 1), 0);
    assert_true(clerk_board_release(slot, lease));
    assert_false(clerk_board_release(slot, lease));
    assert_false(clerk_board_is_leased(slot, SECONDS(5), SUPPORT_NOW));
    assert_int_not_equal(clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW), 0);
}

static void takes_a_lease_from_who_died(void **state)
{
    clerk_board_slot *slot = slot_of(make_board(*state), 5, SUPPORT_NOW);
    apr_time_t dead = clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW);
    apr_time_t next = clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW + SECONDS(5));

    assert_int_not_equal(next, 0);
    assert_false(clerk_board_release(slot, dead)); /* it was only slow: not its own now */
    assert_true(clerk_board_is_leased(slot, SECONDS(5), SUPPORT_NOW + SECONDS(5)));
    assert_true(clerk_board_release(slot, next));
}

static void frees_leases_of_a_clock_that_was_set_back(void **state)
{
    clerk_board_slot *slot = slot_of(make_board(*state), 5, SUPPORT_NOW);

    assert_int_not_equal(clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW), 0);
    assert_int_not_equal(clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW - SECONDS(3600)),
                         0);
}

/* ---------------------------------------------------------------- pauses, results */

static void keeps_the_longest_pause(void **state)
{
    clerk_board_slot *slot = slot_of(make_board(*state), 5, SUPPORT_NOW);
    apr_interval_time_t longest = SECONDS(300);

    assert_int_equal(clerk_board_pause_left(slot, longest, SUPPORT_NOW), 0);
    clerk_board_pause(slot, SECONDS(10), longest, SUPPORT_NOW);
    clerk_board_pause(slot, SECONDS(3), longest, SUPPORT_NOW);
    assert_int_equal(clerk_board_pause_left(slot, longest, SUPPORT_NOW), SECONDS(10));
    clerk_board_pause(slot, SECONDS(30), longest, SUPPORT_NOW + SECONDS(1));
    assert_int_equal(clerk_board_pause_left(slot, longest, SUPPORT_NOW), SECONDS(31));
    assert_int_equal(clerk_board_pause_left(slot, longest, SUPPORT_NOW + SECONDS(31)), 0);
    /* set back by an hour */
    assert_int_equal(clerk_board_pause_left(slot, longest, SUPPORT_NOW - SECONDS(3600)), 0);
    clerk_board_pause(slot, SECONDS(3), longest, SUPPORT_NOW - SECONDS(3600));
    assert_int_equal(clerk_board_pause_left(slot, longest, SUPPORT_NOW - SECONDS(3600)),
                     SECONDS(3));
}

static void ends_its_own_pause_alone(void **state)
{
    clerk_board_slot *slot = slot_of(make_board(*state), 5, SUPPORT_NOW);

    clerk_board_pause(slot, SECONDS(10), SECONDS(60), SUPPORT_NOW);
    clerk_board_resume(slot, SUPPORT_NOW + SECONDS(9));
    assert_int_equal(clerk_board_pause_left(slot, SECONDS(60), SUPPORT_NOW), SECONDS(10));
    clerk_board_resume(slot, SUPPORT_NOW + SECONDS(10));
    assert_int_equal(clerk_board_pause_left(slot, SECONDS(60), SUPPORT_NOW), 0);
}

static void tells_results(void **state)
{
    clerk_board_slot *slot = slot_of(make_board(*state), 5, SUPPORT_NOW);

    assert_int_equal(clerk_board_outcome(slot), 0);
    clerk_board_report(slot, SUPPORT_NOW, 0);
    clerk_board_report(slot, 0, 17);
    assert_int_equal(clerk_board_stamp(slot), SUPPORT_NOW);
    assert_int_equal(clerk_board_outcome(slot), 17);
}

static void tells_people_once_an_interval(void **state)
{
    clerk_board_slot *slot = slot_of(make_board(*state), 5, SUPPORT_NOW);

    assert_true(clerk_board_may_tell(slot, SECONDS(60), SUPPORT_NOW));
    assert_false(clerk_board_may_tell(slot, SECONDS(60), SUPPORT_NOW + SECONDS(60) - 1));
    assert_true(clerk_board_may_tell(slot, SECONDS(60), SUPPORT_NOW + SECONDS(60)));
    assert_true(clerk_board_may_tell(slot, SECONDS(60), SUPPORT_NOW - SECONDS(3600)));
}

/* ---------------------------------------------------------------- clocks read at different moments */

/** Whoever was held up between its look at the clock and that at the board still sees all. */
static void counts_for_who_read_the_clock_earlier(void **state)
{
    clerk_board_slot *slot = slot_of(make_board(*state), 5, SUPPORT_NOW);
    apr_time_t lease = clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW);
    apr_time_t earlier = SUPPORT_NOW - CLERK_CLOCK_LAG;

    assert_true(clerk_board_is_leased(slot, SECONDS(5), earlier));
    assert_int_equal(clerk_board_lease(slot, SECONDS(5), earlier), 0);
    assert_true(clerk_board_holds(slot, lease));
    clerk_board_pause(slot, SECONDS(5), SECONDS(5), SUPPORT_NOW);
    assert_int_equal(clerk_board_pause_left(slot, SECONDS(5), earlier),
                     SECONDS(5) + CLERK_CLOCK_LAG);
    assert_true(clerk_board_may_tell(slot, SECONDS(60), SUPPORT_NOW));
    assert_false(clerk_board_may_tell(slot, SECONDS(60), earlier));
}

/* ---------------------------------------------------------------- threads */

typedef struct contender {
    clerk_board *board;
    atomic_int *inside;
    int entered;
    int crowded;
    pthread_t thread;
} contender;

/** Each finds the slots anew, so that they race for those too. */
static void *contend(void *baton)
{
    contender *self = baton;
    uint64_t round;

    for (round = 0; round < 2000; round++) {
        clerk_board_slot *slot = slot_of(self->board, round / 100 * 77, SUPPORT_NOW);
        apr_time_t lease = clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW);

        if (lease != 0) {
            self->entered++;
            self->crowded += atomic_fetch_add(self->inside + round / 100, 1) != 0;
            atomic_fetch_sub(self->inside + round / 100, 1);
            clerk_board_release(slot, lease);
        }
        clerk_board_pause(slot, SECONDS(1 + (int)round % 7), SECONDS(60), SUPPORT_NOW);
    }
    return NULL;
}

static void lets_one_thread_act_at_a_time(void **state)
{
    clerk_board *board = make_board(*state);
    contender contenders[THREADS];
    atomic_int inside[20];
    int entered = 0;
    int i;

    for (i = 0; i < 20; i++) {
        atomic_init(&inside[i], 0);
    }
    for (i = 0; i < THREADS; i++) {
        contenders[i] = (contender){ .board = board, .inside = inside };
        assert_int_equal(
            pthread_create(&contenders[i].thread, NULL, contend, &contenders[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(contenders[i].thread, NULL);
        assert_int_equal(contenders[i].crowded, 0);
        entered += contenders[i].entered;
    }
    assert_true(entered >= 2000);
    assert_int_equal(clerk_board_pause_left(slot_of(board, 77, SUPPORT_NOW), SECONDS(60),
                                            SUPPORT_NOW),
                     SECONDS(7));
}

/* ---------------------------------------------------------------- processes */

static pid_t in_a_child(void (*work)(clerk_board *board), clerk_board *board)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        work(board);
        _exit(0);
    }
    return pid;
}

/** As many as were let in; each is the first at one of the things. */
static void race_for_all(clerk_board *board)
{
    uint64_t number;
    int won = 0;

    for (number = 0; number < 50; number++) {
        won += clerk_board_lease(slot_of(board, number * 5, SUPPORT_NOW), SECONDS(60),
                                 SUPPORT_NOW)
               != 0;
    }
    _exit(won);
}

static void lets_one_process_act_at_a_time(void **state)
{
    clerk_board *board = make_board(*state);
    pid_t children[PROCESSES];
    int sum = 0;
    int status;
    int i;

    for (i = 0; i < PROCESSES; i++) {
        children[i] = in_a_child(race_for_all, board);
    }
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    assert_int_equal(sum, 50);
}

static void tell_all(clerk_board *board)
{
    clerk_board_slot *slot = slot_of(board, 3, SUPPORT_NOW);

    clerk_board_pause(slot, SECONDS(3), SECONDS(60), SUPPORT_NOW);
    clerk_board_report(slot, SUPPORT_NOW, 4);
}

static void take_and_die(clerk_board *board)
{
    clerk_board_lease(slot_of(board, 3, SUPPORT_NOW), SECONDS(5), SUPPORT_NOW);
    raise(SIGKILL);
}

static void tells_other_processes(void **state)
{
    clerk_board *board = make_board(*state);
    clerk_board_slot *slot;

    waitpid(in_a_child(tell_all, board), NULL, 0);
    slot = slot_of(board, 3, SUPPORT_NOW);
    assert_int_equal(clerk_board_pause_left(slot, SECONDS(60), SUPPORT_NOW), SECONDS(3));
    assert_int_equal(clerk_board_stamp(slot), SUPPORT_NOW);
    assert_int_equal(clerk_board_outcome(slot), 4);

    waitpid(in_a_child(take_and_die, board), NULL, 0);
    assert_int_equal(clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW + SECONDS(4)), 0);
    assert_int_not_equal(clerk_board_lease(slot, SECONDS(5), SUPPORT_NOW + SECONDS(5)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(gives_each_id_its_slot),
        support_test(works_without_a_board),
        support_test(says_when_it_is_full),
        support_test(outlives_a_clock_that_was_set_back),
        support_test(lets_one_act_at_a_time),
        support_test(takes_a_lease_from_who_died),
        support_test(frees_leases_of_a_clock_that_was_set_back),
        support_test(keeps_the_longest_pause),
        support_test(ends_its_own_pause_alone),
        support_test(tells_results),
        support_test(tells_people_once_an_interval),
        support_test(counts_for_who_read_the_clock_earlier),
        support_test(lets_one_thread_act_at_a_time),
        support_test(lets_one_process_act_at_a_time),
        support_test(tells_other_processes),
    };

    return support_run("board", tests);
}
