/* SPDX-License-Identifier: Apache-2.0 - no client names who is asking */
#ifndef CLERK_SCRUB_H
#define CLERK_SCRUB_H

#include <httpd.h>

/**
 * Remove every field that this module could have set, in any spelling: letter
 * case ignored, any byte but letters and digits counting as `-`, because applications
 * fold names so (CGI and WSGI do).
 */
void clerk_scrub_names(apr_table_t *fields);

/** From the request's header. */
void clerk_scrub_headers(request_rec *r);

/** Remove what this module exported to the environment of a request that @a r came from. */
void clerk_scrub_environment(request_rec *r);

#endif
