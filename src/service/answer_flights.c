/* SPDX-License-Identifier: Apache-2.0 - one question at a time, for all threads that ask it */
#include "answer_flights.h"

#include <stdlib.h>

struct clerk_answer_flight {
    clerk_answer_flight *next;
    unsigned char digest[CLERK_DIGEST_LENGTH];
    unsigned passengers; /* the last one to leave frees it */
    apr_time_t began_at;
    int has_landed;
    clerk_answer_result result; /* its body is malloc'ed */
};

/** As many at most as there are threads, so a list will do. */
struct clerk_answer_flights {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *landed;
    clerk_answer_flight *first;
};

clerk_answer_flights *clerk_answer_flights_create(apr_thread_mutex_t *mutex,
                                                apr_pool_t *pool)
{
    clerk_answer_flights *flights = apr_pcalloc(pool, sizeof(*flights));

    flights->mutex = mutex;
    return apr_thread_cond_create(&flights->landed, pool) == APR_SUCCESS ? flights : NULL;
}

clerk_answer_flight *
clerk_answer_flights_join(clerk_answer_flights *flights,
                         const unsigned char digest[CLERK_DIGEST_LENGTH])
{
    clerk_answer_flight *flight = flights->first;

    while (flight != NULL && memcmp(flight->digest, digest, CLERK_DIGEST_LENGTH) != 0) {
        flight = flight->next;
    }
    if (flight != NULL) {
        flight->passengers++;
    }
    return flight;
}

clerk_answer_flight *
clerk_answer_flights_begin(clerk_answer_flights *flights,
                          const unsigned char digest[CLERK_DIGEST_LENGTH])
{
    clerk_answer_flight *flight = calloc(1, sizeof(*flight));

    if (flight == NULL) {
        return NULL;
    }
    memcpy(flight->digest, digest, CLERK_DIGEST_LENGTH);
    flight->passengers = 1;
    flight->began_at = apr_time_now();
    flight->next = flights->first;
    flights->first = flight;
    return flight;
}

apr_interval_time_t clerk_answer_flight_age(const clerk_answer_flight *flight)
{
    apr_interval_time_t age = apr_time_now() - flight->began_at;

    return age > 0 ? age : 0; /* the clock may have been set back */
}

static void leave(clerk_answer_flight *flight)
{
    if (--flight->passengers == 0) {
        free((char *)flight->result.body.ptr);
        free(flight);
    }
}

/** The time that is left of @a patience; a clock that was set back gives none more. */
static apr_interval_time_t time_left(apr_time_t deadline, apr_interval_time_t patience)
{
    apr_interval_time_t left = deadline - apr_time_now();

    return left > patience ? patience : left;
}

int clerk_answer_flight_await(clerk_answer_result *result, clerk_answer_flights *flights,
                             clerk_answer_flight *flight, apr_interval_time_t patience,
                             apr_pool_t *pool)
{
    apr_time_t deadline = apr_time_now() + patience;
    int has_landed;

    while (!flight->has_landed) {
        apr_interval_time_t left = time_left(deadline, patience);

        if (left <= 0) {
            break;
        }
        apr_thread_cond_timedwait(flights->landed, flights->mutex, left);
    }
    has_landed = flight->has_landed;
    if (has_landed) {
        *result = flight->result;
        result->body.ptr =
            apr_pstrmemdup(pool, flight->result.body.ptr, flight->result.body.len);
    }
    leave(flight);
    return has_landed;
}

static void unlink_flight(clerk_answer_flights *flights, const clerk_answer_flight *flight)
{
    clerk_answer_flight **at = &flights->first;

    while (*at != flight) {
        at = &(*at)->next;
    }
    *at = flight->next;
}

/** Without memory for the copy the result is that, for all but the one who flew. */
static clerk_answer_result copy_of(const clerk_answer_result *result)
{
    clerk_answer_result copy = *result;
    char *body = malloc(result->body.len + 1);

    copy.body.ptr = body;
    if (body == NULL) {
        copy.body.len = 0;
        clerk_fail(&copy.failure.error, CLERK_E_UNEXPECTED, "no memory for an answer");
    }
    else if (result->body.len > 0) {
        memcpy(body, result->body.ptr, result->body.len);
    }
    return copy;
}

void clerk_answer_flight_land(clerk_answer_flights *flights, clerk_answer_flight *flight,
                             const clerk_answer_result *result)
{
    unlink_flight(flights, flight);
    if (flight->passengers > 1) {
        flight->result = copy_of(result);
        flight->has_landed = 1;
        apr_thread_cond_broadcast(flights->landed);
    }
    leave(flight);
}
