/* SPDX-License-Identifier: Apache-2.0 - a small HTTP server on the loopback address, plain or TLS */
#ifndef CLERK_TEST_LOOPBACK_H
#define CLERK_TEST_LOOPBACK_H

#include <stdatomic.h>

#include <apr_pools.h>
#include <openssl/ssl.h>

enum { LOOPBACK_MAX_CONNECTIONS = 64 };

typedef struct loopback loopback;

/** One connection, served by a thread of its own. */
typedef struct loopback_peer {
    loopback *server;
    int socket;
    SSL *ssl; /* NULL: plain */
} loopback_peer;

/**
 * Called for each request with its head and, behind the empty line, its body.
 *
 * @return 1 to wait for the next request on that connection, 0 to close it
 */
typedef int loopback_handler(loopback_peer *peer, const char *request);

struct loopback {
    int port;
    atomic_int connections; /* accepted so far */
    atomic_int requests;
};

/**
 * @param tls  a server context that outlives the server, or NULL
 * @return stopped with @a pool
 */
loopback *loopback_start(loopback_handler *handler, SSL_CTX *tls, apr_pool_t *pool);

/** Write all of it; 0 when the client is gone. */
int loopback_send(loopback_peer *peer, const char *bytes, size_t len);

/** A whole 200 answer with Content-Length. */
int loopback_answer(loopback_peer *peer, const char *body);

/** Sleep, yet no longer than the server is to run; 0 when it is to stop. */
int loopback_sleep(loopback_peer *peer, int milliseconds);

#endif
