/* SPDX-License-Identifier: Apache-2.0 - what can only be judged once all configuration is read */
#include "configuration.h"

#include <http_core.h>

#include "../core/sign_in.h"
#include "module.h"

/** A section worth judging, and where it stands. */
typedef struct place {
    server_rec *server;
    const clerk_dir_config *section;
    int is_section; /* and not the server's own level */
    const char *directive;
    const char *file;
    int line;
} place;

/* Of the configuration being read; renewed before each reading, not used while serving. */
static struct {
    apr_array_header_t *instances;
    apr_array_header_t *accepting;
    apr_array_header_t *sending; /* browsers away */
    apr_array_header_t *protected_places;
    apr_array_header_t *needing;
    apr_array_header_t *resources;
} seen;

static int reset_seen(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    seen.instances = apr_array_make(pconf, 4, sizeof(place));
    seen.accepting = apr_array_make(pconf, 4, sizeof(place));
    seen.sending = apr_array_make(pconf, 4, sizeof(place));
    seen.protected_places = apr_array_make(pconf, 8, sizeof(place));
    seen.needing = apr_array_make(pconf, 4, sizeof(place));
    seen.resources = apr_array_make(pconf, 2, sizeof(place));
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
    added->is_section = cmd->path != NULL;
    added->directive = cmd->directive->directive;
    added->file = cmd->directive->filename;
    added->line = cmd->directive->line_num;
}

void clerk_configuration_add_instance(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(seen.instances, cmd, section);
}

int clerk_configuration_has_instances(void)
{
    return seen.instances->nelts > 0;
}

void clerk_configuration_add_accepting(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(seen.accepting, cmd, section);
}

void clerk_configuration_add_sending(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(seen.sending, cmd, section);
}

void clerk_configuration_add_protected(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(seen.protected_places, cmd, section);
}

void clerk_configuration_add_needing(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(seen.needing, cmd, section);
}

void clerk_configuration_add_resource(const cmd_parms *cmd, const clerk_dir_config *section)
{
    add_place(seen.needing, cmd, section);
    add_place(seen.resources, cmd, section);
}

/** The section as it stands in @a server, without what other sections add. */
static const clerk_dir_config *in_force(const place *at, const server_rec *server,
                                        apr_pool_t *pool)
{
    void *whole = ap_get_module_config(server->lookup_defaults, &clerk_auth_module);

    return whole == at->section ? whole
                                : clerk_dir_config_merge(pool, whole, (void *)at->section);
}

/** Sections of the main server hold in every virtual host. */
static const server_rec *next_server_of(const place *at, const server_rec *server)
{
    return at->server->is_virtual ? NULL : server->next;
}

/**
 * Whether the place has a usable instance in a server where it holds; else @a error says
 * what is missing.
 */
static int has_instance(const place *at, clerk_error *error, apr_pool_t *pool)
{
    const server_rec *server;

    for (server = at->server; server != NULL; server = next_server_of(at, server)) {
        const clerk_dir_config *section = in_force(at, server, pool);
        const clerk_instance *instance;

        if (section->instance != NULL
            && clerk_instance_config_resolve(&instance, section->instance, error)
                   == CLERK_OK) {
            return 1;
        }
    }
    return 0;
}

/** Whether other sections, or virtual hosts, may add what is missing here. */
static int may_be_completed(const place *at, const apr_array_header_t *places)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        const place *other = &APR_ARRAY_IDX(places, i, const place);

        if (other->section != at->section
            && (other->is_section
                || (!at->server->is_virtual && other->server->is_virtual))) {
            return 1;
        }
    }
    return 0;
}

static const char *lack_of_instance(const place *at, apr_pool_t *pool)
{
    return apr_pstrcat(pool, at->directive,
                       ap_cstr_casecmp(at->directive, "AuthType") == 0 ? " Clerk" : "",
                       " needs a Clerk instance: set ClerkPublishableKey (and "
                       "ClerkSecretKey), or ClerkJWTKey", NULL);
}

static int fail_at(const place *at, const char *what, const char *detail)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, at->server,
                 "%s%s on line %d of %s: %s", what, at->directive, at->line, at->file, detail);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/** @param what  said before the directive that is named */
static int check_places(const apr_array_header_t *places, const char *what, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        const place *at = &APR_ARRAY_IDX(places, i, const place);
        clerk_error error = { CLERK_OK, lack_of_instance(at, pool) };

        if (!has_instance(at, &error, pool) && !may_be_completed(at, seen.instances)) {
            return fail_at(at, what, error.detail);
        }
    }
    return OK;
}

