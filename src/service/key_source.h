/* SPDX-License-Identifier: Apache-2.0 - the key set of one source, and who asks for it when */
#ifndef CLERK_KEY_SOURCE_H
#define CLERK_KEY_SOURCE_H

#include "key_harvest.h"

typedef struct clerk_key_source clerk_key_source;

/**
 * @param supply    and @a instance, which has a key_url, must outlive the source
 * @param pool      not used after the call
 * @return NULL when the system has no more locks
 */
clerk_key_source *clerk_key_source_create(const clerk_key_supply *supply,
                                          const clerk_instance *instance,
                                          apr_pool_t *pool);

/** What clerk_key_store_find does once it knows the source. */
clerk_status clerk_key_source_find(clerk_key_ref *ref, clerk_key_source *source,
                                   clerk_slice kid, apr_time_t now, clerk_error *error);

/** What clerk_key_store_edition does once it knows the source. */
apr_uint64_t clerk_key_source_edition(const clerk_key_source *source, apr_time_t now);

/** @return 0 when it was time to ask and that failed, else 1 */
int clerk_key_source_refresh(clerk_key_source *source, apr_time_t now);

/** Take what other processes have fetched; asks nobody. */
void clerk_key_source_catch_up(clerk_key_source *source, apr_time_t now);

void clerk_key_source_report(clerk_key_report *report, clerk_key_source *source,
                             apr_time_t now);

#endif
