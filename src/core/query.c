/* SPDX-License-Identifier: Apache-2.0 - the query of a URL and its encoding */
#include "query.h"

#include <apr_tables.h>

/* What the form-urlencoded percent-encode set leaves alone (WHATWG URL, 1.3). */
static int is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || strchr("*-._", c) != NULL;
}

const char *clerk_form_encode(const char *text, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = apr_palloc(pool, 3 * strlen(text) + 1);
    char *end = encoded;

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (is_unreserved(*text)) {
            *end++ = *text;
        }
        else if (c == ' ') {
            *end++ = '+';
        }
        else {
            *end++ = '%';
            *end++ = digits[c >> 4];
            *end++ = digits[c & 15];
        }
    }
    *end = '\0';
    return encoded;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/*
 * The octet that a `%` at the beginning of @a rest stands for; -1 when it is no escape.
 */
static int escaped_octet(clerk_slice rest)
{
    int high = rest.len >= 3 ? hex_value(rest.ptr[1]) : -1;
    int low = high >= 0 ? hex_value(rest.ptr[2]) : -1;

    return low >= 0 ? high * 16 + low : -1;
}

int clerk_percent_decode(clerk_slice *out, clerk_slice text, apr_pool_t *pool)
{
    char *decoded = apr_palloc(pool, text.len + 1);
    apr_size_t len = 0;

    while (text.len > 0) {
        int octet = *text.ptr == '%' ? escaped_octet(text) : (unsigned char)*text.ptr;
        apr_size_t taken = *text.ptr == '%' ? 3 : 1;

        if (octet < 0) {
            return 0;
        }
        decoded[len++] = (char)octet;
        text.ptr += taken;
        text.len -= taken;
    }
    decoded[len] = '\0';
    out->ptr = decoded;
    out->len = len;
    return 1;
}

/*
 * As URLSearchParams reads a name: `+` is a space, a `%` that is no escape is itself.
 */
static int is_encoded_name(clerk_slice encoded, const char *name)
{
    for (; encoded.len > 0 && *name != '\0'; name++) {
        int octet = *encoded.ptr == '%' ? escaped_octet(encoded) : -1;
        apr_size_t taken = octet >= 0 ? 3 : 1;

        if (octet < 0) {
            octet = *encoded.ptr == '+' ? ' ' : (unsigned char)*encoded.ptr;
        }
        if (octet != (unsigned char)*name) {
            return 0;
        }
        encoded.ptr += taken;
        encoded.len -= taken;
    }
    return encoded.len == 0 && *name == '\0';
}

/** Take the next element that is not empty; @a whole is it as written. */
static int take_element(clerk_slice *whole, clerk_slice *name, clerk_slice *value,
                        clerk_slice *rest)
{
    while (rest->len > 0) {
        clerk_slice_cut(whole, rest, '&');
        if (whole->len > 0) {
            *value = *whole;
            clerk_slice_cut(name, value, '=');
            return 1;
        }
    }
    return 0;
}

static const char *decode_form(clerk_slice encoded, apr_pool_t *pool)
{
    char *decoded = apr_palloc(pool, encoded.len + 1);
    char *end = decoded;

    while (encoded.len > 0) {
        int octet = *encoded.ptr == '%' ? escaped_octet(encoded) : -1;
        apr_size_t taken = octet >= 0 ? 3 : 1;

        if (octet < 0) {
            octet = *encoded.ptr == '+' ? ' ' : (unsigned char)*encoded.ptr;
        }
        *end++ = (char)octet;
        encoded.ptr += taken;
        encoded.len -= taken;
    }
    *end = '\0';
    return clerk_slice_has_control((clerk_slice){ decoded, (apr_size_t)(end - decoded) })
               ? ""
               : decoded;
}

int clerk_query_get(const char **value, clerk_slice query, const char *name,
                    apr_pool_t *pool)
{
    clerk_slice whole, found, encoded;

    while (take_element(&whole, &found, &encoded, &query)) {
        if (is_encoded_name(found, name)) {
            *value = decode_form(encoded, pool);
            return 1;
        }
    }
    return 0;
}

static const char *element_of(const char *name, const char *value, apr_pool_t *pool)
{
    return apr_pstrcat(pool, clerk_form_encode(name, pool), "=",
                       clerk_form_encode(value, pool), NULL);
}

const char *clerk_query_set(clerk_slice query, const char *name, const char *value,
                            apr_pool_t *pool)
{
    apr_array_header_t *kept = apr_array_make(pool, 4, sizeof(char *));
    const char *given = element_of(name, value, pool);
    clerk_slice whole, found, encoded;
    int is_placed = 0;

    while (take_element(&whole, &found, &encoded, &query)) {
        if (!is_encoded_name(found, name)) {
            APR_ARRAY_PUSH(kept, const char *) = clerk_slice_copy(whole, pool);
        }
        else if (!is_placed) {
            APR_ARRAY_PUSH(kept, const char *) = given;
            is_placed = 1;
        }
    }
    if (!is_placed) {
        APR_ARRAY_PUSH(kept, const char *) = given;
    }
    return apr_array_pstrcat(pool, kept, '&');
}

const char *clerk_query_append(clerk_slice query, const char *name, const char *value,
                               apr_pool_t *pool)
{
    return apr_pstrcat(pool, clerk_slice_copy(query, pool), query.len > 0 ? "&" : "",
                       element_of(name, value, pool), NULL);
}

static int is_one_of(clerk_slice encoded, const char *const *names)
{
    while (*names != NULL) {
        if (is_encoded_name(encoded, *names++)) {
            return 1;
        }
    }
    return 0;
}

const char *clerk_query_without(clerk_slice query, const char *const *names,
                                apr_pool_t *pool)
{
    apr_array_header_t *kept = apr_array_make(pool, 4, sizeof(char *));
    clerk_slice whole, found, encoded;

    while (take_element(&whole, &found, &encoded, &query)) {
        if (!is_one_of(found, names)) {
            APR_ARRAY_PUSH(kept, const char *) = clerk_slice_copy(whole, pool);
        }
    }
    return apr_array_pstrcat(pool, kept, '&');
}
