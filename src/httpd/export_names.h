/* SPDX-License-Identifier: Apache-2.0 - the names under which an application learns who is asking */
#ifndef CLERK_EXPORT_NAMES_H
#define CLERK_EXPORT_NAMES_H

#include "../core/auth.h"

/** One exported value: CLERK_… in the environment, X-Clerk-… in the request header. */
typedef struct clerk_export_name {
    const char *env;
    const char *header;
    const char *(*value)(const clerk_auth *auth); /* NULL where absent */
} clerk_export_name;

/**
 * Every fixed name, ended by a NULL env. Those without a function are set elsewhere or
 * not yet, and kept from clients all the same.
 */
extern const clerk_export_name clerk_export_names[];

#endif
