/* SPDX-License-Identifier: Apache-2.0 - each directive's effective value as text */
#include "dump_settings.h"

#include <stddef.h>

#include <apr_strings.h>

#include "path_rules.h"
#include "secret.h"
#include "socache.h"

enum { SHOWN_OF_SECRETS = 7 };

static const char NONE[] = "none";

static const void *record_of(const clerk_setting *setting, const clerk_dir_config *section,
                             const clerk_server_config *server)
{
    switch (setting->scope) {
    case CLERK_SETTING_OF_INSTANCE:
        return section->instance;
    case CLERK_SETTING_OF_SECTION:
        return section;
    default:
        return server;
    }
}

int clerk_setting_is_said(const clerk_setting *setting, const clerk_dir_config *section,
                          const clerk_server_config *server)
{
    const unsigned char *record = record_of(setting, section, server);
    apr_size_t i;

    for (i = 0; record != NULL && i < setting->size; i++) {
        if (record[setting->at + i] != 0) {
            return 1;
        }
    }
    return 0;
}

/** The field, or NULL where nothing is said; @a type is that of the field. */
#define FIELD_OF(type, setting, in)                                                         \
    (clerk_setting_is_said(setting, (in)->section, (in)->server)                            \
         ? (type const *)(const void *)((const char *)record_of(setting, (in)->section,      \
                                                                (in)->server)               \
                                        + (setting)->at)                                    \
         : NULL)

static const char *otherwise(const clerk_setting *setting)
{
    return setting->otherwise ? setting->otherwise : NONE;
}

/* ---------------------------------------------------------------- by kind */

static const char *text_of_text(const clerk_setting *setting, const clerk_in_force *in)
{
    const char *const *field = FIELD_OF(const char *, setting, in);

    return field ? clerk_value_shown(*field) : otherwise(setting);
}

static const char *text_of_secret(const clerk_setting *setting, const clerk_in_force *in)
{
    const char *const *field = FIELD_OF(const char *, setting, in);

    return field ? apr_psprintf(in->pool, "%.*s…", SHOWN_OF_SECRETS, *field)
                 : otherwise(setting);
}

static const char *text_of_flag(const clerk_setting *setting, const clerk_in_force *in)
{
    const clerk_flag *field = FIELD_OF(clerk_flag, setting, in);

    return field ? (*field == CLERK_ON ? "On" : "Off") : otherwise(setting);
}

static const char *text_of_list(const clerk_setting *setting, const clerk_in_force *in)
{
    apr_array_header_t *const *field = FIELD_OF(apr_array_header_t *, setting, in);

    return field ? apr_array_pstrcat(in->pool, *field, ' ') : otherwise(setting);
}

static const char *interval_text(apr_interval_time_t value, apr_pool_t *pool)
{
    if (value % APR_USEC_PER_SEC == 0) {
        return apr_psprintf(pool, "%" APR_TIME_T_FMT "s", value / APR_USEC_PER_SEC);
    }
    return value % 1000 == 0 ? apr_psprintf(pool, "%" APR_TIME_T_FMT "ms", value / 1000)
                             : apr_psprintf(pool, "%" APR_TIME_T_FMT "us", value);
}

static const char *text_of_rules(const clerk_setting *setting, const clerk_in_force *in)
{
    apr_array_header_t *const *field = FIELD_OF(apr_array_header_t *, setting, in);
    const char *text = NULL;
    int i;

    for (i = 0; field != NULL && i < (*field)->nelts; i++) {
        const char *written = APR_ARRAY_IDX(*field, i, const clerk_path_rule).as_written;

        text = text ? apr_pstrcat(in->pool, text, " ", written, NULL) : written;
    }
    return text ? text : otherwise(setting);
}

/* ---------------------------------------------------------------- one by one */

static const char *publishable_key(const clerk_setting *setting, const clerk_in_force *in)
{
    const clerk_publishable_key *const *field =
        FIELD_OF(const clerk_publishable_key *, setting, in);

    return field ? (*field)->text : NONE;
}

