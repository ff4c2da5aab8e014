/* SPDX-License-Identifier: Apache-2.0 - JSON or HTML for this client */
#ifndef CLERK_ACCEPT_H
#define CLERK_ACCEPT_H

#include "slice.h"

/**
 * Whether an Accept field (RFC 9110, 12.5.1) prefers text/html to application/json.
 *
 * The most specific range counts for each. No field, a tie, and a client that takes
 * anything get JSON.
 */
int clerk_accept_prefers_html(clerk_slice accept);

#endif
