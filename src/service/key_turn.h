/* SPDX-License-Identifier: Apache-2.0 - whose turn it is to ask a key source, and when */
#ifndef CLERK_KEY_TURN_H
#define CLERK_KEY_TURN_H

#include "board.h"

/**
 * Keys that were fetched further in the future are from before the clock was set back. Longer
 * than CLERK_CLOCK_LAG, as nothing hurries here: they may serve for hours.
 */
#define CLERK_CLOCK_TOLERANCE apr_time_from_sec(60)

/** All for one source; changed by one thread at a time. */
typedef struct clerk_key_turn {
    clerk_board *board; /* or NULL: the limits are this process's own */
    const unsigned char *id;
    apr_interval_time_t interval; /* between two beginnings */
    apr_interval_time_t longest;  /* of all pauses */
    apr_interval_time_t length;   /* nobody takes longer */

    apr_time_t lease; /* while it is ours, on a board */
    int has_asked;    /* this process, by itself */
    apr_time_t asked_at;
    apr_interval_time_t pause;
} clerk_key_turn;

typedef enum clerk_key_leave {
    CLERK_KEY_LEAVE_GRANTED, /* clerk_key_turn_end must follow */
    CLERK_KEY_LEAVE_OTHERS,  /* another process is asking */
    CLERK_KEY_LEAVE_LATER    /* it was asked a moment ago, or asked to be left alone */
} clerk_key_leave;

/** What the server's processes last said of the source. */
typedef struct clerk_key_news {
    apr_time_t fetched_at; /* of the newest set; 0: never, or not known */
    int outcome;           /* of the last fetch: a clerk_status */
} clerk_key_news;

/** Ask for leave to ask. */
clerk_key_leave clerk_key_turn_take(clerk_key_turn *turn, apr_time_t now);

/**
 * The same by this process's own limits, for one that the others cannot supply.
 *
 * @return CLERK_KEY_LEAVE_GRANTED or CLERK_KEY_LEAVE_LATER
 */
clerk_key_leave clerk_key_turn_take_alone(clerk_key_turn *turn, apr_time_t now);

/**
 * @param news   fetched_at 0 when there is no new set
 * @param pause  until the next one may ask, where that is longer than the interval; as long
 *               as turn->longest at most
 * @param now    when the asking ended
 */
void clerk_key_turn_end(clerk_key_turn *turn, const clerk_key_news *news,
                        apr_interval_time_t pause, apr_time_t now);

/** As if nothing had been asked, for a process that ends in mid-fetch: others may at once. */
void clerk_key_turn_abandon(clerk_key_turn *turn, apr_time_t now);

/** Whether what we have got may be given to all: who was too slow has been replaced. */
int clerk_key_turn_is_held(const clerk_key_turn *turn, apr_time_t now);

/** Whether another process is asking. */
int clerk_key_turn_is_others(const clerk_key_turn *turn, apr_time_t now);

/** @return 0 when there is no board to tell */
int clerk_key_turn_news(clerk_key_news *news, const clerk_key_turn *turn, apr_time_t now);

/** Whether to tell people of a source that is still failing; the server's say, not ours. */
int clerk_key_turn_may_tell(const clerk_key_turn *turn, apr_interval_time_t interval,
                            apr_time_t now);

#endif
