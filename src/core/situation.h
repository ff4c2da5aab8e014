/* SPDX-License-Identifier: Apache-2.0 - all that the state machine looks at */
#ifndef CLERK_SITUATION_H
#define CLERK_SITUATION_H

#include "auth.h"
#include "cookies.h"
#include "facts.h"
#include "policy.h"
#include "url.h"

typedef enum clerk_organization_kind {
    CLERK_ORGANIZATION_UNSAID = 0, /* the URL asks for none */
    CLERK_ORGANIZATION_BY_ID,
    CLERK_ORGANIZATION_BY_SLUG,
    CLERK_ORGANIZATION_PERSONAL /* no organization: the personal account */
} clerk_organization_kind;

/** Which organization this request's URL asks for (OrganizationSyncTarget). */
typedef struct clerk_organization_target {
    clerk_organization_kind kind;
    const char *value; /* id or slug, as it stands in the path; else NULL */
} clerk_organization_target;

/**
 * What whoever asks allows besides the policy. All zero: tokens are judged, and nobody is
 * sent anywhere.
 */
typedef struct clerk_session_options {
    /** Redirect to the handshake, redeem what it brings, refresh expired sessions. */
    int handshake;
    /** Handshake when a person comes to a page from another site (needs handshake). */
    int cross_origin_sync;
    /** A satellite asks its primary at the first visit already. */
    int satellite_auto_sync;
    /** Sign-in URL of the primary, absolute: a satellite in development goes there. */
    const char *sign_in_url;
    /** Of this request. */
    clerk_organization_target organization;
} clerk_session_options;

/** One request in the making of its decision. Borrowed, all of it. */
typedef struct clerk_situation {
    const clerk_facts *facts;
    const clerk_instance *instance;
    const clerk_policy *policy;
    const clerk_session_options *options;
    clerk_slice header_token; /* of Authorization; empty when there is none */
    clerk_browser_state browser;
    int has_own_url; /* whether own is filled */
    clerk_url own;
    /** The session cookie, decoded and not verified; NULL where it did not decode. */
    const clerk_jwt *jwt;
    clerk_claims claims; /* of it */
    /** Who is asking; NULL until that is verified. */
    const clerk_auth *auth;
    apr_pool_t *pool; /* of the request: what is made lives in it */
} clerk_situation;

#endif
