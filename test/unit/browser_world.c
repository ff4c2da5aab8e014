/* SPDX-License-Identifier: Apache-2.0 - a browser before the verifier, and Clerk's Backend API behind it */
#include "browser_world.h"

#include <ctype.h>

#include "core/query.h"

static apr_time_t clock_of_calls(void)
{
    return SUPPORT_NOW;
}

browser_world *browser_world_make(const char *publishable_key, apr_pool_t *pool)
{
    const clerk_session_renewal_options options = { .patience = SECONDS(5) };
    browser_world *w = apr_pcalloc(pool, sizeof(*w));

    w->pool = pool;
    w->verifier = verifier_world_make(pool);
    fake_http_init(&w->api, "{}");
    w->way.http = &w->api.http;
    w->way.clock = clock_of_calls;
    assert_int_equal(clerk_api_gate_create(&w->way.gate, 8, NULL, pool), APR_SUCCESS);
    assert_int_equal(
        clerk_session_renewal_create(&w->renewal, &w->way, &options, pool), APR_SUCCESS);
    w->verifier->verifier.renewal = w->renewal;
    verifier_world_set_instance(w->verifier, publishable_key);
    w->verifier->options.handshake = 1;
    w->verifier->facts.own_url = OWN_URL;
    w->verifier->facts.sec_fetch_dest = clerk_slice_of("document");
    return w;
}

/* ---------------------------------------------------------------- tokens */

#define AT "\"iat\":1699999900"

static const struct {
    const char *name, *header, *payload;
} tokens[] = {
    { "good", SUPPORT_HEADER, SUPPORT_PAYLOAD },
    { "expired", SUPPORT_HEADER, PAYLOAD("," AT ",\"exp\":1699999960") },
    { "old", SUPPORT_HEADER,
      "{\"iss\":\"https://clerk.example.com\",\"sub\":\"user_2abc\"," AT
      ",\"exp\":1699999960}" },
    { "early", SUPPORT_HEADER, PAYLOAD("," AT EXP ",\"nbf\":1700000030") },
    { "future", SUPPORT_HEADER, PAYLOAD(EXP ",\"iat\":1700000030") },
    { "hour", SUPPORT_HEADER,
      PAYLOAD(",\"exp\":1700003660,\"iat\":1700003600,\"nbf\":1700003590") },
    { "elsewhere", SUPPORT_HEADER,
      PAYLOAD("," AT EXP ",\"azp\":\"https://evil.example\"") },
    { "template", HEADER(",\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD222AAA\""),
      PAYLOAD("," AT EXP) },
    { "m2m", HEADER(",\"alg\":\"RS256\",\"typ\":\"JWT\""),
      "{\"iss\":\"https://clerk.example.com\",\"sub\":\"mch_1\"," AT EXP "}" },
    { "oauth", HEADER(",\"alg\":\"RS256\",\"typ\":\"at+jwt\""), PAYLOAD("," AT EXP) },
    { "org", SUPPORT_HEADER, PAYLOAD("," AT EXP ORG_A) },
    { "pending", SUPPORT_HEADER, PAYLOAD("," AT EXP ",\"v\":2,\"sts\":\"pending\"") },
    { "noiat", SUPPORT_HEADER, PAYLOAD(EXP) },
};

static const char *token_named(clerk_slice name, apr_pool_t *pool)
{
    apr_size_t i;

    if (clerk_slice_is(name, "garbage")) {
        return "a.b.c";
    }
    if (clerk_slice_is(name, "forged")) {
        return support_sign_jwt_with(support_stranger_key(), "SHA256", SUPPORT_HEADER,
                                     SUPPORT_PAYLOAD, pool);
    }
    for (i = 0; i < support_count(tokens); i++) {
        if (clerk_slice_is(name, tokens[i].name)) {
            return support_sign_jwt(tokens[i].header, tokens[i].payload, pool);
        }
    }
    fail_msg("no token is called %s", clerk_slice_copy(name, pool));
    return NULL;
}

const char *browser_world_text(const browser_world *w, const char *text)
{
    const char *made = "";
    const char *at;

    while ((at = strchr(text, '@')) != NULL) {
        text = apr_pstrcat(w->pool, apr_pstrmemdup(w->pool, text, (apr_size_t)(at - text)),
                           w->verifier->instance.publishable_key->cookie_suffix, at + 1,
                           NULL);
    }
    for (;;) {
        const char *dollar = strchr(text, '$');
        clerk_slice name = { dollar ? dollar + 1 : NULL, 0 };

        if (dollar == NULL) {
            return apr_pstrcat(w->pool, made, text, NULL);
        }
        while (isalnum((unsigned char)name.ptr[name.len])) {
            name.len++;
        }
        made = apr_pstrcat(w->pool, made,
                           apr_pstrmemdup(w->pool, text, (apr_size_t)(dollar - text)),
                           token_named(name, w->pool), NULL);
        text = name.ptr + name.len;
    }
}

const char *browser_world_handshake(const browser_world *w, const char *directives)
{
    return support_sign_jwt(
        SUPPORT_HEADER, apr_pstrcat(w->pool, "{\"handshake\":[", directives, "]}", NULL),
        w->pool);
}

/* ---------------------------------------------------------------- asking */

const clerk_verdict *browser_world_ask(browser_world *w, const char *cookies)
{
    w->verifier->facts.cookie =
        support_text(browser_world_text(w, cookies), w->pool);
    verifier_world_identify(w->verifier);
    return &w->verifier->verdict;
}

void browser_world_answer(browser_world *w, int http_status, const char *body)
{
    w->api.status = http_status;
    w->api.body = body;
}

int browser_world_calls(browser_world *w)
{
    return atomic_exchange(&w->api.calls, 0);
}

const char *browser_world_parameter(const browser_world *w, const char *name)
{
    const char *value = NULL;
    clerk_url url;

    assert_non_null(w->verifier->verdict.decision.location);
    assert_true(clerk_url_parse(
        &url, clerk_slice_of(w->verifier->verdict.decision.location)));
    return clerk_query_get(&value, url.query, name, w->pool) ? value : NULL;
}

int browser_world_cookies(const browser_world *w)
{
    const apr_array_header_t *cookies = w->verifier->verdict.decision.cookies;

    return cookies ? cookies->nelts : 0;
}

int browser_world_sets(const browser_world *w, const char *cookie)
{
    const apr_array_header_t *cookies = w->verifier->verdict.decision.cookies;
    int i;

    for (i = 0; i < browser_world_cookies(w); i++) {
        if (strcmp(APR_ARRAY_IDX(cookies, i, const char *), cookie) == 0) {
            return 1;
        }
    }
    return 0;
}

const clerk_decision *browser_world_decision(const browser_world *w)
{
    return &w->verifier->verdict.decision;
}

void browser_world_check_cookies(const browser_world *w, const char *token)
{
    assert_int_equal(browser_world_cookies(w), 3);
    assert_string_equal(
        APR_ARRAY_IDX(browser_world_decision(w)->cookies, 0, const char *),
        "__client_uat=1699999900; Path=/");
    assert_true(browser_world_sets(w, apr_psprintf(w->pool, "__session=%s; Path=/; Secure",
                                                   browser_world_text(w, token))));
    assert_true(browser_world_sets(w, "__refresh_x=r; HttpOnly"));
}
