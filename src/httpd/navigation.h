/* SPDX-License-Identifier: Apache-2.0 - what a browser is told besides the answer: redirects, cookies, reasons */
#ifndef CLERK_NAVIGATION_H
#define CLERK_NAVIGATION_H

#include "request.h"

/**
 * What this request allows the state machine, from configuration and from what the request
 * is: part of a page, an error page and a request that was judged before under another
 * configuration send nobody anywhere and cost no call of Clerk's API.
 *
 * @param record  with instance and facts
 */
clerk_session_options clerk_navigation_options(request_rec *r, const clerk_request *record);

/**
 * Put what was decided into the answer, whatever that will be: cookies, except for the counter
 * of a redirect that may not be made, and under ClerkDebugHeaders On the reason. Each time
 * the request has been evaluated.
 */
void clerk_navigation_tell(request_rec *r, const clerk_request *record);

/**
 * Send the browser where the decision says.
 *
 * @return the HTTP status to answer with, or DECLINED where nobody is to be sent anywhere
 */
int clerk_navigation_redirect(request_rec *r, clerk_request *record);

#endif
