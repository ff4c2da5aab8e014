/* SPDX-License-Identifier: Apache-2.0 - records that all processes of one server see, found by a digest */
#include "shared_table.h"

#include <string.h>

#include <apr_shm.h>

#include "../core/thread_place.h"

enum { MAX_PROBES = 16 };

struct clerk_shared_table {
    uint64_t records;
    uint64_t record_size;
    int64_t keep;
    unsigned char padding[CLERK_CACHE_LINE - 3 * sizeof(uint64_t)];
    unsigned char memory[];
};

apr_status_t clerk_shared_table_create(clerk_shared_table **table, unsigned records,
                                       apr_size_t record_size, apr_interval_time_t keep,
                                       apr_pool_t *pool)
{
    clerk_shared_table *made;
    apr_shm_t *segment;
    apr_size_t size = sizeof(*made) + records * record_size;
    apr_status_t status = apr_shm_create(&segment, size + CLERK_CACHE_LINE, NULL, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    made = clerk_cache_line_align(apr_shm_baseaddr_get(segment));
    memset(made, 0, size);
    made->records = records;
    made->record_size = record_size;
    made->keep = keep;
    *table = made;
    return APR_SUCCESS;
}

/** Digests are evenly spread already. 0 means "unused", so no digest may be that. */
static uint64_t short_id(const unsigned char digest[CLERK_DIGEST_LENGTH])
{
    uint64_t id;

    memcpy(&id, digest, sizeof(id));
    return id != 0 ? id : 1;
}

static clerk_shared_head *record_at(clerk_shared_table *table, uint64_t number)
{
    return (clerk_shared_head *)(void *)(table->memory
                                         + number % table->records * table->record_size);
}

static unsigned probes(const clerk_shared_table *table)
{
    return table->records < MAX_PROBES ? (unsigned)table->records : MAX_PROBES;
}

/** So is one so far ahead that only a clock that was set back explains it. */
static int is_over(int64_t kept_until, apr_interval_time_t keep, apr_time_t now)
{
    return kept_until != 0 && (kept_until <= now || kept_until - now > 2 * keep);
}

/** Most uses leave it as it is, so that the line stays in every processor's cache. */
static void keep_record(clerk_shared_head *head, apr_interval_time_t keep, apr_time_t now)
{
    int64_t kept_until = atomic_load_explicit(&head->kept_until, memory_order_relaxed);

    if (kept_until - now < keep / 2 || kept_until - now > 2 * keep) {
        atomic_store_explicit(&head->kept_until, now + keep, memory_order_relaxed);
    }
}

/**
 * Where two take over at once, one wins by the date. A process that dies in between leaves
 * the record to its old owner until that date.
 */
static int take_over(clerk_shared_head *head, uint64_t id, apr_interval_time_t keep,
                     apr_time_t now)
{
    uint64_t unused = 0;
    int64_t kept_until;

    if (atomic_compare_exchange_strong(&head->id, &unused, id)) {
        return 1;
    }
    kept_until = atomic_load(&head->kept_until);
    if (!is_over(kept_until, keep, now)
        || !atomic_compare_exchange_strong(&head->kept_until, &kept_until, now + keep))
    {
        return 0;
    }
    atomic_store(&head->id, id);
    return 1;
}

static clerk_shared_head *find(clerk_shared_table *table, uint64_t id)
{
    unsigned i;

    for (i = 0; i < probes(table); i++) {
        clerk_shared_head *head = record_at(table, id + i);
        uint64_t owner = atomic_load_explicit(&head->id, memory_order_acquire);

        if (owner == id) {
            return head;
        }
        if (owner == 0) {
            return NULL; /* used records never become unused */
        }
    }
    return NULL;
}

/** Another may have claimed the same digest meanwhile, in the record that we just lost. */
static clerk_shared_head *take_any(clerk_shared_table *table, uint64_t id, apr_time_t now)
{
    unsigned i;

    for (i = 0; i < probes(table); i++) {
        clerk_shared_head *head = record_at(table, id + i);

        if (take_over(head, id, table->keep, now)
            || atomic_load(&head->id) == id)
        {
            return head;
        }
    }
    return NULL;
}

void *clerk_shared_table_claim(clerk_shared_table *table,
                               const unsigned char digest[CLERK_DIGEST_LENGTH],
                               apr_time_t now)
{
    uint64_t id = short_id(digest);
    clerk_shared_head *head = find(table, id);

    if (head == NULL) {
        head = take_any(table, id, now);
    }
    if (head != NULL) {
        keep_record(head, table->keep, now);
    }
    return head;
}

void *clerk_shared_table_find(clerk_shared_table *table,
                              const unsigned char digest[CLERK_DIGEST_LENGTH])
{
    return find(table, short_id(digest));
}
