/* SPDX-License-Identifier: Apache-2.0 - ClerkCache: the cache that processes share, kept by a provider of httpd's */
#include "socache.h"

#include <stdlib.h>

#include <ap_provider.h>
#include <ap_socache.h>
#include <apr_atomic.h>
#include <apr_global_mutex.h>
#include <http_core.h>
#include <util_mutex.h>

#include "../service/bounded_cache.h"
#include "config.h"
#include "configuration.h"
#include "socache_carry.h"

static const char MUTEX[] = "clerk-cache";
static const char NAME[] = "clerk-cache"; /* before each key on a cache server */

/* Some 4,000 answers about tokens. Memory that is not used costs nothing. */
static const char DEFAULT_SHMCB[] = "clerk-cache(4194304)";

enum {
    MAX_VALUE = 100 * 1024,
    MAX_DBM_VALUE = 900, /* SDBM has pages of 1 KiB */
    MOST_CARRIED = 16 * 1024 * 1024
};

struct clerk_socache {
    const char *shown; /* as configured */
    const ap_socache_provider_t *provider; /* NULL: none */
    ap_socache_instance_t *instance;
    apr_uint32_t max_value; /* lowered to what a provider would take */
    server_rec *main_server;
    server_rec *quiet; /* the same, where nothing is logged */
    apr_global_mutex_t *mutex; /* NULL where the provider needs none */
    const char *mutex_file;
    unsigned char server_secret[CLERK_SERVER_SECRET_LENGTH];
};

/* ---------------------------------------------------------------- configuration */

static const char *describe_missing(const char *name, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "httpd has no cache provider \"%s\": load its module (LoadModule "
                        "socache_%s_module modules/mod_socache_%s.so), or name another: "
                        "shmcb[:PATH(SIZE)], redis:HOST:PORT[,...], "
                        "memcache:HOST:PORT[,...], or none",
                        name, name, name);
}

static int needs_lock(const clerk_socache *cache)
{
    return (cache->provider->flags & AP_SOCACHE_FLAG_NOTMPSAFE) != 0;
}

static const char *usage_of(const char *name)
{
    if (strcmp(name, "shmcb") == 0) {
        return "shmcb, or shmcb:PATH(SIZE) with a size of 8192 bytes or more";
    }
    return strcmp(name, "dbm") == 0 ? "dbm:PATH" : "HOST:PORT[,HOST:PORT...] after the colon";
}

static const char *create(clerk_socache *cache, const char *name, const char *arguments,
                          apr_pool_t *ptemp, apr_pool_t *pconf)
{
    const char *problem;

    cache->provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name,
                                         AP_SOCACHE_PROVIDER_VERSION);
    if (cache->provider == NULL) {
        return describe_missing(name, ptemp);
    }
    if (arguments == NULL && strcmp(name, "shmcb") == 0) {
        arguments = DEFAULT_SHMCB;
    }
    problem = cache->provider->create(&cache->instance, arguments, ptemp, pconf);
    if (problem != NULL) {
        return apr_psprintf(ptemp, "the provider says: %s (write %s)", problem,
                            usage_of(name));
    }
    cache->max_value = strcmp(name, "dbm") == 0 ? MAX_DBM_VALUE : MAX_VALUE;
    return NULL;
}

const char *clerk_socache_configure(clerk_socache **cache, const char *text,
                                    apr_pool_t *ptemp, apr_pool_t *pconf)
{
    clerk_slice rest = clerk_slice_of(text);
    clerk_socache *made = apr_pcalloc(pconf, sizeof(*made));
    const char *problem = NULL;
    const char *arguments = NULL;
    const char *name;
    clerk_slice head;

    if (clerk_slice_cut(&head, &rest, ':') && rest.len > 0) {
        arguments = rest.ptr;
    }
    name = clerk_slice_copy(head, ptemp);
    made->shown = apr_pstrdup(pconf, text);
    if (strcmp(text, "none") != 0) {
        problem = create(made, name, arguments, ptemp, pconf);
    }
    if (problem == NULL) {
        *cache = made;
    }
    return problem;
}

