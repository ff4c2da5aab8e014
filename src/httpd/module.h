/* SPDX-License-Identifier: Apache-2.0 - the module's symbol and what each file registers */
#ifndef CLERK_MODULE_H
#define CLERK_MODULE_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

extern module AP_MODULE_DECLARE_DATA clerk_auth_module;
APLOG_USE_MODULE(clerk_auth);

/* The value of AuthType that hands a section to this module. */
#define CLERK_AUTH_TYPE "Clerk"

extern const command_rec clerk_directives[];

void clerk_shared_memory_register(apr_pool_t *pconf);
void clerk_watchdog_register(apr_pool_t *pconf);
void clerk_socache_register(apr_pool_t *pconf);
void clerk_runtime_register(apr_pool_t *pconf);
void clerk_configuration_register(apr_pool_t *pconf);
void clerk_scrub_register(apr_pool_t *pconf);
void clerk_trailers_register(apr_pool_t *pconf);
void clerk_authn_register(apr_pool_t *pconf);
void clerk_authz_register(apr_pool_t *pconf);
void clerk_expr_register(apr_pool_t *pconf);
void clerk_require_expr_register(apr_pool_t *pconf);
void clerk_metadata_register(apr_pool_t *pconf);
void clerk_fixups_register(apr_pool_t *pconf);
void clerk_respond_register(apr_pool_t *pconf);
void clerk_sign_in_pages_register(apr_pool_t *pconf);
void clerk_status_register(apr_pool_t *pconf);
void clerk_dump_register(apr_pool_t *pconf);

#endif
