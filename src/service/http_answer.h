/* SPDX-License-Identifier: Apache-2.0 - an HTTP answer while it arrives, within its bounds */
#ifndef CLERK_HTTP_ANSWER_H
#define CLERK_HTTP_ANSWER_H

#include <apr_time.h>

#include "../core/slice.h"

/** All fields of one answer together, interim answers included. */
enum { CLERK_HTTP_MAX_FIELD_BYTES = 64 * 1024 };

typedef struct clerk_http_answer {
    apr_pool_t *pool;
    char *body;
    apr_size_t len;
    apr_size_t capacity;
    apr_size_t max_body;
    apr_size_t field_bytes;
    int too_large;
    apr_interval_time_t retry_after; /* as in clerk_http_response */
} clerk_http_answer;

/** @param pool  where the body will be */
void clerk_http_answer_begin(clerk_http_answer *answer, apr_size_t max_body,
                             apr_pool_t *pool);

/**
 * Take a piece of the body: the signature is that of CURLOPT_WRITEFUNCTION.
 *
 * @param baton  the clerk_http_answer
 * @return how many bytes were taken: all, or none when the answer is too large
 */
size_t clerk_http_answer_body(char *bytes, size_t size, size_t count, void *baton);

/** Take one status line or field (CURLOPT_HEADERFUNCTION); returns as above. */
size_t clerk_http_answer_field(char *bytes, size_t size, size_t count, void *baton);

#endif
