/* SPDX-License-Identifier: Apache-2.0 - requests to Clerk's Backend and Frontend API and what their answers mean */
#include "backend_api.h"

#include "../core/json.h"

/** The Backend API wants both on every request, with a body or without. */
static const char *const backend_fields[] = { "Clerk-API-Version: " CLERK_API_VERSION,
                                              "Content-Type: application/json", NULL };

static clerk_status fail(clerk_api_failure *failure, clerk_status status,
                         const char *detail, int transient)
{
    failure->transient = transient;
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
        .fields = sends_secret ? backend_fields : NULL,
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
