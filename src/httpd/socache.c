/* SPDX-License-Identifier: Apache-2.0 - ClerkCache: the cache that processes share, kept by a provider of httpd's */
#include "socache.h"

#include <ap_provider.h>
#include <http_core.h>
#include <util_mutex.h>

#include "../service/bounded_cache.h"
#include "config.h"
#include "configuration.h"
#include "socache_carry.h"
#include "socache_port.h"

static const char MUTEX[] = "clerk-cache";
static const char NAME[] = "clerk-cache"; /* before each key on a cache server */

/* Some 4,000 answers about tokens. Memory that is not used costs nothing. */
static const char DEFAULT_SHMCB[] = "clerk-cache(4194304)";

enum { MOST_CARRIED = 16 * 1024 * 1024 };

struct clerk_socache {
    const char *shown; /* as configured */
    clerk_socache_port port;
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

static const char *usage_of(const char *name)
{
    if (strcmp(name, "shmcb") == 0) {
        return "shmcb, or shmcb:PATH(SIZE) with a size of 8192 bytes or more";
    }
    return strcmp(name, "dbm") == 0 ? "dbm:PATH" : "HOST:PORT[,HOST:PORT...] after the colon";
}

static const char *create(clerk_socache_port *port, const char *name,
                          const char *arguments, apr_pool_t *ptemp, apr_pool_t *pconf)
{
    const char *problem;

    port->provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name,
                                        AP_SOCACHE_PROVIDER_VERSION);
    if (port->provider == NULL) {
        return describe_missing(name, ptemp);
    }
    if (arguments == NULL && strcmp(name, "shmcb") == 0) {
        arguments = DEFAULT_SHMCB;
    }
    problem = port->provider->create(&port->instance, arguments, ptemp, pconf);
    if (problem != NULL) {
        return apr_psprintf(ptemp, "the provider says: %s (write %s)", problem,
                            usage_of(name));
    }
    port->max_value = strcmp(name, "dbm") == 0 ? CLERK_SOCACHE_MAX_DBM_VALUE
                                               : CLERK_SOCACHE_MAX_VALUE;
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
        problem = create(&made->port, name, arguments, ptemp, pconf);
    }
    if (problem == NULL) {
        *cache = made;
    }
    return problem;
}

/* ---------------------------------------------------------------- the server */

static apr_status_t destroy(void *baton)
{
    const clerk_socache_port *port = baton;

    port->provider->destroy(port->instance, port->main_server);
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
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, status, cache->port.main_server,
                 "ClerkCache %s: %s", cache->shown, what);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int set_up(clerk_socache *cache, server_rec *main_server, apr_pool_t *pconf)
{
    struct ap_socache_hints hints = { CLERK_DIGEST_LENGTH, 1024, apr_time_from_sec(30) };
    clerk_socache_port *port = &cache->port;
    apr_status_t status;

    port->main_server = main_server;
    port->quiet = quiet_copy(main_server, pconf);
    if (clerk_socache_port_needs_lock(port)) {
        status = ap_global_mutex_create(&port->mutex, &cache->mutex_file, MUTEX, NULL,
                                        main_server, pconf, 0);
        if (status != APR_SUCCESS) {
            return complain(cache, status, "its lock could not be made: see Mutex");
        }
    }
    status = port->provider->init(port->instance, NAME, &hints, main_server, pconf);
    if (status != APR_SUCCESS) {
        return complain(cache, status, "its provider could not be set up");
    }
    apr_pool_cleanup_register(pconf, port, destroy, apr_pool_cleanup_null);
    return OK;
}

/** What is on a server elsewhere stays there by itself. */
static int carry_over(clerk_socache *cache, apr_pool_t *pconf)
{
    if (!clerk_socache_server_secret(cache->server_secret)) {
        return complain(cache, APR_SUCCESS, "OpenSSL has no random bytes");
    }
    if (clerk_socache_port_needs_lock(&cache->port)) {
        clerk_socache_carry_in(&cache->port);
        clerk_socache_carry_out(&cache->port, MOST_CARRIED, pconf);
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
    if (server->cache == NULL || server->cache->port.provider == NULL) {
        return OK;
    }
    status = set_up(server->cache, main_server, pconf);
    return status == OK ? carry_over(server->cache, pconf) : status;
}

/* ---------------------------------------------------------------- a process */

static const clerk_cache *bounded; /* this process's, where it has a server behind it */

const char *clerk_socache_shown(const clerk_socache *cache)
{
    return cache == NULL || cache->port.provider == NULL ? "none" : cache->shown;
}

int clerk_socache_is_away(void)
{
    return bounded != NULL && clerk_bounded_cache_is_away(bounded);
}

static void notify(void *baton, apr_status_t status)
{
    const clerk_socache *cache = baton;

    if (status == APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, cache->port.main_server,
                     "the shared cache %s is back", cache->shown);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_WARNING, status, cache->port.main_server,
                     "the shared cache %s fails: this process goes on without it",
                     cache->shown);
    }
}

static apr_status_t join_mutex(clerk_socache *cache, apr_pool_t *pchild)
{
    apr_global_mutex_t **mutex = &cache->port.mutex;

    return *mutex == NULL ? APR_SUCCESS
                          : apr_global_mutex_child_init(mutex, cache->mutex_file, pchild);
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
    if (clerk_socache_port_needs_lock(&cache->port)) {
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

    if (cache == NULL || cache->port.provider == NULL) {
        return NULL;
    }
    port = apr_pcalloc(pchild, sizeof(*port));
    *port = clerk_socache_port_cache(&cache->port);
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
