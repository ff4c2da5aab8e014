/* SPDX-License-Identifier: Apache-2.0 - what is counted, and its names */
#include "counters.h"

#include <string.h>

static clerk_counts own; /* for who shares with nobody */

clerk_counts *clerk_count_at = &own;

#define FIRST(metric, label, value, help) { metric, label, value, NULL, NULL, help }
#define NEXT(metric, label, value) { metric, label, value, NULL, NULL, NULL }
#define CALLS(endpoint, help)                                                               \
    { "api_calls", "endpoint", endpoint, "outcome", "ok", help },                           \
    { "api_calls", "endpoint", endpoint, "outcome", "refused", NULL },                      \
    { "api_calls", "endpoint", endpoint, "outcome", "failed", NULL },                       \
    { "api_calls", "endpoint", endpoint, "outcome", "put_off", NULL }
#define SIGNED_IN(type, help)                                                               \
    { "requests", "outcome", "signed_in", "token_type", type, help }

const clerk_counter_name clerk_counter_names[CLERK_COUNTERS] = {
    SIGNED_IN("session_token", "Verdicts on who is asking"),
    SIGNED_IN("oauth_token", NULL),
    SIGNED_IN("m2m_token", NULL),
    SIGNED_IN("api_key", NULL),
    NEXT("requests", "outcome", "handshake"),
    NEXT("requests", "outcome", "signed_out"),
    NEXT("requests", "outcome", "refused"),
    NEXT("requests", "outcome", "undecided"),
    NEXT("requests", "outcome", "internal_error"),

    FIRST("session_refreshes", "outcome", "ok", "Refreshes of expired sessions"),
    NEXT("session_refreshes", "outcome", "failed"),

    FIRST("redirects", "to", "handshake", "Browsers sent somewhere"),
    NEXT("redirects", "to", "clean_url"),
    NEXT("redirects", "to", "page"),

    FIRST("denials", "require", "clerk-role",
          "Authenticated and not allowed, by the kind of the Require line that decided"),
    NEXT("denials", "require", "clerk-permission"),
    NEXT("denials", "require", "clerk-feature"),
    NEXT("denials", "require", "clerk-plan"),
    NEXT("denials", "require", "clerk-org"),
    NEXT("denials", "require", "clerk-reverification"),
    NEXT("denials", "require", "clerk-token-type"),
    NEXT("denials", "require", "clerk-scope"),
    NEXT("denials", "require", "clerk-machine"),
    NEXT("denials", "require", "clerk-client"),
    NEXT("denials", "require", "clerk-claim"),
    NEXT("denials", "require", "clerk-impersonated"),
    NEXT("denials", "require", "user"),
    NEXT("denials", "require", "expr"),
    NEXT("denials", "require", "other"),

    FIRST("log_only_verdicts", "verdict", "handshake",
          "What ClerkEnforce LogOnly let pass that would have been redirected or refused"),
    NEXT("log_only_verdicts", "verdict", "not_authenticated"),
    NEXT("log_only_verdicts", "verdict", "not_allowed"),

    FIRST("jwt_signatures", "outcome", "good", "Signatures of JWTs that were verified"),
    NEXT("jwt_signatures", "outcome", "bad"),

    FIRST("token_cache_lookups", "outcome", "hit",
          "Tokens looked for in the table of verified ones (ClerkTokenCache)"),
    NEXT("token_cache_lookups", "outcome", "miss"),

    FIRST("api_answers_reused", "from", "process",
          "Answers of the Backend API that were not asked for again"),
    NEXT("api_answers_reused", "from", "shared_cache"),
    NEXT("api_answers_reused", "from", "concurrent_request"),

    FIRST("key_fetches", "outcome", "ok", "Key sets fetched"),
    NEXT("key_fetches", "outcome", "failed"),

    CALLS("verify_m2m_token", "Calls to the Backend API, key sets aside"),
    CALLS("verify_oauth_token", NULL),
    CALLS("verify_api_key", NULL),
    CALLS("handshake_payload", NULL),
    CALLS("refresh_session", NULL),
    CALLS("template_token", NULL),
    CALLS("user", NULL),

    FIRST("api_calls_put_off", "reason", "retry_after",
          "Calls to the Backend API that were not made, by the reason"),
    NEXT("api_calls_put_off", "reason", "connections"),
    NEXT("api_calls_put_off", "reason", "breaker"),

    FIRST("shared_cache_losses", NULL, NULL,
          "How often a process found the shared cache to be away"),
};

uint64_t clerk_counts_sum(const clerk_counts *counts, clerk_counter counter)
{
    uint64_t sum = 0;
    int i;

    for (i = 0; i < CLERK_COUNTER_STRIPES; i++) {
        sum += atomic_load_explicit(&counts->stripes[i][counter], memory_order_relaxed);
    }
    return sum;
}

clerk_counter clerk_count_denied_by(const char *kind)
{
    int counter = CLERK_COUNT_DENIED;

    while (counter < CLERK_COUNT_DENIED_LAST
           && strcmp(clerk_counter_names[counter].value, kind) != 0) {
        counter++;
    }
    return (clerk_counter)counter;
}
