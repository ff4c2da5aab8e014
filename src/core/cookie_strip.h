/* SPDX-License-Identifier: Apache-2.0 - a Cookie field without Clerk's cookies */
#ifndef CLERK_COOKIE_STRIP_H
#define CLERK_COOKIE_STRIP_H

#include "instance.h"

/**
 * Remove Clerk's cookies (constants.Cookies in `@clerk/backend`), plain or with the suffix of
 * @a instance, all of them where there are several. The field is taken apart as
 * clerk_cookie_value does; what stays keeps its order and its bytes.
 *
 * @param instance  NULL, or one without a publishable key: plain names only
 * @return @a field itself where none is in it, NULL where nothing stays; else owned by @a pool
 */
const char *clerk_cookies_strip(const char *field, const clerk_instance *instance,
                                apr_pool_t *pool);

#endif
