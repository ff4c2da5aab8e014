/* SPDX-License-Identifier: Apache-2.0 - what the directives say: records, merge, defaults */
#include "config.h"

/* A setting said in the inner section wins; one left unsaid is inherited. */
#define INHERIT(field) merged->field = add->field ? add->field : base->field

static apr_array_header_t *both(apr_array_header_t *outer, apr_array_header_t *inner,
                                apr_pool_t *pool)
{
    apr_array_header_t *list;

    if (outer == NULL || inner == NULL) {
        return inner ? inner : outer;
    }
    list = apr_array_append(pool, outer, inner);
    *(const char **)apr_array_push(list) = NULL;
    list->nelts--;
    return list;
}

/** As mod_authz_core does: lines replace those of outer sections unless AuthMerging adds them. */
static clerk_require_lines *merge_lines(clerk_require_lines *outer, clerk_require_lines *inner,
                                        apr_pool_t *pool)
{
    clerk_require_lines *lines;

    if (outer == NULL || inner == NULL || !inner->adds_to_outer) {
        return inner ? inner : outer;
    }
    lines = apr_palloc(pool, sizeof(*lines));
    lines->user_lines = both(outer->user_lines, inner->user_lines, pool);
    lines->scopes = both(outer->scopes, inner->scopes, pool);
    lines->has_expr = outer->has_expr || inner->has_expr;
    lines->has_negated_expr = outer->has_negated_expr || inner->has_negated_expr;
    lines->adds_to_outer = 0;
    return lines;
}

void *clerk_dir_config_create(apr_pool_t *pool, char *dir)
{
    (void)dir;
    return apr_pcalloc(pool, sizeof(clerk_dir_config));
}

void *clerk_dir_config_merge(apr_pool_t *pool, void *base_record, void *add_record)
{
    const clerk_dir_config *base = base_record;
    const clerk_dir_config *add = add_record;
    clerk_dir_config *merged = apr_pcalloc(pool, sizeof(*merged));

    merged->instance = clerk_instance_config_merge(base->instance, add->instance);
    INHERIT(accepts);
    INHERIT(authorized_parties);
    INHERIT(audiences);
    INHERIT(issuers);
    INHERIT(clock_skew);
    INHERIT(treat_pending_as_signed_out);
    INHERIT(responses);
    INHERIT(enforce);
    INHERIT(error_body);
    INHERIT(sign_in_redirect);
    INHERIT(handshake);
    INHERIT(cross_origin_sync);
    INHERIT(satellite_auto_sync);
    INHERIT(debug_headers);
    INHERIT(forwarded_headers);
    INHERIT(allow_preflight);
    INHERIT(sign_in_url);
    INHERIT(sign_up_url);
    INHERIT(unauthenticated_url);
    INHERIT(unauthorized_url);
    INHERIT(identify);
    INHERIT(strip_credentials);
    INHERIT(user);
    INHERIT(forward);
    INHERIT(forward_template);
    INHERIT(organization_paths);
    INHERIT(personal_account_paths);
    INHERIT(exports);
    INHERIT(exported_claims);
    INHERIT(remote_user);
    INHERIT(protected_resource);
    INHERIT(resource_scopes);
    INHERIT(resource_name);
    INHERIT(resource_documentation);
    merged->require_lines = merge_lines(base->require_lines, add->require_lines, pool);
    return merged;
}

void *clerk_server_config_create(apr_pool_t *pool, server_rec *server)
{
    (void)server;
    return apr_pcalloc(pool, sizeof(clerk_server_config));
}

void *clerk_server_config_merge(apr_pool_t *pool, void *base_record, void *add_record)
{
    const clerk_server_config *base = base_record;
    const clerk_server_config *add = add_record;
    clerk_server_config *merged = apr_pcalloc(pool, sizeof(*merged));

    INHERIT(key_refresh);
    INHERIT(key_max_stale);
    INHERIT(key_min_interval);
    INHERIT(machine_token_ttl);
    INHERIT(api_connect_timeout);
    INHERIT(api_total_timeout);
    INHERIT(api_ca_file);
    INHERIT(api_proxy);
    INHERIT(cache);
    INHERIT(api_connections);
    INHERIT(token_cache);
    return merged;
}