static const char *jwt_key(const clerk_setting *setting, const clerk_in_force *in)
{
    return FIELD_OF(const clerk_key *, setting, in) ? "an RSA public key" : NONE;
}

static const char *jwks_url(const clerk_setting *setting, const clerk_in_force *in)
{
    if (in->instance == NULL || in->instance->jwt_key != NULL
        || in->instance->key_url == NULL) {
        return text_of_text(setting, in);
    }
    return clerk_value_shown(in->instance->key_url);
}

static const char *accepts(const clerk_setting *setting, const clerk_in_force *in)
{
    unsigned accepted = clerk_config_accepts(in->section);
    const char *text = NULL;
    unsigned type;

    (void)setting;
    if (accepted == CLERK_TOKEN_ANY) {
        return "any";
    }
    for (type = CLERK_TOKEN_SESSION; type <= CLERK_TOKEN_API_KEY; type *= 2) {
        if (accepted & type) {
            const char *name = clerk_token_type_name((clerk_token_type)type);

            text = text ? apr_pstrcat(in->pool, text, " ", name, NULL) : name;
        }
    }
    return text;
}

static const char *issuers(const clerk_setting *setting, const clerk_in_force *in)
{
    const char *const *issuer;
    const char *text = NULL;

    if (in->section->issuers != NULL) {
        return in->section->issuers->nelts > 0 ? text_of_list(setting, in) : "any";
    }
    for (issuer = in->instance ? in->instance->issuers : NULL; issuer && *issuer; issuer++) {
        text = text ? apr_pstrcat(in->pool, text, " ", *issuer, NULL) : *issuer;
    }
    return text ? text : "not checked";
}

static const char *clock_skew(const clerk_setting *setting, const clerk_in_force *in)
{
    (void)setting;
    return interval_text(clerk_config_policy(in->section).clock_skew, in->pool);
}

static const char *responses(const clerk_setting *setting, const clerk_in_force *in)
{
    (void)setting;
    return clerk_config_protects(in->section) ? "protect" : "http";
}

static const char *enforce(const clerk_setting *setting, const clerk_in_force *in)
{
    (void)setting;
    return clerk_config_is_log_only(in->section) ? "LogOnly" : "On";
}

static const char *error_body(const clerk_setting *setting, const clerk_in_force *in)
{
    static const char *const names[] = { "", "auto", "json", "html" };

    (void)setting;
    return names[clerk_config_error_body(in->section)];
}

static const char *handshake(const clerk_setting *setting, const clerk_in_force *in)
{
    (void)setting;
    return in->instance != NULL && clerk_config_renews_sessions(in->section, in->instance)
               ? "On"
               : "Off";
}

static const char *account_page(const clerk_setting *setting, const clerk_in_force *in)
{
    if (in->instance == NULL || in->instance->account_portal == NULL) {
        return text_of_text(setting, in);
    }
    return FIELD_OF(const char *, setting, in)
               ? text_of_text(setting, in)
               : apr_pstrcat(in->pool, in->instance->account_portal, setting->otherwise, NULL);
}

static const char *exports(const clerk_setting *setting, const clerk_in_force *in)
{
    unsigned bits = clerk_config_exports(in->section);
    const char *text = apr_pstrcat(in->pool, bits & CLERK_EXPORT_ENV ? " env" : "",
                                   bits & CLERK_EXPORT_HEADERS ? " headers" : "",
                                   bits & CLERK_EXPORT_CLAIMS ? " claims" : "", NULL);

    (void)setting;
    return *text != '\0' ? text + 1 : NONE;
}

static const char *exported_claims(const clerk_setting *setting, const clerk_in_force *in)
{
    const apr_array_header_t *claims = in->section->exported_claims;
    const char *text = NULL;
    int i;

    for (i = 0; claims != NULL && i < claims->nelts; i++) {
        const clerk_exported_claim *claim = &APR_ARRAY_IDX(claims, i, clerk_exported_claim);

        text = apr_pstrcat(in->pool, text ? text : "", text ? ", " : "", claim->path, " as ",
                           claim->env, NULL);
    }
    return text ? text : otherwise(setting);
}

