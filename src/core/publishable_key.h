/* SPDX-License-Identifier: Apache-2.0 - what a publishable key says */
#ifndef CLERK_PUBLISHABLE_KEY_H
#define CLERK_PUBLISHABLE_KEY_H

#include "error.h"
#include "slice.h"

typedef enum clerk_instance_type {
    CLERK_DEVELOPMENT,
    CLERK_PRODUCTION
} clerk_instance_type;

enum { CLERK_COOKIE_SUFFIX_LENGTH = 8 };

/** Strings are owned by the pool of the call that filled it. */
typedef struct clerk_publishable_key {
    const char *text;         /* as written: the cookie suffix depends on its padding */
    const char *frontend_api; /* HOST or HOST:PORT */
    clerk_instance_type type;
    char cookie_suffix[CLERK_COOKIE_SUFFIX_LENGTH + 1]; /* getCookieSuffix */
} clerk_publishable_key;

/**
 * Read a publishable key (parsePublishableKey in `@clerk/shared`): `pk_test_` or
 * `pk_live_` and the base64 of `HOST$`.
 *
 * Stricter than the SDK: the host must be a DNS name with at least one dot, optionally
 * with a port, because URLs are built from it.
 *
 * @return CLERK_OK, or CLERK_E_UNEXPECTED with a detail for the administrator
 */
clerk_status clerk_publishable_key_parse(clerk_publishable_key *key, const char *text,
                                         apr_pool_t *pool, clerk_error *error);

#endif
