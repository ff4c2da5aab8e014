/* SPDX-License-Identifier: Apache-2.0 - what can only be judged once all configuration is read */
#ifndef CLERK_CONFIGURATION_H
#define CLERK_CONFIGURATION_H

#include "config.h"

/** Remember a section with instance directives, at the first of them. */
void clerk_configuration_add_instance(const cmd_parms *cmd, const clerk_dir_config *section);

/** Whether the configuration names a Clerk instance anywhere. */
int clerk_configuration_has_instances(void);

/** Remember a section that says which tokens it accepts. */
void clerk_configuration_add_accepting(const cmd_parms *cmd,
                                       const clerk_dir_config *section);

/**
 * Remember a section that says where browsers are sent, or that they are: ClerkSignInURL,
 * ClerkSatellite On, ClerkHandshake On.
 */
void clerk_configuration_add_sending(const cmd_parms *cmd, const clerk_dir_config *section);

/** Remember a section that says `AuthType Clerk`. */
void clerk_configuration_add_protected(const cmd_parms *cmd,
                                       const clerk_dir_config *section);

/** Remember a section that says something for which it needs an instance. */
void clerk_configuration_add_needing(const cmd_parms *cmd, const clerk_dir_config *section);

/** Remember a section for which the Backend API is called. */
void clerk_configuration_add_calling(const cmd_parms *cmd, const clerk_dir_config *section);

/** Remember a section that says `ClerkProtectedResource On`. */
void clerk_configuration_add_resource(const cmd_parms *cmd, const clerk_dir_config *section);

#endif
