/* SPDX-License-Identifier: Apache-2.0 - where a section or a directive stands in the files */
#ifndef CLERK_DUMP_PLACES_H
#define CLERK_DUMP_PLACES_H

#include <httpd.h>
#include <http_config.h>
#include <util_cfgtree.h>

/**
 * The first directive of a server's own level. NULL where the server's container is not
 * found in the tree, as for one that another module makes.
 */
const ap_directive_t *clerk_place_of_server(const server_rec *server);

/** The last directive of that name beside and behind @a first; NULL where there is none. */
const ap_directive_t *clerk_place_of_directive(const ap_directive_t *first, const char *name);

/**
 * A section beside and behind @a first.
 *
 * @param kind    `<Directory`, `<Location`, `<Files` or `<If`; their Match and Else forms count
 * @param path    as httpd keeps it; NULL: any
 * @param number  of those that are alike: 0 for the first
 * @return NULL where there is none
 */
const ap_directive_t *clerk_place_of_section(const ap_directive_t *first, const char *kind,
                                             const char *path, int number);

/** `(FILE:LINE)` behind a space; "" for NULL. */
const char *clerk_place_text(const ap_directive_t *at, apr_pool_t *pool);

#endif
