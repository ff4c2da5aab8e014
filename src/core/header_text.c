/* SPDX-License-Identifier: Apache-2.0 - values as they can stand in a header field */
#include "header_text.h"

#include <string.h>

static int is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f;
}

static int is_not_printable(unsigned char byte)
{
    return byte < 0x20 || byte > 0x7e;
}

static int has_any(const char *value, int (*is_meant)(unsigned char byte))
{
    for (; *value != '\0'; value++) {
        if (is_meant((unsigned char)*value)) {
            return 1;
        }
    }
    return 0;
}

static const char *encoded(const char *value, int (*is_meant)(unsigned char byte),
                           apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *text, *at;

    if (!has_any(value, is_meant)) {
        return value;
    }
    at = text = apr_palloc(pool, 3 * strlen(value) + 1);
    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;

        if (is_meant(byte) || byte == '%') {
            *at++ = '%';
            *at++ = digits[byte >> 4];
            *at++ = digits[byte & 15];
        }
        else {
            *at++ = *value;
        }
    }
    *at = '\0';
    return text;
}

static int is_not_visible(unsigned char byte)
{
    return byte <= 0x20 || byte > 0x7e;
}

/** White space there is no part of a field's value (RFC 9110, 5.5): it would get lost. */
static int has_space_around(const char *value)
{
    return *value == ' ' || (*value != '\0' && value[strlen(value) - 1] == ' ');
}

const char *clerk_header_text(const char *value, apr_pool_t *pool)
{
    const char *at = value;

    if (has_space_around(value)) {
        return encoded(value, is_not_visible, pool);
    }
    while (*at >= 0x20 && *at <= 0x7e) {
        at++;
    }
    return *at == '\0' ? value : encoded(value, is_not_printable, pool); /* nearly never */
}

const char *clerk_text_without_controls(const char *value, apr_pool_t *pool)
{
    return encoded(value, is_control, pool);
}
