/* SPDX-License-Identifier: Apache-2.0 - the pieces of http(s) URLs that redirects are made of */
#ifndef CLERK_URL_H
#define CLERK_URL_H

#include "slice.h"

/**
 * An absolute http or https URL (RFC 3986) cut into pieces, as written: nothing is
 * decoded or normalized. Slices point into the text that was parsed, or into a pool.
 */
typedef struct clerk_url {
    int is_https;
    clerk_slice origin;   /* SCHEME://HOST[:PORT] */
    clerk_slice host;     /* an IPv6 address keeps its brackets */
    unsigned port;        /* that of the scheme unless given */
    clerk_slice path;     /* begins with `/`, or is empty */
    clerk_slice query;    /* without `?`; empty when absent */
    clerk_slice fragment; /* without `#`; empty when absent */
} clerk_url;

/**
 * Cut a URL into its pieces.
 *
 * Refused: another scheme, no host, credentials, a host that is no DNS name, IPv4
 * address or bracketed IPv6 address, a bad port, and spaces or control characters
 * anywhere (a browser would drop some of them and see another URL).
 *
 * @return 1, or 0 with @a url untouched
 */
int clerk_url_parse(clerk_url *url, clerk_slice text);

/**
 * The origin as a browser writes it (RFC 6454, 6.2): scheme and host in lower case, no port
 * that is the scheme's own; owned by @a pool.
 */
const char *clerk_url_web_origin(const clerk_url *url, apr_pool_t *pool);

/**
 * The URL as text, with `/` for an empty path; owned by @a pool. Behind the origin it is
 * printable ASCII: other octets, and `"`, `<`, `>` and backquotes, are percent-encoded.
 */
const char *clerk_url_text(const clerk_url *url, apr_pool_t *pool);

/**
 * Whether secrets may be sent to the URL @a text: https, or http to a loopback host
 * (`localhost`, `*.localhost`, 127.0.0.0/8, `::1`); parseable, no fragment, no
 * backslash, ASCII only.
 */
int clerk_url_is_acceptable(const char *text);

/**
 * Whether @a text is a path on this site: begins with one `/` that no slash or
 * backslash follows (`//HOST` and `/\HOST` are other sites to a browser); no space,
 * control character or backslash, ASCII only. It may have a query and a fragment.
 */
int clerk_url_is_site_path(const char *text);

/** Whether @a text is HOST or HOST:PORT; HOST a DNS name or an IPv4 address. */
int clerk_url_is_host(clerk_slice text);

/** Whether scheme, host and port are the same (RFC 6454, 5). */
int clerk_url_same_origin(const clerk_url *a, const clerk_url *b);

/**
 * Whether host and port are the same, whatever the scheme. A port that is its scheme's
 * own counts as none, so that https://HOST and http://HOST are alike.
 */
int clerk_url_same_host(const clerk_url *a, const clerk_url *b);

/** Give the query one parameter @a name, as clerk_query_set does. */
void clerk_url_set_parameter(clerk_url *url, const char *name, const char *value,
                             apr_pool_t *pool);

/** Add one parameter, as clerk_query_append does. */
void clerk_url_append_parameter(clerk_url *url, const char *name, const char *value,
                                apr_pool_t *pool);

/** Take parameters off the query, as clerk_query_without does. */
void clerk_url_remove_parameters(clerk_url *url, const char *const *names,
                                 apr_pool_t *pool);

#endif
