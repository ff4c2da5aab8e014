/* SPDX-License-Identifier: Apache-2.0 - the places in the configuration that are judged once all is read */
#ifndef CLERK_PLACES_H
#define CLERK_PLACES_H

#include "config.h"

/** A section worth judging, and where it stands. */
typedef struct clerk_place {
    server_rec *server;
    const clerk_dir_config *section;
    int is_section; /* and not the server's own level */
    const char *directive;
    const char *file;
    int line;
} clerk_place;

/** Arrays of clerk_place, filled by clerk_configuration_add_… (configuration.h). */
typedef struct clerk_places {
    apr_array_header_t *instances;
    apr_array_header_t *accepting;
    apr_array_header_t *sending; /* browsers away */
    apr_array_header_t *protected_places;
    apr_array_header_t *needing;
    apr_array_header_t *resources;
} clerk_places;

/** Of the configuration being read; renewed before each reading, not used while serving. */
extern clerk_places clerk_places_seen;

/** The section as it stands in @a server, without what other sections add. */
const clerk_dir_config *clerk_place_in_force(const clerk_place *at, const server_rec *server,
                                             apr_pool_t *pool);

/** Sections of the main server hold in every virtual host. NULL after the last. */
const server_rec *clerk_place_next_server(const clerk_place *at, const server_rec *server);

/** Forget the configuration before; for pre_config. */
int clerk_places_reset(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

#endif
