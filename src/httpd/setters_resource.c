/* SPDX-License-Identifier: Apache-2.0 - directives that describe a protected resource (RFC 9728) */
#include <apr_lib.h>
#include <apr_strings.h>

#include "../core/json.h"
#include "../core/scopes.h"
#include "../core/url.h"
#include "config.h"
#include "configuration.h"
#include "module.h"
#include "secret.h"
#include "setters.h"

const char *clerk_set_protected_resource(cmd_parms *cmd, void *record, int on)
{
    clerk_dir_config *section = record;

    section->protected_resource = on ? CLERK_ON : CLERK_OFF;
    if (on) {
        clerk_configuration_add_resource(cmd, section);
    }
    return NULL;
}

/** Kept as the elements of a JSON array; a scope needs no escaping but for nothing. */
const char *clerk_set_resource_scope(cmd_parms *cmd, void *record, const char *scope)
{
    clerk_dir_config *section = record;
    const char *sofar = section->resource_scopes;

    if (!clerk_is_scope(clerk_slice_of(scope))) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a scope: write printable ASCII "
                                       "without spaces, quotes and backslashes, as in "
                                       "notes:read",
                            cmd->cmd->name, scope);
    }
    section->resource_scopes =
        apr_pstrcat(cmd->pool, sofar ? sofar : "", sofar ? ",\"" : "\"", scope, "\"", NULL);
    return NULL;
}

/** The text as a JSON string; NULL where it is not UTF-8. */
static const char *json_text(const char *text, apr_pool_t *pool)
{
    json_t *string = json_string(text);
    const char *json = string ? clerk_json_text(string, pool) : NULL;

    json_decref(string);
    return json;
}

const char *clerk_set_resource_name(cmd_parms *cmd, void *record, const char *name)
{
    clerk_dir_config *section = record;

    section->resource_name = *name ? json_text(name, cmd->pool) : NULL;
    return section->resource_name
               ? NULL
               : apr_psprintf(cmd->pool, "%s: a name that people read, in UTF-8, as in "
                                         "\"Example notes\"",
                              cmd->cmd->name);
}

const char *clerk_set_resource_documentation(cmd_parms *cmd, void *record, const char *url)
{
    clerk_dir_config *section = record;
    clerk_url parsed;

    if (!clerk_url_parse(&parsed, clerk_slice_of(url))) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a usable URL: write "
                                       "https://HOST[:PORT]/PATH",
                            cmd->cmd->name, clerk_value_shown(url));
    }
    section->resource_documentation = json_text(url, cmd->pool);
    return section->resource_documentation ? NULL : "ClerkProtectedResourceDocumentation: "
                                                    "the URL is not UTF-8";
}
