/* SPDX-License-Identifier: Apache-2.0 - a small HTTP server on the loopback address, plain or TLS */
#include "loopback.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_REQUEST = 64 * 1024, TICK = 5 };

typedef struct server {
    loopback shown; /* first, so that the one is the other */
    loopback_handler *handler;
    SSL_CTX *tls;
    int listener;
    atomic_int stopping;
    pthread_t acceptor;
    pthread_t threads[LOOPBACK_MAX_CONNECTIONS];
    loopback_peer peers[LOOPBACK_MAX_CONNECTIONS];
} server;

static void must(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        abort();
    }
}

/* ---------------------------------------------------------------- one connection */

static int is_stopping(const loopback_peer *peer)
{
    return atomic_load(&((server *)peer->server)->stopping);
}

int loopback_sleep(loopback_peer *peer, int milliseconds)
{
    while (milliseconds > 0 && !is_stopping(peer)) {
        poll(NULL, 0, TICK);
        milliseconds -= TICK;
    }
    return !is_stopping(peer);
}

int loopback_send(loopback_peer *peer, const char *bytes, size_t len)
{
    while (len > 0 && !is_stopping(peer)) {
        ssize_t sent = peer->ssl ? SSL_write(peer->ssl, bytes, (int)len)
                                 : send(peer->socket, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            return 0;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return len == 0;
}

int loopback_answer(loopback_peer *peer, const char *body)
{
    char head[128];

    snprintf(head, sizeof(head),
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n",
             strlen(body));
    return loopback_send(peer, head, strlen(head))
           && loopback_send(peer, body, strlen(body));
}

/** Waits in short steps: shutting a socket down does not end a TLS read at once. */
static ssize_t receive(loopback_peer *peer, char *bytes, size_t len)
{
    struct pollfd readable = { peer->socket, POLLIN, 0 };

    while (!is_stopping(peer)) {
        if ((peer->ssl != NULL && SSL_pending(peer->ssl) > 0)
            || poll(&readable, 1, TICK) > 0) {
            return peer->ssl ? SSL_read(peer->ssl, bytes, (int)len)
                             : recv(peer->socket, bytes, len, 0);
        }
    }
    return 0;
}

static size_t expected_length(const char *request)
{
    const char *body = strstr(request, "\r\n\r\n");
    const char *field = strstr(request, "\r\nContent-Length: ");

    if (body == NULL) {
        return 0;
    }
    return (size_t)(body + 4 - request)
           + (field != NULL && field < body ? strtoul(field + 18, NULL, 10) : 0);
}

static int read_request(loopback_peer *peer, char *request)
{
    size_t len = 0;

    do {
        ssize_t got = receive(peer, request + len, MAX_REQUEST - 1 - len);

        if (got <= 0) {
            return 0;
        }
        len += (size_t)got;
        request[len] = '\0';
    } while (expected_length(request) == 0 || len < expected_length(request));
    return 1;
}

static int begin_tls(loopback_peer *peer, SSL_CTX *tls)
{
    if (tls == NULL) {
        return 1;
    }
    peer->ssl = SSL_new(tls);
    must(peer->ssl != NULL && SSL_set_fd(peer->ssl, peer->socket) == 1, "SSL_new");
    return SSL_accept(peer->ssl) == 1;
}

static void *serve(void *baton)
{
    loopback_peer *peer = baton;
    server *self = (server *)peer->server;
    char *request = malloc(MAX_REQUEST);

    must(request != NULL, "malloc");
    if (begin_tls(peer, self->tls)) {
        while (read_request(peer, request)) {
            atomic_fetch_add(&self->shown.requests, 1);
            if (!self->handler(peer, request)) {
                break;
            }
        }
    }
    SSL_free(peer->ssl);
    close(peer->socket);
    free(request);
    return NULL;
}

/* ---------------------------------------------------------------- the server */

static void *accept_all(void *baton)
{
    server *self = baton;
    struct pollfd readable = { self->listener, POLLIN, 0 };
    struct timeval patience = { 2, 0 };
    int count = 0;

    while (!atomic_load(&self->stopping)) {
        loopback_peer *peer = &self->peers[count];

        if (poll(&readable, 1, TICK) <= 0) {
            continue;
        }
        must(count < LOOPBACK_MAX_CONNECTIONS, "too many connections");
        peer->server = &self->shown;
        peer->socket = accept(self->listener, NULL, NULL);
        must(peer->socket >= 0, "accept");
        setsockopt(peer->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        setsockopt(peer->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        must(pthread_create(&self->threads[count], NULL, serve, peer) == 0, "thread");
        count = atomic_fetch_add(&self->shown.connections, 1) + 1;
    }
    return NULL;
}

static apr_status_t stop(void *baton)
{
    server *self = baton;
    int i;

    atomic_store(&self->stopping, 1);
    pthread_join(self->acceptor, NULL);
    for (i = 0; i < atomic_load(&self->shown.connections); i++) {
        pthread_join(self->threads[i], NULL);
    }
    close(self->listener);
    return APR_SUCCESS;
}

static void bind_anywhere(server *self)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(self->listener >= 0, "socket");
    must(bind(self->listener, (struct sockaddr *)&address, len) == 0, "bind");
    must(listen(self->listener, 32) == 0, "listen");
    must(getsockname(self->listener, (struct sockaddr *)&address, &len) == 0, "name");
    self->shown.port = ntohs(address.sin_port);
}

loopback *loopback_start(loopback_handler *handler, SSL_CTX *tls, apr_pool_t *pool)
{
    server *self = apr_pcalloc(pool, sizeof(*self));

    signal(SIGPIPE, SIG_IGN); /* as httpd has it; OpenSSL writes without MSG_NOSIGNAL */
    self->handler = handler;
    self->tls = tls;
    bind_anywhere(self);
    must(pthread_create(&self->acceptor, NULL, accept_all, self) == 0, "thread");
    apr_pool_cleanup_register(pool, self, stop, apr_pool_cleanup_null);
    return &self->shown;
}
