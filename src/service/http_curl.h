/* SPDX-License-Identifier: Apache-2.0 - the HTTP port over libcurl */
#ifndef CLERK_HTTP_CURL_H
#define CLERK_HTTP_CURL_H

#include "http.h"

typedef struct clerk_http_curl_options {
    apr_interval_time_t connect_timeout; /* both: at least one millisecond is taken */
    apr_interval_time_t total_timeout;
    const char *ca_file; /* PEM, in place of the system's; NULL: the system's */
    const char *proxy; /* URL, or NULL: none; the environment's proxies are not used */
    const char *user_agent; /* or NULL: the field is not sent */
} clerk_http_curl_options;

/**
 * Make the adapter. Handles and their connections are kept and reused; TLS peers are
 * verified; redirects are not followed; only http and https are spoken. Fields of an
 * answer may be no longer than 64 KiB together. `Accept: application/json` is always sent.
 *
 * curl_global_init must have been called, and SIGPIPE be ignored, as httpd does: signals are
 * left alone here, since threads share them. All handles are released with @a pchild, which
 * must outlive every exchange. @a options is copied.
 */
apr_status_t clerk_http_curl_create(const clerk_http **http,
                                    const clerk_http_curl_options *options,
                                    apr_pool_t *pchild);

/**
 * Break off all exchanges under way, within a second, and those to come: the process ends.
 *
 * @param http  made by clerk_http_curl_create
 */
void clerk_http_curl_stop(const clerk_http *http);

#endif
