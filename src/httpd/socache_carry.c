/* SPDX-License-Identifier: Apache-2.0 - what outlives a restart of httpd: the shared cache's entries and secret */
#include "socache_carry.h"

#include <unistd.h>

#include <openssl/rand.h>

#include "module.h"

/* A process that died with the lock must not hold up the restart. */
enum { LOCK_TRIES = 100 };
static const apr_interval_time_t LOCK_PAUSE = 2000;

/* Another one for another layout: a restart may bring another version of the module. */
static const char RETAINED[] = "clerk_auth: shared cache 1";

typedef struct parcel {
    struct parcel *next;
    unsigned char key[CLERK_DIGEST_LENGTH];
    apr_time_t expires;
    unsigned int len;
    unsigned char *bytes;
} parcel;

/** In memory of httpd's parent that no restart clears. No code may be named in it. */
typedef struct retained {
    int has_secret;
    unsigned char secret[CLERK_SERVER_SECRET_LENGTH];
    apr_pool_t *pool; /* of the parcels; NULL when there are none */
    parcel *parcels;
} retained;

typedef struct load {
    const clerk_socache_port *from;
    apr_size_t most;
    pid_t parent;
    apr_size_t bytes;
} load;

static retained *retained_part(void)
{
    retained *found = ap_retained_data_get(RETAINED);

    return found != NULL ? found : ap_retained_data_create(RETAINED, sizeof(*found));
}

int clerk_socache_server_secret(unsigned char secret[CLERK_SERVER_SECRET_LENGTH])
{
    retained *kept = retained_part();

    if (!kept->has_secret) {
        kept->has_secret = RAND_bytes(kept->secret, CLERK_SERVER_SECRET_LENGTH) == 1;
    }
    memcpy(secret, kept->secret, CLERK_SERVER_SECRET_LENGTH);
    return kept->has_secret;
}

static int lock_soon(apr_global_mutex_t *mutex)
{
    int tries = LOCK_TRIES;

    while (mutex != NULL && apr_global_mutex_trylock(mutex) != APR_SUCCESS) {
        if (--tries == 0) {
            return 0;
        }
        apr_sleep(LOCK_PAUSE);
    }
    return 1;
}

static void unlock(apr_global_mutex_t *mutex)
{
    if (mutex != NULL) {
        apr_global_mutex_unlock(mutex);
    }
}

/* ---------------------------------------------------------------- out */

static apr_status_t take(ap_socache_instance_t *instance, server_rec *server, void *baton,
                         const unsigned char *id, unsigned int id_len,
                         const unsigned char *bytes, unsigned int len, apr_pool_t *pool)
{
    retained *kept = retained_part();
    load *self = baton;
    clerk_slice value = { (const char *)bytes, len };
    apr_time_t expires = clerk_sealed_cache_expiry(value);
    parcel *made;

    (void)instance;
    (void)server;
    (void)pool;
    if (id_len != CLERK_DIGEST_LENGTH || expires <= apr_time_now()
        || self->bytes + len > self->most)
    {
        return APR_SUCCESS;
    }
    self->bytes += len;
    made = apr_pcalloc(kept->pool, sizeof(*made));
    memcpy(made->key, id, CLERK_DIGEST_LENGTH);
    made->expires = expires;
    made->len = len;
    made->bytes = apr_pmemdup(kept->pool, bytes, len);
    made->next = kept->parcels;
    kept->parcels = made;
    return APR_SUCCESS;
}

static void forget(retained *kept)
{
    apr_pool_t *pool = kept->pool;

    kept->parcels = NULL;
    kept->pool = NULL;
    if (pool != NULL) {
        apr_pool_destroy(pool);
    }
}

static apr_status_t take_out(void *baton)
{
    retained *kept = retained_part();
    load *self = baton;
    const clerk_socache_port *from = self->from;
    apr_pool_t *pool;

    if (getpid() != self->parent || from->provider->iterate == NULL
        || !lock_soon(from->mutex))
    {
        return APR_SUCCESS;
    }
    forget(kept);
    apr_pool_create(&kept->pool, from->main_server->process->pool);
    apr_pool_create(&pool, kept->pool);
    from->provider->iterate(from->instance, from->main_server, self, take, pool);
    apr_pool_destroy(pool);
    unlock(from->mutex);
    return APR_SUCCESS;
}

void clerk_socache_carry_out(const clerk_socache_port *from, apr_size_t most,
                             apr_pool_t *pconf)
{
    load *self = apr_pcalloc(pconf, sizeof(*self));

    self->from = from;
    self->most = most;
    self->parent = getpid();
    apr_pool_pre_cleanup_register(pconf, self, take_out);
}

/* ---------------------------------------------------------------- in */

void clerk_socache_carry_in(const clerk_socache_port *to)
{
    retained *kept = retained_part();
    parcel *at;

    if (lock_soon(to->mutex)) {
        for (at = kept->parcels; at != NULL; at = at->next) {
            to->provider->store(to->instance, to->main_server, at->key,
                                   CLERK_DIGEST_LENGTH, at->expires + APR_USEC_PER_SEC,
                                   at->bytes, at->len, kept->pool);
        }
        unlock(to->mutex);
    }
    forget(kept);
}
