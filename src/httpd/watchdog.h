/* SPDX-License-Identifier: Apache-2.0 - the background of each child, where keys are fetched */
#ifndef CLERK_WATCHDOG_H
#define CLERK_WATCHDOG_H

#include <apr_tables.h>

#include "../service/http.h"
#include "../service/key_store.h"

/**
 * Look after @a store in the background of this child, from now until @a pchild goes: fetch
 * the keys of all instances that are known at start, refresh them, take over what other
 * processes fetched. To be called in child_init before mod_watchdog's own.
 *
 * @param http  made by clerk_http_curl_create; it is stopped when the child ends, so that a
 *              fetch under way does not outlive what it works with
 */
void clerk_watchdog_start(clerk_key_store *store, const clerk_http *http,
                          apr_pool_t *pchild);

/** Sleep, but not on when the child ends; for pauses between attempts. */
void clerk_watchdog_pause(apr_interval_time_t interval);

/** The instances that are known at start: an array of const clerk_instance *. */
const apr_array_header_t *clerk_watchdog_instances(void);

#endif
