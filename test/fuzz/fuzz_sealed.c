/* SPDX-License-Identifier: Apache-2.0 - fuzz: what a shared cache gives that somebody else wrote */
#include "fuzz.h"

#include "service/sealed_cache.h"

static const apr_time_t NOW = APR_TIME_C(1700000000) * APR_USEC_PER_SEC;

static apr_status_t give(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                         clerk_slice *value, apr_pool_t *pool)
{
    (void)key;
    (void)pool;
    *value = *(clerk_slice *)baton;
    return APR_SUCCESS;
}

/** Nobody who lacks the secret key can write an entry that opens. */
void fuzz_one(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    static clerk_instance instance = { .secret_key = "sk_test_of_nobody" };
    clerk_slice found = fuzz_bytes(data, size, pool);
    clerk_cache cache = { .get = give, .baton = &found };
    clerk_sealed_cache sealed = { .cache = &cache };
    clerk_sealed_entry entry;
    clerk_slice value;
    apr_time_t expires;

    FUZZ_HOLDS(clerk_sealed_entry_name(&entry, "fuzz", &instance, instance.api_id,
                                       clerk_slice_of("id")));
    FUZZ_HOLDS(!clerk_sealed_cache_get(&value, &expires, &sealed, &entry, NOW, pool));
    FUZZ_HOLDS(clerk_sealed_cache_expiry(found) >= 0);
}
