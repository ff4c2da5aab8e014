/* SPDX-License-Identifier: Apache-2.0 - what the status pages tell, collected at one moment */
#ifndef CLERK_STATUS_STATE_H
#define CLERK_STATUS_STATE_H

#include <httpd.h>

#include "../service/api_gate.h"
#include "../service/counters.h"
#include "../service/key_store.h"

/** One instance. No text here is secret; texts are NULL where there is none. */
typedef struct clerk_status_instance {
    const clerk_instance *instance;
    const char *name;       /* its Frontend API's host, or another; no two have the same */
    const char *type;       /* `development` or `production`; NULL: no key says it */
    const char *key_source; /* URL */
    int has_local_key;      /* ClerkJWTKey: nothing is fetched */
    clerk_key_report keys;
    apr_interval_time_t serve_on; /* until the keys are too old (ClerkKeyMaxStale); 0: now */
    apr_interval_time_t next_fetch_in; /* the earliest; 0: at any time */
    int is_fetching;
    clerk_api_report api;
} clerk_status_instance;

typedef struct clerk_status_state {
    apr_time_t now;
    apr_time_t counting_since; /* 0: each process counts for itself */
    apr_uint64_t processes;    /* that have begun since */
    const char *cache;         /* as configured; "none" */
    int is_cache_away;
    apr_array_header_t *instances; /* of clerk_status_instance */
} clerk_status_state;

/** Collect it for one request. What is a process's own is this process's. */
clerk_status_state *clerk_status_collect(request_rec *r);

/** The sum of all processes. */
apr_uint64_t clerk_status_count(clerk_counter counter);

/** Seconds, rounded down. */
long clerk_status_seconds(apr_interval_time_t interval);

#endif
