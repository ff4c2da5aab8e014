/* SPDX-License-Identifier: Apache-2.0 - the URL of a request as its browser sees it */
#include "own_url.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include "../core/url.h"
#include "request.h"

/* ---------------------------------------------------------------- as httpd has it */

static int names_host(const apr_array_header_t *names, const char *host, int has_wildcards)
{
    int i;

    for (i = 0; names != NULL && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (name != NULL
            && (has_wildcards ? ap_strcasecmp_match(host, name) == 0
                              : strcasecmp(host, name) == 0)) {
            return 1;
        }
    }
    return 0;
}

/* A loopback name can lead a browser nowhere but to the machine that it runs on. */
static int is_loopback(const char *host, apr_pool_t *pool)
{
    return clerk_url_is_acceptable(apr_pstrcat(pool, "http://", host, NULL));
}

static int is_named_by_configuration(const server_rec *server, const char *host,
                                     apr_pool_t *pool)
{
    return (server->server_hostname != NULL && strcasecmp(host, server->server_hostname) == 0)
           || names_host(server->names, host, 0) || names_host(server->wild_names, host, 1)
           || is_loopback(host, pool);
}

static const char *own_origin(request_rec *r)
{
    const char *scheme = ap_http_scheme(r);
    const char *host = ap_get_server_name_for_url(r);
    apr_port_t port = ap_get_server_port(r);

    if (r->server->server_hostname != NULL
        && !is_named_by_configuration(r->server, host, r->pool)) {
        host = r->server->server_hostname;
        port = r->server->port ? r->server->port : ap_default_port(r);
    }
    if (port == ap_default_port(r)) {
        return apr_pstrcat(r->pool, scheme, "://", host, NULL);
    }
    return apr_psprintf(r->pool, "%s://%s:%u", scheme, host, port);
}

/* ---------------------------------------------------------------- as the front end has it */

/** Of several values, as each proxy appends its own, the first. */
static const char *first_value(const request_rec *r, const char *name)
{
    clerk_slice rest = clerk_slice_of(apr_table_get(r->headers_in, name));
    clerk_slice first;

    clerk_slice_cut(&first, &rest, ',');
    return clerk_slice_copy(clerk_slice_trim(first), r->pool);
}

static const char *forwarded_or(const request_rec *r, const char *name, const char *otherwise)
{
    return apr_table_get(r->headers_in, name) ? first_value(r, name) : otherwise;
}

/**
 * Scheme and host that the front end says the browser used; httpd's own where they make no
 * origin (ClerkRequest.deriveUrlFromHeaders in `@clerk/backend`).
 */
static const char *forwarded_origin(request_rec *r)
{
    const char *host = forwarded_or(r, "X-Forwarded-Host", first_value(r, "Host"));
    const char *scheme = forwarded_or(r, "X-Forwarded-Proto", ap_http_scheme(r));
    const char *origin = apr_pstrcat(r->pool, scheme, "://", host, NULL);
    clerk_url url;

    if (!clerk_url_parse(&url, clerk_slice_of(origin))
        || url.origin.len != strlen(origin)) {
        return own_origin(r);
    }
    return clerk_url_web_origin(&url, r->pool);
}

const char *clerk_own_url(request_rec *r)
{
    int is_forwarded = clerk_request_config(r)->forwarded_headers == CLERK_ON;
    const char *path;

    while (r->main != NULL || r->prev != NULL) {
        r = r->main ? r->main : r->prev;
    }
    /* an absolute-form target (RFC 9112, 3.2.2) names a host of its own */
    path = *r->unparsed_uri == '/'
               ? r->unparsed_uri
               : apr_uri_unparse(r->pool, &r->parsed_uri, APR_URI_UNP_OMITSITEPART);
    if (*path != '/') {
        path = "/";
    }
    return apr_pstrcat(r->pool, is_forwarded ? forwarded_origin(r) : own_origin(r), path,
                       NULL);
}
