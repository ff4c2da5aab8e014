/* SPDX-License-Identifier: Apache-2.0 - the cache port over one of httpd's cache providers */
#ifndef CLERK_SOCACHE_PORT_H
#define CLERK_SOCACHE_PORT_H

#include <ap_socache.h>
#include <apr_global_mutex.h>

#include "../service/cache.h"

enum {
    CLERK_SOCACHE_MAX_VALUE = 100 * 1024,
    CLERK_SOCACHE_MAX_DBM_VALUE = 900 /* SDBM has pages of 1 KiB */
};

/** A provider and its instance, with what it takes to ask it. Any number of threads may. */
typedef struct clerk_socache_port {
    const ap_socache_provider_t *provider; /* NULL: none */
    ap_socache_instance_t *instance;
    apr_uint32_t max_value; /* bytes; lowered to what the provider would take */
    server_rec *main_server;
    server_rec *quiet; /* the same, where nothing is logged */
    apr_global_mutex_t *mutex; /* NULL where the provider needs none */
} clerk_socache_port;

/** Whether processes must ask one after the other: such a cache is memory of this machine. */
int clerk_socache_port_needs_lock(const clerk_socache_port *port);

/** cache.h's functions for @a port, which must outlive them. */
clerk_cache clerk_socache_port_cache(clerk_socache_port *port);

#endif
