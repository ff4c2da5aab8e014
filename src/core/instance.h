/* SPDX-License-Identifier: Apache-2.0 - a Clerk instance: what its publishable key and settings imply */
#ifndef CLERK_INSTANCE_H
#define CLERK_INSTANCE_H

#include "jwk.h"

typedef enum clerk_instance_type { CLERK_DEVELOPMENT, CLERK_PRODUCTION } clerk_instance_type;

enum { CLERK_COOKIE_SUFFIX_LENGTH = 8, CLERK_DIGEST_LENGTH = 32 };

/** What a publishable key says (parsePublishableKey in `@clerk/shared`). */
typedef struct clerk_publishable_key {
    const char *text;          /* as written: the cookie suffix depends on its padding */
    const char *frontend_api;  /* HOST or HOST:PORT */
    clerk_instance_type type;
    char cookie_suffix[CLERK_COOKIE_SUFFIX_LENGTH + 1]; /* getCookieSuffix */
} clerk_publishable_key;

/**
 * One instance as configured. The first group is given, the second follows from it
 * (clerk_instance_complete). Strings are NULL where unset. Immutable once completed.
 */
typedef struct clerk_instance {
    const clerk_publishable_key *publishable_key;
    const char *secret_key;         /* secret */
    const char *machine_secret_key; /* secret */
    const clerk_key *jwt_key;       /* local PEM key */
    const char *api_url;            /* Backend API, no trailing slash; never NULL */
    const char *jwks_url;           /* explicit, or NULL */
    const char *proxy_url;          /* absolute URL or path on this site */
    const char *domain;
    int is_satellite;

    clerk_instance_type type;
    const char *frontend_api; /* host that issues tokens and owns cookies; never the proxy */
    const char *frontend_api_url;    /* where browsers are sent: proxy URL or https://HOST */
    const char *account_portal;      /* https://…, no trailing slash */
    const char *const *issuers;      /* accepted by default; NULL-terminated; may be empty */
    const char *key_url;             /* where the JWK Set is; NULL when nowhere */
    const char *key_bearer;          /* secret to send there, or NULL */
    unsigned char key_id[CLERK_DIGEST_LENGTH]; /* identity of that source, for caches */
} clerk_instance;

/**
 * Read a publishable key: `pk_test_` or `pk_live_` and the base64 of `HOST$`.
 *
 * The host must be a DNS name with at least one dot, optionally with a port.
 *
 * @return CLERK_OK, or CLERK_E_UNEXPECTED with a detail for the administrator
 */
clerk_status clerk_publishable_key_parse(clerk_publishable_key *key, const char *text,
                                         apr_pool_t *pool, clerk_error *error);

/**
 * Fill the second group.
 *
 * Frontend API: `clerk.DOMAIN` for a production satellite with a domain, else the key's
 * host. Key source: the explicit URL (the secret key goes along only where it has the
 * Backend API's origin), else the Backend API's `/v1/jwks` with the secret key, else the
 * Frontend API's `/.well-known/jwks.json`. A proxy URL that is absolute loses its trailing slashes.
 *
 * @return CLERK_OK, or CLERK_E_UNEXPECTED with a detail for the administrator (a
 *         satellite without domain and proxy URL)
 */
clerk_status clerk_instance_complete(clerk_instance *instance, apr_pool_t *pool,
                                     clerk_error *error);

/** buildAccountsBaseUrl in `@clerk/shared`: the Account Portal of a Frontend API host, "" for "". */
const char *clerk_account_portal(const char *frontend_api, apr_pool_t *pool);

#endif
