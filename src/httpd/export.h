/* SPDX-License-Identifier: Apache-2.0 - tell the application, and the log, what was found out */
#ifndef CLERK_EXPORT_H
#define CLERK_EXPORT_H

#include "request.h"

/** Put status, reason and deciding line of a refusal into the environment; no identity. */
void clerk_export_refusal(request_rec *r, const clerk_request *record);

/**
 * Tell the application what was found out: who is asking, that it is nobody, or why nobody
 * was let in. Also ends the empty user that stood for nobody until now.
 */
void clerk_export_verdict(request_rec *r, const clerk_request *record);

/**
 * Tell the application one value, as ClerkExport says; NULL is none. It must live as long as
 * the request.
 */
void clerk_export_value(request_rec *r, const char *env, const char *header,
                        const char *value);

#endif
