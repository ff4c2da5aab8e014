/* SPDX-License-Identifier: Apache-2.0 - what the Backend API answered: remembered, shared, or asked for once */
#ifndef CLERK_API_ANSWERS_H
#define CLERK_API_ANSWERS_H

#include "backend_api.h"
#include "board.h"
#include "sealed_cache.h"

/** That the API knows no such thing is remembered no longer than this. */
#define CLERK_NEGATIVE_ANSWER_TTL apr_time_from_sec(5)

/**
 * How long a question may be under way for one more thread to wait for it, where
 * options.patient wait already: an API that hangs must not take all threads with it.
 */
#define CLERK_HASTE apr_time_from_msec(500)

/** One a process, for questions of every kind: many threads may ask it. */
typedef struct clerk_api_answers clerk_api_answers;

typedef struct clerk_api_answers_options {
    const clerk_sealed_cache *shared; /* other processes' answers; or NULL */
    clerk_board *turns; /* of the processes that share it, by digests of questions; or NULL */
    apr_interval_time_t patience; /* with the question of another thread or process */
    unsigned patient; /* threads that wait so at a time; more of them only for a moment */
    apr_size_t max_entries;
    apr_size_t max_bytes;
    apr_time_t (*clock)(void); /* NULL: apr_time_now */
} clerk_api_answers_options;

/** @param options  copied */
apr_status_t clerk_api_answers_create(clerk_api_answers **answers,
                                      const clerk_api_answers_options *options,
                                      apr_pool_t *pchild);

/** One question, and how it is put. */
typedef struct clerk_api_question {
    const char *purpose; /* static text, another for each kind of question */
    const clerk_instance *instance;
    clerk_slice id;          /* all that the answer depends on besides; may be secret */
    apr_interval_time_t ttl; /* of a good answer; 0: none is remembered or shared */
    const char *unknown;     /* static text: the API knew no such thing a moment ago */

    /**
     * Put the question to the API, one call.
     *
     * @param body     of a good answer; owned by @a pool
     * @param failure  filled otherwise, was_put_off included
     * @return CLERK_OK; CLERK_E_TOKEN_INVALID when the API knows no such thing; else another
     */
    clerk_status (*put)(clerk_slice *body, void *baton, clerk_api_failure *failure,
                        apr_pool_t *pool);

    /**
     * Read an answer, wherever it comes from, and keep in @a baton what the caller is after.
     *
     * @param until  when the answer ceases to be good by itself, if that is earlier than what
     *               is there already
     * @return as put does; CLERK_E_TOKEN_INVALID is remembered like "knows no such thing"
     */
    clerk_status (*read)(void *baton, clerk_slice body, apr_time_t *until,
                         clerk_error *error, apr_pool_t *pool);
    void *baton;
} clerk_api_question;

/**
 * Find the answer to a question.
 *
 * A good answer is remembered for the TTL, but not beyond what it says itself; that the API
 * knows no such thing at most for CLERK_NEGATIVE_ANSWER_TTL; all else not at all. The key is
 * a digest of purpose, instance and id. While a question is under way others who have the
 * same wait for its answer. No lock is held meanwhile.
 *
 * Where a cache is shared, what this process does not remember is looked for there, and what
 * is found is read as if the API had just said it. One process asks at a time; the others
 * wait until it has answered, and ask themselves if its answer does not arrive.
 *
 * @param failure  filled unless CLERK_OK; retry_after: when asking again could help, -1 unknown
 * @return CLERK_OK when read() has read it; CLERK_E_TOKEN_INVALID; what put() or read() said;
 *         CLERK_E_MACHINE_UNDECIDED; or CLERK_E_UNEXPECTED without memory
 */
clerk_status clerk_api_answers_find(clerk_api_answers *answers,
                                    const clerk_api_question *question,
                                    clerk_api_failure *failure, apr_pool_t *pool);

#endif