/* ---------------------------------------------------------------- the port */

static apr_status_t lock(clerk_socache *self)
{
    return self->mutex != NULL ? apr_global_mutex_lock(self->mutex) : APR_SUCCESS;
}

static void unlock(clerk_socache *self)
{
    if (self->mutex != NULL) {
        apr_global_mutex_unlock(self->mutex);
    }
}

/** Providers log each failure of a server that is down; we say it once ourselves. */
static server_rec *server_for(const clerk_socache *self)
{
    return needs_lock(self) ? self->main_server : self->quiet;
}

static apr_status_t retrieve(clerk_slice *value, clerk_socache *self,
                             const unsigned char *key, unsigned char *buffer,
                             apr_pool_t *pool)
{
    unsigned int len = MAX_VALUE;
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

static apr_status_t socache_get(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                                clerk_slice *value, apr_pool_t *pool)
{
    unsigned char *buffer = malloc(MAX_VALUE + 1); /* seldom asked for, and large */
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
static apr_status_t socache_put(void *baton, const unsigned char key[CLERK_DIGEST_LENGTH],
                                clerk_slice value, apr_time_t expires, apr_pool_t *pool)
{
    clerk_socache *self = baton;
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

/* ---------------------------------------------------------------- the server */

static apr_status_t destroy(void *baton)
{
    clerk_socache *cache = baton;

    cache->provider->destroy(cache->instance, cache->main_server);
    return APR_SUCCESS;
}

static server_rec *quiet_copy(const server_rec *server, apr_pool_t *pconf)
{
    server_rec *copy = apr_pmemdup(pconf, server, sizeof(*server));

    copy->log.module_levels = NULL;
    copy->log.level = APLOG_EMERG;
    return copy;
}

static int complain(const clerk_socache *cache, apr_status_t status, const char *what)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, status, cache->main_server,
                 "ClerkCache %s: %s", cache->shown, what);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int set_up(clerk_socache *cache, server_rec *main_server, apr_pool_t *pconf)
{
    struct ap_socache_hints hints = { CLERK_DIGEST_LENGTH, 1024, apr_time_from_sec(30) };
    apr_status_t status;

    cache->main_server = main_server;
    cache->quiet = quiet_copy(main_server, pconf);
    if (needs_lock(cache)) {
        status = ap_global_mutex_create(&cache->mutex, &cache->mutex_file, MUTEX, NULL,
                                        main_server, pconf, 0);
        if (status != APR_SUCCESS) {
            return complain(cache, status, "its lock could not be made: see Mutex");
        }
    }
    status = cache->provider->init(cache->instance, NAME, &hints, main_server, pconf);
    if (status != APR_SUCCESS) {
        return complain(cache, status, "its provider could not be set up");
    }
    apr_pool_cleanup_register(pconf, cache, destroy, apr_pool_cleanup_null);
    return OK;
}

/** What is on a server elsewhere stays there by itself. */
static int carry_over(clerk_socache *cache, apr_pool_t *pconf)
{
    clerk_socache_carry carry = { cache->provider, cache->instance, cache->mutex,
                                  cache->main_server, MOST_CARRIED };

    if (!clerk_socache_server_secret(cache->server_secret)) {
        return complain(cache, APR_SUCCESS, "OpenSSL has no random bytes");
    }
    if (needs_lock(cache)) {
        clerk_socache_carry_in(&carry);
        clerk_socache_carry_out(&carry, pconf);
    }
    return OK;
}

/** Who said nothing gets shmcb where it is, and is told where it is not. */
static clerk_socache *default_cache(server_rec *main_server, apr_pool_t *ptemp,
                                    apr_pool_t *pconf)
{
    clerk_socache *cache = NULL;

    if (clerk_configuration_has_instances()
        && clerk_socache_configure(&cache, "shmcb", ptemp, pconf) != NULL)
    {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main_server,
                     "mod_socache_shmcb is not loaded: each process keeps keys and answers "
                     "for itself, and a restart forgets them. Load it, or say "
                     "\"ClerkCache none\"");
    }
    return cache;
}

static int prepare(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                   server_rec *main_server)
{
    clerk_server_config *server =
        ap_get_module_config(main_server->module_config, &clerk_auth_module);
    int status;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    if (server->cache == NULL) {
        server->cache = default_cache(main_server, ptemp, pconf);
    }
    if (server->cache == NULL || server->cache->provider == NULL) {
        return OK;
    }
    status = set_up(server->cache, main_server, pconf);
    return status == OK ? carry_over(server->cache, pconf) : status;
}

/* ---------------------------------------------------------------- a process */

static const clerk_cache *bounded; /* this process's, where it has a server behind it */

const char *clerk_socache_shown(const clerk_socache *cache)
{
    return cache == NULL || cache->provider == NULL ? "none" : cache->shown;
}

int clerk_socache_is_away(void)
{
    return bounded != NULL && clerk_bounded_cache_is_away(bounded);
}

static void notify(void *baton, apr_status_t status)
{
    const clerk_socache *cache = baton;

    if (status == APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, cache->main_server,
                     "the shared cache %s is back", cache->shown);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_WARNING, status, cache->main_server,
                     "the shared cache %s fails: this process goes on without it",
                     cache->shown);
    }
}

