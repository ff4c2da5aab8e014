/* SPDX-License-Identifier: Apache-2.0 - one request's facts, and the record of what was found out */
#include "request.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "../core/url.h"
#include "log.h"
#include "module.h"
#include "runtime.h"

clerk_dir_config *clerk_request_config(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &clerk_auth_module);
}

int clerk_request_is_ours(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type != NULL && ap_cstr_casecmp(type, CLERK_AUTH_TYPE) == 0;
}

clerk_request *clerk_request_known(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &clerk_auth_module);
}

clerk_request *clerk_request_of(request_rec *r)
{
    clerk_request *record = clerk_request_known(r);

    if (record == NULL) {
        record = apr_pcalloc(r->pool, sizeof(*record));
        ap_set_module_config(r->request_config, &clerk_auth_module, record);
    }
    return record;
}

const clerk_request *clerk_request_inherited(const request_rec *r)
{
    const clerk_request *record = clerk_request_known(r);

    /* the same rule, in the same order, as ap_process_request_internal */
    while (record == NULL) {
        if (r->prev != NULL && r->prev->per_dir_config == r->per_dir_config) {
            r = r->prev;
        }
        else if (r->main != NULL && r->main->per_dir_config == r->per_dir_config) {
            r = r->main;
        }
        else {
            return NULL;
        }
        record = clerk_request_known(r);
    }
    return record;
}

static clerk_slice header_slice(const request_rec *r, const char *name)
{
    return clerk_slice_of(apr_table_get(r->headers_in, name));
}

clerk_facts clerk_request_facts(const request_rec *r)
{
    clerk_facts facts = {
        .method = r->method,
        .authorization = header_slice(r, "Authorization"),
        .cookie = header_slice(r, "Cookie"),
        .accept = header_slice(r, "Accept"),
        .sec_fetch_dest = header_slice(r, "Sec-Fetch-Dest"),
    };
    return facts;
}

static const clerk_instance *instance_in_force(request_rec *r)
{
    clerk_dir_config *config = clerk_request_config(r);
    const clerk_instance *instance = NULL;
    clerk_error error = { CLERK_OK, "set ClerkPublishableKey (and ClerkSecretKey)" };

    if (config->instance == NULL
        || clerk_instance_config_resolve(&instance, config->instance, &error) != CLERK_OK) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "no Clerk instance for %s: %s", r->uri,
                      error.detail);
    }
    return instance;
}

clerk_request *clerk_request_identify(request_rec *r)
{
    clerk_request *record = clerk_request_of(r);
    clerk_policy policy;

    if (record->evaluated) {
        return record;
    }
    record->instance = instance_in_force(r);
    if (record->instance == NULL) {
        return NULL;
    }
    policy = clerk_config_policy(clerk_request_config(r));
    record->facts = clerk_request_facts(r);
    clerk_verifier_identify(&record->verdict, clerk_runtime_verifier(), record->instance,
                            &policy, &record->facts, apr_time_now(), r->pool);
    record->evaluated = 1;
    clerk_log_missing_azp(r, record, &policy);
    return record;
}

const clerk_auth *clerk_request_auth(const request_rec *r)
{
    const clerk_request *record = clerk_request_known(r);

    return record != NULL && record->evaluated && record->verdict.status == CLERK_OK
               ? record->verdict.auth
               : NULL;
}

void clerk_request_name_denial(const request_rec *r, clerk_request *record)
{
    const apr_array_header_t *lines = clerk_request_config(r)->user_lines;

    if (record->denied_by == NULL && lines != NULL && lines->nelts > 0) {
        record->denied_by = APR_ARRAY_IDX(lines, lines->nelts - 1, const char *);
    }
}

static int names_host(const apr_array_header_t *names, const char *host, int has_wildcards)
{
    int i;

    for (i = 0; names != NULL && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (name != NULL
            && (has_wildcards ? ap_strcasecmp_match(host, name) == 0
                              : strcasecmp(host, name) == 0)) {
            return 1;
        }
    }
    return 0;
}

/* A loopback name can lead a browser nowhere but to the machine that it runs on. */
static int is_loopback(const char *host, apr_pool_t *pool)
{
    return clerk_url_is_acceptable(apr_pstrcat(pool, "http://", host, NULL));
}

static int is_named_by_configuration(const server_rec *server, const char *host,
                                     apr_pool_t *pool)
{
    return (server->server_hostname != NULL && strcasecmp(host, server->server_hostname) == 0)
           || names_host(server->names, host, 0) || names_host(server->wild_names, host, 1)
           || is_loopback(host, pool);
}

static const char *own_origin(request_rec *r)
{
    const char *scheme = ap_http_scheme(r);
    const char *host = ap_get_server_name_for_url(r);
    apr_port_t port = ap_get_server_port(r);

    if (r->hostname != NULL && !is_named_by_configuration(r->server, r->hostname, r->pool)
        && r->server->server_hostname != NULL) {
        host = r->server->server_hostname;
        port = r->server->port ? r->server->port : r->connection->local_addr->port;
    }
    if (port == ap_default_port(r)) {
        return apr_pstrcat(r->pool, scheme, "://", host, NULL);
    }
    return apr_psprintf(r->pool, "%s://%s:%u", scheme, host, port);
}

const char *clerk_request_own_url(request_rec *r)
{
    const char *path;

    while (r->main != NULL || r->prev != NULL) {
        r = r->main ? r->main : r->prev;
    }
    /* an absolute-form target (RFC 9112, 3.2.2) names a host of its own */
    path = *r->unparsed_uri == '/'
               ? r->unparsed_uri
               : apr_uri_unparse(r->pool, &r->parsed_uri, APR_URI_UNP_OMITSITEPART);
    if (*path != '/') {
        path = "/";
    }
    return apr_pstrcat(r->pool, own_origin(r), path, NULL);
}
