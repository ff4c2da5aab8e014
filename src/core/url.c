/* SPDX-License-Identifier: Apache-2.0 - the pieces of http(s) URLs that redirects are made of */
#include "url.h"

#include <arpa/inet.h>
#include <strings.h>

#include <apr_lib.h>

#include "query.h"

enum { HOST_MAX = 253, LABEL_MAX = 63 };

/* ---------------------------------------------------------------- reading */

static unsigned own_port(int is_https)
{
    return is_https ? 443 : 80;
}

static int is_ascii_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int equals_ignoring_case(clerk_slice a, clerk_slice b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static int has_only_visible(clerk_slice text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c <= 0x20 || c == 0x7f) {
            return 0;
        }
    }
    return 1;
}

/*
 * What a browser reads as it is written: `\` would be a slash, other scripts are
 * mapped.
 */
static int is_plain(clerk_slice text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] > 0x7e || text.ptr[i] == '\\') {
            return 0;
        }
    }
    return has_only_visible(text);
}

/* RFC 1123, 2.1, and the underscore that some hosts have all the same. */
static int is_label(clerk_slice label)
{
    apr_size_t i;

    if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-'
        || label.ptr[label.len - 1] == '-')
    {
        return 0;
    }
    for (i = 0; i < label.len; i++) {
        if (!is_ascii_alnum(label.ptr[i]) && label.ptr[i] != '-' && label.ptr[i] != '_')
        {
            return 0;
        }
    }
    return 1;
}

static int is_dns_name(clerk_slice host)
{
    clerk_slice rest = host;
    clerk_slice label;
    int more;

    if (host.len > HOST_MAX) {
        return 0;
    }
    do {
        more = clerk_slice_cut(&label, &rest, '.');
        if (!is_label(label)) {
            return 0;
        }
    } while (more);
    return 1;
}

static int is_address(int family, clerk_slice text)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];

    if (text.len >= sizeof(copy)) {
        return 0;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(family, copy, address) == 1;
}

static int port_parse(unsigned *port, clerk_slice digits)
{
    unsigned value = 0;
    apr_size_t i;

    if (digits.len == 0 || digits.len > 5) {
        return 0;
    }
    for (i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') {
            return 0;
        }
        value = value * 10 + (unsigned)(digits.ptr[i] - '0');
    }
    if (value == 0 || value > 65535) {
        return 0;
    }
    *port = value;
    return 1;
}

/* Takes `[ADDRESS]` off the front, brackets included. */
static int take_ipv6_host(clerk_slice *host, clerk_slice *rest)
{
    clerk_slice address;

    host->ptr = rest->ptr;
    if (!clerk_slice_cut(&address, rest, ']')) {
        return 0;
    }
    host->len = address.len + 1;
    address.ptr++;
    address.len--;
    return is_address(AF_INET6, address);
}

static int authority_parse(clerk_slice *host, unsigned *port, unsigned default_port,
                           clerk_slice authority)
{
    clerk_slice rest = authority;

    if (clerk_slice_starts_with(authority, "[")) {
        if (!take_ipv6_host(host, &rest) || (rest.len > 0 && *rest.ptr != ':')) {
            return 0;
        }
    }
    else {
        clerk_slice_cut(host, &rest, ':');
        if (!is_dns_name(*host)) {
            return 0;
        }
        rest.ptr = host->ptr + host->len;
        rest.len = authority.len - host->len;
    }
    if (rest.len == 0) {
        *port = default_port;
        return 1;
    }
    rest.ptr++;
    rest.len--;
    return port_parse(port, rest);
}

static int take_scheme(int *is_https, clerk_slice *rest)
{
    clerk_slice scheme;

    if (!clerk_slice_cut(&scheme, rest, ':') || !clerk_slice_starts_with(*rest, "//")) {
        return 0;
    }
    rest->ptr += 2;
    rest->len -= 2;
    *is_https = equals_ignoring_case(scheme, clerk_slice_of("https"));
    return *is_https || equals_ignoring_case(scheme, clerk_slice_of("http"));
}

static clerk_slice take_authority(clerk_slice *rest)
{
    clerk_slice authority = { rest->ptr, 0 };

    while (authority.len < rest->len && !strchr("/?#", rest->ptr[authority.len])) {
        authority.len++;
    }
    rest->ptr += authority.len;
    rest->len -= authority.len;
    return authority;
}