static const char *forward_token(const clerk_setting *setting, const clerk_in_force *in)
{
    (void)setting;
    switch (in->section->forward) {
    case CLERK_FORWARD_SESSION:
        return "session";
    case CLERK_FORWARD_TEMPLATE:
        return apr_pstrcat(in->pool, "template:", in->section->forward_template, NULL);
    default:
        return "off";
    }
}

/* ---------------------------------------------------------------- the whole server */

#define INTERVAL(function, accessor)                                                        \
    static const char *function(const clerk_setting *setting, const clerk_in_force *in)     \
    {                                                                                       \
        (void)setting;                                                                      \
        return interval_text(accessor(in->server), in->pool);                               \
    }

INTERVAL(key_refresh, clerk_config_key_refresh)
INTERVAL(key_max_stale, clerk_config_key_max_stale)
INTERVAL(key_min_interval, clerk_config_key_min_interval)
INTERVAL(machine_token_ttl, clerk_config_machine_token_ttl)

static const char *token_cache(const clerk_setting *setting, const clerk_in_force *in)
{
    unsigned entries = clerk_config_token_cache(in->server);

    (void)setting;
    return entries > 0 ? apr_psprintf(in->pool, "%u", entries) : "off";
}

static const char *api_connections(const clerk_setting *setting, const clerk_in_force *in)
{
    (void)setting;
    return apr_psprintf(in->pool, "%u", clerk_config_api_connections(in->server));
}

static const char *api_timeout(const clerk_setting *setting, const clerk_in_force *in)
{
    (void)setting;
    return apr_pstrcat(in->pool,
                       interval_text(clerk_config_connect_timeout(in->server), in->pool), " ",
                       interval_text(clerk_config_total_timeout(in->server), in->pool), NULL);
}

static const char *cache(const clerk_setting *setting, const clerk_in_force *in)
{
    return in->server->cache != NULL
               ? clerk_value_shown(clerk_socache_shown(in->server->cache))
               : otherwise(setting);
}

/** Without USER:PASSWORD@. */
static const char *api_proxy(const clerk_setting *setting, const clerk_in_force *in)
{
    const char *url = in->server->api_proxy;
    const char *host = url ? strrchr(url, '@') : NULL;
    const char *scheme_end = url ? strstr(url, "://") : NULL;

    if (host == NULL || scheme_end == NULL) {
        return url ? clerk_value_shown(url) : otherwise(setting);
    }
    return apr_pstrcat(in->pool,
                       apr_pstrmemdup(in->pool, url, (apr_size_t)(scheme_end + 3 - url)), "…",
                       host, NULL);
}

/* ---------------------------------------------------------------- all of them */

#define OF(scope, record, field)                                                            \
    CLERK_SETTING_OF_##scope, offsetof(record, field), sizeof(((record *)0)->field)
#define INSTANCE(name, field, text, otherwise)                                              \
    { name, OF(INSTANCE, clerk_instance_config, field), text, otherwise }
#define SECTION(name, field, text, otherwise)                                               \
    { name, OF(SECTION, clerk_dir_config, field), text, otherwise }
#define SERVER(name, field, text, otherwise)                                                \
    { name, OF(SERVER, clerk_server_config, field), text, otherwise }

