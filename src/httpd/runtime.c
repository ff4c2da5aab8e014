/* SPDX-License-Identifier: Apache-2.0 - what a process keeps: keys, connections, the verifier */
#include "runtime.h"

#include <stdlib.h>

#include <apr_atomic.h>
#include <curl/curl.h>
#include <http_core.h>
#include <http_main.h>
#include <jansson.h>

#include "../service/http_curl.h"
#include "config.h"
#include "module.h"

typedef struct clerk_runtime {
    clerk_verifier verifier;
    apr_uint32_t missing_azp_seen;
} clerk_runtime;

static clerk_runtime *runtime; /* set once a process, before it serves */

const clerk_verifier *clerk_runtime_verifier(void)
{
    return &runtime->verifier;
}

int clerk_runtime_first_missing_azp(void)
{
    return apr_atomic_xchg32(&runtime->missing_azp_seen, 1) == 0;
}

static apr_status_t create_key_store(clerk_key_store **store,
                                     const clerk_server_config *server, apr_pool_t *pchild)
{
    clerk_http_curl_options http_options = {
        .connect_timeout = clerk_config_connect_timeout(server),
        .total_timeout = clerk_config_total_timeout(server),
        .ca_file = server->api_ca_file,
        .proxy = server->api_proxy,
        .user_agent = "mod_clerk_auth/" CLERK_VERSION /* PACKAGE_VERSION may be httpd's */,
    };
    clerk_key_store_options store_options = {
        .refresh = clerk_config_key_refresh(server),
        .max_stale = clerk_config_key_max_stale(server),
        .min_interval = clerk_config_key_min_interval(server),
        .wait = clerk_config_total_timeout(server),
        .pause = NULL,
    };
    const clerk_http *http;
    apr_status_t status = clerk_http_curl_create(&http, &http_options, pchild);

    if (status != APR_SUCCESS) {
        return status;
    }
    return clerk_key_store_create(store, http, NULL, &store_options, pchild);
}

static void start_process(apr_pool_t *pchild, server_rec *main_server)
{
    const clerk_server_config *server =
        ap_get_module_config(main_server->module_config, &clerk_auth_module);
    apr_status_t status;

    json_object_seed(0); /* before threads could race for it */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    runtime = apr_pcalloc(pchild, sizeof(*runtime));
    status = create_key_store(&runtime->verifier.keys, server, pchild);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, status, main_server,
                     "cannot make the key store; this process ends");
        exit(APEXIT_CHILDFATAL);
    }
}

void clerk_runtime_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_child_init(start_process, NULL, NULL, APR_HOOK_MIDDLE);
}
