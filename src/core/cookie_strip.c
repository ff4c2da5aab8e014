/* SPDX-License-Identifier: Apache-2.0 - a Cookie field without Clerk's cookies */
#include "cookie_strip.h"

static const char *const names[] = {
    "__session",         "__client_uat",            "__refresh", "__clerk_db_jwt",
    "__clerk_handshake", "__clerk_handshake_nonce", "__clerk_redirect_count", NULL
};

static clerk_slice name_of(clerk_slice cookie)
{
    clerk_slice name;

    clerk_slice_cut(&name, &cookie, '=');
    return clerk_slice_trim(name);
}

/** @a plain itself, or @a plain, `_` and the suffix. */
static int is_name(clerk_slice name, const char *plain, const char *suffix)
{
    clerk_slice rest = name;

    if (!clerk_slice_starts_with(name, plain)) {
        return 0;
    }
    rest.ptr += strlen(plain);
    rest.len -= strlen(plain);
    if (rest.len == 0) {
        return 1;
    }
    return suffix != NULL && *rest.ptr == '_'
           && clerk_slice_is((clerk_slice){ rest.ptr + 1, rest.len - 1 }, suffix);
}

static int is_clerks(clerk_slice name, const char *suffix)
{
    const char *const *plain;

    for (plain = names; *plain != NULL; plain++) {
        if (is_name(name, *plain, suffix)) {
            return 1;
        }
    }
    return 0;
}

static char *append(char *at, const char *start, clerk_slice cookie)
{
    if (at > start) {
        *at++ = ';';
        *at++ = ' ';
    }
    memcpy(at, cookie.ptr, cookie.len);
    return at + cookie.len;
}

const char *clerk_cookies_strip(const char *field, const clerk_instance *instance,
                                apr_pool_t *pool)
{
    const char *suffix = instance && instance->publishable_key
                             ? instance->publishable_key->cookie_suffix
                             : NULL;
    clerk_slice piece, rest = clerk_slice_of(field);
    char *kept = apr_palloc(pool, 2 * rest.len + 1);
    char *at = kept;
    int is_stripped = 0;

    while (rest.len > 0) {
        clerk_slice_cut(&piece, &rest, ';');
        piece = clerk_slice_trim(piece);
        if (is_clerks(name_of(piece), suffix)) {
            is_stripped = 1;
        }
        else if (piece.len > 0) {
            at = append(at, kept, piece);
        }
    }
    *at = '\0';
    return !is_stripped ? field : at > kept ? kept : NULL;
}
