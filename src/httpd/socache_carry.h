/* SPDX-License-Identifier: Apache-2.0 - what outlives a restart of httpd: the shared cache's entries and secret */
#ifndef CLERK_SOCACHE_CARRY_H
#define CLERK_SOCACHE_CARRY_H

#include "../service/sealed_cache.h"
#include "socache_port.h"

/*
 * Memory that httpd's processes share is made anew at each restart, and what is in it goes.
 * So httpd's parent takes the entries out before and puts them in afterwards, sealed as they
 * are.
 */

/**
 * A random secret that is the same for all processes of this server, restarts included.
 *
 * @return 0 when there is no randomness
 */
int clerk_socache_server_secret(unsigned char secret[CLERK_SERVER_SECRET_LENGTH]);

/** Put in what was taken out before the restart. */
void clerk_socache_carry_in(const clerk_socache_port *to);

/**
 * Take the entries out when @a pconf is about to be cleared, in which @a from is.
 *
 * @param most  bytes; what is beyond that is left
 */
void clerk_socache_carry_out(const clerk_socache_port *from, apr_size_t most,
                             apr_pool_t *pconf);

#endif
