/* SPDX-License-Identifier: Apache-2.0 - costly things that one thread uses at a time, lent out again and again */
#ifndef CLERK_LENDER_H
#define CLERK_LENDER_H

#include <stdatomic.h>
#include <stddef.h>

enum { CLERK_LENDER_PLACES = 16 };

/** All zero is an empty one. Any number of threads may share it. */
typedef struct clerk_lender {
    _Atomic(void *) spare[CLERK_LENDER_PLACES];
} clerk_lender;

/** @return what nobody else has now; NULL when there is nothing, so make one */
static inline void *clerk_lender_take(clerk_lender *lender)
{
    int i;

    for (i = 0; i < CLERK_LENDER_PLACES; i++) {
        if (atomic_load_explicit(&lender->spare[i], memory_order_relaxed) != NULL) {
            void *found =
                atomic_exchange_explicit(&lender->spare[i], NULL, memory_order_acquire);

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
    int i;

    for (i = 0; i < CLERK_LENDER_PLACES; i++) {
        void *nothing = NULL;

        if (atomic_load_explicit(&lender->spare[i], memory_order_relaxed) == NULL
            && atomic_compare_exchange_strong_explicit(&lender->spare[i], &nothing,
                                                       thing, memory_order_release,
                                                       memory_order_relaxed))
        {
            return 1;
        }
    }
    return 0;
}

#endif
