/* SPDX-License-Identifier: Apache-2.0 - what fuzz targets share: input, a pool for each, and what must hold */
#ifndef CLERK_TEST_FUZZ_H
#define CLERK_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#include "core/slice.h"

/*
 * A target reads untrusted bytes by one part of the module and states by FUZZ_HOLDS what is
 * true whatever they are. libFuzzer drives it (test/fuzz/run), and in the unit tests replay.c
 * with the files below corpus/ and small changes of them.
 */

/** End the program, with the place, where that does not hold. */
#define FUZZ_HOLDS(condition)                                                          \
    ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

void fuzz_fail(const char *condition, const char *file, int line);

/** Each target's own. @param pool  cleared when it returns */
void fuzz_one(const uint8_t *data, size_t size, apr_pool_t *pool);

/** libFuzzer's entry: one input for fuzz_one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A heap block of exactly those bytes, so that a sanitizer sees what is read beyond. */
clerk_slice fuzz_bytes(const uint8_t *data, size_t size, apr_pool_t *pool);

/** The same as a C string: its NULs become `0`. */
const char *fuzz_text(const uint8_t *data, size_t size, apr_pool_t *pool);

#endif
