/* SPDX-License-Identifier: Apache-2.0 - an HTTP port that answers as told and remembers what it was asked */
#ifndef CLERK_TEST_FAKE_HTTP_H
#define CLERK_TEST_FAKE_HTTP_H

#include <stdatomic.h>

#include "service/http.h"

/** Zero it, then fake_http_init. Several threads may ask at once. */
typedef struct fake_http {
    clerk_http http;

    /* The answer, the same each time unless `before` changes it. */
    apr_status_t result;
    const char *why;
    int status;
    const char *body;
    apr_interval_time_t retry_after;

    /** Called first, without a lock; may be NULL. */
    void (*before)(struct fake_http *self, const clerk_http_request *request);
    void *baton;

    atomic_int calls;

    /* The last request; for tests with one thread. */
    const char *method;
    const char *url;
    const char *bearer;
    const char *body_sent;
    const char *const *fields;
    apr_size_t max_body;
    apr_interval_time_t timeout;
} fake_http;

/** Answers 200 with @a body. */
void fake_http_init(fake_http *self, const char *body);

/** Whether the last request had that line among its fields. */
int fake_http_sent(const fake_http *self, const char *line);

#endif
