/* SPDX-License-Identifier: Apache-2.0 - strict base64url without padding, and forgiving base64 */
#include "base64url.h"

/* The two characters in which the alphabets of RFC 4648, 4 and 5 differ. */
typedef struct alphabet {
    char value_62;
    char value_63;
} alphabet;

static const alphabet standard = { '+', '/' };
static const alphabet url_safe = { '-', '_' };

static int sextet(char c, const alphabet *abc)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == abc->value_62 ? 62 : c == abc->value_63 ? 63 : -1;
}

/**
 * Decode @a text, all of it of the alphabet.
 *
 * @param leftover  the bits behind the last whole byte
 * @return 1, or 0 for a foreign byte or a length that no bytes encode to
 */
static int decode(clerk_slice *out, unsigned *leftover, clerk_slice text,
                  const alphabet *abc, apr_pool_t *pool)
{
    apr_size_t room = text.len / 4 * 3 + 3;
    char *bytes;
    apr_size_t count = 0;
    unsigned pending = 0;
    unsigned bits = 0;
    apr_size_t i;

    if (text.len % 4 == 1) {
        return 0;
    }
    bytes = apr_palloc(pool, room);
    for (i = 0; i < text.len; i++) {
        int value = sextet(text.ptr[i], abc);

        if (value < 0) {
            return 0;
        }
        pending = pending << 6 | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[count++] = (char)(unsigned char)(pending >> bits & 0xff);
            pending &= (1u << bits) - 1;
        }
    }
    bytes[count] = '\0';
    *leftover = pending;
    out->ptr = bytes;
    out->len = count;
    return 1;
}

int clerk_base64url_decode(clerk_slice *out, clerk_slice text, apr_pool_t *pool)
{
    clerk_slice bytes;
    unsigned leftover;

    if (!decode(&bytes, &leftover, text, &url_safe, pool) || leftover != 0) {
        return 0;
    }
    *out = bytes;
    return 1;
}

static int is_ascii_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static clerk_slice without_spaces(clerk_slice text, apr_pool_t *pool)
{
    char *kept = apr_palloc(pool, text.len + 1);
    clerk_slice result = { kept, 0 };
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (!is_ascii_space(text.ptr[i])) {
            kept[result.len++] = text.ptr[i];
        }
    }
    return result;
}

int clerk_base64_decode_forgiving(clerk_slice *out, clerk_slice text, apr_pool_t *pool)
{
    clerk_slice kept = without_spaces(text, pool);
    clerk_slice bytes;
    unsigned leftover;

    /* Padding is what completes a group; any other `=` is a foreign byte. */
    if (kept.len > 0 && kept.len % 4 == 0 && kept.ptr[kept.len - 1] == '=') {
        kept.len -= kept.ptr[kept.len - 2] == '=' ? 2 : 1;
    }
    if (!decode(&bytes, &leftover, kept, &standard, pool)) {
        return 0;
    }
    *out = bytes;
    return 1;
}
