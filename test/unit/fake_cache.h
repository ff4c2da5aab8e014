/* SPDX-License-Identifier: Apache-2.0 - tests: a shared cache that keeps all and believes anything */
#ifndef CLERK_TEST_FAKE_CACHE_H
#define CLERK_TEST_FAKE_CACHE_H

#include <pthread.h>

#include "service/sealed_cache.h"

enum { FAKE_CACHE_ENTRIES = 16 };

/** Expiry is noted and not heeded. */
typedef struct fake_cache {
    clerk_cache port;
    clerk_sealed_cache sealed; /* over the port */
    struct {
        unsigned char key[CLERK_DIGEST_LENGTH];
        clerk_slice value; /* in a block of exact size */
        apr_time_t expires;
    } entries[FAKE_CACHE_ENTRIES];
    int count;
    int gets;
    int puts;
    apr_status_t broken; /* what all calls return, unless APR_SUCCESS */
    pthread_mutex_t mutex; /* guards all above */
    apr_pool_t *pool;
} fake_cache;

fake_cache *fake_cache_make(apr_pool_t *pool);

/** What is under @a key, to be altered at will; -1 when nothing is. */
int fake_cache_index(const fake_cache *cache, const unsigned char *key);

/** Another value in place of the entry's. */
void fake_cache_plant(fake_cache *cache, int index, clerk_slice value);

#endif
