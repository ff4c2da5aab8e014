/* SPDX-License-Identifier: Apache-2.0 - a misbehaving HTTP server and the adapter that asks it */
#ifndef CLERK_TEST_HTTP_WORLD_H
#define CLERK_TEST_HTTP_WORLD_H

#include "loopback.h"
#include "service/http_curl.h"
#include "support.h"

enum { MAX_BODY = 100000, AMPLE = 20 /* seconds */ };

/** One server and one adapter a test. */
typedef struct http_world {
    loopback *server;
    const clerk_http *http;
    clerk_http_curl_options options; /* AMPLE time, system's authorities, no proxy */
    clerk_http_request request;      /* GET, up to MAX_BODY */
    clerk_http_response response;
    const char *why;
    apr_pool_t *pool;
} http_world;

/** @param tls  the server's context, or NULL for plain HTTP */
http_world *http_world_make(SSL_CTX *tls, apr_pool_t *pool);

/** Make the adapter again, after a change of options. */
void http_world_connect(http_world *w);

apr_status_t http_world_ask_url(http_world *w, const char *url);

/** Ask the server for that path over plain HTTP. */
apr_status_t http_world_ask(http_world *w, const char *path);

const char *http_world_url(const http_world *w, const char *scheme, const char *host,
                           const char *path);

/** Whether the answer, which for most paths repeats the request, has that line. */
int http_world_was_sent(const http_world *w, const char *line);

/** Whether that text is anywhere in the answer. */
int http_world_got(const http_world *w, const char *text);

#endif
