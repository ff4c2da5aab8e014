/* SPDX-License-Identifier: Apache-2.0 - a bounded table of the JWTs that this process has verified */
#include "verified_tokens.h"

#include <stdlib.h>

#include <apr_thread_mutex.h>

/* A part for few entries would push some out while others have room. */
enum { MOST_PARTS = 16, LEAST_ENTRIES_OF_A_PART = 64 };

typedef struct entry {
    struct entry *next; /* in its bucket */
    apr_time_t until;
    apr_uint32_t slot;
    apr_uint16_t len;
    unsigned char is_used; /* since the hand passed */
    unsigned char digest[CLERK_DIGEST_LENGTH];
    _Alignas(8) char packed[];
} entry;

/** Entries are found by bucket and go by slot, in the order in which the hand meets them. */
typedef struct part {
    apr_thread_mutex_t *mutex; /* guards all below */
    entry **buckets;
    entry **slots;
    apr_size_t mask;
    apr_uint32_t room;
    apr_uint32_t count;
    apr_uint32_t hand;
    apr_size_t bytes;
} part;

struct clerk_verified_tokens {
    clerk_digester *digester;
    part *parts;
    unsigned count; /* a power of two */
};

/* ---------------------------------------------------------------- life */

static void free_part(part *of)
{
    apr_uint32_t i;

    for (i = 0; of->slots != NULL && i < of->count; i++) {
        free(of->slots[i]);
    }
    free(of->slots);
    free(of->buckets);
}

static apr_status_t free_parts(void *baton)
{
    clerk_verified_tokens *tokens = baton;
    unsigned i;

    for (i = 0; i < tokens->count; i++) {
        free_part(&tokens->parts[i]);
    }
    return APR_SUCCESS;
}

