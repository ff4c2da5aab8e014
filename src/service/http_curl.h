/* SPDX-License-Identifier: Apache-2.0 - the HTTP port over libcurl */
#ifndef CLERK_HTTP_CURL_H
#define CLERK_HTTP_CURL_H

#include "http.h"

typedef struct clerk_http_curl_options {
    apr_interval_time_t connect_timeout;
    apr_interval_time_t total_timeout;
    const char *ca_file; /* PEM, or NULL: the system's */
    const char *proxy;   /* URL, or NULL: none; the environment's proxies are not used */
    const char *user_agent;
} clerk_http_curl_options;

/**
 * Make the adapter. Handles and their connections are kept and reused; TLS peers are
 * verified; redirects are not followed; only http and https are spoken.
 *
 * curl_global_init must have been called. All handles are released with @a pchild.
 */
apr_status_t clerk_http_curl_create(const clerk_http **http,
                                    const clerk_http_curl_options *options,
                                    apr_pool_t *pchild);

#endif
