/* SPDX-License-Identifier: Apache-2.0 - a misbehaving HTTP server and the adapter that asks it */
#include "http_world.h"

#include <stdlib.h>

/* ---------------------------------------------------------------- the server's side */

static int is_for(const char *request, const char *path)
{
    const char *target = strchr(request, ' ');

    return target != NULL && strncmp(target + 1, path, strlen(path)) == 0;
}

static int send_text(loopback_peer *peer, const char *text)
{
    return loopback_send(peer, text, strlen(text));
}

static int send_without_end(loopback_peer *peer, const char *head, const char *piece)
{
    int more = send_text(peer, head);

    while (more) {
        more = send_text(peer, piece);
    }
    return 0;
}

/** The head in one go, then a byte now and then: each of them in time, the whole not. */
static int drip(loopback_peer *peer)
{
    int more = send_text(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");

    while (more && loopback_sleep(peer, 50)) {
        more = send_text(peer, "x");
    }
    return 0;
}

static int answer_sized(loopback_peer *peer, int size)
{
    char *body = malloc((size_t)size + 1);
    int sent;

    memset(body, 'x', (size_t)size);
    body[size] = '\0';
    sent = loopback_answer(peer, body);
    free(body);
    return sent;
}

static int answer_status(loopback_peer *peer, const char *status_and_fields)
{
    return send_text(peer, "HTTP/1.1 ") && send_text(peer, status_and_fields)
           && send_text(peer, "\r\nContent-Length: 2\r\n\r\n{}");
}

/** `/x` is told its own request; the rest misbehave as their names say. */
static int handle(loopback_peer *peer, const char *request)
{
    if (is_for(request, "/at-bound")) {
        return answer_sized(peer, MAX_BODY);
    }
    if (is_for(request, "/over-bound")) {
        return answer_sized(peer, MAX_BODY + 1);
    }
    if (is_for(request, "/endless-chunks")) {
        return send_without_end(peer,
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                "8\r\nxxxxxxxx\r\n");
    }
    if (is_for(request, "/endless-body")) {
        return send_without_end(peer, "HTTP/1.1 200 OK\r\n\r\n", "xxxxxxxxxxxxxxxx");
    }
    if (is_for(request, "/endless-fields")) {
        return send_without_end(peer, "HTTP/1.1 200 OK\r\n", "X-More: and more\r\n");
    }
    if (is_for(request, "/silent")) {
        return loopback_sleep(peer, AMPLE * 1000) && loopback_answer(peer, "late");
    }
    if (is_for(request, "/drip")) {
        return drip(peer);
    }
    if (is_for(request, "/truncated")) {
        send_text(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
        return 0;
    }
    if (is_for(request, "/no-head")) {
        send_text(peer, "{\"keys\":[]}\n");
        return 0;
    }
    if (is_for(request, "/redirect")) {
        return answer_status(peer, "302 Found\r\nLocation: /x");
    }
    if (is_for(request, "/busy-number")) {
        return answer_status(peer, "429 Too Many Requests\r\nretry-AFTER:  7 ");
    }
    if (is_for(request, "/busy-date")) {
        return answer_status(peer,
                             "503 Busy\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT");
    }
    if (is_for(request, "/busy-huge")) {
        return answer_status(peer, "503 Busy\r\nRetry-After: 99999999999999999999");
    }
    if (is_for(request, "/early-hints")) {
        return send_text(peer, "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n")
               && answer_status(peer, "503 Busy");
    }
    return loopback_answer(peer, request);
}

/* ---------------------------------------------------------------- the client's side */

void http_world_connect(http_world *w)
{
    assert_int_equal(clerk_http_curl_create(&w->http, &w->options, w->pool),
                     APR_SUCCESS);
}

http_world *http_world_make(SSL_CTX *tls, apr_pool_t *pool)
{
    http_world *w = apr_pcalloc(pool, sizeof(*w));

    w->pool = pool;
    w->server = loopback_start(handle, tls, pool);
    w->options.connect_timeout = apr_time_from_sec(AMPLE);
    w->options.total_timeout = apr_time_from_sec(AMPLE);
    w->options.user_agent = "mod_clerk_auth/test";
    w->request.method = "GET";
    w->request.max_body = MAX_BODY;
    http_world_connect(w);
    return w;
}

apr_status_t http_world_ask_url(http_world *w, const char *url)
{
    w->request.url = url;
    w->why = NULL;
    memset(&w->response, 0, sizeof(w->response));
    return w->http->exchange(w->http->baton, &w->response, &w->request, &w->why,
                             w->pool);
}

const char *http_world_url(const http_world *w, const char *scheme, const char *host,
                           const char *path)
{
    return apr_psprintf(w->pool, "%s://%s:%d%s", scheme, host, w->server->port, path);
}

apr_status_t http_world_ask(http_world *w, const char *path)
{
    return http_world_ask_url(w, http_world_url(w, "http", "127.0.0.1", path));
}

int http_world_was_sent(const http_world *w, const char *line)
{
    const char *body = clerk_slice_copy(w->response.body, w->pool);
    const char *framed = apr_pstrcat(w->pool, "\r\n", line, "\r\n", NULL);

    return strstr(body, framed) != NULL;
}

int http_world_got(const http_world *w, const char *text)
{
    return strstr(clerk_slice_copy(w->response.body, w->pool), text) != NULL;
}
