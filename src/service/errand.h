/* SPDX-License-Identifier: Apache-2.0 - a call to a slow cache, left for another thread to make */
#ifndef CLERK_ERRAND_H
#define CLERK_ERRAND_H

#include "cache.h"

/** In memory of its own, because who left it and who runs it may each outlive the other. */
typedef struct clerk_errand {
    struct clerk_errand *next;
    int is_get;     /* else a put */
    int is_awaited; /* else who runs it frees it */
    int is_done;
    unsigned char key[CLERK_DIGEST_LENGTH];
    apr_time_t expires;  /* put */
    apr_status_t status; /* once done */
    char *bytes;         /* put: to be stored; get: what was found */
    apr_size_t len;
} clerk_errand;

/** Errands in the order in which they were left. All zero is empty. */
typedef struct clerk_errands {
    clerk_errand *first;
    clerk_errand *last;
    int count;
} clerk_errands;

/** @return NULL without memory */
clerk_errand *clerk_errand_to_get(const unsigned char key[CLERK_DIGEST_LENGTH]);

/** @param value  copied; @return NULL without memory */
clerk_errand *clerk_errand_to_put(const unsigned char key[CLERK_DIGEST_LENGTH],
                                  clerk_slice value, apr_time_t expires);

void clerk_errand_free(clerk_errand *errand);

/** Make the call, however long it takes. @param pool  for the call only */
void clerk_errand_run(clerk_errand *errand, const clerk_cache *cache, apr_pool_t *pool);

/** Whether the outcome is one of a cache that works. */
int clerk_errand_was_served(const clerk_errand *errand);

void clerk_errands_add(clerk_errands *errands, clerk_errand *errand);

/** The one that waits longest, taken off; NULL when there is none. */
clerk_errand *clerk_errands_take(clerk_errands *errands);

#endif
