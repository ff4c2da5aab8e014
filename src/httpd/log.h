/* SPDX-License-Identifier: Apache-2.0 - what is said of a request; never a token, cookie or key */
#ifndef CLERK_LOG_H
#define CLERK_LOG_H

#include "request.h"

/** One line at info for a request that was not authenticated; at error where keys cannot be had. */
void clerk_log_unauthenticated(request_rec *r, const clerk_request *record);

/** One line at info for a request that was authenticated and not allowed. */
void clerk_log_unauthorized(request_rec *r, const clerk_request *record);

/** What would have been refused under ClerkEnforce LogOnly, at notice. */
void clerk_log_only(request_rec *r, const clerk_request *record, const char *verdict);

/** What an application shall find and the Backend API does not give, at error. */
void clerk_log_unavailable(request_rec *r, const char *what, const char *why);

/** Once a process: a session cookie without azp passed because no authorized party is named. */
void clerk_log_missing_azp(request_rec *r, const clerk_request *record,
                           const clerk_policy *policy);

/** That a browser is sent away; never where to, since that carries tokens. */
void clerk_log_redirect(request_rec *r, const clerk_request *record);

/** What an administrator should know, once a minute at most. */
void clerk_log_advice(request_rec *r, const char *advice);

#endif
