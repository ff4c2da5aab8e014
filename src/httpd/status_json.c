/* SPDX-License-Identifier: Apache-2.0 - the state as JSON */
#include <http_protocol.h>
#include <jansson.h>

#include "../core/json.h"
#include "status_pages.h"

static void set(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

/** Seconds; null for 0, which is no moment. */
static json_t *moment(apr_time_t time)
{
    return time != 0 ? json_integer(apr_time_sec(time)) : json_null();
}

static json_t *seconds(apr_interval_time_t interval)
{
    return json_integer(clerk_status_seconds(interval));
}

static json_t *keys_of(const clerk_status_instance *at)
{
    const clerk_key_report *keys = &at->keys;
    json_t *object = json_object();

    set(object, "source", at->has_local_key ? json_string("ClerkJWTKey")
                                            : text_or_null(at->key_source));
    if (at->key_source == NULL) {
        return object;
    }
    set(object, "count", json_integer((json_int_t)keys->keys));
    set(object, "usable", json_boolean(keys->is_usable));
    set(object, "fetched_at", moment(keys->keys > 0 ? keys->fetched_at : 0));
    set(object, "age_seconds", keys->keys > 0 ? seconds(keys->age) : json_null());
    set(object, "serve_on_seconds", keys->keys > 0 ? seconds(at->serve_on) : json_null());
    set(object, "failure", text_or_null(keys->failure.status == CLERK_OK
                                            ? NULL
                                            : keys->failure.detail));
    set(object, "failed_at",
        moment(keys->failure.status == CLERK_OK ? 0 : keys->failed_at));
    set(object, "next_fetch_in_seconds", seconds(at->next_fetch_in));
    set(object, "fetching", json_boolean(at->is_fetching));
    return object;
}

static json_t *api_of(const clerk_status_instance *at)
{
    json_t *object = json_object();

    set(object, "url", json_string(at->instance->api_url));
    set(object, "retry_after_seconds", seconds(at->api.stop_left));
    set(object, "breaker_open", json_boolean(at->api.is_open));
    set(object, "failures_in_a_row", json_integer(at->api.failures));
    return object;
}

static json_t *instances_of(const clerk_status_state *state)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < state->instances->nelts; i++) {
        const clerk_status_instance *at =
            &APR_ARRAY_IDX(state->instances, i, clerk_status_instance);
        json_t *object = json_object();

        set(object, "name", json_string(at->name));
        set(object, "type", text_or_null(at->type));
        set(object, "keys", keys_of(at));
        set(object, "api", api_of(at));
        json_array_append_new(array, object);
    }
    return array;
}

/** The member of that name, made where it is missing. */
static json_t *within(json_t *object, const char *name)
{
    json_t *member = json_object_get(object, name);

    if (member == NULL) {
        member = json_object();
        set(object, name, member);
    }
    return member;
}

static json_t *counters(void)
{
    json_t *object = json_object();
    int i;

    for (i = 0; i < CLERK_COUNTERS; i++) {
        const clerk_counter_name *name = &clerk_counter_names[i];
        json_t *at = object;
        const char *last = name->metric;

        if (name->label != NULL) {
            at = within(at, name->metric);
            last = name->value;
        }
        if (name->label_2 != NULL) {
            at = within(at, name->value);
            last = name->value_2;
        }
        set(at, last, json_integer((json_int_t)clerk_status_count((clerk_counter)i)));
    }
    return object;
}

void clerk_status_write_json(request_rec *r, const clerk_status_state *state)
{
    json_t *object = json_object();
    json_t *cache = json_object();
    const char *text;

    set(object, "version", json_string(CLERK_VERSION));
    set(object, "process", json_integer(getpid()));
    set(object, "time", moment(state->now));
    set(object, "counting_since", moment(state->counting_since));
    set(object, "processes_begun", json_integer((json_int_t)state->processes));
    set(cache, "provider", text_or_null(state->cache));
    set(cache, "reachable", json_boolean(!state->is_cache_away));
    set(object, "shared_cache", cache);
    set(object, "instances", instances_of(state));
    set(object, "counters", counters());
    text = clerk_json_text(object, r->pool);
    json_decref(object);
    ap_rvputs(r, text != NULL ? text : "{}", "\n", NULL);
}
