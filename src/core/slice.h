/* SPDX-License-Identifier: Apache-2.0 - a borrowed run of bytes and its comparisons */
#ifndef CLERK_SLICE_H
#define CLERK_SLICE_H

#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_tables.h>

/** Bytes that somebody else owns; never outlives its source, not NUL-terminated. */
typedef struct clerk_slice {
    const char *ptr;
    apr_size_t len;
} clerk_slice;

/** The whole of a C string; NULL gives the empty slice. */
static inline clerk_slice clerk_slice_of(const char *text)
{
    clerk_slice slice = { text ? text : "", text ? strlen(text) : 0 };
    return slice;
}

static inline int clerk_slice_equals(clerk_slice a, clerk_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline int clerk_slice_is(clerk_slice slice, const char *text)
{
    return clerk_slice_equals(slice, clerk_slice_of(text));
}

static inline int clerk_slice_starts_with(clerk_slice slice, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    return slice.len >= len && memcmp(slice.ptr, prefix, len) == 0;
}

/**
 * Take the bytes before the first @a separator off @a rest.
 *
 * @return 1 when the separator was found and dropped; 0 when @a head took all and
 *         @a rest is empty now
 */
static inline int clerk_slice_cut(clerk_slice *head, clerk_slice *rest, char separator)
{
    const char *at = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;

    head->ptr = rest->ptr;
    head->len = at ? (apr_size_t)(at - rest->ptr) : rest->len;
    rest->ptr += head->len + (at ? 1 : 0);
    rest->len -= head->len + (at ? 1 : 0);
    return at != NULL;
}

/** Without spaces and tabs at either end. */
static inline clerk_slice clerk_slice_trim(clerk_slice slice)
{
    while (slice.len && (*slice.ptr == ' ' || *slice.ptr == '\t')) {
        slice.ptr++;
        slice.len--;
    }
    while (slice.len
           && (slice.ptr[slice.len - 1] == ' ' || slice.ptr[slice.len - 1] == '\t')) {
        slice.len--;
    }
    return slice;
}

/** A NUL-terminated copy in @a pool. */
static inline char *clerk_slice_copy(clerk_slice slice, apr_pool_t *pool)
{
    return apr_pstrmemdup(pool, slice.ptr, slice.len);
}

/** Whether a byte below space, or DEL, is in it. */
static inline int clerk_slice_has_control(clerk_slice slice)
{
    apr_size_t i;

    for (i = 0; i < slice.len; i++) {
        if ((unsigned char)slice.ptr[i] < 0x20 || slice.ptr[i] == 0x7f) {
            return 1;
        }
    }
    return 0;
}

/** Texts joined by a separator, owned by @a pool; NULL for none. */
static inline const char *clerk_join(const char *const *texts, apr_size_t count,
                                     char separator, apr_pool_t *pool)
{
    apr_array_header_t list = { pool, sizeof(char *), (int)count, (int)count,
                                (char *)(apr_uintptr_t)texts };

    return count ? apr_array_pstrcat(pool, &list, separator) : NULL;
}

#endif
