/* SPDX-License-Identifier: Apache-2.0 - ask the key source, again where that may help, within a budget */
#include "key_fetch.h"

#include <openssl/rand.h>

static const apr_interval_time_t FIRST_PAUSE = APR_TIME_C(125000);

/** So that the processes of many servers do not come back at the same moment. */
static apr_interval_time_t stretch(apr_interval_time_t interval)
{
    unsigned char random[2];

    if (RAND_bytes(random, sizeof(random)) != 1) {
        return interval;
    }
    return interval + interval * (random[0] * 256 + random[1]) / 65536;
}

/** How long one attempt took; a clock that was set back meanwhile gives nothing. */
static apr_interval_time_t time_since(apr_time_t start)
{
    apr_time_t now = apr_time_now();

    return now > start ? now - start : 0;
}

static apr_interval_time_t pause_after(const clerk_api_failure *failure, int attempt)
{
    apr_interval_time_t interval = stretch(FIRST_PAUSE << attempt);

    return failure->retry_after > interval ? failure->retry_after : interval;
}

clerk_status clerk_key_fetch(clerk_slice *json, const clerk_http *http,
                             const clerk_instance *instance, int attempts,
                             apr_interval_time_t budget,
                             void (*pause)(apr_interval_time_t),
                             clerk_api_failure *failure, apr_pool_t *pool)
{
    int attempt = 0;

    for (;;) {
        apr_time_t start = apr_time_now();
        apr_interval_time_t interval;
        clerk_status status =
            clerk_backend_api_fetch_jwks(json, http, instance, budget, failure, pool);

        if (status == CLERK_OK || !failure->transient) {
            return status;
        }
        budget -= time_since(start);
        interval = pause_after(failure, attempt);
        if (++attempt == attempts || interval >= budget) {
            return status;
        }
        if (pause != NULL) {
            pause(interval);
        }
        else {
            apr_sleep(interval);
        }
        budget -= interval;
    }
}
