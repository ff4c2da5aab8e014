/* SPDX-License-Identifier: Apache-2.0 - the state for monitoring: Prometheus' text format, lines for mod_status */
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "status_pages.h"

/* ---------------------------------------------------------------- Prometheus */

/** A label's value between quotes: `\`, `"` and line ends are escaped (text format 0.0.4). */
static const char *quoted(const char *text, apr_pool_t *pool)
{
    char *made = apr_palloc(pool, 2 * strlen(text) + 1);
    char *at = made;

    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"' || *text == '\n') {
            *at++ = '\\';
        }
        *at++ = *text == '\n' ? 'n' : *text;
    }
    *at = '\0';
    return made;
}

static void head(request_rec *r, const char *name, const char *help, const char *type)
{
    ap_rvputs(r, "# HELP clerk_", name, " ", help, "\n# TYPE clerk_", name, " ", type, "\n",
              NULL);
}

static void write_counter(request_rec *r, clerk_counter counter)
{
    const clerk_counter_name *name = &clerk_counter_names[counter];

    if (name->help != NULL) {
        head(r, apr_pstrcat(r->pool, name->metric, "_total", NULL), name->help, "counter");
    }
    ap_rvputs(r, "clerk_", name->metric, "_total", NULL);
    if (name->label != NULL) {
        ap_rvputs(r, "{", name->label, "=\"", name->value, "\"", NULL);
        if (name->label_2 != NULL) {
            ap_rvputs(r, ",", name->label_2, "=\"", name->value_2, "\"", NULL);
        }
        ap_rputs("}", r);
    }
    ap_rprintf(r, " %" APR_UINT64_T_FMT "\n", clerk_status_count(counter));
}

/** A gauge of an instance; *value stays untouched where it has none: return 0. */
typedef int instance_gauge(apr_int64_t *value, const clerk_status_instance *at);

static int key_count(apr_int64_t *value, const clerk_status_instance *at)
{
    *value = (apr_int64_t)at->keys.keys;
    return at->key_source != NULL;
}

static int key_age(apr_int64_t *value, const clerk_status_instance *at)
{
    *value = apr_time_sec(at->keys.age);
    return at->key_source != NULL && at->keys.keys > 0;
}

static int key_time(apr_int64_t *value, const clerk_status_instance *at)
{
    *value = apr_time_sec(at->keys.fetched_at);
    return at->key_source != NULL && at->keys.keys > 0;
}

static int keys_usable(apr_int64_t *value, const clerk_status_instance *at)
{
    *value = at->has_local_key || at->keys.is_usable;
    return at->has_local_key || at->key_source != NULL;
}

static int keys_failing(apr_int64_t *value, const clerk_status_instance *at)
{
    *value = at->keys.failure.status != CLERK_OK;
    return at->key_source != NULL;
}

static int api_stop(apr_int64_t *value, const clerk_status_instance *at)
{
    *value = apr_time_sec(at->api.stop_left);
    return 1;
}

static int api_breaker(apr_int64_t *value, const clerk_status_instance *at)
{
    *value = at->api.is_open != 0;
    return 1;
}

static const struct gauge {
    const char *name;
    const char *line; /* behind ClerkInstance[N] */
    const char *help;
    instance_gauge *of;
} gauges[] = {
    { "keys", "Keys", "Keys in use", key_count },
    { "keys_age_seconds", "KeysAge", "Age of the keys in use", key_age },
    { "keys_fetched_timestamp_seconds", "KeysFetched", "When the keys in use were fetched",
      key_time },
    { "keys_usable", "KeysUsable", "Whether there are keys that are young enough to serve",
      keys_usable },
    { "keys_fetch_failing", "KeysFetchFailing", "Whether the last fetch of keys failed",
      keys_failing },
    { "api_retry_after_seconds", "APIRetryAfter",
      "How long the Backend API asked to be left alone for, from now on", api_stop },
    { "api_breaker_open", "APIBreakerOpen",
      "Whether the process that answers does not call the Backend API for its failures",
      api_breaker },
};

enum { GAUGES = sizeof(gauges) / sizeof(gauges[0]) };