const clerk_setting clerk_settings[] = {
    INSTANCE("ClerkPublishableKey", publishable_key, publishable_key, NULL),
    INSTANCE("ClerkSecretKey", secret_key, text_of_secret, NULL),
    INSTANCE("ClerkMachineSecretKey", machine_secret_key, text_of_secret, NULL),
    INSTANCE("ClerkJWTKey", jwt_key, jwt_key, NULL),
    INSTANCE("ClerkAPIURL", api_url, text_of_text, "https://api.clerk.com"),
    INSTANCE("ClerkJWKSURL", jwks_url, jwks_url, NULL),
    INSTANCE("ClerkProxyURL", proxy_url, text_of_text, NULL),
    INSTANCE("ClerkDomain", domain, text_of_text, NULL),
    INSTANCE("ClerkSatellite", satellite, text_of_flag, "Off"),
    SECTION("ClerkSatelliteAutoSync", satellite_auto_sync, text_of_flag, "Off"),
    SECTION("ClerkForwardedHeaders", forwarded_headers, text_of_flag, "Off"),

    SECTION("ClerkAcceptsToken", accepts, accepts, NULL),
    SECTION("ClerkAuthorizedParties", authorized_parties, text_of_list, "not checked"),
    SECTION("ClerkAudience", audiences, text_of_list, "not checked"),
    SECTION("ClerkIssuer", issuers, issuers, NULL),
    SECTION("ClerkClockSkew", clock_skew, clock_skew, NULL),
    SECTION("ClerkTreatPendingAsSignedOut", treat_pending_as_signed_out, text_of_flag, "On"),

    SECTION("ClerkResponses", responses, responses, NULL),
    SECTION("ClerkSignInRedirect", sign_in_redirect, text_of_flag, "On"),
    SECTION("ClerkHandshake", handshake, handshake, NULL),
    SECTION("ClerkCrossOriginSync", cross_origin_sync, text_of_flag, "Off"),
    SECTION("ClerkOrganizationPatterns", organization_paths, text_of_rules, NULL),
    SECTION("ClerkPersonalAccountPatterns", personal_account_paths, text_of_rules, NULL),
    SECTION("ClerkDebugHeaders", debug_headers, text_of_flag, "Off"),
    SECTION("ClerkEnforce", enforce, enforce, NULL),
    SECTION("ClerkSignInURL", sign_in_url, account_page, "/sign-in"),
    SECTION("ClerkSignUpURL", sign_up_url, account_page, "/sign-up"),
    SECTION("ClerkUnauthenticatedURL", unauthenticated_url, text_of_text, NULL),
    SECTION("ClerkUnauthorizedURL", unauthorized_url, text_of_text, NULL),
    SECTION("ClerkErrorBody", error_body, error_body, NULL),
    SECTION("ClerkAllowPreflight", allow_preflight, text_of_flag, "On"),

    SECTION("ClerkExport", exports, exports, NULL),
    SECTION("ClerkExportClaim", exported_claims, exported_claims, NULL),
    SECTION("ClerkRemoteUser", remote_user, text_of_text, "the subject"),
    SECTION("ClerkIdentify", identify, text_of_flag, "Off"),
    SECTION("ClerkForwardToken", forward, forward_token, NULL),
    SECTION("ClerkStripCredentials", strip_credentials, text_of_flag, "Off"),
    SECTION("ClerkUser", user, text_of_flag, "Off"),

    SECTION("ClerkProtectedResource", protected_resource, text_of_flag, "Off"),
    SECTION("ClerkProtectedResourceScopes", resource_scopes, text_of_text, NULL),
    SECTION("ClerkProtectedResourceName", resource_name, text_of_text, NULL),
    SECTION("ClerkProtectedResourceDocumentation", resource_documentation, text_of_text,
            "Clerk's"),

    SERVER("ClerkKeyRefresh", key_refresh, key_refresh, NULL),
    SERVER("ClerkKeyMaxStale", key_max_stale, key_max_stale, NULL),
    SERVER("ClerkKeyMinInterval", key_min_interval, key_min_interval, NULL),
    SERVER("ClerkMachineTokenTTL", machine_token_ttl, machine_token_ttl, NULL),
    SERVER("ClerkTokenCache", token_cache, token_cache, NULL),
    SERVER("ClerkAPIConnections", api_connections, api_connections, NULL),
    SERVER("ClerkCache", cache, cache, "shmcb"),
    SERVER("ClerkAPITimeout", api_connect_timeout, api_timeout, NULL),
    SERVER("ClerkAPICAFile", api_ca_file, text_of_text, "the system's authorities"),
    SERVER("ClerkAPIProxy", api_proxy, api_proxy, NULL),
    { NULL, CLERK_SETTING_OF_SERVER, 0, 0, NULL, NULL }
};
