/* SPDX-License-Identifier: Apache-2.0 - directives for the whole server */
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "../core/url.h"
#include "config.h"
#include "module.h"
#include "secret.h"
#include "setters.h"
#include "socache.h"

enum { MOST_CONNECTIONS = 1000, MOST_TOKENS = 1000000 };

/** The main server's record; one process has one set of keys and connections. */
static const char *main_server_record(clerk_server_config **server, cmd_parms *cmd)
{
    if (cmd->server->is_virtual) {
        return apr_psprintf(cmd->pool,
                            "%s concerns the whole server: put it outside <VirtualHost>",
                            cmd->cmd->name);
    }
    *server = ap_get_module_config(cmd->server->module_config, &clerk_auth_module);
    return NULL;
}

/** httpd looks at the first letters of the unit only. */
static int is_time(const char *text)
{
    static const char *const units[] = { "", "us", "ms", "s", "mi", "min", "h", NULL };
    apr_size_t digits = strspn(text, "0123456789");
    const char *const *unit = units;

    while (*unit != NULL && strcmp(text + digits, *unit) != 0) {
        unit++;
    }
    return digits > 0 && *unit != NULL;
}

const char *clerk_parse_interval(const apr_interval_time_t **interval, cmd_parms *cmd,
                                 const char *text)
{
    apr_interval_time_t *parsed = apr_pcalloc(cmd->pool, sizeof(*parsed));

    if (!is_time(text)
        || ap_timeout_parameter_parse(text, parsed, "s") != APR_SUCCESS || *parsed < 0) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a time: write it as in 5s, 500ms "
                                       "or 24h", cmd->cmd->name, text);
    }
    *interval = parsed;
    return NULL;
}

const char *clerk_set_interval_or_none(cmd_parms *cmd, void *record, const char *time)
{
    const apr_interval_time_t *interval = NULL;
    clerk_server_config *server = NULL;
    const char *problem = main_server_record(&server, cmd);

    (void)record;
    if (problem == NULL) {
        problem = clerk_parse_interval(&interval, cmd, time);
    }
    if (problem == NULL) {
        *(const apr_interval_time_t **)(void *)((char *)server
                                                + (apr_size_t)cmd->info) = interval;
    }
    return problem;
}

const char *clerk_set_interval(cmd_parms *cmd, void *record, const char *time)
{
    const apr_interval_time_t *interval = NULL;
    const char *problem = clerk_parse_interval(&interval, cmd, time);

    if (problem == NULL && *interval == 0) {
        problem = apr_psprintf(cmd->pool, "%s: the time must be more than 0",
                               cmd->cmd->name);
    }
    return problem ? problem : clerk_set_interval_or_none(cmd, record, time);
}

/** @return 0 when @a text is no number from 1 to @a most */
static int parse_number(const char *text, int most)
{
    apr_size_t digits = strspn(text, "0123456789");
    apr_int64_t value = apr_atoi64(text);

    return digits > 0 && text[digits] == '\0' && value <= most ? (int)value : 0;
}

const char *clerk_set_token_cache(cmd_parms *cmd, void *record, const char *entries)
{
    clerk_server_config *server = NULL;
    const char *problem = main_server_record(&server, cmd);
    int value = ap_cstr_casecmp(entries, "off") == 0 ? -1
                                                     : parse_number(entries, MOST_TOKENS);

    (void)record;
    if (problem != NULL) {
        return problem;
    }
    if (value == 0) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is neither off nor a number from 1 to %d",
                            cmd->cmd->name, entries, MOST_TOKENS);
    }
    server->token_cache = value;
    return NULL;
}

const char *clerk_set_api_connections(cmd_parms *cmd, void *record, const char *number)
{
    clerk_server_config *server = NULL;
    const char *problem = main_server_record(&server, cmd);
    int value = parse_number(number, MOST_CONNECTIONS);

    (void)record;
    if (problem != NULL) {
        return problem;
    }
    if (value == 0) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a number from 1 to %d",
                            cmd->cmd->name, number, MOST_CONNECTIONS);
    }
    server->api_connections = (unsigned)value;
    return NULL;
}

