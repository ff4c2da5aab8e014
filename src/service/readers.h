/* SPDX-License-Identifier: Apache-2.0 - who is looking at memory that others want to free */
#ifndef CLERK_READERS_H
#define CLERK_READERS_H

#include <stdatomic.h>
#include <stdint.h>

#include <apr_pools.h>

/**
 * Readers of a structure of atomic pointers take no lock: each says in a place of its own
 * that it is there (epoch-based reclamation). A writer that has unlinked something takes
 * a stamp, and frees it when all who came before the stamp have left.
 *
 * A reader must not wait for anything while it is there.
 */
typedef struct clerk_readers clerk_readers;

/** Where a reader has said so. */
typedef _Atomic(uint64_t) clerk_reading;

clerk_readers *clerk_readers_create(apr_pool_t *pool);

/** What is linked from now on, and what is now, stays until clerk_readers_leave. */
clerk_reading *clerk_readers_enter(clerk_readers *readers);

static inline void clerk_readers_leave(clerk_reading *reading)
{
    atomic_store_explicit(reading, 0, memory_order_release);
}

/** For a writer, once it has unlinked something: later readers cannot find it. */
uint64_t clerk_readers_stamp(clerk_readers *readers);

/** Whether all who may have found what was unlinked before @a stamp have left. */
int clerk_readers_have_left(const clerk_readers *readers, uint64_t stamp);

#endif
