/* SPDX-License-Identifier: Apache-2.0 - what fuzz targets share: input, a pool for each, and what must hold */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

void fuzz_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;

    if (pool == NULL) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    fuzz_one(data, size, pool);
    apr_pool_clear(pool);
    return 0;
}

static apr_status_t free_block(void *block)
{
    free(block);
    return APR_SUCCESS;
}

static char *block_of(const uint8_t *data, size_t size, size_t extra, apr_pool_t *pool)
{
    char *block = malloc(size + extra > 0 ? size + extra : 1);

    FUZZ_HOLDS(block != NULL);
    if (size > 0) {
        memcpy(block, data, size);
    }
    apr_pool_cleanup_register(pool, block, free_block, apr_pool_cleanup_null);
    return block;
}

clerk_slice fuzz_bytes(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    clerk_slice bytes = { block_of(data, size, 0, pool), size };

    return bytes;
}

const char *fuzz_text(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    char *text = block_of(data, size, 1, pool);
    size_t i;

    for (i = 0; i < size; i++) {
        text[i] = text[i] != '\0' ? text[i] : '0';
    }
    text[size] = '\0';
    return text;
}
