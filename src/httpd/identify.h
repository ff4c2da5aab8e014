/* SPDX-License-Identifier: Apache-2.0 - find out who is asking where nothing is required */
#ifndef CLERK_IDENTIFY_H
#define CLERK_IDENTIFY_H

#include "request.h"

/** What REMOTE_USER shall be; NULL where the claim of ClerkRemoteUser is not there. */
const char *clerk_remote_user(request_rec *r, const clerk_auth *auth);

/** Tell httpd who the user is, under AuthType Clerk. */
void clerk_publish_user(request_rec *r, clerk_request *record, const char *user);

/**
 * Under `ClerkIdentify On` find out who is asking, unless that is known. Nobody is refused; a
 * browser may be sent to renew its session.
 *
 * @return DECLINED, or the HTTP status of a redirect
 */
int clerk_identify(request_rec *r);

#endif
