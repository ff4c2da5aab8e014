/* SPDX-License-Identifier: Apache-2.0 - one instance, one policy and one request for the verifier */
#ifndef CLERK_TEST_VERIFIER_WORLD_H
#define CLERK_TEST_VERIFIER_WORLD_H

#include "key_store_fixture.h"
#include "service/verifier.h"
#include "token_cache_fixture.h"

/* base64 of "clerk.example.com$" */
#define LIVE_KEY "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"
#define TEST_KEY "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"

/* Texts of a token's first two segments; members begin with a comma. */
#define HEADER(members) "{\"kid\":\"" SUPPORT_KID "\"" members "}"
#define PAYLOAD(members)                                                                         \
    "{\"iss\":\"https://clerk.example.com\",\"sub\":\"user_2abc\",\"sid\":\"sess_2abc\"" members \
    "}"
#define EXP ",\"exp\":1700000050"
#define GOOD PAYLOAD(EXP)

/** One instance, one policy, one request. */
typedef struct verifier_world {
    key_world *keys;
    token_world *tokens; /* with a network of its own */
    clerk_verifier verifier;
    clerk_instance instance;
    clerk_policy policy;
    clerk_session_options options; /* all off at first */
    clerk_facts facts;
    clerk_verdict verdict;
    apr_time_t now; /* SUPPORT_NOW at first */
    apr_pool_t *pool;
} verifier_world;

/**
 * A production instance with a secret key; sessions are accepted; verified tokens are kept;
 * the request is a GET.
 */
verifier_world *verifier_world_make(apr_pool_t *pool);

/** The instance of that publishable key, with a secret key. */
void verifier_world_set_instance(verifier_world *w, const char *publishable_key);

/** Put the facts as they are to the verifier. @return the verdict's status */
clerk_status verifier_world_identify(verifier_world *w);

/* Each sets the facts' fields, the other one to nothing. */
clerk_status verifier_world_by_header(verifier_world *w, const char *field);
clerk_status verifier_world_by_bearer(verifier_world *w, const char *token);
clerk_status verifier_world_by_cookies(verifier_world *w, const char *field);

/** The cookies of a browser that signed in before the token was issued. */
clerk_status verifier_world_by_session_cookie(verifier_world *w, const char *token);

/** Network requests since the last call of this. */
int verifier_world_calls(verifier_world *w);

/** Of SUPPORT_HEADER and SUPPORT_PAYLOAD. */
const char *verifier_world_token(const verifier_world *w);

#endif
