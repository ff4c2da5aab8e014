/* SPDX-License-Identifier: Apache-2.0 - a Clerk instance and what its settings imply */
#ifndef CLERK_INSTANCE_H
#define CLERK_INSTANCE_H

#include "digest.h"
#include "jwk.h"
#include "publishable_key.h"

/**
 * One instance as configured. The first group is given, the second follows from it
 * (clerk_instance_complete). Strings are NULL where unset. Immutable once completed.
 */
typedef struct clerk_instance {
    const clerk_publishable_key *publishable_key;
    const char *secret_key;         /* secret */
    const char *machine_secret_key; /* secret */
    const clerk_key *jwt_key;       /* local PEM key */
    const char *api_url;   /* Backend API; completed: never NULL, no trailing slash */
    const char *jwks_url;  /* explicit, or NULL */
    const char *proxy_url; /* absolute URL or path on this site */
    const char *domain;
    int is_satellite;

    /** That of the key. Without one, production, whose rules ask for no dev browser. */
    clerk_instance_type type;
    /** Host that issues tokens and owns cookies; never the proxy. */
    const char *frontend_api;
    /** Where browsers are sent: the proxy URL (which may be a path) or https://HOST. */
    const char *frontend_api_url;
    /** https://…, no trailing slash; that of the key's host, satellites have no own one. */
    const char *account_portal;
    /** Accepted by default; NULL-terminated; may be empty. */
    const char *const *issuers;
    const char *key_url;    /* where the JWK Set is; NULL when nowhere */
    const char *key_bearer; /* secret to send there, or NULL */
    /** Identity of all sources of keys (local key, URL, secret), for caches. */
    unsigned char key_id[CLERK_DIGEST_LENGTH];
    /** Identity of the Backend API and of what is sent there as credentials, for caches. */
    unsigned char api_id[CLERK_DIGEST_LENGTH];
} clerk_instance;

/**
 * Fill the second group.
 *
 * Frontend API: `clerk.DOMAIN` for a production satellite with a domain, else the key's
 * host. Key source: the explicit URL (the secret key goes along only where it has the
 * Backend API's origin), else the Backend API's `/v1/jwks` with the secret key, else
 * the Frontend API's `/.well-known/jwks.json`. The URLs of the Backend API and of the
 * proxy lose their trailing slashes. Whether a URL may be used at all
 * (clerk_url_is_acceptable) is for whoever reads it from a configuration to judge.
 *
 * @return CLERK_OK, or CLERK_E_UNEXPECTED with a detail for the administrator (a
 *         satellite without domain and proxy URL, a domain that is no host name)
 */
clerk_status clerk_instance_complete(clerk_instance *instance, apr_pool_t *pool,
                                     clerk_error *error);

/**
 * buildAccountsBaseUrl in `@clerk/shared`: the Account Portal of a Frontend API host.
 */
const char *clerk_account_portal(const char *frontend_api, apr_pool_t *pool);

#endif
