/* SPDX-License-Identifier: Apache-2.0 - costly things that one thread uses at a time, lent out again and again */
#ifndef CLERK_LENDER_H
#define CLERK_LENDER_H

#include <stdatomic.h>
#include <stddef.h>

#include "thread_place.h"

enum { CLERK_LENDER_PLACES = 16 };

/**
 * All zero is an empty one. Any number of threads may share it: each looks first where it
 * left a thing last, so that as a rule no two write to the same memory.
 */
typedef struct clerk_lender {
    struct {
        _Atomic(void *) spare;
        char apart[CLERK_CACHE_LINE - sizeof(void *)];
    } places[CLERK_LENDER_PLACES];
} clerk_lender;

static inline _Atomic(void *) *clerk_lender_place(clerk_lender *lender, unsigned number)
{
    return &lender->places[number & (CLERK_LENDER_PLACES - 1)].spare;
}

/** @return what nobody else has now; NULL when there is nothing, so make one */
static inline void *clerk_lender_take(clerk_lender *lender)
{
    unsigned first = clerk_thread_place(CLERK_LENDER_PLACES);
    unsigned i;

    for (i = first; i < first + CLERK_LENDER_PLACES; i++) {
        _Atomic(void *) *place = clerk_lender_place(lender, i);

        if (atomic_load_explicit(place, memory_order_relaxed) != NULL) {
            void *found = atomic_exchange_explicit(place, NULL, memory_order_acquire);

            if (found != NULL) {
                return found;
            }
        }
    }
    return NULL;
}

/** @return 0 when there is no place for @a thing, so free it */
static inline int clerk_lender_put(clerk_lender *lender, void *thing)
{
    unsigned first = clerk_thread_place(CLERK_LENDER_PLACES);
    unsigned i;

    for (i = first; i < first + CLERK_LENDER_PLACES; i++) {
        _Atomic(void *) *place = clerk_lender_place(lender, i);
        void *nothing = NULL;

        if (atomic_load_explicit(place, memory_order_relaxed) == NULL
            && atomic_compare_exchange_strong_explicit(
                place, &nothing, thing, memory_order_release, memory_order_relaxed))
        {
            return 1;
        }
    }
    return 0;
}

#endif
