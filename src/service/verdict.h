/* SPDX-License-Identifier: Apache-2.0 - what finds out who is asking, and what it found */
#ifndef CLERK_VERDICT_H
#define CLERK_VERDICT_H

#include "../core/auth.h"
#include "../core/policy.h"
#include "../core/session.h"
#include "key_store.h"
#include "session_renewal.h"
#include "token_cache.h"
#include "verified_tokens.h"

typedef struct clerk_verifier {
    clerk_key_store *keys;
    const clerk_token_cache *tokens; /* answers about opaque ones */
    clerk_verified_tokens *verified; /* JWTs; NULL: none are kept */
    /** What handshakes bring, and refreshes; NULL: neither can be had. */
    clerk_session_renewal *renewal;
} clerk_verifier;

/** The outcome for one request; lives as long as the pool and facts of the call. */
typedef struct clerk_verdict {
    clerk_status status;    /* CLERK_OK: auth is who is asking */
    clerk_decision decision; /* and what to do about it: redirects go before all else */
    const char *detail;     /* static text for the log; NULL when there is none */
    clerk_carrier carrier;  /* where the credential was; NONE when there was none */
    clerk_slice token;      /* it, or what came in its place; empty when there was none */
    clerk_token_type type;  /* what it looks like; NONE when there was none */
    const clerk_auth *auth; /* NULL unless CLERK_OK or CLERK_E_SESSION_PENDING */
    apr_interval_time_t retry_after; /* undecided: when to try again; -1 unknown */
    clerk_browser_state browser; /* not read where a token in Authorization was good */
} clerk_verdict;

#endif
