/* SPDX-License-Identifier: Apache-2.0 - a bounded part of the table of verified JWTs */
#include "verified_part.h"

#include <stdlib.h>

#include <apr_thread_mutex.h>

typedef struct entry entry;

struct entry {
    _Atomic(entry *) next; /* in its bucket */
    entry *unlinked;       /* before it; only once it is unlinked itself */
    apr_time_t until;
    _Atomic(apr_uint64_t) edition;
    apr_uint32_t slot;
    apr_uint16_t len;
    _Atomic(unsigned char) is_used; /* since the hand passed */
    unsigned char print[CLERK_FINGERPRINT_LENGTH];
    _Alignas(8) char packed[];
};

/** Entries that no reader finds any more, but that some may still be looking at. */
typedef struct limbo {
    entry *youngest; /* unlinked since the last stamp */
    entry *stamped;
    uint64_t stamp;
} limbo;

/** Entries are found by bucket and go by slot, in the order in which the hand meets them. */
struct clerk_verified_part {
    clerk_readers *readers;
    _Atomic(entry *) *buckets;
    apr_size_t mask;

    apr_thread_mutex_t *mutex; /* guards what follows, and every change of what precedes */
    entry **slots;
    apr_uint32_t room;
    apr_uint32_t count;
    apr_uint32_t hand;
    apr_size_t bytes;
    limbo limbo;
};

/* ---------------------------------------------------------------- life */

static void free_entries(entry *gone)
{
    while (gone != NULL) {
        entry *before = gone->unlinked;

        free(gone);
        gone = before;
    }
}

static apr_status_t free_part(void *baton)
{
    clerk_verified_part *part = baton;
    apr_uint32_t i;

    for (i = 0; part->slots != NULL && i < part->count; i++) {
        free(part->slots[i]);
    }
    free_entries(part->limbo.youngest);
    free_entries(part->limbo.stamped);
    free(part->slots);
    free(part->buckets);
    return APR_SUCCESS;
}

apr_status_t clerk_verified_part_create(clerk_verified_part **part,
                                        clerk_readers *readers, apr_size_t room,
                                        apr_pool_t *pool)
{
    clerk_verified_part *made = apr_pcalloc(pool, sizeof(*made));
    apr_size_t buckets = 1;
    apr_status_t status;

    while (buckets < room) {
        buckets *= 2;
    }
    made->readers = readers;
    made->room = (apr_uint32_t)room;
    made->mask = buckets - 1;
    /* by calloc: what is never used of a large table costs no memory */
    made->buckets = calloc(buckets, sizeof(*made->buckets));
    made->slots = calloc(room, sizeof(*made->slots));
    apr_pool_cleanup_register(pool, made, free_part, apr_pool_cleanup_null);
    if (made->buckets == NULL || made->slots == NULL) {
        return APR_ENOMEM;
    }
    status = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status == APR_SUCCESS) {
        *part = made;
    }
    return status;
}

/* ---------------------------------------------------------------- reading */

static int has_expired(const entry *at, apr_time_t now)
{
    return now >= at->until;
}

static _Atomic(entry *) *bucket_of(const clerk_verified_part *part,
                                   const unsigned char *print)
{
    return &part->buckets[clerk_fingerprint_number(print) & part->mask];
}

static int is_of(const entry *at, const unsigned char *print)
{
    return memcmp(at->print, print, CLERK_FINGERPRINT_LENGTH) == 0;
}

/** Each pointer is read once: a moment later it may lead elsewhere. */
static entry *look_for(const clerk_verified_part *part, const unsigned char *print)
{
    entry *at = atomic_load(bucket_of(part, print));

    while (at != NULL && !is_of(at, print)) {
        at = atomic_load(&at->next);
    }
    return at;
}

/* Written to only once, so that many readers of one entry share its memory. */
static void note_use(entry *at)
{
    if (!atomic_load_explicit(&at->is_used, memory_order_relaxed)) {
        atomic_store_explicit(&at->is_used, 1, memory_order_relaxed);
    }
}

const char *clerk_verified_part_find(clerk_verified_term *term, clerk_verified_part *part,
                                     const unsigned char print[CLERK_FINGERPRINT_LENGTH],
                                     apr_time_t now, apr_pool_t *pool)
{
    clerk_reading *reading = clerk_readers_enter(part->readers);
    entry *at = look_for(part, print);
    const char *packed = NULL;

    if (at != NULL && !has_expired(at, now)) {
        note_use(at);
        term->until = at->until;
        term->edition = atomic_load_explicit(&at->edition, memory_order_relaxed);
        packed = apr_pmemdup(pool, at->packed, at->len);
    }
    clerk_readers_leave(reading);
    return packed;
}

void clerk_verified_part_confirm(clerk_verified_part *part,
                                 const unsigned char print[CLERK_FINGERPRINT_LENGTH],
                                 apr_uint64_t edition)
{
    clerk_reading *reading = clerk_readers_enter(part->readers);
    entry *at = look_for(part, print);

    if (at != NULL) {
        atomic_store_explicit(&at->edition, edition, memory_order_relaxed);
    }
    clerk_readers_leave(reading);
}

/* ---------------------------------------------------------------- changing, with the lock held */

