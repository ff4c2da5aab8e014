/* SPDX-License-Identifier: Apache-2.0 - the background of each child, where keys are fetched */
#include "watchdog.h"

#include <stdatomic.h>

#include <apr_optional.h>
#include <http_core.h>
#include <mod_watchdog.h>
#include <mpm_common.h>
#include <openssl/crypto.h>

#include "../service/http_curl.h"
#include "config.h"
#include "known_instances.h"
#include "module.h"

/*
 * The callback runs in every child, and the board lets one of them fetch. With a singleton
 * watchdog the other children would need another way to hear of a new set, and two would run
 * anyhow while an old generation ends: so all do the same, and most find nothing to do.
 */
static const char NAME[] = "_clerk_auth_";

static const apr_interval_time_t NAP = 10 * 1000;
static const apr_interval_time_t LONGEST_FAREWELL = 3 * APR_USEC_PER_SEC;

static const apr_array_header_t *known; /* of const clerk_instance *; for this generation */

static struct {
    clerk_key_store *store;
    const clerk_http *http;
    atomic_int is_ending;
    atomic_int is_busy;
} child;

/* ---------------------------------------------------------------- in the child */

void clerk_watchdog_pause(apr_interval_time_t interval)
{
    while (interval > 0 && !atomic_load(&child.is_ending)) {
        apr_sleep(interval < NAP ? interval : NAP);
        interval -= NAP;
    }
}

/**
 * STARTING comes at once and the first RUNNING one interval later, so both count. STOPPING
 * does not come in time, if at all. What OpenSSL keeps for a thread nobody else would free:
 * httpd ends the process around this one.
 */
static apr_status_t look_after_keys(int state, void *data, apr_pool_t *pool)
{
    (void)data;
    (void)pool;
    if (state == AP_WATCHDOG_STATE_STOPPING) {
        return APR_SUCCESS;
    }
    atomic_store(&child.is_busy, 1);
    if (!atomic_load(&child.is_ending)) {
        clerk_key_store_refresh(child.store, apr_time_now());
        OPENSSL_thread_stop();
    }
    atomic_store(&child.is_busy, 0);
    return APR_SUCCESS;
}

static void break_off(void)
{
    atomic_store(&child.is_ending, 1);
    clerk_key_store_close(child.store);
    clerk_http_curl_stop(child.http);
}

#if AP_MODULE_MAGIC_AT_LEAST(20120211, 110)
/** Else httpd would wait for threads that wait for Clerk, and kill the child after a while. */
static void stop_at_once(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    if (!graceful && child.store != NULL) {
        break_off();
    }
}
#endif

/** Memory, locks and libraries go when the child ends: the thread must be out of them. */
static apr_status_t end_background(void *unused)
{
    apr_interval_time_t waited = 0;

    (void)unused;
    break_off();
    while (atomic_load(&child.is_busy) && waited < LONGEST_FAREWELL) {
        apr_sleep(NAP);
        waited += NAP;
    }
    return APR_SUCCESS;
}

void clerk_watchdog_start(clerk_key_store *store, const clerk_http *http,
                          apr_pool_t *pchild)
{
    apr_time_t now = apr_time_now();
    int i;

    atomic_store(&child.is_ending, 0); /* httpd -X runs many children in one process */
    for (i = 0; i < known->nelts; i++) {
        clerk_key_store_add(store, APR_ARRAY_IDX(known, i, const clerk_instance *), now);
    }
    child.http = http;
    child.store = store;
    apr_pool_pre_cleanup_register(pchild, NULL, end_background);
}

const apr_array_header_t *clerk_watchdog_instances(void)
{
    return known;
}

/* ---------------------------------------------------------------- in the parent */

/** Often enough that sets are fetched in time, and that children hear of a new one soon. */
static apr_interval_time_t interval_for(const clerk_server_config *server)
{
    apr_interval_time_t interval = clerk_config_key_refresh(server) / 8;

    return interval < AP_WD_TM_SLICE      ? AP_WD_TM_SLICE
           : interval > AP_WD_TM_INTERVAL ? AP_WD_TM_INTERVAL
                                          : interval;
}

static int count_key_sources(const apr_array_header_t *instances)
{
    int count = 0;
    int i;

    for (i = 0; i < instances->nelts; i++) {
        const clerk_instance *instance =
            APR_ARRAY_IDX(instances, i, const clerk_instance *);

        count += instance->jwt_key == NULL && instance->key_url != NULL;
    }
    return count;
}

static int refuse_to_start(server_rec *main_server, apr_status_t status)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, status, main_server,
                 "Clerk's keys are fetched in the background by mod_watchdog, which is not "
                 "loaded: add LoadModule watchdog_module modules/mod_watchdog.so, or verify "
                 "tokens with ClerkJWTKey alone");
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int engage(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                  server_rec *main_server)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get_instance =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *register_callback =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t status;
    int sources;

    (void)plog;
    (void)ptemp;
    known = clerk_known_instances(pconf);
    sources = count_key_sources(known);
    if (sources == 0) {
        return OK;
    }
    if (get_instance == NULL || register_callback == NULL) {
        return refuse_to_start(main_server, APR_SUCCESS);
    }
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, main_server,
                 "key sets to be fetched in the background: %d", sources);
    status = get_instance(&watchdog, NAME, 0, 0, pconf);
    if (status == APR_SUCCESS) {
        status = register_callback(
            watchdog,
            interval_for(ap_get_module_config(main_server->module_config,
                                              &clerk_auth_module)),
            NULL, look_after_keys);
    }
    return status == APR_SUCCESS ? OK : refuse_to_start(main_server, status);
}

void clerk_watchdog_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_post_config(engage, NULL, NULL, APR_HOOK_MIDDLE);
#if AP_MODULE_MAGIC_AT_LEAST(20120211, 110)
    ap_hook_child_stopping(stop_at_once, NULL, NULL, APR_HOOK_MIDDLE);
#endif
}
