/* SPDX-License-Identifier: Apache-2.0 - ClerkCache: the cache that processes share, kept by a provider of httpd's */
#ifndef CLERK_SOCACHE_H
#define CLERK_SOCACHE_H

#include "../service/sealed_cache.h"
#include "module.h"

/** One ClerkCache as configured; lives as long as the configuration. */
typedef struct clerk_socache clerk_socache;

/**
 * Read `PROVIDER[:ARGUMENTS]` or `none`.
 *
 * @return NULL, or what is wrong and how to put it right
 */
const char *clerk_socache_configure(clerk_socache **cache, const char *text,
                                    apr_pool_t *ptemp, apr_pool_t *pconf);

/**
 * The cache of this process, sealed; NULL where there is none, or it cannot be had. For
 * child_init.
 */
const clerk_sealed_cache *clerk_socache_open(apr_pool_t *pchild, server_rec *main_server);

/** As configured, or by default; "none" where there is none. @param cache  may be NULL */
const char *clerk_socache_shown(const clerk_socache *cache);

/** Whether this process found the server behind its cache to be away. */
int clerk_socache_is_away(void);

#endif
