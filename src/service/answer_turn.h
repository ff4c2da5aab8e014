/* SPDX-License-Identifier: Apache-2.0 - one question at a time in all processes of a server */
#ifndef CLERK_ANSWER_TURN_H
#define CLERK_ANSWER_TURN_H

#include "board.h"

/**
 * The turn to put one question, taken on a board. What the one whose turn it is learns
 * goes through the shared cache; the board tells the others only when to look there.
 */
typedef struct clerk_answer_turn {
    clerk_board_slot *slot;     /* NULL: everybody may ask, there is no telling */
    apr_interval_time_t length; /* nobody has it for longer */
    apr_time_t lease;           /* 0: it is somebody else's */
    apr_time_t stamp;           /* of the result before this turn */
} clerk_answer_turn;

/** @param board  may be NULL; @return 1 when the turn is the caller's, to be ended */
int clerk_answer_turn_take(clerk_answer_turn *turn, clerk_board *board,
                          const unsigned char digest[CLERK_DIGEST_LENGTH],
                          apr_interval_time_t length, apr_time_t now);

typedef enum clerk_turn_end {
    CLERK_TURN_UNDER_WAY, /* not over in time */
    CLERK_TURN_FORFEITED, /* whoever had it said nothing: it may be taken again */
    CLERK_TURN_ANSWERED,  /* the answer is in the shared cache, or about to be */
    CLERK_TURN_FAILED     /* there was no answer */
} clerk_turn_end;

/**
 * Wait for the end of somebody else's turn.
 *
 * @param clock  of the board's times; the wait itself is real time
 */
clerk_turn_end clerk_answer_turn_await(const clerk_answer_turn *turn,
                                      apr_interval_time_t patience,
                                      apr_time_t (*clock)(void));

/** End a turn that was taken. */
void clerk_answer_turn_finish(clerk_answer_turn *turn, clerk_turn_end end, apr_time_t now);

#endif
