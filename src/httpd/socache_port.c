/* SPDX-License-Identifier: Apache-2.0 - the cache port over one of httpd's cache providers */
#include "socache_port.h"

#include <stdlib.h>

#include <apr_atomic.h>

int clerk_socache_port_needs_lock(const clerk_socache_port *port)
{
    return (port->provider->flags & AP_SOCACHE_FLAG_NOTMPSAFE) != 0;
}

static apr_status_t lock(clerk_socache_port *self)
{
    return self->mutex != NULL ? apr_global_mutex_lock(self->mutex) : APR_SUCCESS;
}

static void unlock(clerk_socache_port *self)
{
    if (self->mutex != NULL) {
        apr_global_mutex_unlock(self->mutex);
    }
}

/** Providers log each failure of a server that is down; we say it once ourselves. */
static server_rec *server_for(const clerk_socache_port *self)
{
    return clerk_socache_port_needs_lock(self) ? self->main_server : self->quiet;
}

static apr_status_t retrieve(clerk_slice *value, clerk_socache_port *self,
                             const unsigned char *key, unsigned char *buffer,
                             apr_pool_t *pool)
{
    unsigned int len = CLERK_SOCACHE_MAX_VALUE;
    apr_status_t status = lock(self);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = self->provider->retrieve(self->instance, server_for(self), key,
                                      CLERK_DIGEST_LENGTH, buffer, &len, pool);
    unlock(self);
    if (status == APR_SUCCESS) {
        value->ptr = apr_pmemdup(pool, buffer, len);
        value->len = len;
    }
    return status;
}

static apr_status_t get(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                        clerk_slice *value, apr_pool_t *pool)
{
    /* seldom asked for, and large */
    unsigned char *buffer = malloc(CLERK_SOCACHE_MAX_VALUE + 1);
    apr_status_t status;

    if (buffer == NULL) {
        return APR_ENOMEM;
    }
    status = retrieve(value, baton, key, buffer, pool);
    free(buffer);
    return status;
}

/**
 * Providers count in seconds, and redis takes no 0. Our own expiry is inside of what they
 * keep, so theirs may be a little later.
 */
static apr_status_t put(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                        clerk_slice value, apr_time_t expires, apr_pool_t *pool)
{
    clerk_socache_port *self = baton;
    apr_status_t status;

    if (value.len > apr_atomic_read32(&self->max_value)) {
        return APR_ENOSPC;
    }
    status = lock(self);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = self->provider->store(self->instance, server_for(self), key,
                                   CLERK_DIGEST_LENGTH, expires + APR_USEC_PER_SEC,
                                   (unsigned char *)(apr_uintptr_t)value.ptr,
                                   (unsigned int)value.len, pool);
    unlock(self);
    if (APR_STATUS_IS_ENOSPC(status)) {
        apr_atomic_set32(&self->max_value, (apr_uint32_t)value.len - 1);
    }
    return status;
}

clerk_cache clerk_socache_port_cache(clerk_socache_port *port)
{
    clerk_cache cache = { get, put, port };

    return cache;
}