const char *clerk_set_api_timeout(cmd_parms *cmd, void *record, const char *connect,
                                  const char *total)
{
    const apr_interval_time_t *connect_time = NULL, *total_time = NULL;
    clerk_server_config *server = NULL;
    const char *problem = main_server_record(&server, cmd);

    (void)record;
    if (problem == NULL) {
        problem = clerk_parse_interval(&connect_time, cmd, connect);
    }
    if (problem == NULL && total != NULL) {
        problem = clerk_parse_interval(&total_time, cmd, total);
    }
    if (problem != NULL) {
        return problem;
    }
    if (*connect_time == 0 || (total_time != NULL && *total_time < *connect_time)) {
        return apr_psprintf(cmd->pool, "%s: write CONNECT [TOTAL], both more than 0 and "
                                       "TOTAL not less than CONNECT, as in 2s 5s",
                            cmd->cmd->name);
    }
    server->api_connect_timeout = connect_time;
    server->api_total_timeout = total_time;
    return NULL;
}

/** NULL, or why no certificate can be read from the file. */
static const char *certificate_problem(const char *path, apr_pool_t *pool)
{
    X509_STORE *store;
    apr_file_t *file;
    int is_loaded;
    char why[128];
    apr_status_t status = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, pool);

    if (status != APR_SUCCESS) {
        return apr_pstrdup(pool, apr_strerror(status, why, sizeof(why)));
    }
    apr_file_close(file);
    store = X509_STORE_new();
    is_loaded = store != NULL && X509_STORE_load_file(store, path) == 1;
    X509_STORE_free(store);
    ERR_clear_error();
    return is_loaded ? NULL : "it holds none";
}

const char *clerk_set_api_ca_file(cmd_parms *cmd, void *record, const char *path)
{
    clerk_server_config *server = NULL;
    const char *problem = main_server_record(&server, cmd);
    const char *full = ap_server_root_relative(cmd->pool, path);

    (void)record;
    if (problem != NULL) {
        return problem;
    }
    problem = full ? certificate_problem(full, cmd->temp_pool) : "not a path";
    if (problem != NULL) {
        return apr_psprintf(cmd->pool, "%s: cannot read certificates in PEM from \"%s\": %s",
                            cmd->cmd->name, full ? full : path, problem);
    }
    server->api_ca_file = full;
    return NULL;
}

/** Without USER:PASSWORD@, which a company's proxy may want. */
static clerk_slice without_credentials(const char *url, apr_pool_t *pool)
{
    const char *authority = strstr(url, "://");
    const char *end = authority ? authority + 3 + strcspn(authority + 3, "/?#") : NULL;
    const char *at = end;

    while (at != NULL && at > authority + 3 && at[-1] != '@') {
        at--;
    }
    if (at == NULL || at == authority + 3) {
        return clerk_slice_of(url);
    }
    return clerk_slice_of(apr_pstrcat(
        pool, apr_pstrmemdup(pool, url, (apr_size_t)(authority + 3 - url)), at, NULL));
}

const char *clerk_set_api_proxy(cmd_parms *cmd, void *record, const char *url)
{
    clerk_server_config *server = NULL;
    const char *problem = main_server_record(&server, cmd);
    clerk_url parts;

    (void)record;
    if (problem != NULL) {
        return problem;
    }
    if (!clerk_url_parse(&parts, without_credentials(url, cmd->temp_pool)) || parts.query.len > 0
        || parts.fragment.len > 0
        || !(parts.path.len == 0 || clerk_slice_is(parts.path, "/"))) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not the URL of a proxy: write "
                                       "http://[USER:PASSWORD@]HOST:PORT",
                            cmd->cmd->name, clerk_value_shown(url));
    }
    server->api_proxy = url;
    return NULL;
}

const char *clerk_set_cache(cmd_parms *cmd, void *record, const char *provider)
{
    clerk_server_config *server = NULL;
    const char *problem = main_server_record(&server, cmd);

    (void)record;
    if (problem != NULL) {
        return problem;
    }
    problem = clerk_socache_configure(&server->cache, provider, cmd->temp_pool, cmd->pool);
    return problem == NULL
               ? NULL
               : apr_psprintf(cmd->pool, "%s: \"%s\": %s", cmd->cmd->name, provider, problem);
}
