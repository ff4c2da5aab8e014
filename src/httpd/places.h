/* SPDX-License-Identifier: Apache-2.0 - the places in a configuration that are judged when all of it is read */
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

/** Of the configuration being read; renewed before each reading, not used while serving. */
typedef struct clerk_places {
    apr_array_header_t *instances;
    apr_array_header_t *accepting;
    apr_array_header_t *sending; /* browsers away */
    apr_array_header_t *protected_places;
    apr_array_header_t *needing;
    apr_array_header_t *resources;
    apr_array_header_t *calling;
} clerk_places;

extern clerk_places clerk_places_seen;

/** The section as it stands in @a server, without what other sections add. */
const clerk_dir_config *clerk_place_in_force(const clerk_place *at, const server_rec *server,
                                             apr_pool_t *pool);

/** The next server where the place holds: sections of the main server do in every one. */
const server_rec *clerk_place_next_server(const clerk_place *at, const server_rec *server);

/**
 * Whether the place has a usable instance in a server where it holds; else @a error says
 * what is missing.
 */
int clerk_place_has_instance(const clerk_place *at, clerk_error *error, apr_pool_t *pool);

/** Whether other sections, or virtual hosts, may add what is missing here. */
int clerk_place_may_be_completed(const clerk_place *at, const apr_array_header_t *places);

/** NULL, or what is wrong with a section as it stands in a server. */
typedef const char *clerk_judgement(const clerk_dir_config *section,
                                    const clerk_instance *instance,
                                    const server_rec *server, apr_pool_t *pool);

/** That of the first server where the place holds, unless all is well in another one. */
const char *clerk_place_judge(const clerk_place *at, clerk_judgement *of, apr_pool_t *pool);

void clerk_places_register(apr_pool_t *pconf);

#endif
