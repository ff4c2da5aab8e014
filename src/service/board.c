/* SPDX-License-Identifier: Apache-2.0 - what the processes of one server tell each other about calls to Clerk */
#include "board.h"

#include "time_left.h"

enum { SLOTS = 1024 };

/** One cache line, so that slots do not slow each other down. */
struct clerk_board_slot {
    clerk_shared_head head;
    _Atomic(int64_t) leased_until; /* 0: nobody */
    _Atomic(int64_t) paused_until;
    _Atomic(int64_t) stamp;
    _Atomic(int64_t) outcome;
    _Atomic(int64_t) quiet_until;
    _Atomic(int64_t) unused;
};

_Static_assert(sizeof(struct clerk_board_slot) == 64, "CLERK_BOARD_LAYOUT says 64");
_Static_assert(SLOTS == 1024, "CLERK_BOARD_LAYOUT says 1024");

apr_status_t clerk_board_create(clerk_board **board, apr_interval_time_t keep,
                                apr_pool_t *pool)
{
    clerk_shared_table *table;
    apr_status_t status =
        clerk_shared_table_create(&table, SLOTS, sizeof(clerk_board_slot), keep, pool);

    if (status == APR_SUCCESS) {
        *board = (clerk_board *)table;
    }
    return status;
}

clerk_board_slot *clerk_board_find(clerk_board *board,
                                   const unsigned char id[CLERK_DIGEST_LENGTH],
                                   apr_time_t now)
{
    if (board == NULL) {
        return NULL;
    }
    return clerk_shared_table_claim((clerk_shared_table *)board, id, now);
}

apr_time_t clerk_board_lease(clerk_board_slot *slot, apr_interval_time_t length,
                             apr_time_t now)
{
    int64_t until = atomic_load(&slot->leased_until);

    if (clerk_time_left(until, length, now) > 0
        || !atomic_compare_exchange_strong(&slot->leased_until, &until, now + length))
    {
        return 0;
    }
    return now + length;
}

int clerk_board_release(clerk_board_slot *slot, apr_time_t lease)
{
    int64_t until = lease;

    return atomic_compare_exchange_strong(&slot->leased_until, &until, 0);
}

int clerk_board_holds(const clerk_board_slot *slot, apr_time_t lease)
{
    return atomic_load(&slot->leased_until) == lease;
}

int clerk_board_is_leased(const clerk_board_slot *slot, apr_interval_time_t length,
                          apr_time_t now)
{
    return clerk_time_left(atomic_load(&slot->leased_until), length, now) > 0;
}

void clerk_board_pause(clerk_board_slot *slot, apr_interval_time_t length,
                       apr_interval_time_t longest, apr_time_t now)
{
    int64_t until = atomic_load(&slot->paused_until);

    while (clerk_time_left(until, longest, now) < length
           && !atomic_compare_exchange_weak(&slot->paused_until, &until, now + length))
    {
    }
}

void clerk_board_resume(clerk_board_slot *slot, apr_time_t until)
{
    int64_t paused_until = until;

    atomic_compare_exchange_strong(&slot->paused_until, &paused_until, 0);
}

apr_interval_time_t clerk_board_pause_left(const clerk_board_slot *slot,
                                           apr_interval_time_t longest, apr_time_t now)
{
    return clerk_time_left(atomic_load(&slot->paused_until), longest, now);
}

void clerk_board_report(clerk_board_slot *slot, apr_time_t stamp, int outcome)
{
    atomic_store(&slot->outcome, outcome);
    if (stamp != 0) {
        atomic_store(&slot->stamp, stamp);
    }
}

apr_time_t clerk_board_stamp(const clerk_board_slot *slot)
{
    return atomic_load(&slot->stamp);
}

int clerk_board_outcome(const clerk_board_slot *slot)
{
    return (int)atomic_load(&slot->outcome);
}

int clerk_board_may_tell(clerk_board_slot *slot, apr_interval_time_t interval,
                         apr_time_t now)
{
    int64_t until = atomic_load(&slot->quiet_until);

    return clerk_time_left(until, interval, now) == 0
           && atomic_compare_exchange_strong(&slot->quiet_until, &until, now + interval);
}