static apr_status_t join_mutex(clerk_socache *cache, apr_pool_t *pchild)
{
    return cache->mutex == NULL ? APR_SUCCESS
                                : apr_global_mutex_child_init(&cache->mutex,
                                                              cache->mutex_file, pchild);
}

/** What takes a lock of this machine is on it; all else may hang. */
static apr_status_t bound(const clerk_cache **port, clerk_socache *cache, apr_pool_t *pchild)
{
    clerk_bounded_cache_options options = {
        .patience = CLERK_CACHE_PATIENCE,
        .probe_interval = CLERK_CACHE_PROBE_INTERVAL,
        .hopeless_after = CLERK_CACHE_HOPELESS_AFTER,
        .notify = notify,
        .baton = cache,
    };

    apr_status_t status;

    bounded = NULL;
    if (needs_lock(cache)) {
        return APR_SUCCESS;
    }
    status = clerk_bounded_cache_create(port, *port, &options, pchild);
    bounded = status == APR_SUCCESS ? *port : NULL;
    return status;
}

const clerk_sealed_cache *clerk_socache_open(apr_pool_t *pchild, server_rec *main_server)
{
    const clerk_server_config *server =
        ap_get_module_config(main_server->module_config, &clerk_auth_module);
    clerk_socache *cache = server->cache;
    clerk_sealed_cache *sealed;
    clerk_cache *port;
    apr_status_t status;

    if (cache == NULL || cache->provider == NULL) {
        return NULL;
    }
    port = apr_pcalloc(pchild, sizeof(*port));
    port->get = socache_get;
    port->put = socache_put;
    port->baton = cache;
    sealed = apr_pcalloc(pchild, sizeof(*sealed));
    sealed->cache = port;
    memcpy(sealed->server_secret, cache->server_secret, sizeof(sealed->server_secret));
    status = join_mutex(cache, pchild);
    if (status == APR_SUCCESS) {
        status = bound(&sealed->cache, cache, pchild);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, status, main_server,
                     "ClerkCache %s: this process works without it", cache->shown);
        return NULL;
    }
    return sealed;
}

/* ---------------------------------------------------------------- hooks */

static int announce_mutex(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    return ap_mutex_register(pconf, MUTEX, NULL, APR_LOCK_DEFAULT, 0) == APR_SUCCESS
               ? OK
               : HTTP_INTERNAL_SERVER_ERROR;
}

void clerk_socache_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_pre_config(announce_mutex, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(prepare, NULL, NULL, APR_HOOK_MIDDLE);
}
