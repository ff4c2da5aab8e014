/* SPDX-License-Identifier: Apache-2.0 - one process's part in a key source that several ask */
#ifndef CLERK_KEY_STATE_H
#define CLERK_KEY_STATE_H

#include "key_harvest.h"
#include "key_holding.h"
#include "key_turn.h"

/** Whoever has it guards all but the holding's notice by a lock. */
typedef struct clerk_key_state {
    const clerk_key_supply *supply;
    const clerk_instance *instance;
    clerk_key_turn turn;
    clerk_key_holding holding;
} clerk_key_state;

/** @param supply  and @a instance must outlive the state, whose keys go with @a pool */
void clerk_key_state_init(clerk_key_state *state, const clerk_key_supply *supply,
                          const clerk_instance *instance, apr_pool_t *pool);

/**
 * Take over what the other processes did.
 *
 * @return 0 when they have a newer set that is not to be had from them
 */
int clerk_key_state_catch_up(clerk_key_state *state, apr_time_t now);

/** Whom the others cannot supply asks for itself, as often as if it were alone. */
clerk_key_leave clerk_key_state_take_turn(clerk_key_state *state, apr_time_t now);

/**
 * End a turn that was granted: keep what was got, and give it to the others.
 *
 * @param got  its snapshot passes to the state
 * @return whether @a event is to be told
 */
int clerk_key_state_conclude(clerk_key_event *event, clerk_key_state *state,
                             const clerk_key_harvest *got, apr_time_t now);

void clerk_key_state_describe(clerk_key_report *report, const clerk_key_state *state,
                              apr_time_t now);

#endif
