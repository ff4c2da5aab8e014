/* SPDX-License-Identifier: Apache-2.0 - redirects to the handshake, and how they end */
#include "handshake.h"

#include "api_version.h"
#include "query.h"

int clerk_handshake_is_possible(const clerk_situation *situation)
{
    return situation->options->handshake && situation->has_own_url
           && clerk_is_handshake_eligible(situation->facts);
}

/* ---------------------------------------------------------------- the URL */

/** A query in the making. */
typedef struct parameters {
    clerk_slice text;
    apr_pool_t *pool;
} parameters;

static void add(parameters *self, const char *name, const char *value)
{
    self->text = clerk_slice_of(clerk_query_append(self->text, name, value, self->pool));
}

static const char *page_to_come_back_to(const clerk_situation *situation)
{
    static const char *const names[] = { "__clerk_db_jwt", "__dev_session", NULL };
    clerk_url own = situation->own;

    clerk_url_remove_parameters(&own, names, situation->pool);
    return clerk_url_text(&own, situation->pool);
}

static void add_session(parameters *query, const clerk_situation *situation)
{
    const char *cookie = situation->browser.session;

    if (cookie) {
        add(query, "__session", cookie);
    }
    else if (situation->header_token.len > 0) {
        add(query, "__session",
            clerk_slice_copy(situation->header_token, situation->pool));
    }
}

static void add_organization(parameters *query, const clerk_organization_target *target)
{
    if (target->kind != CLERK_ORGANIZATION_UNSAID) {
        add(query, "organization_id", target->value ? target->value : "");
    }
}

static const char *query_of(const clerk_situation *situation, const char *reason)
{
    const clerk_browser_state *browser = &situation->browser;
    parameters query = { clerk_slice_of(NULL), situation->pool };

    add(&query, "redirect_url", page_to_come_back_to(situation));
    add(&query, "__clerk_api_version", CLERK_API_VERSION);
    add(&query, "suffixed_cookies", browser->suffixed ? "true" : "false");
    add(&query, "__clerk_hs_reason", reason);
    if (situation->instance->secret_key) {
        add(&query, "format", "nonce");
    }
    add_session(&query, situation);
    if (situation->instance->type == CLERK_DEVELOPMENT && browser->dev_browser) {
        add(&query, "__clerk_db_jwt", browser->dev_browser);
    }
    add_organization(&query, &situation->options->organization);
    return query.text.ptr;
}

/** Without slashes at its end; a proxy that is a path of this site gets its origin. */
static const char *frontend_api(const clerk_situation *situation)
{
    const char *url = situation->instance->frontend_api_url;
    apr_pool_t *pool = situation->pool;
    apr_size_t len;

    if (!url) {
        return NULL;
    }
    if (*url == '/') {
        url = apr_pstrcat(pool, clerk_slice_copy(situation->own.origin, pool), url, NULL);
    }
    for (len = strlen(url); len > 0 && url[len - 1] == '/'; len--) {
    }
    return apr_pstrmemdup(pool, url, len);
}

const char *clerk_handshake_location(const clerk_situation *situation, const char *reason)
{
    const char *base = situation->has_own_url ? frontend_api(situation) : NULL;

    return base ? apr_pstrcat(situation->pool, base, "/v1/client/handshake?",
                              query_of(situation, reason), NULL)
                : NULL;
}

/* ---------------------------------------------------------------- going and coming */

static const char *loop_advice(const char *reason)
{
    if (strcmp(reason, clerk_status_reason(CLERK_E_SATELLITE_NEEDS_SYNCING)) == 0) {
        return "the satellite was redirected in a loop, which ends here: is this host one "
               "of the satellite domains of the instance, and ClerkDomain or ClerkProxyURL "
               "right?";
    }
    return "the handshake was repeated in a loop, which ends here: are ClerkPublishableKey "
           "and ClerkSecretKey of the same instance?";
}

static const char *counter_cookie(int redirects, apr_pool_t *pool)
{
    return apr_psprintf(
        pool, "__clerk_redirect_count=%d; Path=/; SameSite=Lax; HttpOnly; Max-Age=2",
        redirects);
}

int clerk_handshake_begin(clerk_decision *decision, const clerk_situation *situation,
                          const char *reason, const char *message, const char *location)
{
    apr_array_header_t *cookies;

    clerk_decision_sign_out(decision, reason, message);
    if (!location || !clerk_handshake_is_possible(situation)) {
        return 0;
    }
    if (situation->browser.redirects >= CLERK_REDIRECT_LIMIT) {
        decision->advice = loop_advice(reason);
        return 0;
    }
    cookies = apr_array_make(situation->pool, 1, sizeof(char *));
    APR_ARRAY_PUSH(cookies, const char *) =
        counter_cookie(situation->browser.redirects + 1, situation->pool);
    decision->kind = CLERK_HANDSHAKE;
    decision->state = "handshake";
    decision->location = location;
    decision->cookies = cookies;
    return 1;
}

static const char *clean_page(const clerk_situation *situation)
{
    static const char *const names[] = { "__clerk_handshake", "__clerk_handshake_nonce",
                                         "__clerk_help", "__clerk_db_jwt", NULL };
    clerk_url own = situation->own;

    clerk_url_remove_parameters(&own, names, situation->pool);
    return clerk_url_text(&own, situation->pool);
}

void clerk_handshake_conclude(clerk_decision *decision, const clerk_situation *situation,
                              const apr_array_header_t *cookies)
{
    decision->cookies = cookies;
    decision->ends_handshake = 1;
    if (situation->instance->type == CLERK_DEVELOPMENT && situation->has_own_url) {
        decision->kind = CLERK_HANDSHAKE;
        decision->location = clean_page(situation);
    }
}
