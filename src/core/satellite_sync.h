/* SPDX-License-Identifier: Apache-2.0 - how a satellite learns from its primary who is signed in */
#ifndef CLERK_SATELLITE_SYNC_H
#define CLERK_SATELLITE_SYNC_H

#include "situation.h"

/*
 * The multi-domain part of authenticateRequestWithTokenInCookie in `@clerk/backend`. A
 * satellite's document is synced unless `__clerk_synced=true` says that this was done.
 */

/**
 * A first visit without cookies is no reason to ask, unless the options or
 * `__clerk_synced=false` (coming back from signing in) say so.
 */
int clerk_satellite_may_stay_unsynced(const clerk_situation *situation);

/** No cookies, or `__clerk_synced=false`. */
int clerk_satellite_needs_sync(const clerk_situation *situation);

/**
 * Production: the handshake. Development, where the satellite's Frontend API sees no
 * cookies of the primary: the sign-in URL of the primary, with `__clerk_redirect_url`.
 *
 * @return NULL where that URL is not set or not http(s)
 */
const char *clerk_satellite_sync_location(const clerk_situation *situation,
                                          const char *reason);

/**
 * Whether a satellite in development has sent the browser here, to the primary, and is to
 * have it back: its URL is http(s), and of an authorized party where the policy names any.
 */
int clerk_primary_is_asked_to_sync(const clerk_situation *situation);

/** The satellite's URL with the dev browser token and `__clerk_synced=true`. */
const char *clerk_primary_sync_location(const clerk_situation *situation,
                                        const char *reason);

#endif
