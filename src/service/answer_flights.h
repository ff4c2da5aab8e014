/* SPDX-License-Identifier: Apache-2.0 - one question at a time, for all threads that ask it */
#ifndef CLERK_ANSWER_FLIGHTS_H
#define CLERK_ANSWER_FLIGHTS_H

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "backend_api.h"

/**
 * The questions under way, by digest. Who finds none flies; who finds one waits for what it
 * brings. Guarded by the lock that every call names, and given up only while waiting.
 */
typedef struct clerk_answer_flights clerk_answer_flights;
typedef struct clerk_answer_flight clerk_answer_flight;

/** What a question brought. */
typedef struct clerk_answer_result {
    clerk_slice body;          /* of a 200 */
    clerk_api_failure failure; /* else; error.status CLERK_OK means the body is there */
} clerk_answer_result;

/** @return NULL when the system has no more locks */
clerk_answer_flights *clerk_answer_flights_create(apr_thread_mutex_t *mutex,
                                                apr_pool_t *pool);

/** The one under way, now with one more who waits for it; NULL when there is none. */
clerk_answer_flight *
clerk_answer_flights_join(clerk_answer_flights *flights,
                         const unsigned char digest[CLERK_DIGEST_LENGTH]);

/** A new one, to be landed by the caller; NULL without memory. */
clerk_answer_flight *
clerk_answer_flights_begin(clerk_answer_flights *flights,
                          const unsigned char digest[CLERK_DIGEST_LENGTH]);

/** For how long it has been under way. */
apr_interval_time_t clerk_answer_flight_age(const clerk_answer_flight *flight);

/**
 * Wait for the end of a flight that was joined, and leave it.
 *
 * @param result  filled when it landed; its body is copied to @a pool
 * @return 0 when it did not land within @a patience
 */
int clerk_answer_flight_await(clerk_answer_result *result, clerk_answer_flights *flights,
                             clerk_answer_flight *flight, apr_interval_time_t patience,
                             apr_pool_t *pool);

/** End a flight that was begun: all who wait get a copy of @a result. */
void clerk_answer_flight_land(clerk_answer_flights *flights, clerk_answer_flight *flight,
                             const clerk_answer_result *result);

#endif
