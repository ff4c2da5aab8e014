/* SPDX-License-Identifier: Apache-2.0 - port: one bounded HTTPS exchange */
#ifndef CLERK_HTTP_H
#define CLERK_HTTP_H

#include <apr_errno.h>
#include <apr_time.h>

#include "../core/slice.h"

typedef struct clerk_http_request {
    const char *method;
    const char *url;
    const char *bearer; /* secret for Authorization, or NULL; never logged */
    /** Further `Name: value` lines, NULL-terminated, or NULL. */
    const char *const *fields;
    const char *body;    /* JSON, or NULL; a field names its type */
    apr_size_t max_body; /* an answer that is larger is a failure */
    /** For the whole exchange; 0: the adapter's own, which it can only shorten. */
    apr_interval_time_t timeout;
} clerk_http_request;

typedef struct clerk_http_response {
    int status;
    clerk_slice body;                /* owned by the pool of the call */
    apr_interval_time_t retry_after; /* microseconds; -1 when not sent or no number */
} clerk_http_response;

/**
 * Supplied by an adapter; called by several threads at once.
 *
 * @return APR_SUCCESS when an answer of any status arrived whole; APR_TIMEUP;
 *         APR_EACCES when the server's certificate is not to be trusted; APR_ENOSPC when it is over max_body; APR_EGENERAL for any other failure.
 *         @a why gets static text for the log.
 */
typedef apr_status_t clerk_http_exchange(void *baton, clerk_http_response *response,
                                         const clerk_http_request *request,
                                         const char **why, apr_pool_t *pool);

typedef struct clerk_http {
    clerk_http_exchange *exchange;
    void *baton;
} clerk_http;

#endif
