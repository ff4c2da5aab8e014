/* SPDX-License-Identifier: Apache-2.0 - calls to the Backend API that renew a browser's session */
#include "session_calls.h"

#include <apr_lib.h>

#include "../core/json.h"
#include "../core/query.h"

/* ---------------------------------------------------------------- the handshake's payload */

int clerk_redeem_nonce(const clerk_node **directives, const clerk_api *api,
                       const clerk_instance *instance, const char *nonce,
                       const char **why, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, "/v1/clients/handshake_payload?nonce=",
                                   clerk_form_encode(nonce, pool), NULL);
    clerk_http_response response;
    clerk_api_failure failure;
    const clerk_node *document;

    *why = "the Backend API does not know it, or gives no payload for it";
    if (clerk_api_call(&response, api, instance, "GET", path, NULL, &failure, pool)
        != CLERK_OK)
    {
        *why = failure.error.detail;
        return 0;
    }
    if (response.status != 200
        || clerk_node_load(&document, response.body, pool, NULL) != CLERK_OK)
    {
        return 0;
    }
    *directives = clerk_node_member(document, "directives");
    return 1;
}

/* ---------------------------------------------------------------- the body of a refresh */

static int begins_with_any(clerk_slice text, const char *const *prefixes)
{
    while (*prefixes != NULL) {
        if (clerk_slice_starts_with(text, *prefixes++)) {
            return 1;
        }
    }
    return 0;
}

/** What other applications keep in their cookies is no business of Clerk's. */
static const char *cookies_of_clerk(const char *field, apr_pool_t *pool)
{
    static const char *const prefixes[] = { "__session", "__client", "__refresh",
                                            "__clerk", NULL };
    apr_array_header_t *kept = apr_array_make(pool, 8, sizeof(char *));
    clerk_slice rest = clerk_slice_of(field);
    clerk_slice cookie;

    while (rest.len > 0) {
        clerk_slice_cut(&cookie, &rest, ';');
        cookie = clerk_slice_trim(cookie);
        if (begins_with_any(cookie, prefixes)) {
            APR_ARRAY_PUSH(kept, const char *) = clerk_slice_copy(cookie, pool);
            APR_ARRAY_PUSH(kept, const char *) = "; ";
        }
    }
    if (kept->nelts > 0) {
        kept->nelts--;
    }
    return apr_array_pstrcat(pool, kept, 0);
}

/** A list being made. */
typedef struct field_list {
    json_t *object;
    apr_pool_t *pool;
} field_list;

static const char *lower_case(const char *name, apr_pool_t *pool)
{
    char *lower = apr_pstrdup(pool, name);
    char *at;

    for (at = lower; *at != '\0'; at++) {
        *at = (char)apr_tolower(*at);
    }
    return lower;
}

static int add_field(void *baton, const char *name, const char *value)
{
    field_list *list = baton;
    json_t *values;

    name = lower_case(name, list->pool);
    if (strcmp(name, "authorization") == 0 || strcmp(name, "proxy-authorization") == 0) {
        return 1;
    }
    if (strcmp(name, "cookie") == 0) {
        value = cookies_of_clerk(value, list->pool);
    }
    values = json_object_get(list->object, name);
    if (values == NULL) {
        values = json_array();
        if (json_object_set_new(list->object, name, values) != 0) {
            return 1; /* a name that is no text */
        }
    }
    json_array_append_new(values, json_string(value)); /* nothing where it is no text */
    return 1;
}

/** Never NULL where there is memory; without what jansson takes for no text. */
static json_t *fields_of(const clerk_facts *facts, apr_pool_t *pool)
{
    field_list list = { json_object(), pool };

    if (facts->headers != NULL) {
        apr_table_do(add_field, &list, facts->headers, NULL);
    }
    return list.object;
}

static int set_text(json_t *object, const char *name, clerk_slice text)
{
    return json_object_set_new(object, name, json_stringn(text.ptr, text.len)) == 0;
}

const char *clerk_refresh_body(const clerk_refresh_request *request, apr_pool_t *pool)
{
    json_t *object = json_object();
    const char *body = NULL;

    if (set_text(object, "format", clerk_slice_of("cookie"))
        && set_text(object, "expired_token", request->expired_token)
        && set_text(object, "refresh_token", clerk_slice_of(request->refresh_token))
        && set_text(object, "request_origin", clerk_slice_of(request->origin))
        && json_object_set_new(object, "request_headers",
                               fields_of(request->facts, pool))
               == 0)
    {
        body = clerk_json_text(object, pool);
    }
    json_decref(object);
    return body;
}

/* ---------------------------------------------------------------- the refresh */

enum { LONGEST_SESSION_ID = 128 };

/** It becomes a segment of a path, and nobody may choose another path. */
static int is_session_id(const char *text)
{
    apr_size_t len = strlen(text);

    return len > 0 && len <= LONGEST_SESSION_ID
           && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                           "0123456789_-")
                  == len;
}

static int fail(clerk_slice *answer, const char *why)
{
    *answer = clerk_slice_of(why);
    return 0;
}

/** The code of the first error of Clerk's error list. */
static const char *first_code(clerk_slice body, apr_pool_t *pool)
{
    const clerk_node *document;
    const char *code = NULL;

    if (clerk_node_load(&document, body, pool, NULL) == CLERK_OK) {
        const clerk_node *errors = clerk_node_member(document, "errors");

        if (clerk_node_is(errors, CLERK_NODE_ARRAY)) {
            code = clerk_node_text(clerk_node_first(errors), "code");
        }
    }
    return code != NULL && *code != '\0' ? code : "unexpected-bapi-error";
}

int clerk_refresh_session(clerk_slice *answer, const clerk_api *api,
                          const clerk_instance *instance,
                          const clerk_refresh_request *request, apr_pool_t *pool)
{
    const char *body = clerk_refresh_body(request, pool);
    clerk_http_response response;
    clerk_api_failure failure;
    const char *path;

    if (body == NULL || !is_session_id(request->session_id)) {
        return fail(answer, "unexpected-bapi-error");
    }
    path = apr_pstrcat(pool, "/v1/sessions/", request->session_id, "/refresh",
                       request->suffixed ? "?suffixed_cookies=true" : NULL, NULL);
    if (clerk_api_call(&response, api, instance, "POST", path, body, &failure, pool)
        != CLERK_OK)
    {
        return fail(answer, "fetch-error");
    }
    if (response.status < 200 || response.status > 299) {
        return fail(answer, first_code(response.body, pool));
    }
    *answer = response.body;
    return 1;
}
