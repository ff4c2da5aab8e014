/* SPDX-License-Identifier: Apache-2.0 - the state for people */
#include <apr_strings.h>
#include <http_protocol.h>

#include "status_pages.h"

static void row(request_rec *r, const char *title, const char *value)
{
    ap_rvputs(r, "<tr><th scope=\"row\" align=\"left\">", ap_escape_html(r->pool, title),
              "</th><td>", ap_escape_html(r->pool, value), "</td></tr>\n", NULL);
}

static void begin(request_rec *r, const char *title)
{
    ap_rvputs(r, "<h3>", ap_escape_html(r->pool, title), "</h3>\n<table>\n", NULL);
}

static void end(request_rec *r)
{
    ap_rputs("</table>\n", r);
}

static const char *time_text(const request_rec *r, apr_time_t time)
{
    char *text = apr_palloc(r->pool, APR_RFC822_DATE_LEN);

    apr_rfc822_date(text, time);
    return text;
}

/** `2 h 5 min`: the two largest units. */
static const char *duration(const request_rec *r, apr_interval_time_t interval)
{
    long seconds = clerk_status_seconds(interval);

    if (seconds < 120) {
        return apr_psprintf(r->pool, "%ld s", seconds);
    }
    return seconds < 7200
               ? apr_psprintf(r->pool, "%ld min %ld s", seconds / 60, seconds % 60)
               : apr_psprintf(r->pool, "%ld h %ld min", seconds / 3600, seconds % 3600 / 60);
}

/* ---------------------------------------------------------------- the server */

static void write_server(request_rec *r, const clerk_status_state *state)
{
    begin(r, "Server");
    row(r, "Version", CLERK_VERSION);
    row(r, "Answered by process", apr_psprintf(r->pool, "%" APR_PID_T_FMT, getpid()));
    if (state->counting_since != 0) {
        row(r, "Counting since", time_text(r, state->counting_since));
        row(r, "Processes begun since",
            apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, state->processes));
    }
    else {
        row(r, "Counting", "in each process for itself: there is no shared memory");
    }
    row(r, "Shared cache",
        apr_pstrcat(r->pool, state->cache, state->is_cache_away ? " (away)" : "", NULL));
    end(r);
}

/* ---------------------------------------------------------------- instances */

static void write_keys(request_rec *r, const clerk_status_instance *at)
{
    const clerk_key_report *keys = &at->keys;

    row(r, "Keys from", at->has_local_key ? "ClerkJWTKey"
                        : at->key_source  ? at->key_source
                                          : "nowhere");
    if (at->key_source == NULL) {
        return;
    }
    row(r, "Keys", apr_psprintf(r->pool, "%" APR_SIZE_T_FMT, keys->keys));
    if (keys->keys > 0) {
        row(r, "Fetched", time_text(r, keys->fetched_at));
        row(r, "Age", duration(r, keys->age));
        row(r, keys->is_usable ? "Serve on for" : "Too old to serve",
            keys->is_usable ? duration(r, at->serve_on) : "yes");
    }
    row(r, "Last fetch", keys->failure.status == CLERK_OK ? (keys->keys > 0 ? "ok" : "none yet")
                                                          : keys->failure.detail);
    if (keys->failure.status != CLERK_OK && keys->failed_at != 0) {
        row(r, "Failed", time_text(r, keys->failed_at));
    }
    row(r, "Next fetch", at->is_fetching           ? "under way"
                         : at->next_fetch_in == 0 ? "when needed"
                                                  : apr_pstrcat(r->pool, "not before ",
                                                                duration(r, at->next_fetch_in),
                                                                NULL));
}

static void write_api(request_rec *r, const clerk_status_instance *at)
{
    const clerk_api_report *api = &at->api;

    row(r, "Backend API", at->instance->api_url);
    if (api->stop_left > 0) {
        row(r, "Asked to be left alone (Retry-After)",
            apr_pstrcat(r->pool, "for ", duration(r, api->stop_left), NULL));
    }
    row(r, "Breaker of this process",
        api->is_open ? apr_pstrcat(r->pool, "open, next try in ", duration(r, api->probe_in),
                                   NULL)
                     : apr_psprintf(r->pool, "closed, %u failures in a row", api->failures));
}

static void write_instance(request_rec *r, const clerk_status_instance *at)
{
    begin(r, apr_pstrcat(r->pool, "Instance ", at->name, NULL));
    if (at->type != NULL) {
        row(r, "Type", at->type);
    }
    write_keys(r, at);
    write_api(r, at);
    end(r);
}

/* ---------------------------------------------------------------- counters */

static void write_counter(request_rec *r, clerk_counter counter)
{
    const clerk_counter_name *name = &clerk_counter_names[counter];
    const char *title = name->label ? name->value : name->metric;

    if (name->label_2 != NULL) {
        title = apr_pstrcat(r->pool, title, ", ", name->value_2, NULL);
    }
    row(r, title,
        apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, clerk_status_count(counter)));
}

static void write_counters(request_rec *r)
{
    int i;

    for (i = 0; i < CLERK_COUNTERS; i++) {
        if (clerk_counter_names[i].help != NULL) {
            if (i > 0) {
                end(r);
            }
            begin(r, clerk_counter_names[i].help);
        }
        write_counter(r, (clerk_counter)i);
    }
    end(r);
}

void clerk_status_write_html(request_rec *r, const clerk_status_state *state)
{
    int i;

    write_server(r, state);
    for (i = 0; i < state->instances->nelts; i++) {
        write_instance(r, &APR_ARRAY_IDX(state->instances, i, clerk_status_instance));
    }
    write_counters(r);
}
