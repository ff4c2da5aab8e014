/* SPDX-License-Identifier: Apache-2.0 - the credentials that the application sees */
#ifndef CLERK_CREDENTIALS_H
#define CLERK_CREDENTIALS_H

#include "request.h"

/** Put back what the client sent where a request before or around this one replaced it. */
void clerk_credentials_restore(request_rec *r);

/**
 * Do as ClerkStripCredentials and ClerkForwardToken say.
 *
 * @param record  of the request, or that it inherits; NULL where there is none
 * @return OK, or an HTTP status where the token that the application shall find cannot be had
 */
int clerk_credentials_replace(request_rec *r, const clerk_request *record);

#endif
