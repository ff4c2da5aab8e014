/* SPDX-License-Identifier: Apache-2.0 - a section's share in a Clerk instance, and the instance it amounts to */
#ifndef CLERK_INSTANCE_CONFIG_H
#define CLERK_INSTANCE_CONFIG_H

#include <httpd.h>
#include <http_config.h>

#include "../core/instance.h"

/**
 * The instance directives of one section. Sections are merged for every request, yet an
 * instance (keys parsed, URLs derived, an identity for caches) must be made once only. So
 * each record remembers what it became on top of which outer record, in a pool of its
 * own, and a merge of the same two is a look-up.
 */
typedef struct clerk_instance_config {
    /* given; NULL where unset in this section */
    const clerk_publishable_key *publishable_key;
    const char *secret_key;
    const char *machine_secret_key;
    const clerk_key *jwt_key;
    const char *api_url;
    const char *jwks_url;
    const char *proxy_url;
    const char *domain;
    int satellite; /* 0 unset, else clerk_flag */

    /* kept */
    struct clerk_instance_overlay *overlays; /* published atomically */
    const clerk_instance *instance;          /* likewise */
    struct apr_thread_mutex_t *lock;         /* for adding to either */
    apr_pool_t *pool;                        /* touched under the lock only, once serving */
} clerk_instance_config;

/** @param parent  configuration pool; the record lives as long */
clerk_instance_config *clerk_instance_config_create(apr_pool_t *parent);

/**
 * @a add laid over @a base; either may be NULL. The result lives as long as @a add and
 * is the same pointer for the same two.
 */
clerk_instance_config *clerk_instance_config_merge(clerk_instance_config *base,
                                                   clerk_instance_config *add);

/**
 * The instance that @a config amounts to.
 *
 * @return CLERK_OK, or CLERK_E_UNEXPECTED with a detail for the administrator
 */
clerk_status clerk_instance_config_resolve(const clerk_instance **instance,
                                           clerk_instance_config *config,
                                           clerk_error *error);

#endif
