/* SPDX-License-Identifier: Apache-2.0 - find out who is asking, once a request */
#ifndef CLERK_WHO_H
#define CLERK_WHO_H

#include "request.h"

/**
 * Find out who is asking, once for each instance and policy that are in force while the
 * request is being processed. A subrequest or internal redirect with the same two takes what
 * was found out for the request that it came from.
 *
 * @return NULL when there is no usable instance here, which is logged
 */
clerk_request *clerk_request_identify(request_rec *r);

/**
 * The same for an expression, which may be evaluated at any time and anywhere: NULL for
 * nobody, also where there is no instance. A CORS preflight that needs no token is nobody's.
 */
const clerk_auth *clerk_request_who(request_rec *r);

/** The usable instance in force; NULL where there is none. */
const clerk_instance *clerk_request_instance(const request_rec *r);

#endif
