/* SPDX-License-Identifier: Apache-2.0 - what a protected resource says of itself (RFC 9728) */
#include "metadata.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "../core/url.h"
#include "module.h"
#include "own_url.h"
#include "request.h"

#define WELL_KNOWN "/.well-known/oauth-protected-resource"

/* ---------------------------------------------------------------- where it is */

/** A path as it stands in a URL: no quote, no backslash, ASCII only. */
static const char *escaped(const char *path, apr_pool_t *pool)
{
    return strcmp(path, "/") == 0 ? "" : ap_os_escape_path(pool, path, 0);
}

static const char *own_origin(request_rec *r)
{
    clerk_url own;

    return clerk_url_parse(&own, clerk_slice_of(clerk_own_url(r)))
               ? clerk_slice_copy(own.origin, r->pool)
               : NULL;
}

/**
 * The path that a URL's text names, as httpd sees it: decoded once, without `..` and double
 * slashes. NULL for one that cannot be decoded.
 */
static char *normalized(const char *text, apr_pool_t *pool)
{
    char *path = apr_pstrdup(pool, text);

    path[strcspn(path, "?#")] = '\0';
    if (ap_unescape_url(path) != OK) {
        return NULL;
    }
    ap_getparents(path);
    ap_no2slash(path);
    return path;
}

static int describes_itself(const clerk_dir_config *config)
{
    return config->protected_resource == CLERK_ON && config->instance != NULL;
}

const char *clerk_metadata_url(request_rec *r)
{
    const char *origin, *path;
    clerk_url own;

    if (!describes_itself(clerk_request_config(r))) {
        return NULL;
    }
    origin = own_origin(r);
    if (origin == NULL || !clerk_url_parse(&own, clerk_slice_of(clerk_own_url(r)))) {
        return NULL;
    }
    path = normalized(clerk_slice_copy(own.path, r->pool), r->pool);
    return apr_pstrcat(r->pool, origin, WELL_KNOWN,
                       path && *path == '/' ? escaped(path, r->pool) : "", NULL);
}

/* ---------------------------------------------------------------- whose it is */

/**
 * The configuration in force for @a path: that of a subrequest which ends as soon as httpd
 * has put it together, before anybody is asked for. NULL where httpd does not get so far.
 */
static const clerk_dir_config *config_at(request_rec *r, const char *path)
{
    clerk_request *record = clerk_request_of(r);
    const clerk_dir_config *found = NULL;

    record->found_config = &found;
    ap_sub_req_method_uri("GET", path, r, NULL);
    record->found_config = NULL;
    return found;
}

static int end_search(request_rec *r)
{
    clerk_request *searching = r->main ? clerk_request_known(r->main) : NULL;

    if (searching == NULL || searching->found_config == NULL) {
        return DECLINED;
    }
    *searching->found_config = clerk_request_config(r);
    return DONE;
}

/* ---------------------------------------------------------------- serving it */

static const char *member(apr_pool_t *pool, const char *name, const char *json)
{
    return json ? apr_pstrcat(pool, ",\"", name, "\":", json, NULL) : "";
}

/** The members of generateClerkProtectedResourceMetadata in `@clerk/mcp-tools`, and more. */
static const char *metadata(request_rec *r, const char *resource,
                            const clerk_dir_config *config, const char *host)
{
    apr_pool_t *pool = r->pool;
    const char *scopes = config->resource_scopes;
    const char *documentation = config->resource_documentation;

    return apr_pstrcat(
        pool, "{\"resource\":\"", resource, "\",\"authorization_servers\":[\"https://", host,
        "\"],\"token_types_supported\":[\"urn:ietf:params:oauth:token-type:access_token\"],"
        "\"token_introspection_endpoint\":\"https://", host, "/oauth/token\","
        "\"token_introspection_endpoint_auth_methods_supported\":"
        "[\"client_secret_post\",\"client_secret_basic\"],"
        "\"jwks_uri\":\"https://", host, "/.well-known/jwks.json\","
        "\"authorization_data_types_supported\":[\"oauth_scope\"],"
        "\"authorization_data_locations_supported\":[\"header\",\"body\"],"
        "\"key_challenges_supported\":[{\"challenge_type\":"
        "\"urn:ietf:params:oauth:pkce:code_challenge\",\"challenge_algs\":[\"S256\"]}],"
        "\"bearer_methods_supported\":[\"header\"],\"service_documentation\":",
        documentation ? documentation : "\"https://clerk.com/docs\"",
        member(pool, "resource_documentation", documentation),
        member(pool, "resource_name", config->resource_name),
        scopes ? apr_pstrcat(pool, ",\"scopes_supported\":[", scopes, "]", NULL) : "", "}\n",
        NULL);
}

static int serve(request_rec *r, const char *json)
{
    apr_table_setn(r->headers_out, "Access-Control-Allow-Origin", "*");
    apr_table_setn(r->headers_out, "Access-Control-Allow-Methods", "GET, OPTIONS");
    apr_table_setn(r->headers_out, "Access-Control-Allow-Headers", "*");
    apr_table_setn(r->headers_out, "Access-Control-Max-Age", "86400");
    apr_table_setn(r->headers_out, "Cache-Control", "max-age=3600");
    ap_run_insert_filter(r); /* which httpd does for handlers that are not in a hurry */
    if (ap_discard_request_body(r) != OK) {
        return HTTP_BAD_REQUEST;
    }
    if (r->method_number == M_OPTIONS) {
        json = "";
    }
    else {
        ap_set_content_type(r, "application/json");
    }
    ap_set_content_length(r, (apr_off_t)strlen(json));
    ap_rputs(json, r);
    return OK;
}

static const clerk_instance *instance_of(const clerk_dir_config *config)
{
    const clerk_instance *instance;
    clerk_error error;

    return clerk_instance_config_resolve(&instance, config->instance, &error) == CLERK_OK
                   && instance->frontend_api != NULL
               ? instance
               : NULL;
}

/**
 * Before anything that could ask for a user, move the request to an application, or look for
 * a file: who has no token yet must be able to read this.
 */
static int answer(request_rec *r, int lookup_uri)
{
    const clerk_dir_config *config;
    const clerk_instance *instance;
    const char *path, *origin;

    if (lookup_uri || strncmp(r->uri, WELL_KNOWN, strlen(WELL_KNOWN)) != 0) {
        return DECLINED;
    }
    path = normalized(r->uri + strlen(WELL_KNOWN), r->pool);
    if (path == NULL || (*path != '\0' && *path != '/')) {
        return DECLINED;
    }
    path = *path ? path : "/";
    config = config_at(r, ap_os_escape_path(r->pool, path, 0));
    origin = own_origin(r);
    if (config == NULL || origin == NULL || !describes_itself(config)) {
        return DECLINED;
    }
    instance = instance_of(config);
    if (instance == NULL) {
        return DECLINED;
    }
    if (r->method_number != M_GET && r->method_number != M_OPTIONS) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_OPTIONS, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    return serve(r, metadata(r, apr_pstrcat(r->pool, origin, escaped(path, r->pool), NULL),
                             config, instance->frontend_api));
}

void clerk_metadata_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_quick_handler(answer, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_post_perdir_config(end_search, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
