/* SPDX-License-Identifier: Apache-2.0 - what the directives say: records, merge, defaults */
#ifndef CLERK_CONFIG_H
#define CLERK_CONFIG_H

#include <apr_tables.h>

#include "../core/policy.h"
#include "../core/token_type.h"
#include "instance_config.h"

/** Zero is "not said here", so that a fresh record is all zero. */
typedef enum clerk_flag { CLERK_UNSET = 0, CLERK_OFF, CLERK_ON } clerk_flag;

typedef enum clerk_responses {
    CLERK_RESPONSES_UNSET = 0,
    CLERK_RESPONSES_HTTP,
    CLERK_RESPONSES_PROTECT
} clerk_responses;

typedef enum clerk_enforce {
    CLERK_ENFORCE_UNSET = 0,
    CLERK_ENFORCE_ON,
    CLERK_ENFORCE_LOG_ONLY
} clerk_enforce;

typedef enum clerk_error_body {
    CLERK_ERROR_BODY_UNSET = 0,
    CLERK_ERROR_BODY_AUTO,
    CLERK_ERROR_BODY_JSON,
    CLERK_ERROR_BODY_HTML
} clerk_error_body;

typedef enum clerk_forward {
    CLERK_FORWARD_UNSET = 0,
    CLERK_FORWARD_OFF,
    CLERK_FORWARD_SESSION,
    CLERK_FORWARD_TEMPLATE
} clerk_forward;

enum {
    CLERK_EXPORT_UNSET = 0,
    CLERK_EXPORT_NONE = 1, /* set, to nothing more */
    CLERK_EXPORT_ENV = 2,
    CLERK_EXPORT_HEADERS = 4,
    CLERK_EXPORT_CLAIMS = 8
};

/* All types, said by one word; a list of all four is not that. */
enum { CLERK_ACCEPTS_ANY_TYPE = 16 | CLERK_TOKEN_ANY };

/** One ClerkExportClaim line. */
typedef struct clerk_exported_claim {
    const char *path;
    const char *env;    /* CLERK_CLAIM_… */
    const char *header; /* X-Clerk-Claim-… */
} clerk_exported_claim;

/** What is noted of a section's `Require` lines, which are httpd's own to carry out. */
typedef struct clerk_require_lines {
    /* lists of const char *, NULL-terminated behind their last element */
    apr_array_header_t *user_lines; /* lines that ask for a user of mod_authz_user */
    apr_array_header_t *scopes;     /* asked for by clerk-scope, without expressions */
    int has_expr;                   /* a `Require expr` that may call a function of ours */
    int has_negated_expr;
    int adds_to_outer; /* AuthMerging And or Or: outer lines stay in force beside these */
} clerk_require_lines;

/** Per-directory record. NULL and zero mean unset; immutable once configuration is read. */
typedef struct clerk_dir_config {
    clerk_instance_config *instance;

    unsigned accepts; /* bits of clerk_token_type; CLERK_ACCEPTS_ANY_TYPE as written */
    /* lists of const char *, kept NULL-terminated behind their last element */
    apr_array_header_t *authorized_parties;
    apr_array_header_t *audiences;
    apr_array_header_t *issuers; /* empty: any */
    const apr_interval_time_t *clock_skew;
    clerk_flag treat_pending_as_signed_out;

    clerk_responses responses;
    clerk_enforce enforce;
    clerk_error_body error_body;
    clerk_flag sign_in_redirect;
    clerk_flag handshake;
    clerk_flag cross_origin_sync;
    clerk_flag satellite_auto_sync;
    clerk_flag debug_headers;
    clerk_flag forwarded_headers;
    clerk_flag allow_preflight;
    const char *sign_in_url;
    const char *sign_up_url;
    const char *unauthenticated_url;
    const char *unauthorized_url;
    apr_array_header_t *organization_paths;     /* of clerk_path_rule */
    apr_array_header_t *personal_account_paths; /* likewise */

    clerk_flag identify;
    clerk_flag strip_credentials;
    clerk_flag user; /* whether the User is fetched */
    clerk_forward forward;
    const char *forward_template; /* as a segment of a URL's path */
    unsigned exports;
    apr_array_header_t *exported_claims; /* of clerk_exported_claim */
    const char *remote_user;             /* claim path */

    /* a protected resource of OAuth (RFC 9728); texts are JSON */
    clerk_flag protected_resource;
    const char *resource_scopes; /* elements of an array */
    const char *resource_name;
    const char *resource_documentation;

    /* of the section that has any, as its lines replace those of outer sections */
    clerk_require_lines *require_lines;
} clerk_dir_config;

/** Per-server record; only the main server's counts. */
typedef struct clerk_server_config {
    const apr_interval_time_t *key_refresh;
    const apr_interval_time_t *key_max_stale;
    const apr_interval_time_t *key_min_interval;
    const apr_interval_time_t *machine_token_ttl;
    const apr_interval_time_t *api_connect_timeout;
    const apr_interval_time_t *api_total_timeout;
    const char *api_ca_file;
    const char *api_proxy;
    unsigned api_connections; /* requests at a time; 0 is unset */
    int token_cache;          /* entries; 0 is unset, negative off */
    struct clerk_socache *cache; /* ClerkCache */
} clerk_server_config;

void *clerk_dir_config_create(apr_pool_t *pool, char *dir);
void *clerk_dir_config_merge(apr_pool_t *pool, void *base, void *add);
void *clerk_server_config_create(apr_pool_t *pool, server_rec *server);
void *clerk_server_config_merge(apr_pool_t *pool, void *base, void *add);

/* What holds where nothing was said. */

int clerk_config_protects(const clerk_dir_config *config);
int clerk_config_is_log_only(const clerk_dir_config *config);
int clerk_config_redirects_to_sign_in(const clerk_dir_config *config);
int clerk_config_allows_preflight(const clerk_dir_config *config);
int clerk_config_forwards(const clerk_dir_config *config);

/**
 * Whether sessions are renewed by handshake and refresh: as said, else where @a instance has a
 * publishable key, which names the Frontend API that browsers are sent to. What they bring back
 * is fetched from the Backend API where there is a secret key for that, else brought whole.
 */
int clerk_config_renews_sessions(const clerk_dir_config *config,
                                 const clerk_instance *instance);
unsigned clerk_config_exports(const clerk_dir_config *config);

/** Bits of clerk_token_type, never none. */
unsigned clerk_config_accepts(const clerk_dir_config *config);
clerk_error_body clerk_config_error_body(const clerk_dir_config *config);

/** The policy in force; its lists belong to @a config. */
clerk_policy clerk_config_policy(const clerk_dir_config *config);

apr_interval_time_t clerk_config_key_refresh(const clerk_server_config *config);
apr_interval_time_t clerk_config_key_max_stale(const clerk_server_config *config);
apr_interval_time_t clerk_config_key_min_interval(const clerk_server_config *config);
apr_interval_time_t clerk_config_connect_timeout(const clerk_server_config *config);
apr_interval_time_t clerk_config_total_timeout(const clerk_server_config *config);
apr_interval_time_t clerk_config_machine_token_ttl(const clerk_server_config *config);
unsigned clerk_config_api_connections(const clerk_server_config *config);

/** How many verified tokens a process keeps; 0: none. */
unsigned clerk_config_token_cache(const clerk_server_config *config);

#endif
