/* SPDX-License-Identifier: Apache-2.0 - what a process keeps: keys, connections, the verifier */
#include "runtime.h"

#include <stdlib.h>

#include <apr_atomic.h>
#include <curl/curl.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_main.h>
#include <jansson.h>

#include "../service/http_curl.h"
#include "config.h"
#include "key_log.h"
#include "module.h"
#include "shared_memory.h"
#include "socache.h"
#include "watchdog.h"

typedef struct clerk_runtime {
    clerk_verifier verifier;
    clerk_api api;
    clerk_api_answers *answers;
    clerk_token_cache tokens;
    apr_uint32_t missing_azp_seen;
    clerk_log_meter log_meters[CLERK_STATUS_COUNT];
    apr_uint32_t advised_at; /* seconds */
} clerk_runtime;

static clerk_runtime *runtime; /* set once a process, before it serves */

const clerk_verifier *clerk_runtime_verifier(void)
{
    return &runtime->verifier;
}

const clerk_api *clerk_runtime_api(void)
{
    return &runtime->api;
}

clerk_api_answers *clerk_runtime_answers(void)
{
    return runtime->answers;
}

int clerk_runtime_first_missing_azp(void)
{
    return apr_atomic_xchg32(&runtime->missing_azp_seen, 1) == 0;
}

clerk_log_meter *clerk_runtime_log_meter(clerk_status status)
{
    return &runtime->log_meters[status];
}

int clerk_runtime_may_advise(apr_time_t now)
{
    apr_uint32_t seconds = (apr_uint32_t)apr_time_sec(now);
    apr_uint32_t last = apr_atomic_read32(&runtime->advised_at);

    return (last == 0 || seconds - last >= 60)
           && apr_atomic_cas32(&runtime->advised_at, seconds, last) == last;
}

/* What is remembered about opaque machine tokens: small answers, many senders. */
enum { MOST_ANSWERS = 16 * 1024, MOST_ANSWER_BYTES = 16 * 1024 * 1024 };

static apr_status_t create_http(const clerk_http **http, const clerk_server_config *server,
                                apr_pool_t *pchild)
{
    clerk_http_curl_options options = {
        .connect_timeout = clerk_config_connect_timeout(server),
        .total_timeout = clerk_config_total_timeout(server),
        .ca_file = server->api_ca_file,
        .proxy = server->api_proxy,
        .user_agent = "mod_clerk_auth/" CLERK_VERSION /* PACKAGE_VERSION may be httpd's */,
    };
    return clerk_http_curl_create(http, &options, pchild);
}

static apr_status_t create_key_store(clerk_key_store **store, const clerk_http *http,
                                     const clerk_sealed_cache *cache,
                                     const clerk_server_config *server,
                                     server_rec *main_server, apr_pool_t *pchild)
{
    const clerk_shared_memory *shared = clerk_shared_memory_get();
    clerk_key_store_options options = {
        .refresh = clerk_config_key_refresh(server),
        .max_stale = clerk_config_key_max_stale(server),
        .min_interval = clerk_config_key_min_interval(server),
        .wait = clerk_config_total_timeout(server),
        .pause = clerk_watchdog_pause,
        .board = shared->board,
        .shelf = shared->shelf,
        .jitter = shared->jitter,
        .tell = clerk_log_keys,
        .baton = main_server,
    };
    return clerk_key_store_create(store, http, cache, &options, pchild);
}

/** So that the other half serves who has nothing to do with the Backend API. */
static unsigned half_of_threads(void)
{
    int threads = 0;

    return ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) == APR_SUCCESS && threads > 1
               ? (unsigned)threads / 2
               : 0;
}

/** One gate for all that is asked of the Backend API, keys aside. */
static apr_status_t open_api(clerk_api *api, const clerk_http *http,
                             const clerk_server_config *server, apr_pool_t *pchild)
{
    api->http = http;
    api->clock = NULL;
    return clerk_api_gate_create(&api->gate, clerk_config_api_connections(server),
                                 clerk_shared_memory_get()->board, pchild);
}

/** One room for answers of every kind. */
static apr_status_t create_answers(clerk_api_answers **answers,
                                   const clerk_sealed_cache *shared,
                                   const clerk_server_config *server, apr_pool_t *pchild)
{
    clerk_api_answers_options options = {
        .shared = shared,
        .turns = clerk_shared_memory_get()->turns,
        .patience = clerk_config_total_timeout(server),
        .patient = half_of_threads(),
        .max_entries = MOST_ANSWERS,
        .max_bytes = MOST_ANSWER_BYTES,
        .clock = NULL,
    };
    return clerk_api_answers_create(answers, &options, pchild);
}

static apr_status_t create_verified_tokens(clerk_verified_tokens **tokens,
                                           const clerk_server_config *server,
                                           apr_pool_t *pchild)
{
    unsigned entries = clerk_config_token_cache(server);

    return entries > 0 ? clerk_verified_tokens_create(tokens, entries, pchild)
                       : APR_SUCCESS;
}

static apr_status_t create_renewal(clerk_session_renewal **renewal, const clerk_api *api,
                                   const clerk_server_config *server, apr_pool_t *pchild)
{
    clerk_session_renewal_options options = {
        .patience = clerk_config_total_timeout(server),
    };
    return clerk_session_renewal_create(renewal, api, &options, pchild);
}

static apr_status_t furnish(clerk_runtime *made, const clerk_sealed_cache *shared,
                            const clerk_server_config *server, server_rec *main_server,
                            apr_pool_t *pchild)
{
    clerk_verifier *verifier = &made->verifier;
    clerk_api *api = &made->api;
    const clerk_http *http;
    apr_status_t status = create_http(&http, server, pchild);

    if (status == APR_SUCCESS) {
        status = create_key_store(&verifier->keys, http, shared, server, main_server, pchild);
    }
    if (status == APR_SUCCESS) {
        clerk_watchdog_start(verifier->keys, http, pchild);
    }
    if (status == APR_SUCCESS) {
        status = create_verified_tokens(&verifier->verified, server, pchild);
    }
    if (status == APR_SUCCESS) {
        status = open_api(api, http, server, pchild);
    }
    if (status == APR_SUCCESS) {
        status = create_renewal(&verifier->renewal, api, server, pchild);
    }
    if (status == APR_SUCCESS) {
        status = create_answers(&made->answers, shared, server, pchild);
    }
    made->tokens.api = api;
    made->tokens.answers = made->answers;
    made->tokens.ttl = clerk_config_machine_token_ttl(server);
    made->tokens.ready = verifier->verified;
    verifier->tokens = &made->tokens;
    return status;
}

static void start_process(apr_pool_t *pchild, server_rec *main_server)
{
    const clerk_server_config *server =
        ap_get_module_config(main_server->module_config, &clerk_auth_module);
    apr_status_t status;

    json_object_seed(0); /* before threads could race for it */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    clerk_stats_join(clerk_shared_memory_get()->stats);
    runtime = apr_pcalloc(pchild, sizeof(*runtime));
    status = furnish(runtime, clerk_socache_open(pchild, main_server), server, main_server,
                     pchild);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, status, main_server,
                     "cannot make what verifies tokens; this process ends");
        exit(APEXIT_CHILDFATAL);
    }
}

void clerk_runtime_register(apr_pool_t *pconf)
{
    static const char *const after[] = { "mod_watchdog.c", NULL }; /* whose thread uses it */

    (void)pconf;
    ap_hook_child_init(start_process, NULL, after, APR_HOOK_MIDDLE);
}
