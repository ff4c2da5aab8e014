/* SPDX-License-Identifier: Apache-2.0 - tell a credential's type by its look */
#ifndef CLERK_TOKEN_TYPE_H
#define CLERK_TOKEN_TYPE_H

#include "jwt.h"

/** Bits, so that a set of accepted types is their sum. */
typedef enum clerk_token_type {
    CLERK_TOKEN_NONE = 0,
    CLERK_TOKEN_SESSION = 1,
    CLERK_TOKEN_OAUTH = 2,
    CLERK_TOKEN_M2M = 4,
    CLERK_TOKEN_API_KEY = 8,
    CLERK_TOKEN_ANY = 15
} clerk_token_type;

/** `session_token`, `oauth_token`, `m2m_token`, `api_key` (TokenType in `@clerk/backend`). */
const char *clerk_token_type_name(clerk_token_type type);

/** The type of that name; CLERK_TOKEN_NONE for any other word. */
clerk_token_type clerk_token_type_named(const char *name);

/** Whether it is the type of a machine token: neither a session's nor none. */
int clerk_token_type_is_machine(clerk_token_type type);

/**
 * Whether @a token could be an opaque one: a known prefix, something behind it, no byte
 * that b64token (RFC 6750, 2.1) does not have, at most CLERK_TOKEN_MAX_LENGTH of them.
 */
int clerk_token_is_opaque(clerk_slice token);

/**
 * Classify a credential as getMachineTokenType and its predicates in `@clerk/backend` do:
 * prefixes `mt_`, `oat_`, `ak_`; an M2M JWT by a `sub` that begins `mch_`; an OAuth JWT by
 * its `typ`; all else, garbage included, is a session token candidate.
 *
 * @param jwt  the decoded token, or NULL where it did not decode
 */
clerk_token_type clerk_token_classify(clerk_slice credential, const clerk_jwt *jwt);

/**
 * Whether a decoded token may be taken for that of a session: it is no machine token, and
 * its category is not that of a token made for another purpose.
 *
 * @return CLERK_OK or CLERK_E_TOKEN_TYPE_MISMATCH
 */
clerk_status clerk_token_check_session(clerk_slice credential, const clerk_jwt *jwt,
                                       clerk_error *error);

#endif
