/* SPDX-License-Identifier: Apache-2.0 - whether a person comes from a site that Clerk does not know */
#ifndef CLERK_CROSS_ORIGIN_H
#define CLERK_CROSS_ORIGIN_H

#include "situation.h"

/**
 * Whether the sign-in may have changed where this navigation came from, so that a
 * handshake has to find out (shouldForceHandshakeForCrossDomain in `@clerk/backend`).
 *
 * All of: allowed by the options; no satellite; GET of a document; the Referer is of
 * another origin, and neither the Frontend API, nor the instance's Account Portal, nor in
 * development any Account Portal of a development instance; no redirect was counted.
 */
int clerk_cross_origin_needs_sync(const clerk_situation *situation);

#endif
