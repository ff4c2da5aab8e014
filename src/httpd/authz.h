/* SPDX-License-Identifier: Apache-2.0 - ask httpd's authorization what it says of this user */
#ifndef CLERK_AUTHZ_H
#define CLERK_AUTHZ_H

#include "request.h"

/**
 * Run every authorization module but our own hook, once.
 *
 * @return OK, DECLINED, or the status of the refusal; @a record then names the line
 */
int clerk_authz_ask(request_rec *r, clerk_request *record);

#endif
