/* SPDX-License-Identifier: Apache-2.0 - payloads for the tests that judge claims */
#ifndef CLERK_TEST_CLAIMS_FIXTURE_H
#define CLERK_TEST_CLAIMS_FIXTURE_H

#include "core/claims.h"

#include "support.h"

/** The JSON object @a text, read as a token's payload is read. */
static inline const clerk_node *fixture_payload(const char *text, apr_pool_t *pool)
{
    const clerk_node *payload = NULL;

    if (clerk_node_load(&payload, support_text(text, pool), pool, NULL) != CLERK_OK) {
        fail_msg("the test's own payload cannot be read: %s", text);
    }
    return payload;
}

static inline clerk_claims fixture_claims(const char *text, apr_pool_t *pool)
{
    clerk_claims claims;

    memset(&claims, 0x5a, sizeof(claims)); /* nothing may be left as it was */
    clerk_claims_read(&claims, fixture_payload(text, pool));
    return claims;
}

#endif
