/* SPDX-License-Identifier: Apache-2.0 - redeem what handshakes bring, refresh each session once */
#ifndef CLERK_SESSION_RENEWAL_H
#define CLERK_SESSION_RENEWAL_H

#include "session_calls.h"

/**
 * An answer about a refresh is kept that long for requests that the browser sent before it
 * had the new cookies: Clerk refreshes an expired token only once.
 */
#define CLERK_REFRESH_ANSWER_TTL apr_time_from_sec(10)

/** One a process: many threads may ask it. */
typedef struct clerk_session_renewal clerk_session_renewal;

typedef struct clerk_session_renewal_options {
    apr_interval_time_t patience; /* with the refresh of another thread */
    apr_size_t max_entries;       /* answers kept; 0: a default */
} clerk_session_renewal_options;

/**
 * @param api      must outlive it
 * @param options  copied
 */
apr_status_t clerk_session_renewal_create(clerk_session_renewal **renewal,
                                          const clerk_api *api,
                                          const clerk_session_renewal_options *options,
                                          apr_pool_t *pchild);

/** As clerk_redeem_nonce. */
int clerk_session_renewal_redeem(const clerk_node **directives,
                                 clerk_session_renewal *renewal,
                                 const clerk_instance *instance, const char *nonce,
                                 const char **why, apr_pool_t *pool);

/**
 * Refresh a session, as clerk_refresh_session. Who asks for the same token while that is
 * under way waits for its answer, and who asks a little later gets it, too. The key is a
 * digest of instance and both tokens; without them nothing can be had from here.
 *
 * @param cookies  filled on success; at least one value
 * @return NULL on success, else why not: the end of the request's reason
 */
const char *clerk_session_renewal_refresh(clerk_set_cookies *cookies,
                                          clerk_session_renewal *renewal,
                                          const clerk_instance *instance,
                                          const clerk_refresh_request *request,
                                          apr_pool_t *pool);

#endif
