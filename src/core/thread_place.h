/* SPDX-License-Identifier: Apache-2.0 - places in memory at which threads do not meet */
#ifndef CLERK_THREAD_PLACE_H
#define CLERK_THREAD_PLACE_H

#include <apr_portable.h>

/** What two threads write at the same time stands this far apart, or slows both down. */
enum { CLERK_CACHE_LINE = 64 };

/** Where the first whole line begins in @a memory, which has CLERK_CACHE_LINE bytes to spare. */
static inline void *clerk_cache_line_align(void *memory)
{
    return (void *)(((apr_uintptr_t)memory + CLERK_CACHE_LINE - 1) / CLERK_CACHE_LINE
                    * CLERK_CACHE_LINE);
}

/**
 * Where this thread is to look first: always the same place, and as a rule not that of
 * another thread.
 *
 * @param places  how many there are: a power of two, at most 65536
 */
static inline unsigned clerk_thread_place(unsigned places)
{
    /* an address, of which the low bits are alike in all threads (Fibonacci hashing) */
    apr_uint64_t thread = (apr_uint64_t)(apr_uintptr_t)apr_os_thread_current();

    return (unsigned)(thread * APR_UINT64_C(0x9E3779B97F4A7C15) >> 48) & (places - 1);
}

#endif
