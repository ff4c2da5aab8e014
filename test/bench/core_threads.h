/* SPDX-License-Identifier: Apache-2.0 - what two threads do of what one does */
#ifndef CLERK_BENCH_CORE_THREADS_H
#define CLERK_BENCH_CORE_THREADS_H

#include "core_token.h"

/**
 * Measure one thread and two in turn, @a rounds times, and print a line for each kind of
 * work: NAME TAB RATIO TAB SPREAD. A spread is (third quartile - first quartile) / median.
 */
void bench_threads(bench_site *site, int rounds, apr_pool_t *pool);

#endif
