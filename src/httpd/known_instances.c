/* SPDX-License-Identifier: Apache-2.0 - the instances that are known when the server starts */
#include "known_instances.h"

#include "places.h"

static int is_listed(const apr_array_header_t *instances, const clerk_instance *instance)
{
    int i;

    for (i = 0; i < instances->nelts; i++) {
        if (memcmp(APR_ARRAY_IDX(instances, i, const clerk_instance *)->key_id,
                   instance->key_id, CLERK_DIGEST_LENGTH)
            == 0) {
            return 1;
        }
    }
    return 0;
}

static void list_instances_at(apr_array_header_t *instances, const clerk_place *at)
{
    const server_rec *server;

    for (server = at->server; server != NULL; server = clerk_place_next_server(at, server)) {
        const clerk_dir_config *section = clerk_place_in_force(at, server, instances->pool);
        const clerk_instance *instance = NULL;
        clerk_error error;

        if (section->instance != NULL
            && clerk_instance_config_resolve(&instance, section->instance, &error) == CLERK_OK
            && !is_listed(instances, instance)) {
            APR_ARRAY_PUSH(instances, const clerk_instance *) = instance;
        }
    }
}

static void list_instances(apr_array_header_t *instances, const apr_array_header_t *places)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        list_instances_at(instances, &APR_ARRAY_IDX(places, i, const clerk_place));
    }
}

apr_array_header_t *clerk_known_instances(apr_pool_t *pconf)
{
    apr_array_header_t *instances = apr_array_make(pconf, 4, sizeof(clerk_instance *));

    list_instances(instances, clerk_places_seen.protected_places);
    list_instances(instances, clerk_places_seen.needing);
    if (clerk_places_seen.protected_places->nelts + clerk_places_seen.needing->nelts == 0) {
        list_instances(instances, clerk_places_seen.instances);
    }
    return instances;
}
