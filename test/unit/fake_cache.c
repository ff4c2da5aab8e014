/* SPDX-License-Identifier: Apache-2.0 - tests: a shared cache that keeps all and believes anything */
#include "fake_cache.h"

#include "support.h"

int fake_cache_index(const fake_cache *cache, const unsigned char *key)
{
    int i = 0;

    while (i < cache->count
           && memcmp(cache->entries[i].key, key, CLERK_DIGEST_LENGTH) != 0) {
        i++;
    }
    return i < cache->count ? i : -1;
}

static apr_status_t cache_get(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                              clerk_slice *value, apr_pool_t *pool)
{
    fake_cache *self = baton;
    apr_status_t status = APR_NOTFOUND;
    int i;

    pthread_mutex_lock(&self->mutex);
    i = fake_cache_index(self, key);
    self->gets++;
    if (self->broken != APR_SUCCESS) {
        status = self->broken;
    }
    else if (i >= 0) {
        *value =
            support_bytes(self->entries[i].value.ptr, self->entries[i].value.len, pool);
        status = APR_SUCCESS;
    }
    pthread_mutex_unlock(&self->mutex);
    return status;
}

static void store(fake_cache *self, const unsigned char *key, clerk_slice value,
                  apr_time_t expires)
{
    int i = fake_cache_index(self, key);

    if (i < 0) {
        assert_true(self->count < FAKE_CACHE_ENTRIES);
        i = self->count++;
    }
    memcpy(self->entries[i].key, key, CLERK_DIGEST_LENGTH);
    self->entries[i].expires = expires;
    fake_cache_plant(self, i, value);
}

static apr_status_t cache_put(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                              clerk_slice value, apr_time_t expires, apr_pool_t *pool)
{
    fake_cache *self = baton;

    (void)pool;
    pthread_mutex_lock(&self->mutex);
    self->puts++;
    if (self->broken == APR_SUCCESS) {
        store(self, key, value, expires);
    }
    pthread_mutex_unlock(&self->mutex);
    return self->broken;
}

void fake_cache_plant(fake_cache *cache, int index, clerk_slice value)
{
    cache->entries[index].value = support_bytes(value.ptr, value.len, cache->pool);
}

fake_cache *fake_cache_make(apr_pool_t *pool)
{
    fake_cache *cache = apr_pcalloc(pool, sizeof(*cache));

    pthread_mutex_init(&cache->mutex, NULL);
    cache->pool = pool;
    cache->port.get = cache_get;
    cache->port.put = cache_put;
    cache->port.baton = cache;
    cache->sealed.cache = &cache->port;
    memset(cache->sealed.server_secret, 's', CLERK_SERVER_SECRET_LENGTH);
    return cache;
}
