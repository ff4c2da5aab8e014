/* SPDX-License-Identifier: Apache-2.0 - whether the URL asks for another organization than the session's */
#ifndef CLERK_ORGANIZATION_SYNC_H
#define CLERK_ORGANIZATION_SYNC_H

#include "situation.h"

/**
 * Whether the session is to change its active organization, and can
 * (handleMaybeOrganizationSyncHandshake in `@clerk/backend`): the URL asks for an id or
 * slug that is not that of situation->auth, or for none where there is one; the session
 * has no task left; a handshake is possible, and was not tried too often.
 */
int clerk_organization_needs_sync(const clerk_situation *situation);

#endif
