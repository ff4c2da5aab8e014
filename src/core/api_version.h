/* SPDX-License-Identifier: Apache-2.0 - the version of Clerk's APIs that is spoken */
#ifndef CLERK_API_VERSION_H
#define CLERK_API_VERSION_H

/** Named in Clerk-API-Version, and in the query of the handshake. */
#define CLERK_API_VERSION "2026-05-12"

#endif