/** The pointer to the entry, or the one at the end of its bucket. */
static _Atomic(entry *) *place_of(const clerk_verified_part *part, const unsigned char *print)
{
    _Atomic(entry *) *place = bucket_of(part, print);
    entry *at;

    while ((at = atomic_load(place)) != NULL && !is_of(at, print)) {
        place = &at->next;
    }
    return place;
}

/* Its `next` stays as it is: somebody may be on the way from there. */
static void unlink_entry(clerk_verified_part *part, _Atomic(entry *) *place)
{
    entry *gone = atomic_load(place);
    entry *last = part->slots[--part->count];

    last->slot = gone->slot;
    part->slots[gone->slot] = last;
    part->bytes -= gone->len;
    atomic_store(place, atomic_load(&gone->next));
    gone->unlinked = part->limbo.youngest;
    part->limbo.youngest = gone;
}

/** The entry of that fingerprint, where there is one. */
static void unlink_print(clerk_verified_part *part, const unsigned char *print)
{
    _Atomic(entry *) *place = place_of(part, print);

    if (atomic_load(place) != NULL) {
        unlink_entry(part, place);
    }
}

/** As soon as may be, so that what comes next fits there. @return what is to be freed, unlocked */
static entry *take_from_limbo(clerk_verified_part *part)
{
    limbo *in = &part->limbo;
    entry *free_now = NULL;

    if (in->stamped == NULL || clerk_readers_have_left(part->readers, in->stamp)) {
        free_now = in->stamped;
        in->stamped = in->youngest;
        in->stamp = clerk_readers_stamp(part->readers);
        in->youngest = NULL;
    }
    return free_now;
}

static apr_uint32_t advance(clerk_verified_part *part)
{
    part->hand = part->hand + 1 < part->count ? part->hand + 1 : 0;
    return part->hand;
}

/** Take out one that has expired, or was not used since the hand was there. */
static void make_room(clerk_verified_part *part, apr_time_t now)
{
    entry *at = part->slots[advance(part)];
    apr_uint32_t left = part->count; /* of the first round: others set the marks meanwhile */

    while (left > 0 && !has_expired(at, now)
           && atomic_exchange_explicit(&at->is_used, 0, memory_order_relaxed)) {
        at = part->slots[advance(part)];
        left--;
    }
    unlink_print(part, at->print);
}

/** What has expired goes although there is room: two are looked at for each that comes. */
static void sweep(clerk_verified_part *part, apr_time_t now)
{
    int i;

    for (i = 0; i < 2 && part->count > 0; i++) {
        const entry *at = part->slots[advance(part)];

        if (has_expired(at, now)) {
            unlink_print(part, at->print);
        }
    }
}

static void link_entry(clerk_verified_part *part, entry *fresh)
{
    _Atomic(entry *) *place = place_of(part, fresh->print);

    atomic_init(&fresh->next, NULL);
    fresh->slot = part->count;
    part->slots[part->count++] = fresh;
    part->bytes += fresh->len;
    atomic_store(place, fresh);
}

static void replace(clerk_verified_part *part, entry *fresh, apr_time_t now)
{
    apr_size_t most = (apr_size_t)part->room * CLERK_VERIFIED_ENTRY_BYTES;

    unlink_print(part, fresh->print);
    sweep(part, now);
    while (part->count > 0
           && (part->count == part->room || part->bytes + fresh->len > most)) {
        make_room(part, now);
    }
    link_entry(part, fresh);
}

/* ---------------------------------------------------------------- changing */

static entry *make_entry(const unsigned char *print, clerk_slice packed,
                         const clerk_verified_term *term)
{
    entry *made = malloc(sizeof(*made) + packed.len);

    if (made != NULL) {
        memcpy(made->print, print, CLERK_FINGERPRINT_LENGTH);
        memcpy(made->packed, packed.ptr, packed.len);
        made->len = (apr_uint16_t)packed.len;
        made->until = term->until;
        atomic_init(&made->edition, term->edition);
        atomic_init(&made->is_used, 0);
    }
    return made;
}

void clerk_verified_part_keep(clerk_verified_part *part,
                              const unsigned char print[CLERK_FINGERPRINT_LENGTH],
                              clerk_slice packed, const clerk_verified_term *term,
                              apr_time_t now)
{
    entry *fresh = make_entry(print, packed, term);
    entry *gone;

    if (fresh == NULL) {
        return;
    }
    apr_thread_mutex_lock(part->mutex);
    replace(part, fresh, now);
    gone = take_from_limbo(part);
    apr_thread_mutex_unlock(part->mutex);
    free_entries(gone);
}

void clerk_verified_part_drop(clerk_verified_part *part,
                              const unsigned char print[CLERK_FINGERPRINT_LENGTH])
{
    entry *gone;

    apr_thread_mutex_lock(part->mutex);
    unlink_print(part, print);
    gone = take_from_limbo(part);
    apr_thread_mutex_unlock(part->mutex);
    free_entries(gone);
}

apr_size_t clerk_verified_part_count(clerk_verified_part *part)
{
    apr_size_t count;

    apr_thread_mutex_lock(part->mutex);
    count = part->count;
    apr_thread_mutex_unlock(part->mutex);
    return count;
}
