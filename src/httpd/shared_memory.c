/* SPDX-License-Identifier: Apache-2.0 - memory that all processes of this server share, over restarts too */
#include "shared_memory.h"

#include <apr_general.h>
#include <http_core.h>

#include "module.h"

static const char RETAINED[] =
    "mod_clerk_auth shared memory 3 " CLERK_BOARD_LAYOUT " " CLERK_KEY_SHELF_LAYOUT
    " " CLERK_STATS_LAYOUT;

/* How long a slot outlives its last use: a restart with another key leaves the old one's. */
static const apr_interval_time_t KEEP = APR_TIME_C(3600) * APR_USEC_PER_SEC;

/* As tokens come by the thousand, a turn's slot is free again soon after the turn. */
static const apr_interval_time_t KEEP_TURN = APR_TIME_C(10) * APR_USEC_PER_SEC;

static const clerk_shared_memory *shared;

const clerk_shared_memory *clerk_shared_memory_get(void)
{
    return shared;
}

static void make(clerk_shared_memory *made, server_rec *main_server)
{
    apr_pool_t *pool = main_server->process->pool;
    apr_status_t status = clerk_board_create(&made->board, KEEP, pool);

    if (status == APR_SUCCESS) {
        status = clerk_board_create(&made->turns, KEEP_TURN, pool);
    }
    if (status == APR_SUCCESS) {
        status = clerk_key_shelf_create(&made->shelf, KEEP, pool);
    }
    if (status == APR_SUCCESS) {
        status = clerk_stats_create(&made->stats, apr_time_now(), pool);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, status, main_server,
                     "no shared memory: each process fetches keys and counts for itself, and "
                     "limits such as ClerkKeyMinInterval are each process's own");
    }
    apr_generate_random_bytes((unsigned char *)&made->jitter, sizeof(made->jitter));
}

static int inherit_or_make(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                           server_rec *main_server)
{
    clerk_shared_memory *retained = ap_retained_data_get(RETAINED);

    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    if (retained == NULL) {
        retained = ap_retained_data_create(RETAINED, sizeof(*retained));
        make(retained, main_server);
    }
    shared = retained;
    return OK;
}

void clerk_shared_memory_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_post_config(inherit_or_make, NULL, NULL, APR_HOOK_MIDDLE);
}
