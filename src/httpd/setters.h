/* SPDX-License-Identifier: Apache-2.0 - one function a directive, grouped as the table is */
#ifndef CLERK_SETTERS_H
#define CLERK_SETTERS_H

#include <httpd.h>
#include <http_config.h>

/* Each returns NULL, or the sentence that stops the start. */

/* the instance: setters_instance.c */
const char *clerk_set_publishable_key(cmd_parms *cmd, void *record, const char *args);
const char *clerk_set_secret_key(cmd_parms *cmd, void *record, const char *args);
const char *clerk_set_machine_secret_key(cmd_parms *cmd, void *record, const char *args);
const char *clerk_set_jwt_key(cmd_parms *cmd, void *record, const char *args);
const char *clerk_set_api_url(cmd_parms *cmd, void *record, const char *url);
const char *clerk_set_jwks_url(cmd_parms *cmd, void *record, const char *url);
const char *clerk_set_proxy_url(cmd_parms *cmd, void *record, const char *url);
const char *clerk_set_domain(cmd_parms *cmd, void *record, const char *domain);
const char *clerk_set_satellite(cmd_parms *cmd, void *record, int on);

/* tokens and answers: setters_section.c */
const char *clerk_set_accepted_token(cmd_parms *cmd, void *record, const char *word);
const char *clerk_set_authorized_party(cmd_parms *cmd, void *record, const char *origin);
const char *clerk_set_audience(cmd_parms *cmd, void *record, const char *audience);
const char *clerk_set_issuer(cmd_parms *cmd, void *record, const char *issuer);
const char *clerk_set_clock_skew(cmd_parms *cmd, void *record, const char *time);
const char *clerk_set_responses(cmd_parms *cmd, void *record, const char *word);
const char *clerk_set_enforce(cmd_parms *cmd, void *record, const char *word);
const char *clerk_set_error_body(cmd_parms *cmd, void *record, const char *word);
const char *clerk_set_flag(cmd_parms *cmd, void *record, int on);
const char *clerk_set_page_url(cmd_parms *cmd, void *record, const char *url);
const char *clerk_set_sign_in_url(cmd_parms *cmd, void *record, const char *url);
const char *clerk_set_handshake(cmd_parms *cmd, void *record, int on);
const char *clerk_set_path_rule(cmd_parms *cmd, void *record, const char *pattern);
const char *clerk_set_export(cmd_parms *cmd, void *record, const char *word);
const char *clerk_set_export_claim(cmd_parms *cmd, void *record, const char *path,
                                   const char *name);
const char *clerk_set_remote_user(cmd_parms *cmd, void *record, const char *path);

/* httpd's own, which it carries out itself: noted.c */
const char *clerk_note_auth_type(cmd_parms *cmd, void *record, const char *type);
const char *clerk_note_auth_merging(cmd_parms *cmd, void *record, const char *word);
const char *clerk_note_require(cmd_parms *cmd, void *record, const char *args);

/* what the application gets: setters_application.c */
const char *clerk_set_identify(cmd_parms *cmd, void *record, int on);
const char *clerk_set_user(cmd_parms *cmd, void *record, int on);
const char *clerk_set_forward_token(cmd_parms *cmd, void *record, const char *word);

/* a protected resource: setters_resource.c */
const char *clerk_set_protected_resource(cmd_parms *cmd, void *record, int on);
const char *clerk_set_resource_scope(cmd_parms *cmd, void *record, const char *scope);
const char *clerk_set_resource_name(cmd_parms *cmd, void *record, const char *name);
const char *clerk_set_resource_documentation(cmd_parms *cmd, void *record, const char *url);

/* the whole server: setters_server.c */
const char *clerk_set_interval(cmd_parms *cmd, void *record, const char *time);
const char *clerk_set_interval_or_none(cmd_parms *cmd, void *record, const char *time);
const char *clerk_set_api_connections(cmd_parms *cmd, void *record, const char *number);
const char *clerk_set_token_cache(cmd_parms *cmd, void *record, const char *entries);
const char *clerk_set_api_timeout(cmd_parms *cmd, void *record, const char *connect,
                                  const char *total);
const char *clerk_set_api_ca_file(cmd_parms *cmd, void *record, const char *path);
const char *clerk_set_api_proxy(cmd_parms *cmd, void *record, const char *url);
const char *clerk_set_cache(cmd_parms *cmd, void *record, const char *provider);

/** Append to a list that stays NULL-terminated behind its last element. */
void clerk_append(apr_array_header_t **list, cmd_parms *cmd, const char *value);

/**
 * A time as httpd writes it (`5s`, `500ms`, `24h`; a bare number is seconds), copied to
 * the configuration pool.
 */
const char *clerk_parse_interval(const apr_interval_time_t **interval, cmd_parms *cmd,
                                 const char *text);

#endif
