/* SPDX-License-Identifier: Apache-2.0 - one call to the Backend API, where it may be made now */
#include "api_call.h"

#include "counters.h"

static apr_time_t time_by(const clerk_api *api)
{
    return api->clock ? api->clock() : apr_time_now();
}

static clerk_status fail(clerk_api_failure *failure, clerk_status status,
                         const char *detail, apr_interval_time_t retry_after)
{
    memset(failure, 0, sizeof(*failure));
    failure->retry_after = retry_after;
    return clerk_fail(&failure->error, status, detail);
}

static clerk_api_endpoint endpoint_of(const char *path)
{
    static const char sessions[] = "/v1/sessions/"; /* ID/refresh or ID/tokens/TEMPLATE */
    clerk_slice text = clerk_slice_of(path);
    const char *action;

    if (clerk_slice_starts_with(text, "/v1/users/")) {
        return CLERK_API_USER;
    }
    if (!clerk_slice_starts_with(text, sessions)) {
        return CLERK_API_HANDSHAKE;
    }
    action = strchr(path + sizeof(sessions) - 1, '/');
    return action != NULL && strncmp(action, "/tokens/", 8) == 0 ? CLERK_API_TEMPLATE
                                                                 : CLERK_API_REFRESH;
}

static clerk_api_endpoint endpoint_for(clerk_token_type type)
{
    return type == CLERK_TOKEN_M2M     ? CLERK_API_VERIFY_M2M
           : type == CLERK_TOKEN_OAUTH ? CLERK_API_VERIFY_OAUTH
                                       : CLERK_API_VERIFY_API_KEY;
}

static clerk_status exchange(clerk_http_response *response, const clerk_api *api,
                             const clerk_http_request *request,
                             clerk_api_failure *failure, apr_pool_t *pool)
{
    const char *why = "no answer from the Backend API";
    apr_status_t status =
        api->http->exchange(api->http->baton, response, request, &why, pool);

    if (status == APR_SUCCESS) {
        return CLERK_OK;
    }
    fail(failure, CLERK_E_MACHINE_UNDECIDED, why, -1);
    failure->transient = status != APR_ENOSPC;
    return failure->error.status;
}

static clerk_status enter(clerk_api_pass *pass, const clerk_api *api,
                          const clerk_instance *instance, clerk_api_failure *failure)
{
    apr_interval_time_t after = -1;
    clerk_error error = { CLERK_OK, NULL };
    clerk_status status =
        clerk_api_gate_enter(pass, api->gate, instance, time_by(api), &after, &error);

    if (status != CLERK_OK) {
        fail(failure, status, error.detail, after);
        failure->was_put_off = 1;
    }
    return status;
}

clerk_status clerk_api_call(clerk_http_response *response, const clerk_api *api,
                            const clerk_instance *instance, const char *method,
                            const char *path, const char *body,
                            clerk_api_failure *failure, apr_pool_t *pool)
{
    clerk_http_request request = {
        .method = method,
        .url = apr_pstrcat(pool, instance->api_url, path, NULL),
        .bearer = instance->secret_key,
        .fields = clerk_backend_api_fields,
        .body = body,
        .max_body = CLERK_VERIFICATION_MAX_BYTES,
    };
    clerk_http_response answer = { .retry_after = -1 };
    clerk_api_outcome outcome = { 0, 0, -1 };
    clerk_api_pass pass;
    clerk_status status;

    if (request.bearer == NULL) {
        return fail(failure, CLERK_E_SECRET_KEY_INVALID, "there is no secret key", -1);
    }
    status = enter(&pass, api, instance, failure);
    if (status != CLERK_OK) {
        clerk_count_api(endpoint_of(path), CLERK_API_PUT_OFF);
        return status;
    }
    status = exchange(&answer, api, &request, failure, pool);
    outcome.has_failed =
        status == CLERK_OK ? answer.status >= 500 : failure->transient;
    outcome.is_busy = answer.status == 429;
    outcome.retry_after = answer.retry_after;
    clerk_count_api(endpoint_of(path), status != CLERK_OK || outcome.has_failed ? CLERK_API_FAILED
                                       : answer.status >= 300 ? CLERK_API_REFUSED
                                                              : CLERK_API_OK);
    clerk_api_gate_leave(api->gate, &pass, &outcome, time_by(api));
    if (status == CLERK_OK) {
        *response = answer;
    }
    return status;
}

clerk_status clerk_api_judge(clerk_slice *body, const clerk_http_response *response,
                             clerk_api_failure *failure)
{
    int is_down = response->status >= 500;

    switch (response->status) {
    case 200:
        *body = response->body;
        return CLERK_OK;
    case 404:
        fail(failure, CLERK_E_TOKEN_INVALID, "the Backend API knows no such thing",
             response->retry_after);
        break;
    case 401:
        fail(failure, CLERK_E_SECRET_KEY_INVALID,
             "the Backend API refuses the secret key", response->retry_after);
        break;
    case 429:
        fail(failure, CLERK_E_MACHINE_UNDECIDED,
             "the Backend API answered 429: too many requests", response->retry_after);
        break;
    default:
        fail(failure, CLERK_E_MACHINE_UNDECIDED,
             is_down ? "the Backend API answered with a server error (5xx)"
                     : "the Backend API answered with another status than 200",
             response->retry_after);
        break;
    }
    failure->transient = is_down;
    failure->is_busy = response->status == 429;
    return failure->error.status;
}

clerk_status clerk_api_verify_token(clerk_slice *json, const clerk_api *api,
                                    const clerk_instance *instance, clerk_token_type type,
                                    clerk_slice token, clerk_api_failure *failure,
                                    apr_pool_t *pool)
{
    clerk_api_outcome outcome = { 0, 0, -1 };
    clerk_api_pass pass;
    clerk_status status = enter(&pass, api, instance, failure);

    if (status != CLERK_OK) {
        clerk_count_api(endpoint_for(type), CLERK_API_PUT_OFF);
        return status;
    }
    status = clerk_backend_api_verify_token(json, api->http, instance, type, token,
                                            failure, pool);
    clerk_count_api(endpoint_for(type), status == CLERK_OK     ? CLERK_API_OK
                                        : failure->transient ? CLERK_API_FAILED
                                                             : CLERK_API_REFUSED);
    if (status != CLERK_OK) {
        outcome.has_failed = failure->transient;
        outcome.is_busy = failure->is_busy;
        outcome.retry_after = failure->retry_after;
    }
    clerk_api_gate_leave(api->gate, &pass, &outcome, time_by(api));
    return status;
}
