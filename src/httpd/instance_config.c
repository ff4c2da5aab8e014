/* SPDX-License-Identifier: Apache-2.0 - a section's share in a Clerk instance, and the instance it amounts to */
#include "instance_config.h"

#include <apr_thread_mutex.h>

#include "../service/own_pool.h"
#include "config.h"

typedef struct clerk_instance_overlay {
    const clerk_instance_config *base;
    clerk_instance_config *merged;
    struct clerk_instance_overlay *next;
} overlay;

clerk_instance_config *clerk_instance_config_create(apr_pool_t *parent)
{
    clerk_instance_config *config;
    apr_pool_t *pool;

    /* Its own: it grows while other threads use the parent. */
    if (clerk_own_pool_create(&pool, parent) != APR_SUCCESS) {
        return NULL;
    }
    config = apr_pcalloc(pool, sizeof(*config));
    config->pool = pool;
    apr_thread_mutex_create(&config->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    return config;
}

static clerk_instance_config *lay_over(const clerk_instance_config *base,
                                       clerk_instance_config *add)
{
    clerk_instance_config *merged = clerk_instance_config_create(add->pool);

#define INHERIT(field) merged->field = add->field ? add->field : base->field
    INHERIT(publishable_key);
    INHERIT(secret_key);
    INHERIT(machine_secret_key);
    INHERIT(jwt_key);
    INHERIT(api_url);
    INHERIT(jwks_url);
    INHERIT(proxy_url);
    INHERIT(domain);
    INHERIT(satellite);
#undef INHERIT
    return merged;
}

static clerk_instance_config *find_overlay(clerk_instance_config *add,
                                           const clerk_instance_config *base)
{
    const overlay *at = __atomic_load_n(&add->overlays, __ATOMIC_ACQUIRE);

    for (; at != NULL; at = at->next) {
        if (at->base == base) {
            return at->merged;
        }
    }
    return NULL;
}

clerk_instance_config *clerk_instance_config_merge(clerk_instance_config *base,
                                                   clerk_instance_config *add)
{
    clerk_instance_config *merged;

    if (add == NULL || base == NULL || base == add) {
        return add ? add : base;
    }
    merged = find_overlay(add, base);
    if (merged != NULL) {
        return merged;
    }
    apr_thread_mutex_lock(add->lock);
    merged = find_overlay(add, base);
    if (merged == NULL) {
        overlay *fresh = apr_pcalloc(add->pool, sizeof(*fresh));

        merged = fresh->merged = lay_over(base, add);
        fresh->base = base;
        fresh->next = add->overlays;
        __atomic_store_n(&add->overlays, fresh, __ATOMIC_RELEASE);
    }
    apr_thread_mutex_unlock(add->lock);
    return merged;
}

static clerk_status make_instance(const clerk_instance **made,
                                  const clerk_instance_config *config, clerk_error *error)
{
    clerk_instance *instance = apr_pcalloc(config->pool, sizeof(*instance));
    clerk_status status;

    if (config->satellite == CLERK_ON && !config->domain && !config->proxy_url) {
        return clerk_fail(error, CLERK_E_UNEXPECTED,
                          "ClerkSatellite On needs ClerkDomain or ClerkProxyURL");
    }
    instance->publishable_key = config->publishable_key;
    instance->secret_key = config->secret_key;
    instance->machine_secret_key = config->machine_secret_key;
    instance->jwt_key = config->jwt_key;
    instance->api_url = config->api_url;
    instance->jwks_url = config->jwks_url;
    instance->proxy_url = config->proxy_url;
    instance->domain = config->domain;
    instance->is_satellite = config->satellite == CLERK_ON;
    status = clerk_instance_complete(instance, config->pool, error);
    if (status != CLERK_OK) {
        return status;
    }
    /* a machine's secret key is enough for its opaque tokens */
    if (instance->jwt_key == NULL && instance->key_url == NULL
        && instance->machine_secret_key == NULL) {
        return clerk_fail(error, CLERK_E_UNEXPECTED,
                          "no key to verify tokens with: set ClerkPublishableKey "
                          "(and ClerkSecretKey), or ClerkJWTKey");
    }
    *made = instance;
    return CLERK_OK;
}

clerk_status clerk_instance_config_resolve(const clerk_instance **instance,
                                           clerk_instance_config *config,
                                           clerk_error *error)
{
    clerk_status status = CLERK_OK;

    *instance = __atomic_load_n(&config->instance, __ATOMIC_ACQUIRE);
    if (*instance != NULL) {
        return CLERK_OK;
    }
    apr_thread_mutex_lock(config->lock);
    if (config->instance == NULL) {
        const clerk_instance *made = NULL;

        status = make_instance(&made, config, error);
        if (status == CLERK_OK) {
            __atomic_store_n(&config->instance, made, __ATOMIC_RELEASE);
        }
    }
    *instance = config->instance;
    apr_thread_mutex_unlock(config->lock);
    return status;
}