/** NULL, or what is wrong with a section as it stands in a server. */
typedef const char *judgement(const clerk_dir_config *section, const clerk_instance *instance,
                              const server_rec *server, apr_pool_t *pool);

/** That of the first server where the place holds, unless all is well in another one. */
static const char *judge(const place *at, judgement *of, apr_pool_t *pool)
{
    const server_rec *server;
    const char *first = NULL;

    for (server = at->server; server != NULL; server = next_server_of(at, server)) {
        const clerk_dir_config *section = in_force(at, server, pool);
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

/** Why tokens of an accepted type could not be verified with these keys. */
static const char *lack_of_keys(const clerk_dir_config *section,
                                const clerk_instance *instance, const server_rec *server,
                                apr_pool_t *pool)
{
    unsigned accepts = clerk_config_accepts(section);
    int has_keys = instance->jwt_key != NULL || instance->key_url != NULL;

    (void)server;
    (void)pool;
    if ((accepts & CLERK_TOKEN_API_KEY) && instance->secret_key == NULL) {
        return "API keys (api_key) cannot be verified without ClerkSecretKey";
    }
    if ((accepts & CLERK_TOKEN_M2M) && instance->secret_key == NULL
        && instance->machine_secret_key == NULL) {
        return "M2M tokens (m2m_token) cannot be verified without ClerkMachineSecretKey or "
               "ClerkSecretKey";
    }
    if ((accepts & (CLERK_TOKEN_SESSION | CLERK_TOKEN_OAUTH)) && !has_keys) {
        return "session tokens and OAuth tokens cannot be verified with "
               "ClerkMachineSecretKey alone: set ClerkPublishableKey (and ClerkSecretKey), or "
               "ClerkAcceptsToken m2m_token";
    }
    return NULL;
}

/** A type that is accepted and can never be verified would be refused for ever. */
static int check_keys(const apr_array_header_t *places, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        const place *at = &APR_ARRAY_IDX(places, i, const place);
        const char *lack = judge(at, lack_of_keys, pool);

        if (lack != NULL && !may_be_completed(at, seen.instances)
            && (places == seen.accepting || !may_be_completed(at, seen.accepting))) {
            return fail_at(at, "", lack);
        }
    }
    return OK;
}

/** The server's own origin as far as it is said; NULL: not all of it. */
static const char *origin_of(const server_rec *server, apr_pool_t *pool)
{
    unsigned port = server->port;

    if (server->server_hostname == NULL || server->server_scheme == NULL) {
        return NULL;
    }
    if (port == 0) {
        port = strcmp(server->server_scheme, "https") == 0 ? 443 : 80;
    }
    return apr_psprintf(pool, "%s://%s:%u", server->server_scheme, server->server_hostname,
                        port);
}

static const char *lack_of_sending(const clerk_dir_config *section,
                                   const clerk_instance *instance, const server_rec *server,
                                   apr_pool_t *pool)
{
    if (section->handshake == CLERK_ON
        && (instance->publishable_key == NULL || instance->secret_key == NULL)) {
        return "ClerkHandshake On needs ClerkPublishableKey and ClerkSecretKey";
    }
    return clerk_satellite_problem(instance, section->sign_in_url, origin_of(server, pool));
}

/** Other sections of these may say what is missing here, or what instance it is. */
static int check_sending(apr_pool_t *pool)
{
    int i;

    for (i = 0; i < seen.sending->nelts; i++) {
        const place *at = &APR_ARRAY_IDX(seen.sending, i, const place);
        const char *lack = judge(at, lack_of_sending, pool);

        if (lack != NULL && !may_be_completed(at, seen.sending)
            && !may_be_completed(at, seen.instances)) {
            return fail_at(at, "", lack);
        }
    }
    return OK;
}

/** Who reads the metadata is sent to an authorization server, which the key names. */
static int check_resources(apr_pool_t *pool)
{
    int i;

    for (i = 0; i < seen.resources->nelts; i++) {
        const place *at = &APR_ARRAY_IDX(seen.resources, i, const place);
        const clerk_dir_config *section = in_force(at, at->server, pool);
        const clerk_instance *instance;

        if (section->instance != NULL
            && clerk_instance_config_resolve(&instance, section->instance, NULL) == CLERK_OK
            && instance->frontend_api == NULL && !may_be_completed(at, seen.instances)) {
            return fail_at(at, "", "ClerkProtectedResource needs ClerkPublishableKey, which "
                                   "names the authorization server");
        }
    }
    return OK;
}

static int check_configuration(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                               server_rec *main_server)
{
    int status = check_places(seen.instances, "the Clerk instance that begins with ", ptemp);

    (void)pconf;
    (void)plog;
    (void)main_server;
    if (status == OK) {
        status = check_places(seen.protected_places, "", ptemp);
    }
    if (status == OK) {
        status = check_places(seen.needing, "", ptemp);
    }
    if (status == OK) {
        status = check_keys(seen.accepting, ptemp);
    }
    if (status == OK) {
        status = check_keys(seen.protected_places, ptemp);
    }
    if (status == OK) {
        status = check_sending(ptemp);
    }
    return status == OK ? check_resources(ptemp) : status;
}

static int lacks_parties(const place *at, apr_pool_t *pool)
{
    const server_rec *server;

    for (server = at->server; server != NULL; server = next_server_of(at, server)) {
        const clerk_dir_config *section = in_force(at, server, pool);

        if (section->instance != NULL && section->authorized_parties == NULL
            && (clerk_config_accepts(section) & CLERK_TOKEN_SESSION)) {
            return 1;
        }
    }
    return 0;
}

/** Tokens of every origin of the instance pass where no authorized party is named. */
static void warn_of_missing_parties(server_rec *main_server, apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < seen.protected_places->nelts; i++) {
        const place *at = &APR_ARRAY_IDX(seen.protected_places, i, const place);

        if (lacks_parties(at, ptemp)) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main_server,
                         "ClerkAuthorizedParties is not set for %s on line %d of %s: session "
                         "tokens made for any origin of the Clerk instance are accepted; name "
                         "this site's origins, such as https://www.example.com",
                         at->directive, at->line, at->file);
            return;
        }
    }
}

