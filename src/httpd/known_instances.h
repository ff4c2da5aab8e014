/* SPDX-License-Identifier: Apache-2.0 - the instances that are known when the server starts */
#ifndef CLERK_KNOWN_INSTANCES_H
#define CLERK_KNOWN_INSTANCES_H

#include <apr_tables.h>

/**
 * The instances that protected and identifying places will ask for, without those that only a
 * combination of sections makes; where there is no such place (an .htaccess file may have
 * `AuthType Clerk`), all that are set. For post_config.
 *
 * @return an array of const clerk_instance *, no two with the same keys
 */
apr_array_header_t *clerk_known_instances(apr_pool_t *pconf);

#endif
