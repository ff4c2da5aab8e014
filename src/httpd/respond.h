/* SPDX-License-Identifier: Apache-2.0 - what a refused request is answered */
#ifndef CLERK_RESPOND_H
#define CLERK_RESPOND_H

#include "request.h"

/** Answer a request that nobody was authenticated for: an HTTP status for httpd. */
int clerk_respond_unauthenticated(request_rec *r, clerk_request *record);

/** Answer a request that its authenticated user is not allowed: an HTTP status for httpd. */
int clerk_respond_unauthorized(request_rec *r, clerk_request *record);

/**
 * Say that something which the application shall find cannot be had. A place that requires a
 * user answers 503; one that only identifies goes on without, as LogOnly does.
 *
 * @param what  for the log
 * @return OK to go on, or an HTTP status
 */
int clerk_respond_unavailable(request_rec *r, const clerk_request *record, const char *what,
                              const clerk_api_failure *failure);

#endif
