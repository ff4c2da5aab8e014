/* SPDX-License-Identifier: Apache-2.0 - the User of who is asking, for the application */
#ifndef CLERK_USER_EXPORT_H
#define CLERK_USER_EXPORT_H

#include "request.h"

/**
 * A value of the User of who is asking, fetched at the first call.
 *
 * @param env  CLERK_USER, CLERK_USER_EMAIL, …
 * @return NULL where there is none, none can be had, or ClerkUser is not On
 */
const char *clerk_user_value(request_rec *r, const char *env);

/**
 * Under `ClerkUser On` tell the application of the User.
 *
 * @param record  of the request, or that it inherits: somebody's
 * @return OK, or an HTTP status where the User cannot be had and the request may not go on
 */
int clerk_user_export(request_rec *r, const clerk_request *record);

#endif
