/* SPDX-License-Identifier: Apache-2.0 - who is looking at memory that others want to free */
#include "readers.h"

#include <sched.h>

#include "../core/thread_place.h"

/* More threads than that may read; at one moment hardly ever that many do. */
enum { PLACES = 64 };

typedef struct place {
    clerk_reading since; /* the epoch in which the reader came; 0: nobody is there */
    char apart[CLERK_CACHE_LINE - sizeof(clerk_reading)];
} place;

/*
 * All accesses to `since` but the release of clerk_readers_leave, to the epoch, and to the
 * pointers that readers follow are sequentially consistent. So either the writer sees a
 * reader's place taken, or that reader came too late to see what had been unlinked before.
 */
struct clerk_readers {
    place places[PLACES];
    _Atomic(uint64_t) epoch;
};

clerk_readers *clerk_readers_create(apr_pool_t *pool)
{
    clerk_readers *made =
        clerk_cache_line_align(apr_pcalloc(pool, sizeof(*made) + CLERK_CACHE_LINE));

    atomic_init(&made->epoch, 1);
    return made;
}

clerk_reading *clerk_readers_enter(clerk_readers *readers)
{
    unsigned first = clerk_thread_place(PLACES);
    unsigned i;

    for (i = first;; i++) {
        clerk_reading *since = &readers->places[i % PLACES].since;
        uint64_t nobody = 0;

        if (atomic_load_explicit(since, memory_order_relaxed) == 0
            && atomic_compare_exchange_strong(since, &nobody, atomic_load(&readers->epoch)))
        {
            return since;
        }
        if (i - first >= PLACES) {
            sched_yield(); /* to those who hold all places, for as long as a copy takes */
        }
    }
}

uint64_t clerk_readers_stamp(clerk_readers *readers)
{
    return atomic_fetch_add(&readers->epoch, 1);
}

int clerk_readers_have_left(const clerk_readers *readers, uint64_t stamp)
{
    int i;

    for (i = 0; i < PLACES; i++) {
        uint64_t since = atomic_load(&readers->places[i].since);

        if (since != 0 && since <= stamp) {
            return 0;
        }
    }
    return 1;
}
