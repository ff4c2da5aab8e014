/* SPDX-License-Identifier: Apache-2.0 - each directive's effective value as text */
#ifndef CLERK_DUMP_SETTINGS_H
#define CLERK_DUMP_SETTINGS_H

#include "config.h"

/** What is in force somewhere. */
typedef struct clerk_in_force {
    const clerk_dir_config *section;
    const clerk_server_config *server; /* the main server's */
    const clerk_instance *instance;    /* NULL: none, or none that can be used */
    apr_pool_t *pool;
} clerk_in_force;

typedef enum clerk_setting_scope {
    CLERK_SETTING_OF_INSTANCE, /* in clerk_instance_config */
    CLERK_SETTING_OF_SECTION,  /* in clerk_dir_config */
    CLERK_SETTING_OF_SERVER    /* in clerk_server_config */
} clerk_setting_scope;

typedef struct clerk_setting {
    const char *directive;
    clerk_setting_scope scope;
    apr_size_t at, size; /* in the record; all zero is "not said" */
    /** The value in force, defaults applied, secrets cut; never NULL. */
    const char *(*text)(const struct clerk_setting *setting, const clerk_in_force *in);
    const char *otherwise; /* what a default is called where nothing else says it */
} clerk_setting;

/** In the order of the directive table, ended by a NULL directive. */
extern const clerk_setting clerk_settings[];

/** Whether @a section, or @a server for what is the whole server's, says it. */
int clerk_setting_is_said(const clerk_setting *setting, const clerk_dir_config *section,
                          const clerk_server_config *server);

#endif