static void write_gauge(request_rec *r, const struct gauge *gauge,
                        const clerk_status_state *state)
{
    int i;

    head(r, gauge->name, gauge->help, "gauge");
    for (i = 0; i < state->instances->nelts; i++) {
        const clerk_status_instance *at =
            &APR_ARRAY_IDX(state->instances, i, clerk_status_instance);
        apr_int64_t value;

        if (gauge->of(&value, at)) {
            ap_rprintf(r, "clerk_%s{clerk_instance=\"%s\"} %" APR_INT64_T_FMT "\n",
                       gauge->name, quoted(at->name, r->pool), value);
        }
    }
}

static void write_server(request_rec *r, const clerk_status_state *state)
{
    head(r, "build_info", "Always 1", "gauge");
    ap_rvputs(r, "clerk_build_info{version=\"" CLERK_VERSION "\"} 1\n", NULL);
    if (state->counting_since != 0) {
        head(r, "counters_start_time_seconds", "From when the counters count", "gauge");
        ap_rprintf(r, "clerk_counters_start_time_seconds %" APR_INT64_T_FMT "\n",
                   (apr_int64_t)apr_time_sec(state->counting_since));
        head(r, "processes_started_total", "Processes of httpd begun since then", "counter");
        ap_rprintf(r, "clerk_processes_started_total %" APR_UINT64_T_FMT "\n",
                   state->processes);
    }
    if (strcmp(state->cache, "none") != 0) {
        head(r, "shared_cache_up", "Whether the process that answers reaches the shared cache",
             "gauge");
        ap_rprintf(r, "clerk_shared_cache_up %d\n", !state->is_cache_away);
    }
}

void clerk_status_write_prometheus(request_rec *r, const clerk_status_state *state)
{
    int i;

    write_server(r, state);
    for (i = 0; i < GAUGES; i++) {
        write_gauge(r, &gauges[i], state);
    }
    for (i = 0; i < CLERK_COUNTERS; i++) {
        write_counter(r, (clerk_counter)i);
    }
}

/* ---------------------------------------------------------------- mod_status's ?auto */

/** `verify_api_key` and `clerk-role` become `VerifyApiKey` and `ClerkRole`. */
static const char *camel(const char *words, apr_pool_t *pool)
{
    char *made = apr_palloc(pool, strlen(words) + 1);
    char *at = made;
    int begins = 1;

    for (; *words != '\0'; words++) {
        if (*words == '_' || *words == '-') {
            begins = 1;
            continue;
        }
        *at++ = (char)(begins ? apr_toupper(*words) : *words);
        begins = 0;
    }
    *at = '\0';
    return made;
}

static void write_counter_line(request_rec *r, clerk_counter counter)
{
    const clerk_counter_name *name = &clerk_counter_names[counter];

    ap_rprintf(r, "Clerk%s%s%s: %" APR_UINT64_T_FMT "\n", camel(name->metric, r->pool),
               name->label ? camel(name->value, r->pool) : "",
               name->label_2 ? camel(name->value_2, r->pool) : "",
               clerk_status_count(counter));
}

static void write_instance_lines(request_rec *r, int number,
                                 const clerk_status_instance *at)
{
    apr_int64_t value;
    int i;

    ap_rprintf(r, "ClerkInstance[%d]Name: %s\n", number, at->name);
    for (i = 0; i < GAUGES; i++) {
        if (gauges[i].of(&value, at)) {
            ap_rprintf(r, "ClerkInstance[%d]%s: %" APR_INT64_T_FMT "\n", number,
                       gauges[i].line, value);
        }
    }
}

void clerk_status_write_lines(request_rec *r, const clerk_status_state *state)
{
    int i;

    ap_rvputs(r, "ClerkVersion: " CLERK_VERSION "\n", NULL);
    ap_rprintf(r, "ClerkProcessesStarted: %" APR_UINT64_T_FMT "\n", state->processes);
    ap_rprintf(r, "ClerkSharedCacheUp: %d\n", !state->is_cache_away);
    for (i = 0; i < state->instances->nelts; i++) {
        write_instance_lines(r, i,
                             &APR_ARRAY_IDX(state->instances, i, clerk_status_instance));
    }
    for (i = 0; i < CLERK_COUNTERS; i++) {
        write_counter_line(r, (clerk_counter)i);
    }
}
