/* SPDX-License-Identifier: Apache-2.0 - what can only be judged once all configuration is read */
#include "configuration.h"

#include <http_core.h>

#include "module.h"

/** A section worth judging, and where it stands. */
typedef struct place {
    server_rec *server;
    const clerk_dir_config *section;
    const char *directive;
    const char *file;
    int line;
} place;

/* Of the configuration being read; renewed before each reading, not used while serving. */
static struct {
    apr_array_header_t *instances;
    apr_array_header_t *protected_places;
} seen;

static int reset_seen(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    seen.instances = apr_array_make(pconf, 4, sizeof(place));
    seen.protected_places = apr_array_make(pconf, 8, sizeof(place));
    return OK;
}

static void add_place(apr_array_header_t *places, const cmd_parms *cmd,
                      const clerk_dir_config *section)
{
    place *added;

    /* .htaccess is read while serving, by many threads */
    if (ap_check_cmd_context((cmd_parms *)cmd, NOT_IN_HTACCESS) != NULL) {
        return;
    }
    added = apr_array_push(places);
    added->server = cmd->server;
    added->section = section;
    added->directive = cmd->directive->directive;
    added->file = cmd->directive->filename;
    added->line = cmd->directive->line_num;
}

void clerk_configuration_add_instance(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(seen.instances, cmd, section);
}

void clerk_configuration_add_protected(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(seen.protected_places, cmd, section);
}

/** The section as it stands in its server, without what other sections add. */
static const clerk_dir_config *in_force(const place *at, apr_pool_t *pool)
{
    clerk_dir_config *server =
        ap_get_module_config(at->server->lookup_defaults, &clerk_auth_module);

    return server == at->section
               ? server
               : clerk_dir_config_merge(pool, server, (void *)at->section);
}

static int refuse(const place *at, const char *what, const char *sentence)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, at->server,
                 "%s%s on line %d of %s: %s", what, at->directive, at->line, at->file,
                 sentence);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int check_instance(const place *at, apr_pool_t *ptemp)
{
    const clerk_dir_config *section = in_force(at, ptemp);
    const clerk_instance *instance;
    clerk_error error = { CLERK_OK, NULL };

    if (clerk_instance_config_resolve(&instance, section->instance, &error) != CLERK_OK) {
        return refuse(at, "the Clerk instance that begins with ", error.detail);
    }
    return OK;
}

static int is_any_instance(void)
{
    return seen.instances->nelts > 0;
}

static int check_configuration(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                               server_rec *main_server)
{
    const place *instances = (const place *)(const void *)seen.instances->elts;
    const place *places = (const place *)(const void *)seen.protected_places->elts;
    int i;

    (void)pconf;
    (void)plog;
    (void)main_server;
    for (i = 0; i < seen.instances->nelts; i++) {
        int status = check_instance(&instances[i], ptemp);

        if (status != OK) {
            return status;
        }
    }
    if (seen.protected_places->nelts > 0 && !is_any_instance()) {
        return refuse(&places[0], "", "AuthType Clerk needs a Clerk instance: set "
                                      "ClerkPublishableKey (and ClerkSecretKey), or ClerkJWTKey");
    }
    return OK;
}

/** Tokens of every origin of the instance pass where no authorized party is named. */
static int warn_of_missing_parties(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                                   server_rec *main_server)
{
    const place *places = (const place *)(const void *)seen.protected_places->elts;
    int i;

    (void)pconf;
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    for (i = 0; i < seen.protected_places->nelts; i++) {
        const clerk_dir_config *section = in_force(&places[i], ptemp);

        if (section->authorized_parties == NULL) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main_server,
                         "ClerkAuthorizedParties is not set for %s on line %d of %s: session "
                         "tokens made for any origin of the Clerk instance are accepted; name "
                         "this site's origins, such as https://www.example.com",
                         places[i].directive, places[i].line, places[i].file);
            return OK;
        }
    }
    return OK;
}

void clerk_configuration_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_pre_config(reset_seen, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_configuration, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(warn_of_missing_parties, NULL, NULL, APR_HOOK_MIDDLE);
}
