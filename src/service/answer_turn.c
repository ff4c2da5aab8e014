/* SPDX-License-Identifier: Apache-2.0 - one question at a time in all processes of a server */
#include "answer_turn.h"

/* A look is one atomic load; a call takes tens of milliseconds. */
static const apr_interval_time_t FIRST_LOOK = 1000;
static const apr_interval_time_t LAST_LOOK = 20000;

int clerk_answer_turn_take(clerk_answer_turn *turn, clerk_board *board,
                          const unsigned char digest[CLERK_DIGEST_LENGTH],
                          apr_interval_time_t length, apr_time_t now)
{
    turn->slot = clerk_board_find(board, digest, now);
    turn->length = length;
    turn->lease = 0;
    turn->stamp = 0;
    if (turn->slot == NULL) {
        return 1;
    }
    turn->stamp = clerk_board_stamp(turn->slot); /* before the lease may change hands */
    turn->lease = clerk_board_lease(turn->slot, length, now);
    return turn->lease != 0;
}

clerk_turn_end clerk_answer_turn_await(const clerk_answer_turn *turn,
                                      apr_interval_time_t patience,
                                      apr_time_t (*clock)(void))
{
    apr_interval_time_t pause = FIRST_LOOK;
    apr_time_t begun = apr_time_now();

    while (clerk_board_is_leased(turn->slot, turn->length, clock())) {
        apr_interval_time_t waited = apr_time_now() - begun;

        if (waited >= patience || waited < 0) { /* or the clock was set back */
            return CLERK_TURN_UNDER_WAY;
        }
        apr_sleep(pause);
        pause = pause * 2 < LAST_LOOK ? pause * 2 : LAST_LOOK;
    }
    return clerk_board_stamp(turn->slot) == turn->stamp
               ? CLERK_TURN_FORFEITED
               : (clerk_turn_end)clerk_board_outcome(turn->slot);
}

void clerk_answer_turn_finish(clerk_answer_turn *turn, clerk_turn_end end, apr_time_t now)
{
    if (turn->slot != NULL) {
        clerk_board_report(turn->slot, now, (int)end);
        clerk_board_release(turn->slot, turn->lease);
    }
}