/* By calloc: what is never used of a large table costs no memory. */
static apr_status_t make_part(part *of, apr_size_t room, apr_pool_t *pool)
{
    apr_size_t buckets = 1;

    while (buckets < room) {
        buckets *= 2;
    }
    of->room = (apr_uint32_t)room;
    of->mask = buckets - 1;
    of->buckets = calloc(buckets, sizeof(*of->buckets));
    of->slots = calloc(room, sizeof(*of->slots));
    if (of->buckets == NULL || of->slots == NULL) {
        return APR_ENOMEM;
    }
    return apr_thread_mutex_create(&of->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
}

apr_status_t clerk_verified_tokens_create(clerk_verified_tokens **tokens,
                                          apr_size_t entries, apr_pool_t *pool)
{
    clerk_verified_tokens *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t status = APR_SUCCESS;
    unsigned i;

    made->digester = clerk_digester_create(pool);
    if (made->digester == NULL) {
        return APR_ENOTIMPL;
    }
    made->count = 1;
    while (made->count < MOST_PARTS
           && entries / made->count >= 2 * LEAST_ENTRIES_OF_A_PART) {
        made->count *= 2;
    }
    made->parts = apr_pcalloc(pool, made->count * sizeof(*made->parts));
    apr_pool_cleanup_register(pool, made, free_parts, apr_pool_cleanup_null);
    for (i = 0; i < made->count && status == APR_SUCCESS; i++) {
        status =
            make_part(&made->parts[i], (entries + made->count - 1) / made->count, pool);
    }
    if (status == APR_SUCCESS) {
        *tokens = made;
    }
    return status;
}

/* ---------------------------------------------------------------- one part, locked */

static int has_expired(const entry *at, apr_time_t now)
{
    return now >= at->until;
}

static entry **place_of(part *in, const unsigned char *digest)
{
    apr_size_t number;
    entry **at;

    memcpy(&number, digest, sizeof(number));
    at = &in->buckets[number & in->mask];
    while (*at != NULL && memcmp((*at)->digest, digest, CLERK_DIGEST_LENGTH) != 0) {
        at = &(*at)->next;
    }
    return at;
}

/** @return what is to be freed once the lock is given up: the entry before @a others */
static entry *take_out(part *from, entry **place, entry *others)
{
    entry *gone = *place;
    entry *last = from->slots[--from->count];

    last->slot = gone->slot;
    from->slots[gone->slot] = last;
    from->bytes -= gone->len;
    *place = gone->next;
    gone->next = others;
    return gone;
}

static entry *take_out_slot(part *from, apr_uint32_t slot, entry *others)
{
    return take_out(from, place_of(from, from->slots[slot]->digest), others);
}

static apr_uint32_t advance(part *in)
{
    in->hand = in->hand + 1 < in->count ? in->hand + 1 : 0;
    return in->hand;
}

/** Take out one that has expired, or was not used since the hand was there. */
static entry *make_room(part *in, apr_time_t now, entry *others)
{
    entry *at = in->slots[advance(in)];

    while (at->is_used && !has_expired(at, now)) {
        at->is_used = 0; /* so the second round ends at the latest */
        at = in->slots[advance(in)];
    }
    return take_out_slot(in, at->slot, others);
}

/** What has expired goes although there is room: two are looked at for each that comes. */
static entry *sweep(part *in, apr_time_t now, entry *others)
{
    int i;

    for (i = 0; i < 2 && in->count > 0; i++) {
        apr_uint32_t slot = advance(in);

        if (has_expired(in->slots[slot], now)) {
            others = take_out_slot(in, slot, others);
        }
    }
    return others;
}

static void put_in(part *in, entry *fresh)
{
    entry **place = place_of(in, fresh->digest);

    fresh->next = *place;
    *place = fresh;
    fresh->slot = in->count;
    in->slots[in->count++] = fresh;
    in->bytes += fresh->len;
}

/** @return what is to be freed */
static entry *replace(part *in, entry *fresh, apr_time_t now)
{
    apr_size_t most = (apr_size_t)in->room * CLERK_VERIFIED_TOKEN_BYTES;
    entry **place = place_of(in, fresh->digest);
    entry *gone = NULL;

    if (*place != NULL) {
        gone = take_out(in, place, gone);
    }
    gone = sweep(in, now, gone);
    while (in->count > 0 && (in->count == in->room || in->bytes + fresh->len > most)) {
        gone = make_room(in, now, gone);
    }
    put_in(in, fresh);
    return gone;
}

static void free_entries(entry *gone)
{
    while (gone != NULL) {
        entry *next = gone->next;

        free(gone);
        gone = next;
    }
}

/* ---------------------------------------------------------------- the table */

static part *part_of(clerk_verified_tokens *tokens, const clerk_verified_id *id)
{
    return &tokens->parts[id->digest[CLERK_DIGEST_LENGTH - 1] & (tokens->count - 1)];
}

int clerk_verified_tokens_id(clerk_verified_id *id, clerk_verified_tokens *tokens,
                             const unsigned char identity[CLERK_DIGEST_LENGTH],
                             clerk_slice token)
{
    clerk_slice parts[] = { { (const char *)identity, CLERK_DIGEST_LENGTH },
                            token };

    return clerk_digest(id->digest, tokens->digester, parts, 2);
}

int clerk_verified_tokens_find(clerk_verified *verified, clerk_verified_tokens *tokens,
                               const clerk_verified_id *id, apr_time_t now,
                               apr_pool_t *pool)
{
    part *in = part_of(tokens, id);
    entry *gone = NULL;
    entry **place;
    const char *packed = NULL;

    apr_thread_mutex_lock(in->mutex);
    place = place_of(in, id->digest);
    if (*place != NULL && has_expired(*place, now)) {
        gone = take_out(in, place, NULL);
    }
    else if (*place != NULL) {
        (*place)->is_used = 1;
        packed = apr_pmemdup(pool, (*place)->packed, (*place)->len);
    }
    apr_thread_mutex_unlock(in->mutex);

    free_entries(gone);
    if (packed != NULL) {
        clerk_verified_unpack(verified, packed, pool);
    }
    return packed != NULL;
}

void clerk_verified_tokens_keep(clerk_verified_tokens *tokens,
                                const clerk_verified_id *id,
                                const clerk_verified *verified, apr_time_t until,
                                apr_time_t now, apr_pool_t *pool)
{
    part *in = part_of(tokens, id);
    clerk_slice packed;
    entry *fresh, *gone;

    if (until <= now) {
        return;
    }
    packed = clerk_verified_pack(verified, pool);
    fresh = packed.len > 0 ? malloc(sizeof(*fresh) + packed.len) : NULL;
    if (fresh == NULL) {
        return;
    }
    memcpy(fresh->digest, id->digest, CLERK_DIGEST_LENGTH);
    memcpy(fresh->packed, packed.ptr, packed.len);
    fresh->len = (apr_uint16_t)packed.len;
    fresh->until = until;
    fresh->is_used = 0;

    apr_thread_mutex_lock(in->mutex);
    gone = replace(in, fresh, now);
    apr_thread_mutex_unlock(in->mutex);
    free_entries(gone);
}

void clerk_verified_tokens_drop(clerk_verified_tokens *tokens,
                                const clerk_verified_id *id)
{
    part *in = part_of(tokens, id);
    entry *gone = NULL;
    entry **place;

    apr_thread_mutex_lock(in->mutex);
    place = place_of(in, id->digest);
    if (*place != NULL) {
        gone = take_out(in, place, NULL);
    }
    apr_thread_mutex_unlock(in->mutex);
    free_entries(gone);
}

apr_size_t clerk_verified_tokens_count(clerk_verified_tokens *tokens)
{
    apr_size_t count = 0;
    unsigned i;

    for (i = 0; i < tokens->count; i++) {
        apr_thread_mutex_lock(tokens->parts[i].mutex);
        count += tokens->parts[i].count;
        apr_thread_mutex_unlock(tokens->parts[i].mutex);
    }
    return count;
}
