/* SPDX-License-Identifier: Apache-2.0 - redeem what handshakes bring, refresh each session once */
#include "session_renewal.h"

#include "../core/digest.h"
#include "own_pool.h"
#include "kept_answers.h"
#include "answer_flights.h"

enum { DEFAULT_ENTRIES = 1024, BYTES_PER_ENTRY = 16 * 1024 };

struct clerk_session_renewal {
    const clerk_api *api;
    clerk_session_renewal_options options;
    clerk_digester *digester;
    apr_thread_mutex_t *mutex; /* guards the two below; never held during a call */
    clerk_kept_answers *answers;
    clerk_answer_flights *flights;
};

/** One call's parameters. */
typedef struct refresh {
    clerk_session_renewal *renewal;
    const clerk_instance *instance;
    const clerk_refresh_request *request;
    unsigned char digest[CLERK_DIGEST_LENGTH];
    apr_pool_t *pool;
} refresh;

apr_status_t clerk_session_renewal_create(clerk_session_renewal **renewal,
                                          const clerk_api *api,
                                          const clerk_session_renewal_options *options,
                                          apr_pool_t *pchild)
{
    clerk_session_renewal *made;
    apr_pool_t *pool;
    apr_status_t status = clerk_own_pool_create(&pool, pchild);

    if (status != APR_SUCCESS) {
        return status;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->api = api;
    made->options = *options;
    if (made->options.max_entries == 0) {
        made->options.max_entries = DEFAULT_ENTRIES;
    }
    status = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS) {
        return status;
    }
    made->digester = clerk_digester_create(pool);
    made->answers = clerk_kept_answers_create(
        made->options.max_entries, made->options.max_entries * BYTES_PER_ENTRY, pool);
    made->flights = clerk_answer_flights_create(made->mutex, pool);
    *renewal = made;
    return made->digester != NULL && made->answers != NULL && made->flights != NULL
               ? APR_SUCCESS
               : APR_ENOMEM;
}

int clerk_session_renewal_redeem(const clerk_node **directives,
                                 clerk_session_renewal *renewal,
                                 const clerk_instance *instance, const char *nonce,
                                 const char **why, apr_pool_t *pool)
{
    return clerk_redeem_nonce(directives, renewal->api, instance, nonce, why, pool);
}

/* ---------------------------------------------------------------- refreshing */

static apr_time_t time_by(const clerk_session_renewal *renewal)
{
    return renewal->api->clock ? renewal->api->clock() : apr_time_now();
}

/** Digests of texts go along in their place, since they are of fixed length. */
static int digest(refresh *self)
{
    static const char PURPOSE[] = "clerk session refresh";
    clerk_digester *digester = self->renewal->digester;
    const clerk_refresh_request *request = self->request;
    clerk_slice refresh_token = clerk_slice_of(request->refresh_token);
    unsigned char expired_digest[CLERK_DIGEST_LENGTH];
    unsigned char refresh_digest[CLERK_DIGEST_LENGTH];
    const clerk_slice parts[] = {
        { PURPOSE, sizeof(PURPOSE) },
        { (const char *)self->instance->api_id, CLERK_DIGEST_LENGTH },
        { request->suffixed ? "s" : "p", 1 },
        { (const char *)expired_digest, sizeof(expired_digest) },
        { (const char *)refresh_digest, sizeof(refresh_digest) },
        clerk_slice_of(request->origin),
    };

    return clerk_digest(expired_digest, digester, &request->expired_token, 1)
           && clerk_digest(refresh_digest, digester, &refresh_token, 1)
           && clerk_digest(self->digest, digester, parts,
                           sizeof(parts) / sizeof(parts[0]));
}

/**
 * Make the call; the lock is given up meanwhile. Failures are not kept: the next request
 * may find the API in a better mood.
 */
static int fly(clerk_slice *answer, const refresh *self, clerk_answer_flight *flight)
{
    clerk_session_renewal *renewal = self->renewal;
    clerk_answer_result result;
    apr_time_t now;
    int is_good;

    memset(&result, 0, sizeof(result));
    apr_thread_mutex_unlock(renewal->mutex);
    is_good = clerk_refresh_session(&result.body, renewal->api, self->instance,
                                    self->request, self->pool);
    now = time_by(renewal);
    apr_thread_mutex_lock(renewal->mutex);
    if (is_good) {
        clerk_kept_answers_keep(renewal->answers, self->digest, result.body, now,
                                 now + CLERK_REFRESH_ANSWER_TTL);
    }
    else {
        clerk_fail(&result.failure.error, CLERK_E_MACHINE_UNDECIDED, "no refresh");
    }
    clerk_answer_flight_land(renewal->flights, flight, &result);
    *answer = result.body;
    return is_good;
}

static int wait_for(clerk_slice *answer, const refresh *self, clerk_answer_flight *flight)
{
    clerk_answer_result result;

    if (!clerk_answer_flight_await(&result, self->renewal->flights, flight,
                                  self->renewal->options.patience, self->pool))
    {
        *answer = clerk_slice_of("fetch-error");
        return 0;
    }
    *answer = result.body; /* in both cases, as fly has it */
    return result.failure.error.status == CLERK_OK;
}

/** The lock is held. */
static int find_or_ask(clerk_slice *answer, const refresh *self)
{
    clerk_session_renewal *renewal = self->renewal;
    clerk_answer_flight *flight;

    if (clerk_kept_answers_find(answer, renewal->answers, self->digest,
                                 time_by(renewal), self->pool))
    {
        return 1;
    }
    flight = clerk_answer_flights_join(renewal->flights, self->digest);
    if (flight != NULL) {
        return wait_for(answer, self, flight);
    }
    flight = clerk_answer_flights_begin(renewal->flights, self->digest);
    if (flight == NULL) {
        *answer = clerk_slice_of("unexpected-sdk-error");
        return 0;
    }
    return fly(answer, self, flight);
}

const char *clerk_session_renewal_refresh(clerk_set_cookies *cookies,
                                          clerk_session_renewal *renewal,
                                          const clerk_instance *instance,
                                          const clerk_refresh_request *request,
                                          apr_pool_t *pool)
{
    refresh self = { .renewal = renewal,
                     .instance = instance,
                     .request = request,
                     .pool = pool };
    clerk_slice answer = { NULL, 0 };
    const clerk_node *document;
    int is_good;

    if (!digest(&self)) {
        return "unexpected-sdk-error";
    }
    apr_thread_mutex_lock(renewal->mutex);
    is_good = find_or_ask(&answer, &self);
    apr_thread_mutex_unlock(renewal->mutex);
    if (!is_good) {
        return clerk_slice_copy(answer, pool);
    }
    if (clerk_node_load(&document, answer, pool, NULL) != CLERK_OK) {
        return "unexpected-sdk-error";
    }
    clerk_set_cookies_read(cookies, clerk_node_member(document, "cookies"), pool);
    return cookies->values->nelts > 0 ? NULL : "unexpected-sdk-error";
}
