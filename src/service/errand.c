/* SPDX-License-Identifier: Apache-2.0 - a call to a slow cache, left for another thread to make */
#include "errand.h"

#include <stdlib.h>

static clerk_errand *make(const unsigned char *key)
{
    clerk_errand *made = calloc(1, sizeof(*made));

    if (made != NULL) {
        memcpy(made->key, key, CLERK_DIGEST_LENGTH);
    }
    return made;
}

static int copy_in(clerk_errand *errand, clerk_slice value)
{
    errand->bytes = malloc(value.len + 1);
    if (errand->bytes == NULL) {
        return 0;
    }
    memcpy(errand->bytes, value.ptr, value.len);
    errand->len = value.len;
    return 1;
}

clerk_errand *clerk_errand_to_get(const unsigned char key[CLERK_DIGEST_LENGTH])
{
    clerk_errand *made = make(key);

    if (made != NULL) {
        made->is_get = 1;
    }
    return made;
}

clerk_errand *clerk_errand_to_put(const unsigned char key[CLERK_DIGEST_LENGTH],
                                  clerk_slice value, apr_time_t expires)
{
    clerk_errand *made = make(key);

    if (made != NULL && !copy_in(made, value)) {
        free(made);
        return NULL;
    }
    if (made != NULL) {
        made->expires = expires;
    }
    return made;
}

void clerk_errand_free(clerk_errand *errand)
{
    free(errand->bytes);
    free(errand);
}

static void get(clerk_errand *errand, const clerk_cache *cache, apr_pool_t *pool)
{
    clerk_slice value = { "", 0 };

    errand->status = cache->get(cache->baton, errand->key, &value, pool);
    if (errand->status == APR_SUCCESS && !copy_in(errand, value)) {
        errand->status = APR_ENOMEM;
    }
}

void clerk_errand_run(clerk_errand *errand, const clerk_cache *cache, apr_pool_t *pool)
{
    clerk_slice value = { errand->bytes, errand->len };

    if (errand->is_get) {
        get(errand, cache, pool);
    }
    else {
        errand->status =
            cache->put(cache->baton, errand->key, value, errand->expires, pool);
    }
}

/** Of a server that is known to be down httpd's providers say "not found", to a put too. */
int clerk_errand_was_served(const clerk_errand *errand)
{
    apr_status_t status = errand->status;

    return status == APR_SUCCESS || APR_STATUS_IS_ENOSPC(status)
           || APR_STATUS_IS_EINVAL(status) || APR_STATUS_IS_ENOMEM(status)
           || (errand->is_get && APR_STATUS_IS_NOTFOUND(status));
}

void clerk_errands_add(clerk_errands *errands, clerk_errand *errand)
{
    errand->next = NULL;
    *(errands->first ? &errands->last->next : &errands->first) = errand;
    errands->last = errand;
    errands->count++;
}

clerk_errand *clerk_errands_take(clerk_errands *errands)
{
    clerk_errand *taken = errands->first;

    if (taken != NULL) {
        errands->first = taken->next;
        errands->count--;
    }
    return taken;
}
