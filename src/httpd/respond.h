/* SPDX-License-Identifier: Apache-2.0 - what a refused request is answered */
#ifndef CLERK_RESPOND_H
#define CLERK_RESPOND_H

#include "request.h"

/** Answer a request that nobody was authenticated for: an HTTP status for httpd. */
int clerk_respond_unauthenticated(request_rec *r, clerk_request *record);

/** Answer a request that its authenticated user is not allowed: an HTTP status for httpd. */
int clerk_respond_unauthorized(request_rec *r, clerk_request *record);

#endif