/** NULL, or which tokens of an accepted type cannot be verified while others can. */
static const char *lack_of_some_keys(const clerk_dir_config *section,
                                     const clerk_instance *instance,
                                     const server_rec *server, apr_pool_t *pool)
{
    unsigned accepts = clerk_config_accepts(section);

    (void)server;
    (void)pool;
    if ((accepts & CLERK_TOKEN_OAUTH) && instance->secret_key == NULL) {
        return "without ClerkSecretKey only OAuth tokens that are JWTs can be verified; opaque "
               "ones (oat_...) get 503";
    }
    if ((accepts & CLERK_TOKEN_M2M) && instance->jwt_key == NULL
        && instance->key_url == NULL) {
        return "with ClerkMachineSecretKey alone only opaque M2M tokens (mt_...) can be "
               "verified; JWTs get 503 without ClerkPublishableKey, ClerkSecretKey or "
               "ClerkJWTKey";
    }
    return NULL;
}

/** This may be what is wanted, so it is no error. */
static void warn_of_lacking_keys(server_rec *main_server, apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < seen.accepting->nelts; i++) {
        const place *at = &APR_ARRAY_IDX(seen.accepting, i, const place);
        const char *lack = judge(at, lack_of_some_keys, ptemp);

        if (lack != NULL && !may_be_completed(at, seen.instances)) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main_server,
                         "%s on line %d of %s: %s", at->directive, at->line, at->file, lack);
        }
    }
}

static int warn(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                server_rec *main_server)
{
    (void)pconf;
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        warn_of_missing_parties(main_server, ptemp);
        warn_of_lacking_keys(main_server, ptemp);
    }
    return OK;
}

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

static void list_instances_at(apr_array_header_t *instances, const place *at)
{
    const server_rec *server;

    for (server = at->server; server != NULL; server = next_server_of(at, server)) {
        const clerk_dir_config *section = in_force(at, server, instances->pool);
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
        list_instances_at(instances, &APR_ARRAY_IDX(places, i, const place));
    }
}

apr_array_header_t *clerk_configuration_instances(apr_pool_t *pconf)
{
    apr_array_header_t *instances = apr_array_make(pconf, 4, sizeof(clerk_instance *));

    list_instances(instances, seen.protected_places);
    list_instances(instances, seen.needing);
    if (seen.protected_places->nelts + seen.needing->nelts == 0) {
        list_instances(instances, seen.instances);
    }
    return instances;
}

void clerk_configuration_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_pre_config(reset_seen, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_configuration, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(warn, NULL, NULL, APR_HOOK_MIDDLE);
}
