/* SPDX-License-Identifier: Apache-2.0 - what can only be judged once all configuration is read */
#include "configuration.h"

#include <http_core.h>

#include "../core/sign_in.h"
#include "module.h"
#include "places.h"

/** Whether another section may name the instance, or more of it. */
static int can_come_later(const clerk_place *at)
{
    return clerk_place_may_be_completed(at, clerk_places_seen.instances);
}

static const char *lack_of_instance(const clerk_place *at, apr_pool_t *pool)
{
    return apr_pstrcat(pool, at->directive,
                       ap_cstr_casecmp(at->directive, "AuthType") == 0 ? " Clerk" : "",
                       " needs a Clerk instance: set ClerkPublishableKey (and "
                       "ClerkSecretKey), or ClerkJWTKey", NULL);
}

static int fail_at(const clerk_place *at, const char *what, const char *detail)
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
        const clerk_place *at = &APR_ARRAY_IDX(places, i, const clerk_place);
        clerk_error error = { CLERK_OK, lack_of_instance(at, pool) };

        if (!clerk_place_has_instance(at, &error, pool) && !can_come_later(at)) {
            return fail_at(at, what, error.detail);
        }
    }
    return OK;
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
        const clerk_place *at = &APR_ARRAY_IDX(places, i, const clerk_place);
        const char *lack = clerk_place_judge(at, lack_of_keys, pool);

        if (lack != NULL && !can_come_later(at)
            && (places == clerk_places_seen.accepting
                || !clerk_place_may_be_completed(at, clerk_places_seen.accepting)))
        {
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
    if (section->handshake == CLERK_ON && instance->publishable_key == NULL) {
        return "ClerkHandshake On needs ClerkPublishableKey, which names the Frontend API";
    }
    return clerk_satellite_problem(instance, section->sign_in_url, origin_of(server, pool));
}

/** Other sections of these may say what is missing here, or what instance it is. */
static int check_sending(apr_pool_t *pool)
{
    int i;

    for (i = 0; i < clerk_places_seen.sending->nelts; i++) {
        const clerk_place *at =
            &APR_ARRAY_IDX(clerk_places_seen.sending, i, const clerk_place);
        const char *lack = clerk_place_judge(at, lack_of_sending, pool);

        if (lack != NULL && !clerk_place_may_be_completed(at, clerk_places_seen.sending)
            && !can_come_later(at)) {
            return fail_at(at, "", lack);
        }
    }
    return OK;
}

/** Who reads the metadata is sent to an authorization server, which the key names. */
static const char *lack_of_server(const clerk_dir_config *section,
                                  const clerk_instance *instance, const server_rec *server,
                                  apr_pool_t *pool)
{
    (void)section;
    (void)server;
    (void)pool;
    return instance->frontend_api != NULL
               ? NULL
               : " needs ClerkPublishableKey, which names the authorization server";
}

static const char *lack_of_secret(const clerk_dir_config *section,
                                  const clerk_instance *instance, const server_rec *server,
                                  apr_pool_t *pool)
{
    (void)section;
    (void)server;
    (void)pool;
    return instance->secret_key != NULL
               ? NULL
               : " needs ClerkSecretKey: it calls the Backend API";
}

/** @param lack_of  gives what is to follow the name of the directive */
static int check_needs(const apr_array_header_t *places, clerk_judgement *lack_of,
                       apr_pool_t *pool)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        const clerk_place *at = &APR_ARRAY_IDX(places, i, const clerk_place);
        const char *lack = clerk_place_judge(at, lack_of, pool);

        if (lack != NULL && !can_come_later(at)) {
            return fail_at(at, "", apr_pstrcat(pool, at->directive, lack, NULL));
        }
    }
    return OK;
}

static int check_configuration(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                               server_rec *main_server)
{
    int status = check_places(clerk_places_seen.instances,
                              "the Clerk instance that begins with ", ptemp);

    (void)pconf;
    (void)plog;
    (void)main_server;
    if (status == OK) {
        status = check_places(clerk_places_seen.protected_places, "", ptemp);
    }
    if (status == OK) {
        status = check_places(clerk_places_seen.needing, "", ptemp);
    }
    if (status == OK) {
        status = check_keys(clerk_places_seen.accepting, ptemp);
    }
    if (status == OK) {
        status = check_keys(clerk_places_seen.protected_places, ptemp);
    }
    if (status == OK) {
        status = check_sending(ptemp);
    }
    if (status == OK) {
        status = check_needs(clerk_places_seen.resources, lack_of_server, ptemp);
    }
    return status == OK ? check_needs(clerk_places_seen.calling, lack_of_secret, ptemp) : status;
}

static int lacks_parties(const clerk_place *at, apr_pool_t *pool)
{
    const server_rec *server;

    for (server = at->server; server != NULL; server = clerk_place_next_server(at, server)) {
        const clerk_dir_config *section = clerk_place_in_force(at, server, pool);

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

    for (i = 0; i < clerk_places_seen.protected_places->nelts; i++) {
        const clerk_place *at =
            &APR_ARRAY_IDX(clerk_places_seen.protected_places, i, const clerk_place);

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

    for (i = 0; i < clerk_places_seen.accepting->nelts; i++) {
        const clerk_place *at =
            &APR_ARRAY_IDX(clerk_places_seen.accepting, i, const clerk_place);
        const char *lack = clerk_place_judge(at, lack_of_some_keys, ptemp);

        if (lack != NULL && !can_come_later(at)) {
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

void clerk_configuration_register(apr_pool_t *pconf)
{
    clerk_places_register(pconf);
    ap_hook_check_config(check_configuration, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(warn, NULL, NULL, APR_HOOK_MIDDLE);
}
