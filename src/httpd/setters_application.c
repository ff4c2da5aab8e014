/* SPDX-License-Identifier: Apache-2.0 - directives about what the application finds besides claims */
#include <apr_strings.h>

#include "../core/path_segment.h"
#include "config.h"
#include "configuration.h"
#include "module.h"
#include "setters.h"

#define TEMPLATE "template:"

const char *clerk_set_identify(cmd_parms *cmd, void *record, int on)
{
    clerk_dir_config *section = record;

    section->identify = on ? CLERK_ON : CLERK_OFF;
    if (on) {
        clerk_configuration_add_needing(cmd, section);
    }
    return NULL;
}

const char *clerk_set_user(cmd_parms *cmd, void *record, int on)
{
    clerk_dir_config *section = record;

    section->user = on ? CLERK_ON : CLERK_OFF;
    if (on) {
        clerk_configuration_add_calling(cmd, section);
    }
    return NULL;
}

static const char *set_template(clerk_dir_config *section, cmd_parms *cmd, const char *name)
{
    section->forward = CLERK_FORWARD_TEMPLATE;
    section->forward_template = clerk_path_segment(name, cmd->pool);
    if (section->forward_template == NULL) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a template's name: write it as in "
                                       "\"JWT templates\" in the Clerk Dashboard, without "
                                       "slashes and percent signs, as in template:example",
                            cmd->cmd->name, name);
    }
    clerk_configuration_add_calling(cmd, section);
    return NULL;
}

const char *clerk_set_forward_token(cmd_parms *cmd, void *record, const char *word)
{
    clerk_dir_config *section = record;

    if (ap_cstr_casecmpn(word, TEMPLATE, strlen(TEMPLATE)) == 0) {
        return set_template(section, cmd, word + strlen(TEMPLATE));
    }
    if (ap_cstr_casecmp(word, "off") != 0 && ap_cstr_casecmp(word, "session") != 0) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not known: write off, session or "
                                       "template:NAME",
                            cmd->cmd->name, word);
    }
    section->forward =
        ap_cstr_casecmp(word, "off") == 0 ? CLERK_FORWARD_OFF : CLERK_FORWARD_SESSION;
    return NULL;
}
