/* SPDX-License-Identifier: Apache-2.0 - what is said of key sets while the server runs */
#include "key_log.h"

#include "config.h"
#include "module.h"

static void log_failure(server_rec *main_server, const clerk_key_report *report)
{
    const clerk_server_config *server =
        ap_get_module_config(main_server->module_config, &clerk_auth_module);
    apr_interval_time_t left = clerk_config_key_max_stale(server) - report->age;

    if (!report->is_usable) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, main_server,
                     "the key set at %s could not be fetched: %s; there are no keys that may "
                     "serve, and requests with tokens of this instance get 503",
                     report->instance->key_url, report->failure.detail);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main_server,
                 "the key set at %s could not be fetched: %s; the known keys are %ld s old "
                 "and serve on for %ld s more (ClerkKeyMaxStale)",
                 report->instance->key_url, report->failure.detail,
                 (long)apr_time_sec(report->age), (long)apr_time_sec(left > 0 ? left : 0));
}

void clerk_log_keys(void *main_server, clerk_key_event event,
                    const clerk_key_report *report)
{
    if (event == CLERK_KEYS_FAILING) {
        log_failure(main_server, report);
        return;
    }
    ap_log_error(APLOG_MARK, event == CLERK_KEYS_RECOVERED ? APLOG_NOTICE : APLOG_DEBUG, 0,
                 (server_rec *)main_server, "the key set at %s was fetched%s: keys: %d",
                 report->instance->key_url,
                 event == CLERK_KEYS_RECOVERED ? " again after failures" : "",
                 (int)report->keys);
}
