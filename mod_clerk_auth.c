/* SPDX-License-Identifier: Apache-2.0 - the module record and its hooks */
#include "src/httpd/config.h"
#include "src/httpd/module.h"

static void register_hooks(apr_pool_t *pconf)
{
    /* start: reset what configuration collects, check it whole, then a runtime a process */
    clerk_configuration_register(pconf);
    clerk_shared_memory_register(pconf);
    clerk_watchdog_register(pconf);
    clerk_expr_register(pconf);
    clerk_require_expr_register(pconf); /* when every module has its providers in place */
    clerk_socache_register(pconf); /* before processes fork, and before each has its runtime */
    clerk_runtime_register(pconf);

    /* a request, in the order in which httpd gets there */
    clerk_scrub_register(pconf); /* before any module reads a header */
    clerk_trailers_register(pconf);
    clerk_metadata_register(pconf); /* before any hook that could ask for a user */
    clerk_authn_register(pconf);
    clerk_authz_register(pconf); /* before mod_authz_core, whose verdict it puts in our words */
    clerk_fixups_register(pconf); /* before other fixups, so that they see the identity */
    clerk_respond_register(pconf);
    clerk_sign_in_pages_register(pconf);
    clerk_status_register(pconf);
    clerk_dump_register(pconf); /* only `httpd -t -D DUMP_CLERK` */
}

module AP_MODULE_DECLARE_DATA clerk_auth_module = {
    STANDARD20_MODULE_STUFF,
    clerk_dir_config_create,
    clerk_dir_config_merge,
    clerk_server_config_create,
    clerk_server_config_merge,
    clerk_directives,
    register_hooks,
    0 /* no module flags */
};
