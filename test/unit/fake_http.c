/* SPDX-License-Identifier: Apache-2.0 - an HTTP port that answers as told and remembers what it was asked */
#include "fake_http.h"

#include <pthread.h>

static pthread_mutex_t memory = PTHREAD_MUTEX_INITIALIZER;

static void remember(fake_http *self, const clerk_http_request *request)
{
    pthread_mutex_lock(&memory);
    self->method = request->method;
    self->url = request->url;
    self->bearer = request->bearer;
    self->body_sent = request->body;
    self->fields = request->fields;
    self->max_body = request->max_body;
    self->timeout = request->timeout;
    pthread_mutex_unlock(&memory);
}

static apr_status_t exchange(void *baton, clerk_http_response *response,
                             const clerk_http_request *request, const char **why,
                             apr_pool_t *pool)
{
    fake_http *self = baton;

    remember(self, request);
    atomic_fetch_add(&self->calls, 1);
    if (self->before != NULL) {
        self->before(self, request);
    }
    if (self->result != APR_SUCCESS) {
        *why = self->why;
        return self->result;
    }
    response->status = self->status;
    response->body = clerk_slice_of(apr_pstrdup(pool, self->body));
    response->retry_after = self->retry_after;
    return APR_SUCCESS;
}

void fake_http_init(fake_http *self, const char *body)
{
    memset(self, 0, sizeof(*self));
    self->http.exchange = exchange;
    self->http.baton = self;
    self->why = "fake failure";
    self->status = 200;
    self->body = body;
    self->retry_after = -1;
    atomic_init(&self->calls, 0);
}

int fake_http_sent(const fake_http *self, const char *line)
{
    const char *const *field = self->fields;

    while (field != NULL && *field != NULL) {
        if (strcmp(*field++, line) == 0) {
            return 1;
        }
    }
    return 0;
}
