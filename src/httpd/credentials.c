/* SPDX-License-Identifier: Apache-2.0 - the credentials that the application sees */
#include "credentials.h"

#include <apr_strings.h>

#include "../core/cookie_strip.h"
#include "../service/template_tokens.h"
#include "module.h"
#include "respond.h"
#include "runtime.h"
#include "who.h"

/** NULL removes. */
static void set_or_remove(apr_table_t *table, const char *name, const char *value)
{
    if (value != NULL) {
        apr_table_setn(table, name, value);
    }
    else {
        apr_table_unset(table, name);
    }
}

/**
 * The header, and the variables that sites make of it for applications that cannot read it
 * (SetEnvIf and RewriteRule do so before us).
 */
static void set_header(request_rec *r, const char *name, const char *variable,
                       const char *value)
{
    const char *renamed = apr_pstrcat(r->pool, "REDIRECT_", variable, NULL);

    set_or_remove(r->headers_in, name, value);
    if (apr_table_get(r->subprocess_env, variable) != NULL) {
        set_or_remove(r->subprocess_env, variable, value);
    }
    apr_table_unset(r->subprocess_env, renamed);
}

static void set_authorization(request_rec *r, const char *value)
{
    set_header(r, "Authorization", "HTTP_AUTHORIZATION", value);
}

static void set_cookie(request_rec *r, const char *value)
{
    set_header(r, "Cookie", "HTTP_COOKIE", value);
}

void clerk_credentials_restore(request_rec *r)
{
    const clerk_request *sent = clerk_request_original(r);

    if (sent != NULL) {
        set_authorization(r, sent->sent_authorization);
        set_cookie(r, sent->sent_cookie);
    }
}

/** Remember once what the client sent: whoever is looked for later is looked for there. */
static void remember(request_rec *r)
{
    const clerk_request *sent = clerk_request_original(r);
    clerk_request *record = clerk_request_of(r);

    if (!record->has_replaced) {
        record->sent_authorization = sent ? sent->sent_authorization
                                          : apr_table_get(r->headers_in, "Authorization");
        record->sent_cookie =
            sent ? sent->sent_cookie : apr_table_get(r->headers_in, "Cookie");
        record->has_replaced = 1;
    }
}

/** Whether the module would have read a token there, a good one or not. */
static int is_token(const char *field)
{
    clerk_slice token = clerk_slice_of(NULL);
    clerk_error error;

    return clerk_authorization_token(&token, clerk_slice_of(field), &error) != CLERK_OK
           || token.len > 0;
}

static void strip(request_rec *r)
{
    const char *cookie = apr_table_get(r->headers_in, "Cookie");
    const char *authorization = apr_table_get(r->headers_in, "Authorization");

    if (cookie != NULL) {
        set_cookie(r, clerk_cookies_strip(cookie, clerk_request_instance(r), r->pool));
    }
    if (authorization != NULL && is_token(authorization)) {
        set_authorization(r, NULL);
    }
}

static int is_somebody(const clerk_request *record)
{
    return record != NULL && record->is_published && record->verdict.status == CLERK_OK;
}

static void forward(request_rec *r, const char *token)
{
    set_authorization(r, apr_pstrcat(r->pool, "Bearer ", token, NULL));
}

/** A machine has no session to make a token for; it has the one that it presented. */
static int is_presented(const clerk_dir_config *config, const clerk_request *record)
{
    return config->forward == CLERK_FORWARD_SESSION
           || clerk_token_type_is_machine(record->verdict.auth->type);
}

static int forward_template(request_rec *r, const clerk_request *record)
{
    const char *segment = clerk_request_config(r)->forward_template;
    const char *token = NULL;
    clerk_api_failure failure;

    if (clerk_template_token_find(&token, clerk_runtime_answers(), clerk_runtime_api(),
                                  record->instance, record->verdict.auth, segment, &failure,
                                  r->pool)
        != CLERK_OK)
    {
        return clerk_respond_unavailable(
            r, record,
            apr_pstrcat(r->pool, "a token of the template ", segment, NULL), &failure);
    }
    forward(r, token);
    return OK;
}

/** getToken() of Clerk's SDK. */
static int forward_token(request_rec *r, const clerk_request *record)
{
    set_authorization(r, NULL); /* never the client's own */
    if (!is_somebody(record)) {
        return OK;
    }
    if (!is_presented(clerk_request_config(r), record)) {
        return forward_template(r, record);
    }
    forward(r, clerk_slice_copy(record->verdict.token, r->pool));
    return OK;
}

int clerk_credentials_replace(request_rec *r, const clerk_request *record)
{
    const clerk_dir_config *config = clerk_request_config(r);
    int forwards = clerk_config_forwards(config);

    if (config->strip_credentials != CLERK_ON && !forwards) {
        return OK;
    }
    remember(r);
    if (config->strip_credentials == CLERK_ON) {
        strip(r);
    }
    return forwards ? forward_token(r, record) : OK;
}
