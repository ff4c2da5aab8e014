/* SPDX-License-Identifier: Apache-2.0 - whose turn it is to ask a key source, and when */
#include "key_turn.h"

static clerk_board_slot *slot_of(const clerk_key_turn *turn, apr_time_t now)
{
    return clerk_board_find(turn->board, turn->id, now);
}

/** A moment that much later than now is one from before the clock was set back. */
static int may_ask_alone(const clerk_key_turn *turn, apr_time_t now)
{
    apr_interval_time_t since = now - turn->asked_at;

    return !turn->has_asked || since >= turn->pause || since < -CLERK_CLOCK_TOLERANCE;
}

clerk_key_leave clerk_key_turn_take_alone(clerk_key_turn *turn, apr_time_t now)
{
    turn->lease = 0;
    if (!may_ask_alone(turn, now)) {
        return CLERK_KEY_LEAVE_LATER;
    }
    turn->has_asked = 1;
    turn->asked_at = now;
    turn->pause = turn->interval;
    return CLERK_KEY_LEAVE_GRANTED;
}

/** The pause is looked at under the lease, else one that ended just now would not count. */
static clerk_key_leave take_from(clerk_board_slot *slot, clerk_key_turn *turn,
                                 apr_time_t now)
{
    apr_time_t lease = clerk_board_lease(slot, turn->length, now);

    if (lease == 0) {
        return CLERK_KEY_LEAVE_OTHERS;
    }
    if (clerk_board_pause_left(slot, turn->longest, now) > 0) {
        clerk_board_release(slot, lease);
        return CLERK_KEY_LEAVE_LATER;
    }
    clerk_board_pause(slot, turn->interval, turn->longest, now);
    turn->lease = lease;
    return CLERK_KEY_LEAVE_GRANTED;
}

clerk_key_leave clerk_key_turn_take(clerk_key_turn *turn, apr_time_t now)
{
    clerk_board_slot *slot = slot_of(turn, now);
    clerk_key_leave leave;

    if (slot == NULL) {
        return clerk_key_turn_take_alone(turn, now);
    }
    if (clerk_board_pause_left(slot, turn->longest, now) > 0) {
        /* said without a try for the lease, which a crowd would make a hot spot */
        return clerk_board_is_leased(slot, turn->length, now) ? CLERK_KEY_LEAVE_OTHERS
                                                              : CLERK_KEY_LEAVE_LATER;
    }
    leave = take_from(slot, turn, now);
    if (leave == CLERK_KEY_LEAVE_GRANTED) {
        turn->has_asked = 1;
        turn->asked_at = now;
        turn->pause = turn->interval;
    }
    return leave;
}

static void tell(clerk_board_slot *slot, clerk_key_turn *turn, const clerk_key_news *news,
                 apr_interval_time_t pause, apr_time_t now)
{
    if (clerk_board_holds(slot, turn->lease)) {
        clerk_board_report(slot, news->fetched_at, news->outcome);
    }
    if (pause > 0) {
        clerk_board_pause(slot, pause, turn->longest, now);
    }
    clerk_board_release(slot, turn->lease);
}

void clerk_key_turn_end(clerk_key_turn *turn, const clerk_key_news *news,
                        apr_interval_time_t pause, apr_time_t now)
{
    clerk_board_slot *slot = turn->lease != 0 ? slot_of(turn, now) : NULL;

    if (pause > 0 && now + pause > turn->asked_at + turn->pause) {
        turn->pause = now + pause - turn->asked_at;
    }
    if (slot != NULL) {
        tell(slot, turn, news, pause, now);
    }
    turn->lease = 0;
}

void clerk_key_turn_abandon(clerk_key_turn *turn, apr_time_t now)
{
    clerk_board_slot *slot = turn->lease != 0 ? slot_of(turn, now) : NULL;

    turn->has_asked = 0;
    if (slot != NULL && clerk_board_holds(slot, turn->lease)) {
        clerk_board_resume(slot, turn->asked_at + turn->interval);
        clerk_board_release(slot, turn->lease);
    }
    turn->lease = 0;
}

int clerk_key_turn_is_held(const clerk_key_turn *turn, apr_time_t now)
{
    const clerk_board_slot *slot = turn->lease != 0 ? slot_of(turn, now) : NULL;

    return slot != NULL && clerk_board_holds(slot, turn->lease);
}

int clerk_key_turn_is_others(const clerk_key_turn *turn, apr_time_t now)
{
    const clerk_board_slot *slot = slot_of(turn, now);

    return slot != NULL && clerk_board_is_leased(slot, turn->length, now);
}

int clerk_key_turn_news(clerk_key_news *news, const clerk_key_turn *turn, apr_time_t now)
{
    const clerk_board_slot *slot = slot_of(turn, now);

    if (slot == NULL) {
        return 0;
    }
    news->fetched_at = clerk_board_stamp(slot);
    news->outcome = clerk_board_outcome(slot);
    return 1;
}

int clerk_key_turn_may_tell(const clerk_key_turn *turn, apr_interval_time_t interval,
                            apr_time_t now)
{
    clerk_board_slot *slot = slot_of(turn, now);

    return slot == NULL || clerk_board_may_tell(slot, interval, now);
}
