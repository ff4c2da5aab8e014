/* SPDX-License-Identifier: Apache-2.0 - what can only be judged once all configuration is read */
#ifndef CLERK_CONFIGURATION_H
#define CLERK_CONFIGURATION_H

#include "config.h"

/** Remember a section with instance directives, at the first of them. */
void clerk_configuration_add_instance(const cmd_parms *cmd, const clerk_dir_config *section);

/** Remember a section that says which tokens it accepts. */
void clerk_configuration_add_accepting(const cmd_parms *cmd,
                                       const clerk_dir_config *section);

/** Remember a section that says `AuthType Clerk`. */
void clerk_configuration_add_protected(const cmd_parms *cmd,
                                       const clerk_dir_config *section);

#endif