int clerk_config_protects(const clerk_dir_config *config)
{
    return config->responses == CLERK_RESPONSES_PROTECT;
}

int clerk_config_is_log_only(const clerk_dir_config *config)
{
    return config->enforce == CLERK_ENFORCE_LOG_ONLY;
}

int clerk_config_redirects_to_sign_in(const clerk_dir_config *config)
{
    return config->sign_in_redirect != CLERK_OFF;
}

int clerk_config_allows_preflight(const clerk_dir_config *config)
{
    return config->allow_preflight != CLERK_OFF;
}

int clerk_config_forwards(const clerk_dir_config *config)
{
    return config->forward > CLERK_FORWARD_OFF;
}

int clerk_config_renews_sessions(const clerk_dir_config *config,
                                 const clerk_instance *instance)
{
    return config->handshake != CLERK_OFF && instance->publishable_key != NULL;
}

unsigned clerk_config_exports(const clerk_dir_config *config)
{
    return config->exports != CLERK_EXPORT_UNSET
               ? config->exports
               : CLERK_EXPORT_ENV | CLERK_EXPORT_HEADERS;
}

unsigned clerk_config_accepts(const clerk_dir_config *config)
{
    return config->accepts ? config->accepts & CLERK_TOKEN_ANY : CLERK_TOKEN_SESSION;
}

clerk_error_body clerk_config_error_body(const clerk_dir_config *config)
{
    return config->error_body ? config->error_body : CLERK_ERROR_BODY_AUTO;
}

static const char *const *list_of(const apr_array_header_t *values)
{
    return values && values->nelts ? (const char *const *)(const void *)values->elts : NULL;
}

clerk_policy clerk_config_policy(const clerk_dir_config *config)
{
    clerk_policy policy = {
        .accepts = clerk_config_accepts(config),
        .authorized_parties = list_of(config->authorized_parties),
        .audiences = list_of(config->audiences),
        .issuers = list_of(config->issuers),
        .any_issuer = config->issuers && config->issuers->nelts == 0,
        .clock_skew = config->clock_skew ? *config->clock_skew : apr_time_from_sec(5),
        /* auth.protect() never lets a pending session in */
        .admits_pending = config->treat_pending_as_signed_out == CLERK_OFF
                          && !clerk_config_protects(config),
    };
    return policy;
}

static apr_interval_time_t interval_or(const apr_interval_time_t *value, int seconds)
{
    return value ? *value : apr_time_from_sec(seconds);
}

apr_interval_time_t clerk_config_key_refresh(const clerk_server_config *config)
{
    return interval_or(config->key_refresh, 300);
}

apr_interval_time_t clerk_config_key_max_stale(const clerk_server_config *config)
{
    return interval_or(config->key_max_stale, 24 * 60 * 60);
}

apr_interval_time_t clerk_config_key_min_interval(const clerk_server_config *config)
{
    return interval_or(config->key_min_interval, 10);
}

apr_interval_time_t clerk_config_connect_timeout(const clerk_server_config *config)
{
    return interval_or(config->api_connect_timeout, 2);
}

apr_interval_time_t clerk_config_total_timeout(const clerk_server_config *config)
{
    apr_interval_time_t connect = clerk_config_connect_timeout(config);
    apr_interval_time_t total = interval_or(config->api_total_timeout, 5);

    return total > connect ? total : connect;
}

apr_interval_time_t clerk_config_machine_token_ttl(const clerk_server_config *config)
{
    return interval_or(config->machine_token_ttl, 30);
}

unsigned clerk_config_token_cache(const clerk_server_config *config)
{
    return config->token_cache == 0 ? 8192
           : config->token_cache > 0 ? (unsigned)config->token_cache
                                     : 0;
}

unsigned clerk_config_api_connections(const clerk_server_config *config)
{
    return config->api_connections ? config->api_connections : 8;
}
