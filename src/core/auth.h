/* SPDX-License-Identifier: Apache-2.0 - who is asking, and the questions one may put */
#ifndef CLERK_AUTH_H
#define CLERK_AUTH_H

#include <jansson.h>

#include "claims.h"
#include "permissions.h"
#include "reverification.h"
#include "scopes.h"
#include "token_type.h"

/**
 * The auth object (signedInAuthObject in `@clerk/backend`). All zero is nobody.
 * Immutable once made; owned by the pool that it was made in, as are the claims behind
 * it. Strings are NULL where absent.
 */
typedef struct clerk_auth {
    clerk_token_type type;
    const char *subject;
    const char *user_id;
    const char *session_id;
    const char *session_status; /* `active`, `pending`; older tokens have none */
    const char *authorized_party; /* azp of a session token: the origin it was made for */
    const char *org_id;
    const char *org_slug;
    const char *org_role; /* with `org:` */
    const char *const *org_permissions; /* org:FEATURE:NAME */
    apr_size_t org_permission_count;
    const char *features; /* claim fea as it is; NULL where malformed */
    const char *plans;    /* claim pla likewise */
    const char *actor; /* act.sub, or "" when the token carries an actor without one */
    clerk_factor_ages factor_ages;
    /* The same as one text each, as applications get them (clerk_auth_write_texts). */
    const char *org_permissions_text; /* with commas between */
    const char *scopes_text;          /* with spaces between */
    const char *factor_ages_text;     /* FIRST,SECOND in minutes */
    apr_time_t expires; /* APR_INT64_MAX: never */
    /**
     * For clerk_auth_claims. The JSON of an object, in which quotes that end a string may be
     * NUL (clerk_node_json): all claims of a session token or OAuth JWT; what the issuer of an
     * M2M token or API key added; empty where there are none.
     */
    clerk_slice claims;
    int is_printable; /* whether all texts are known to be printable ASCII */

    /* of a machine token */
    const char *token_id;
    const char *token_name;
    const char *machine_id; /* M2M */
    const char *client_id;  /* OAuth */
    clerk_scopes scopes;
} clerk_auth;

/**
 * Make the auth object of a verified session token, version 1 or 2 of Clerk's claims
 * (__experimental_JWTPayloadToAuthObjectProperties in `@clerk/shared`). A malformed
 * `fea` means neither features nor, in version 2, permissions; a malformed `pla` no
 * plans.
 */
const clerk_auth *clerk_auth_from_session(const clerk_claims *claims, apr_pool_t *pool);

/**
 * The claims in a form that can be searched. They are parsed here, since few requests ask
 * for them: a caller who asks twice keeps the answer.
 *
 * @return NULL where there are none; lives as long as @a pool
 */
const json_t *clerk_auth_claims(const clerk_auth *auth, apr_pool_t *pool);

/** A session that still has a task to do (`sts` is `pending`). */
int clerk_auth_is_pending(const clerk_auth *auth);

/*
 * The predicates below follow has() (createCheckAuthorization in `@clerk/shared`) and
 * fail closed: nobody, a machine token, an absent or malformed claim never satisfies
 * one. The last three, which has() does not know, are about machine tokens.
 */

/** @param role  any number of leading `org:` is ignored, on both sides */
int clerk_auth_has_role(const clerk_auth *auth, clerk_slice role);

/** @param permission  `org:FEATURE:NAME` or `FEATURE:NAME` */
int clerk_auth_has_permission(const clerk_auth *auth, clerk_slice permission);

/**
 * @param feature  NAME (organization or user); or NAME after `o:` `org:` `organization:`,
 *                 or after `u:` `user:`
 */
int clerk_auth_has_feature(const clerk_auth *auth, clerk_slice feature);

int clerk_auth_has_plan(const clerk_auth *auth, clerk_slice plan);

/** Whether a session has an active organization. */
int clerk_auth_has_organization(const clerk_auth *auth);

/** Whether the active organization has that id or slug. */
int clerk_auth_in_organization(const clerk_auth *auth, clerk_slice id_or_slug);

int clerk_auth_is_reverified(const clerk_auth *auth, const clerk_reverification *asked);

int clerk_auth_is_impersonated(const clerk_auth *auth);

/** Whether a machine token has that very scope; a session has none. */
int clerk_auth_has_scope(const clerk_auth *auth, clerk_slice scope);

/** Whether an M2M token is that machine's. */
int clerk_auth_is_machine(const clerk_auth *auth, clerk_slice id);

/** Whether an OAuth token was issued to that client. */
int clerk_auth_is_client(const clerk_auth *auth, clerk_slice id);

/**
 * Whether @a text could be asked of has_feature or has_plan: a NAME, or one known
 * scope, a colon and a NAME.
 */
int clerk_auth_is_scoped_name(clerk_slice text);

/** Whether @a text could be a permission: `[org:]FEATURE:NAME`, parts non-empty. */
int clerk_auth_is_permission_name(clerk_slice text);

#endif
