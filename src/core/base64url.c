/* SPDX-License-Identifier: Apache-2.0 - strict base64url without padding, and forgiving base64 */
#include "base64url.h"

/* What a character stands for, marked as known; 0 for foreign ones. */
enum { KNOWN = 0x40, SEXTET = 0x3f };
typedef unsigned char alphabet[256];

/* clang-format off */
#define K(value) (KNOWN | (value))
#define LETTERS_AND_DIGITS                                                              \
    ['A'] = K(0), ['B'] = K(1), ['C'] = K(2), ['D'] = K(3), ['E'] = K(4),              \
    ['F'] = K(5), ['G'] = K(6), ['H'] = K(7), ['I'] = K(8), ['J'] = K(9),              \
    ['K'] = K(10), ['L'] = K(11), ['M'] = K(12), ['N'] = K(13), ['O'] = K(14),         \
    ['P'] = K(15), ['Q'] = K(16), ['R'] = K(17), ['S'] = K(18), ['T'] = K(19),         \
    ['U'] = K(20), ['V'] = K(21), ['W'] = K(22), ['X'] = K(23), ['Y'] = K(24),         \
    ['Z'] = K(25), ['a'] = K(26), ['b'] = K(27), ['c'] = K(28), ['d'] = K(29),         \
    ['e'] = K(30), ['f'] = K(31), ['g'] = K(32), ['h'] = K(33), ['i'] = K(34),         \
    ['j'] = K(35), ['k'] = K(36), ['l'] = K(37), ['m'] = K(38), ['n'] = K(39),         \
    ['o'] = K(40), ['p'] = K(41), ['q'] = K(42), ['r'] = K(43), ['s'] = K(44),         \
    ['t'] = K(45), ['u'] = K(46), ['v'] = K(47), ['w'] = K(48), ['x'] = K(49),         \
    ['y'] = K(50), ['z'] = K(51), ['0'] = K(52), ['1'] = K(53), ['2'] = K(54),         \
    ['3'] = K(55), ['4'] = K(56), ['5'] = K(57), ['6'] = K(58), ['7'] = K(59),         \
    ['8'] = K(60), ['9'] = K(61)
/* clang-format on */

/* The two characters in which the alphabets of RFC 4648, 4 and 5 differ. */
static const alphabet standard = { LETTERS_AND_DIGITS, ['+'] = K(62), ['/'] = K(63) };
const alphabet clerk_base64url_values = { LETTERS_AND_DIGITS, ['-'] = K(62), ['_'] = K(63) };

/* What four marks add to the bits of a group. */
enum { MARKS = KNOWN << 18 | KNOWN << 12 | KNOWN << 6 | KNOWN };

static unsigned value_of(const unsigned char *abc, char c)
{
    return abc[(unsigned char)c];
}

/**
 * Decode whole groups: four characters into three bytes.
 *
 * @return 0 when there was a foreign character
 */
static int decode_groups(char *to, const char *at, const char *end, const unsigned char *abc)
{
    unsigned known = KNOWN;

    for (; at < end; at += 4, to += 3) {
        unsigned a = value_of(abc, at[0]), b = value_of(abc, at[1]);
        unsigned c = value_of(abc, at[2]), d = value_of(abc, at[3]);
        unsigned bits = (a << 18) + (b << 12) + (c << 6) + d - MARKS;

        known &= a & b & c & d;
        to[0] = (char)(unsigned char)(bits >> 16);
        to[1] = (char)(unsigned char)(bits >> 8);
        to[2] = (char)(unsigned char)bits;
    }
    return known != 0;
}

/**
 * Decode the characters behind the last whole group.
 *
 * @param bits  theirs, from the highest of 24 down
 * @return 0 for a foreign character
 */
static int decode_rest(unsigned *bits, const char *text, apr_size_t count,
                       const unsigned char *abc)
{
    unsigned known = KNOWN;
    apr_size_t i;

    *bits = 0;
    for (i = 0; i < count; i++) {
        unsigned value = value_of(abc, text[i]);

        known &= value;
        *bits |= (value & SEXTET) << (18 - 6 * i);
    }
    return known != 0;
}

/**
 * Decode @a text, all of it of the alphabet.
 *
 * @param leftover  the bits behind the last whole byte
 * @return 1, or 0 for a foreign byte or a length that no bytes encode to
 */
static int decode(clerk_slice *out, unsigned *leftover, clerk_slice text,
                  const unsigned char *abc, apr_pool_t *pool)
{
    const char *whole = text.ptr + text.len / 4 * 4;
    apr_size_t rest = text.len % 4;
    apr_size_t last = rest * 6 / 8; /* bytes in the group that is not whole */
    char *bytes, *to;
    unsigned bits;

    if (rest == 1) {
        return 0;
    }
    bytes = apr_palloc(pool, text.len / 4 * 3 + last + 1);
    if (!decode_groups(bytes, text.ptr, whole, abc) || !decode_rest(&bits, whole, rest, abc)) {
        return 0;
    }
    to = bytes + text.len / 4 * 3;
    if (last > 0) {
        *to++ = (char)(unsigned char)(bits >> 16);
    }
    if (last > 1) {
        *to++ = (char)(unsigned char)(bits >> 8);
    }
    *to = '\0';
    *leftover = bits & (0xffffffu >> 8 * last);
    out->ptr = bytes;
    out->len = (apr_size_t)(to - bytes);
    return 1;
}

int clerk_base64url_decode(clerk_slice *out, clerk_slice text, apr_pool_t *pool)
{
    clerk_slice bytes;
    unsigned leftover;

    if (!decode(&bytes, &leftover, text, clerk_base64url_values, pool) || leftover != 0) {
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
    if (!decode(&bytes, &leftover, kept, standard, pool)) {
        return 0;
    }
    *out = bytes;
    return 1;
}
