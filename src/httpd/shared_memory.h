/* SPDX-License-Identifier: Apache-2.0 - memory that all processes of this server share, over restarts too */
#ifndef CLERK_SHARED_MEMORY_H
#define CLERK_SHARED_MEMORY_H

#include "../service/board.h"
#include "../service/key_shelf.h"
#include "../service/stats.h"

/**
 * Made in the parent at the first start and inherited by every child. A graceful restart
 * keeps it, so that limits are those of the server and new children know its keys; a module
 * of another layout makes its own.
 */
typedef struct clerk_shared_memory {
    clerk_board *board;     /* NULL: the system gave no shared memory */
    clerk_board *turns;     /* of who asks about which token; likewise */
    clerk_key_shelf *shelf; /* likewise */
    clerk_stats *stats;     /* likewise */
    apr_uint32_t jitter;    /* another number in each server */
} clerk_shared_memory;

/** There from post_config on. */
const clerk_shared_memory *clerk_shared_memory_get(void);

#endif
