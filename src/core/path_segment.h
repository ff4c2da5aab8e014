/* SPDX-License-Identifier: Apache-2.0 - names that become one segment of a URL's path */
#ifndef CLERK_PATH_SEGMENT_H
#define CLERK_PATH_SEGMENT_H

#include <apr_pools.h>

enum { CLERK_LONGEST_SEGMENT = 128 };

/** Whether @a id is 1 to CLERK_LONGEST_SEGMENT of `A-Za-z0-9_-`, as the ids of Clerk are. */
int clerk_is_path_id(const char *id);

/**
 * A name of somebody's choice as one segment: unreserved characters (RFC 3986, 2.3) as they
 * are, the rest percent-encoded.
 *
 * Refused: no name, one that is too long, `.` and `..`, and names with a control character,
 * `/`, `\` or `%`: however often it is decoded on the way, it stays one segment
 * (isPathTraversal in `@clerk/backend`).
 *
 * @return NULL when refused
 */
const char *clerk_path_segment(const char *name, apr_pool_t *pool);

#endif
