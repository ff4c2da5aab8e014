/* SPDX-License-Identifier: Apache-2.0 - what the processes of one server tell each other about calls to Clerk */
#ifndef CLERK_BOARD_H
#define CLERK_BOARD_H

#include "shared_table.h"

/**
 * Limits that concern Clerk's servers (how often a key set is asked for, how long a
 * Retry-After holds, one call at a time for one thing) are the whole server's, however many
 * processes it has and whichever generation they belong to. A board has a slot for each
 * thing that has such a limit. Looking at a slot is a few atomic loads; nothing on it waits.
 *
 * Where there is no board, or it is full, there is no slot: callers keep their limits to
 * themselves.
 *
 * Times are the callers' clock, read a moment before. One that lies further ahead than the
 * operation's own length and CLERK_CLOCK_LAG allow comes from before the clock was set back,
 * and is over.
 */
typedef struct clerk_board clerk_board;
typedef struct clerk_board_slot clerk_board_slot;

/** Which layout a board of this build has: another must not be read as if it were ours. */
#define CLERK_BOARD_LAYOUT "2:1024x64"

/**
 * Make a board, before processes fork.
 *
 * @param keep  how long after its last use a slot may be given to another id: longer than
 *              any lease and pause there. Short-lived ids want a board of their own
 */
apr_status_t clerk_board_create(clerk_board **board, apr_interval_time_t keep,
                                apr_pool_t *pool);

/**
 * The slot of @a id (a key_id, an api_id, a digest of a token).
 *
 * @param board  may be NULL
 * @return NULL where there is no room; else good for a use now: ask again for the next
 */
clerk_board_slot *clerk_board_find(clerk_board *board,
                                   const unsigned char id[CLERK_DIGEST_LENGTH],
                                   apr_time_t now);

/**
 * Become the one who acts, for at most @a length. Whoever dies meanwhile loses it then.
 *
 * @return a mark for clerk_board_release; 0 when somebody else is at it
 */
apr_time_t clerk_board_lease(clerk_board_slot *slot, apr_interval_time_t length,
                             apr_time_t now);

/** Give it back. @return 0 when it had run out, and somebody else may have acted since */
int clerk_board_release(clerk_board_slot *slot, apr_time_t lease);

/** Whether @a lease has not been taken over by somebody else, run out or not. */
int clerk_board_holds(const clerk_board_slot *slot, apr_time_t lease);

/** Whether somebody is at it. */
int clerk_board_is_leased(const clerk_board_slot *slot, apr_interval_time_t length,
                          apr_time_t now);

/**
 * Nobody is to begin before @a length has passed; of several pauses the longest holds.
 *
 * @param longest  of all pauses there
 */
void clerk_board_pause(clerk_board_slot *slot, apr_interval_time_t length,
                       apr_interval_time_t longest, apr_time_t now);

/** End the pause that ends at @a until, so that somebody may begin at once. */
void clerk_board_resume(clerk_board_slot *slot, apr_time_t until);

/** What is left of the pause: 0 when there is none, nor when the clock was set back. */
apr_interval_time_t clerk_board_pause_left(const clerk_board_slot *slot,
                                           apr_interval_time_t longest, apr_time_t now);

/**
 * Say what came of acting. For whoever holds the lease, before it is released.
 *
 * @param stamp    names the newest result, such as the time it was made; 0 leaves it
 * @param outcome  the caller's own number
 */
void clerk_board_report(clerk_board_slot *slot, apr_time_t stamp, int outcome);

/** The stamp of the newest result; 0 when there never was one. */
apr_time_t clerk_board_stamp(const clerk_board_slot *slot);

/** The outcome of the last report; 0 when there never was one. */
int clerk_board_outcome(const clerk_board_slot *slot);

/**
 * Whether to say something of this to people: 1 for one caller of all processes, then for
 * nobody until @a interval has passed.
 */
int clerk_board_may_tell(clerk_board_slot *slot, apr_interval_time_t interval,
                         apr_time_t now);

#endif
