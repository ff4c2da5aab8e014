/* SPDX-License-Identifier: Apache-2.0 - fuzz: cookies and queries of a browser; a newline parts the two */
#include "fuzz.h"

#include "core/cookie_strip.h"
#include "core/cookies.h"
#include "core/query.h"
#include "core/url.h"

static const apr_time_t NOW = APR_TIME_C(1700000000) * APR_USEC_PER_SEC;

static const char *const NAMES[] = { "__clerk_handshake", "__clerk_db_jwt", NULL };

static clerk_publishable_key publishable_key = { .cookie_suffix = "1a2b3c4d" };
static clerk_instance instance = { .publishable_key = &publishable_key,
                                   .frontend_api = "clerk.example.com" };

static void read_state(clerk_slice field, clerk_slice query, apr_pool_t *pool)
{
    clerk_browser_state state;

    clerk_browser_state_read(&state, field, query, &instance, NOW, pool);
    FUZZ_HOLDS(state.redirects >= 0 && state.redirects <= CLERK_REDIRECT_LIMIT);
    FUZZ_HOLDS(state.session == NULL || *state.session != '\0');
    FUZZ_HOLDS(state.nonce == NULL || *state.nonce != '\0');
    FUZZ_HOLDS(state.handshake == NULL || *state.handshake != '\0');
}

static void strip(const char *field, apr_pool_t *pool)
{
    const char *kept = clerk_cookies_strip(field, &instance, pool);
    clerk_slice rest = clerk_slice_of(kept);

    FUZZ_HOLDS(kept == NULL || strlen(kept) <= 2 * strlen(field));
    FUZZ_HOLDS(clerk_cookie_value(rest, "__session", pool) == NULL);
    FUZZ_HOLDS(clerk_cookie_value(rest, "__session_1a2b3c4d", pool) == NULL);
    FUZZ_HOLDS(clerk_cookie_value(rest, "__refresh_1a2b3c4d", pool) == NULL);
}

static void edit(clerk_slice query, apr_pool_t *pool)
{
    const char *made = clerk_query_without(query, NAMES, pool);
    const char *value = NULL;

    FUZZ_HOLDS(!clerk_query_get(&value, clerk_slice_of(made), NAMES[0], pool));
    FUZZ_HOLDS(!clerk_query_get(&value, clerk_slice_of(made), NAMES[1], pool));
    made = clerk_query_set(query, "__clerk_handshake", "a b&c", pool);
    FUZZ_HOLDS(clerk_query_get(&value, clerk_slice_of(made), NAMES[0], pool));
    FUZZ_HOLDS(strcmp(value, "a b&c") == 0);
}

static void take_url(clerk_slice text, apr_pool_t *pool)
{
    clerk_url url;

    if (clerk_url_parse(&url, text)) {
        clerk_url_remove_parameters(&url, NAMES, pool);
        FUZZ_HOLDS(clerk_url_text(&url, pool) != NULL);
    }
}

void fuzz_one(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    clerk_slice rest = clerk_slice_of(fuzz_text(data, size, pool));
    clerk_slice field;

    clerk_slice_cut(&field, &rest, '\n');
    read_state(field, rest, pool);
    strip(clerk_slice_copy(field, pool), pool);
    edit(rest, pool);
    take_url(fuzz_bytes((const uint8_t *)rest.ptr, rest.len, pool), pool);
}
