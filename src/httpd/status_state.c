/* SPDX-License-Identifier: Apache-2.0 - what the status pages tell, collected at one moment */
#include "status_state.h"

#include <apr_strings.h>
#include <http_main.h>

#include "../core/url.h"
#include "config.h"
#include "module.h"
#include "runtime.h"
#include "secret.h"
#include "shared_memory.h"
#include "socache.h"
#include "watchdog.h"

/* As key sources are paused for at most; a longer ClerkKeyMinInterval counts, too. */
static const apr_interval_time_t LONGEST_PAUSE = APR_TIME_C(300) * APR_USEC_PER_SEC;

apr_uint64_t clerk_status_count(clerk_counter counter)
{
    return clerk_stats_sum(clerk_shared_memory_get()->stats, counter);
}

long clerk_status_seconds(apr_interval_time_t interval)
{
    return (long)apr_time_sec(interval);
}

/** The main server's, which counts for all. */
static const clerk_server_config *server_config(void)
{
    return ap_get_module_config(ap_server_conf->module_config, &clerk_auth_module);
}

/* ---------------------------------------------------------------- names */

static const char *host_of(const char *url, apr_pool_t *pool)
{
    clerk_url parts;

    return clerk_url_parse(&parts, clerk_slice_of(url))
               ? clerk_slice_copy(parts.host, pool)
               : "unnamed";
}

static const char *plain_name(const clerk_instance *instance, apr_pool_t *pool)
{
    if (instance->frontend_api != NULL) {
        return instance->frontend_api;
    }
    return instance->jwt_key != NULL ? "ClerkJWTKey" : host_of(instance->api_url, pool);
}

static int is_taken(const apr_array_header_t *instances, const char *name)
{
    int i;

    for (i = 0; i < instances->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(instances, i, clerk_status_instance).name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/** One host may stand for several: with other keys, or another place for them. */
static const char *own_name(const apr_array_header_t *instances,
                            const clerk_instance *instance, apr_pool_t *pool)
{
    const char *plain = plain_name(instance, pool);
    const char *name = plain;
    int number = 1;

    while (is_taken(instances, name)) {
        name = apr_psprintf(pool, "%s#%d", plain, ++number);
    }
    return name;
}

static const char *type_of(const clerk_instance *instance)
{
    if (instance->publishable_key == NULL) {
        return NULL;
    }
    return instance->type == CLERK_DEVELOPMENT ? "development" : "production";
}

/* ---------------------------------------------------------------- instances */

static clerk_status_instance *found(const apr_array_header_t *instances,
                                    const clerk_instance *instance)
{
    int i;

    for (i = 0; i < instances->nelts; i++) {
        clerk_status_instance *at = &APR_ARRAY_IDX(instances, i, clerk_status_instance);

        if (memcmp(at->instance->key_id, instance->key_id, CLERK_DIGEST_LENGTH) == 0) {
            return at;
        }
    }
    return NULL;
}

static clerk_status_instance *add(apr_array_header_t *instances,
                                  const clerk_instance *instance)
{
    clerk_status_instance made = { .instance = instance };

    made.name = own_name(instances, instance, instances->pool);
    made.type = type_of(instance);
    made.has_local_key = instance->jwt_key != NULL;
    if (!made.has_local_key && instance->key_url != NULL) {
        made.key_source = clerk_value_shown(instance->key_url);
    }
    APR_ARRAY_PUSH(instances, clerk_status_instance) = made;
    return &APR_ARRAY_IDX(instances, instances->nelts - 1, clerk_status_instance);
}

/** Sections that complete one another make instances that no start knows. */
static void take_report(void *baton, const clerk_key_report *report)
{
    clerk_status_instance *at = found(baton, report->instance);

    if (at == NULL) {
        at = add(baton, report->instance);
    }
    at->keys = *report;
}

/** The board speaks for all processes; where there is none, nothing is said. */
static void look_at_board(clerk_status_instance *at, apr_interval_time_t interval,
                          apr_time_t now)
{
    const clerk_board_slot *slot =
        clerk_board_find(clerk_shared_memory_get()->board, at->instance->key_id, now);

    if (slot != NULL) {
        at->next_fetch_in = clerk_board_pause_left(
            slot, interval > LONGEST_PAUSE ? interval : LONGEST_PAUSE, now);
        at->is_fetching = clerk_board_is_leased(slot, LONGEST_PAUSE, now);
    }
}

static void complete(clerk_status_instance *at, const clerk_server_config *server,
                     apr_time_t now)
{
    apr_interval_time_t left = clerk_config_key_max_stale(server) - at->keys.age;

    if (at->key_source != NULL) {
        look_at_board(at, clerk_config_key_min_interval(server), now);
    }
    at->serve_on = at->keys.keys > 0 && at->keys.is_usable && left > 0 ? left : 0;
    clerk_api_gate_report(&at->api, clerk_runtime_api()->gate, at->instance, now);
}

static apr_array_header_t *list_instances(request_rec *r, apr_time_t now)
{
    const apr_array_header_t *known = clerk_watchdog_instances();
    apr_array_header_t *list = apr_array_make(r->pool, 4, sizeof(clerk_status_instance));
    clerk_key_store *store = clerk_runtime_verifier()->keys;
    const clerk_server_config *server = server_config();
    int i;

    for (i = 0; i < known->nelts; i++) {
        const clerk_instance *instance = APR_ARRAY_IDX(known, i, const clerk_instance *);

        clerk_key_store_add(store, instance, now); /* what other processes did */
        add(list, instance);
    }
    clerk_key_store_report(store, now, take_report, list);
    for (i = 0; i < list->nelts; i++) {
        complete(&APR_ARRAY_IDX(list, i, clerk_status_instance), server, now);
    }
    return list;
}

clerk_status_state *clerk_status_collect(request_rec *r)
{
    const clerk_stats *stats = clerk_shared_memory_get()->stats;
    clerk_status_state *state = apr_pcalloc(r->pool, sizeof(*state));

    state->now = apr_time_now();
    if (stats != NULL) {
        state->counting_since = clerk_stats_started_at(stats);
        state->processes = clerk_stats_processes(stats);
    }
    state->cache = clerk_value_shown(clerk_socache_shown(server_config()->cache));
    state->is_cache_away = clerk_socache_is_away();
    state->instances = list_instances(r, state->now);
    return state;
}
