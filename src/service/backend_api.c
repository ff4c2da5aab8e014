/* SPDX-License-Identifier: Apache-2.0 - requests to Clerk's Backend and Frontend API and what their answers mean */
#include "backend_api.h"

#include "../core/json.h"

const char *const clerk_backend_api_fields[] = {
    "Clerk-API-Version: " CLERK_API_VERSION, "Content-Type: application/json", NULL
};

static clerk_status fail(clerk_api_failure *failure, clerk_status status,
                         const char *detail, int transient)
{
    failure->transient = transient;
    failure->is_busy = 0;
    failure->was_put_off = 0;
    failure->retry_after = -1;
    return clerk_fail(&failure->error, status, detail);
}

/** Whether the body is Clerk's error list, {"errors":[{"code":…},…]}, with @a code in it. */
static int lists_error(clerk_slice body, const char *code, apr_pool_t *pool)
{
    const json_t *document;
    const json_t *errors;
    size_t i;

    if (clerk_json_load(&document, body, pool, NULL) != CLERK_OK) {
        return 0;
    }
    errors = json_object_get(document, "errors");
    for (i = 0; i < json_array_size(errors); i++) {
        const char *listed = clerk_json_string(json_array_get(errors, i), "code");

        if (listed != NULL && strcmp(listed, code) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *describe_refusal(int http_status)
{
    switch (http_status) {
    case 401:
        return "the key source answered 401";
    case 403:
        return "the key source answered 403";
    case 404:
        return "the key source answered 404: there is no key set at its URL";
    case 429:
        return "the key source answered 429: too many requests";
    default:
        break;
    }
    if (http_status >= 500) {
        return "the key source answered with a server error (5xx)";
    }
    if (http_status >= 400) {
        return "the key source answered with a client error (4xx)";
    }
    if (http_status >= 300) {
        return "the key source answered with a redirect (3xx), which is not followed";
    }
    return "the key source answered with another status than 200";
}

static clerk_status judge_refusal(const clerk_http_response *response, int sent_secret,
                                  clerk_api_failure *failure, apr_pool_t *pool)
{
    if (sent_secret && lists_error(response->body, "clerk_key_invalid", pool)) {
        return fail(failure, CLERK_E_SECRET_KEY_INVALID,
                    "the Backend API says that the secret key is not valid", 0);
    }
    fail(failure, CLERK_E_JWK_FAILED_TO_LOAD, describe_refusal(response->status),
         response->status >= 500);
    failure->is_busy = response->status == 429;
    failure->retry_after = response->retry_after;
    return failure->error.status;
}

clerk_status clerk_backend_api_fetch_jwks(clerk_slice *json, const clerk_http *http,
                                          const clerk_instance *instance,
                                          apr_interval_time_t timeout,
                                          clerk_api_failure *failure, apr_pool_t *pool)
{
    int sends_secret = instance->key_bearer != NULL;
    clerk_http_request request = {
        .method = "GET",
        .url = instance->key_url,
        .bearer = instance->key_bearer,
        .fields = sends_secret ? clerk_backend_api_fields : NULL,
        .max_body = CLERK_JWKS_MAX_BYTES,
        .timeout = timeout,
    };
    clerk_http_response response = { .retry_after = -1 };
    const char *why = "no answer from the key source";
    apr_status_t status;

    if (instance->key_url == NULL) {
        return fail(failure, CLERK_E_JWK_FAILED_TO_RESOLVE,
                    "no key is set that says where the key set is", 0);
    }
    status = http->exchange(http->baton, &response, &request, &why, pool);
    if (status != APR_SUCCESS) {
        int can_help_to_ask_again = status != APR_ENOSPC && status != APR_EACCES;

        return fail(failure, CLERK_E_JWK_FAILED_TO_LOAD, why, can_help_to_ask_again);
    }
    if (response.status != 200) {
        return judge_refusal(&response, sends_secret, failure, pool);
    }
    *json = response.body;
    return CLERK_OK;
}

/* ---------------------------------------------------------------- machine tokens */

/** Where tokens of a type are verified, and the member of the body that has the token. */
static const struct verification {
    clerk_token_type type;
    const char *path;
    const char *member;
} verifications[] = {
    { CLERK_TOKEN_M2M, "/m2m_tokens/verify", "token" },
    { CLERK_TOKEN_OAUTH, "/oauth_applications/access_tokens/verify", "access_token" },
    { CLERK_TOKEN_API_KEY, "/api_keys/verify", "secret" },
};

static const struct verification *verification_of(clerk_token_type type)
{
    size_t i;

    for (i = 0; i < sizeof(verifications) / sizeof(verifications[0]); i++) {
        if (verifications[i].type == type) {
            return &verifications[i];
        }
    }
    return NULL;
}

static const char *secret_for(const clerk_instance *instance, clerk_token_type type)
{
    return type == CLERK_TOKEN_M2M && instance->machine_secret_key
               ? instance->machine_secret_key
               : instance->secret_key;
}

/** {"MEMBER":"TOKEN"}; NULL without memory, or where the token is not UTF-8. */
static const char *body_of(const char *member, clerk_slice token, apr_pool_t *pool)
{
    json_t *object = json_object();
    const char *body = NULL;

    if (json_object_set_new(object, member, json_stringn(token.ptr, token.len)) == 0) {
        body = clerk_json_text(object, pool);
    }
    json_decref(object);
    return body;
}

static clerk_status judge_verification(const clerk_http_response *response,
                                       clerk_api_failure *failure)
{
    int is_down = response->status >= 500;

    switch (response->status) {
    case 404:
        fail(failure, CLERK_E_TOKEN_INVALID, "the Backend API knows no such token", 0);
        break;
    case 401:
        fail(failure, CLERK_E_SECRET_KEY_INVALID,
             "the Backend API refuses the key that tokens are verified with", 0);
        break;
    case 429:
        fail(failure, CLERK_E_MACHINE_UNDECIDED,
             "the Backend API answered 429: too many requests", 0);
        break;
    default:
        fail(failure, CLERK_E_MACHINE_UNDECIDED,
             is_down ? "the Backend API answered with a server error (5xx)"
                     : "the Backend API answered with another status than 200",
             is_down);
        break;
    }
    failure->is_busy = response->status == 429;
    failure->retry_after = response->retry_after;
    return failure->error.status;
}

clerk_status clerk_backend_api_verify_token(clerk_slice *json, const clerk_http *http,
                                            const clerk_instance *instance,
                                            clerk_token_type type, clerk_slice token,
                                            clerk_api_failure *failure, apr_pool_t *pool)
{
    const struct verification *verification = verification_of(type);
    clerk_http_request request = {
        .method = "POST",
        .bearer = secret_for(instance, type),
        .fields = clerk_backend_api_fields,
        .max_body = CLERK_VERIFICATION_MAX_BYTES,
    };
    clerk_http_response response = { .retry_after = -1 };
    const char *why = "no answer from the Backend API";
    apr_status_t status;

    if (request.bearer == NULL) {
        return fail(failure, CLERK_E_SECRET_KEY_INVALID,
                    "there is no secret key to verify such tokens with", 0);
    }
    if (verification != NULL) {
        request.url = apr_pstrcat(pool, instance->api_url, verification->path, NULL);
        request.body = body_of(verification->member, token, pool);
    }
    if (request.body == NULL) {
        return fail(failure, CLERK_E_UNEXPECTED, "no request could be made of a token",
                    0);
    }
    status = http->exchange(http->baton, &response, &request, &why, pool);
    if (status != APR_SUCCESS) {
        return fail(failure, CLERK_E_MACHINE_UNDECIDED, why, status != APR_ENOSPC);
    }
    if (response.status != 200) {
        return judge_verification(&response, failure);
    }
    *json = response.body;
    return CLERK_OK;
}
