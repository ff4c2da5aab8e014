/* SPDX-License-Identifier: Apache-2.0 - a browser before the verifier, and Clerk's Backend API behind it */
#ifndef CLERK_TEST_BROWSER_WORLD_H
#define CLERK_TEST_BROWSER_WORLD_H

#include "verifier_world.h"

#define OWN_ORIGIN "https://www.example.com"
#define OWN_URL OWN_ORIGIN "/orders?page=2"

/* 2023-11-14: SUPPORT_NOW is 1700000000 */
#define ORG_A ",\"v\":2,\"o\":{\"id\":\"org_a\",\"slg\":\"a\",\"rol\":\"admin\"}"

/** What a handshake brings, JSON strings with one `%s` for the session token. */
#define DIRECTIVES                                                                     \
    "\"__client_uat=1699999900; Path=/\",\"__session=%s; Path=/; Secure\","            \
    "\"__refresh_x=r; HttpOnly\""

/** A verifier_world whose options allow everything, and whose request is a document's GET. */
typedef struct browser_world {
    verifier_world *verifier;
    fake_http api; /* what the Backend API answers, keys apart */
    clerk_api way;
    clerk_session_renewal *renewal;
    apr_pool_t *pool;
} browser_world;

/** @param publishable_key  LIVE_KEY or TEST_KEY */
browser_world *browser_world_make(const char *publishable_key, apr_pool_t *pool);

/**
 * @a text with each `$NAME` replaced by a token: `$good`, `$expired`, `$old` (expired, without
 * sid), `$early` (nbf), `$future` (iat), `$hour` (iat and nbf an hour ahead), `$forged`,
 * `$elsewhere` (azp), `$garbage`, `$template`, `$m2m`, `$oauth`, `$org` (organization a),
 * `$pending`, `$noiat`; and with each `@` replaced by the instance's cookie suffix.
 */
const char *browser_world_text(const browser_world *w, const char *text);

/** A handshake token with these directives, JSON strings joined by commas. */
const char *browser_world_handshake(const browser_world *w, const char *directives);

/** Ask with these cookies (browser_world_text) and the request as it is. */
const clerk_verdict *browser_world_ask(browser_world *w, const char *cookies);

/** The Backend API answers that from now on. */
void browser_world_answer(browser_world *w, int http_status, const char *body);

/** Calls of the Backend API since the last call of this. */
int browser_world_calls(browser_world *w);

/** The value of a parameter of the last location; NULL when it is not there. */
const char *browser_world_parameter(const browser_world *w, const char *name);

/** Whether the last decision sets that cookie, written exactly so. */
int browser_world_sets(const browser_world *w, const char *cookie);

/** Whether the last decision sets just the cookies of DIRECTIVES with that token. */
void browser_world_check_cookies(const browser_world *w, const char *token);

const clerk_decision *browser_world_decision(const browser_world *w);

/** How many cookies the last decision sets. */
int browser_world_cookies(const browser_world *w);

#endif
