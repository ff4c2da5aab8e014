/* SPDX-License-Identifier: Apache-2.0 - key sets in the cache that processes share */
#include "key_cache.h"

#include <apr_lib.h>

#include "backend_api.h"

/*
 * A cached set is its fetched_at in decimal microseconds, a line feed, and the JWK Set as it
 * was received.
 */
enum { MAX_TIME_DIGITS = 18 };

static const char PURPOSE[] = "key set";

static int name_entry(clerk_sealed_entry *entry, const clerk_instance *instance)
{
    return clerk_sealed_entry_name(entry, PURPOSE, instance, instance->key_id,
                                   clerk_slice_of(NULL));
}

static int read_time(apr_time_t *time, clerk_slice digits)
{
    apr_time_t value = 0;
    apr_size_t i;

    if (digits.len == 0 || digits.len > MAX_TIME_DIGITS) {
        return 0;
    }
    for (i = 0; i < digits.len; i++) {
        if (!apr_isdigit(digits.ptr[i])) {
            return 0;
        }
        value = value * 10 + (digits.ptr[i] - '0');
    }
    *time = value;
    return 1;
}

clerk_key_snapshot *clerk_key_cache_read(clerk_slice *json, const clerk_sealed_cache *cache,
                                         const clerk_instance *instance, apr_time_t now,
                                         apr_pool_t *pool)
{
    clerk_sealed_entry entry;
    clerk_key_snapshot *snapshot;
    apr_time_t fetched_at;
    apr_time_t expires;
    clerk_slice value;
    clerk_slice digits;

    if (!name_entry(&entry, instance)
        || !clerk_sealed_cache_get(&value, &expires, cache, &entry, now, pool))
    {
        return NULL;
    }
    if (!clerk_slice_cut(&digits, &value, '\n') || value.len > CLERK_JWKS_MAX_BYTES
        || !read_time(&fetched_at, digits) || fetched_at > now)
    {
        return NULL;
    }
    if (clerk_key_snapshot_parse(&snapshot, value, fetched_at, NULL) != CLERK_OK) {
        return NULL;
    }
    if (json != NULL) {
        *json = value;
    }
    return snapshot;
}

void clerk_key_cache_write(const clerk_sealed_cache *cache, const clerk_instance *instance,
                           clerk_slice json, apr_time_t fetched_at, apr_time_t expires,
                           apr_pool_t *pool)
{
    clerk_sealed_entry entry;
    const char *head;
    apr_size_t head_len;
    clerk_slice value;
    char *bytes;

    if (cache == NULL || fetched_at < 0 || !name_entry(&entry, instance)) {
        return;
    }
    head = apr_psprintf(pool, "%" APR_TIME_T_FMT "\n", fetched_at);
    head_len = strlen(head);
    bytes = apr_palloc(pool, head_len + json.len);
    memcpy(bytes, head, head_len);
    memcpy(bytes + head_len, json.ptr, json.len);
    value.ptr = bytes;
    value.len = head_len + json.len;
    clerk_sealed_cache_put(cache, &entry, value, fetched_at, expires, pool);
}
