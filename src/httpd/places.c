/* SPDX-License-Identifier: Apache-2.0 - the places in a configuration that are judged when all of it is read */
#include "places.h"

#include <http_core.h>

#include "configuration.h"
#include "module.h"

clerk_places clerk_places_seen;

static int reset_seen(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    clerk_places_seen.instances = apr_array_make(pconf, 4, sizeof(clerk_place));
    clerk_places_seen.accepting = apr_array_make(pconf, 4, sizeof(clerk_place));
    clerk_places_seen.sending = apr_array_make(pconf, 4, sizeof(clerk_place));
    clerk_places_seen.protected_places = apr_array_make(pconf, 8, sizeof(clerk_place));
    clerk_places_seen.needing = apr_array_make(pconf, 4, sizeof(clerk_place));
    clerk_places_seen.resources = apr_array_make(pconf, 2, sizeof(clerk_place));
    clerk_places_seen.calling = apr_array_make(pconf, 2, sizeof(clerk_place));
    return OK;
}

static void add_place(apr_array_header_t *places, const cmd_parms *cmd,
                      const clerk_dir_config *section)
{
    clerk_place *added;

    /* .htaccess is read while serving, by many threads */
    if (ap_check_cmd_context((cmd_parms *)cmd, NOT_IN_HTACCESS) != NULL) {
        return;
    }
    added = apr_array_push(places);
    added->server = cmd->server;
    added->section = section;
    added->is_section = cmd->path != NULL;
    added->directive = cmd->directive->directive;
    added->file = cmd->directive->filename;
    added->line = cmd->directive->line_num;
}

void clerk_configuration_add_instance(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(clerk_places_seen.instances, cmd, section);
}

int clerk_configuration_has_instances(void)
{
    return clerk_places_seen.instances->nelts > 0;
}

void clerk_configuration_add_accepting(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(clerk_places_seen.accepting, cmd, section);
}

void clerk_configuration_add_sending(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(clerk_places_seen.sending, cmd, section);
}

void clerk_configuration_add_protected(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(clerk_places_seen.protected_places, cmd, section);
}

void clerk_configuration_add_needing(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(clerk_places_seen.needing, cmd, section);
}

void clerk_configuration_add_calling(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(clerk_places_seen.needing, cmd, section);
    add_place(clerk_places_seen.calling, cmd, section);
}

void clerk_configuration_add_resource(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(clerk_places_seen.needing, cmd, section);
    add_place(clerk_places_seen.resources, cmd, section);
}

const clerk_dir_config *clerk_place_in_force(const clerk_place *at, const server_rec *server,
                                             apr_pool_t *pool)
{
    void *whole = ap_get_module_config(server->lookup_defaults, &clerk_auth_module);

    return whole == at->section ? whole
                                : clerk_dir_config_merge(pool, whole, (void *)at->section);
}

const server_rec *clerk_place_next_server(const clerk_place *at, const server_rec *server)
{
    return at->server->is_virtual ? NULL : server->next;
}

int clerk_place_has_instance(const clerk_place *at, clerk_error *error, apr_pool_t *pool)
{
    const server_rec *server;

    for (server = at->server; server != NULL; server = clerk_place_next_server(at, server)) {
        const clerk_dir_config *section = clerk_place_in_force(at, server, pool);
        const clerk_instance *instance;

        if (section->instance != NULL
            && clerk_instance_config_resolve(&instance, section->instance, error)
                   == CLERK_OK) {
            return 1;
        }
    }
    return 0;
}

int clerk_place_may_be_completed(const clerk_place *at, const apr_array_header_t *places)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        const clerk_place *other = &APR_ARRAY_IDX(places, i, const clerk_place);

        if (other->section != at->section
            && (other->is_section
                || (!at->server->is_virtual && other->server->is_virtual))) {
            return 1;
        }
    }
    return 0;
}


const char *clerk_place_judge(const clerk_place *at, clerk_judgement *of, apr_pool_t *pool)
{
    const server_rec *server;
    const char *first = NULL;

    for (server = at->server; server != NULL; server = clerk_place_next_server(at, server)) {
        const clerk_dir_config *section = clerk_place_in_force(at, server, pool);
        const clerk_instance *instance;
        const char *here;

        if (section->instance == NULL
            || clerk_instance_config_resolve(&instance, section->instance, NULL)
                   != CLERK_OK) {
            continue; /* told of where a token is asked for */
        }
        here = of(section, instance, server, pool);
        if (here == NULL) {
            return NULL;
        }
        first = first ? first : here;
    }
    return first;
}

void clerk_places_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_pre_config(reset_seen, NULL, NULL, APR_HOOK_MIDDLE);
}