int clerk_url_parse(clerk_url *url, clerk_slice text)
{
    clerk_url parsed;
    clerk_slice rest = text;

    memset(&parsed, 0, sizeof(parsed));
    if (!has_only_visible(text) || !take_scheme(&parsed.is_https, &rest)
        || !authority_parse(&parsed.host, &parsed.port, own_port(parsed.is_https),
                            take_authority(&rest)))
    {
        return 0;
    }
    parsed.origin.ptr = text.ptr;
    parsed.origin.len = (apr_size_t)(rest.ptr - text.ptr);
    clerk_slice_cut(&parsed.query, &rest, '#');
    parsed.fragment = rest;
    rest = parsed.query;
    clerk_slice_cut(&parsed.path, &rest, '?');
    parsed.query = rest;
    *url = parsed;
    return 1;
}

/* ---------------------------------------------------------------- judging */

static int is_loopback(clerk_slice host)
{
    static const char suffix[] = ".localhost";
    const apr_size_t suffix_len = sizeof(suffix) - 1;
    clerk_slice tail = host;

    if (host.len > suffix_len) {
        tail.ptr += host.len - suffix_len;
        tail.len = suffix_len;
    }
    return equals_ignoring_case(host, clerk_slice_of("localhost"))
           || equals_ignoring_case(tail, clerk_slice_of(suffix))
           || (clerk_slice_starts_with(host, "127.") && is_address(AF_INET, host))
           || clerk_slice_is(host, "[::1]");
}

int clerk_url_is_acceptable(const char *text)
{
    clerk_slice whole = clerk_slice_of(text);
    clerk_url url;

    return is_plain(whole) && clerk_url_parse(&url, whole) && !strchr(text, '#')
           && (url.is_https || is_loopback(url.host));
}

int clerk_url_is_site_path(const char *text)
{
    return text != NULL && text[0] == '/' && text[1] != '/'
           && is_plain(clerk_slice_of(text));
}

int clerk_url_is_host(clerk_slice text)
{
    clerk_slice host;
    unsigned port;

    return !clerk_slice_starts_with(text, "[")
           && authority_parse(&host, &port, 0, text);
}

int clerk_url_same_origin(const clerk_url *a, const clerk_url *b)
{
    return a->is_https == b->is_https && a->port == b->port
           && equals_ignoring_case(a->host, b->host);
}

static unsigned unusual_port(const clerk_url *url)
{
    return url->port == own_port(url->is_https) ? 0 : url->port;
}

int clerk_url_same_host(const clerk_url *a, const clerk_url *b)
{
    return unusual_port(a) == unusual_port(b) && equals_ignoring_case(a->host, b->host);
}

/* ---------------------------------------------------------------- writing */

const char *clerk_url_web_origin(const clerk_url *url, apr_pool_t *pool)
{
    const char *scheme = url->is_https ? "https" : "http";
    char *host = clerk_slice_copy(url->host, pool);
    char *at;

    for (at = host; *at != '\0'; at++) {
        *at = (char)apr_tolower(*at);
    }
    return url->port == own_port(url->is_https)
               ? apr_pstrcat(pool, scheme, "://", host, NULL)
               : apr_psprintf(pool, "%s://%s:%u", scheme, host, url->port);
}

/** What may not stand in a field value, or would end an HTML attribute. */
static int is_to_be_escaped(char c)
{
    return (unsigned char)c <= 0x20 || (unsigned char)c > 0x7e || strchr("\"<>`", c);
}

static const char *escaped(clerk_slice text, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *made = apr_palloc(pool, 3 * text.len + 1);
    char *end = made;

    for (; text.len > 0; text.ptr++, text.len--) {
        if (is_to_be_escaped(*text.ptr)) {
            *end++ = '%';
            *end++ = digits[(unsigned char)*text.ptr >> 4];
            *end++ = digits[(unsigned char)*text.ptr & 15];
        }
        else {
            *end++ = *text.ptr;
        }
    }
    *end = '\0';
    return made;
}

const char *clerk_url_text(const clerk_url *url, apr_pool_t *pool)
{
    return apr_pstrcat(pool, clerk_slice_copy(url->origin, pool),
                       url->path.len > 0 ? escaped(url->path, pool) : "/",
                       url->query.len > 0 ? "?" : "", escaped(url->query, pool),
                       url->fragment.len > 0 ? "#" : "", escaped(url->fragment, pool),
                       NULL);
}

void clerk_url_set_parameter(clerk_url *url, const char *name, const char *value,
                             apr_pool_t *pool)
{
    url->query = clerk_slice_of(clerk_query_set(url->query, name, value, pool));
}

void clerk_url_append_parameter(clerk_url *url, const char *name, const char *value,
                                apr_pool_t *pool)
{
    url->query = clerk_slice_of(clerk_query_append(url->query, name, value, pool));
}

void clerk_url_remove_parameters(clerk_url *url, const char *const *names,
                                 apr_pool_t *pool)
{
    url->query = clerk_slice_of(clerk_query_without(url->query, names, pool));
}
