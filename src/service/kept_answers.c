/* SPDX-License-Identifier: Apache-2.0 - a bounded table of the Backend API's answers */
#include "kept_answers.h"

#include <stdlib.h>

#include "time_left.h"

typedef struct entry {
    struct entry *next;  /* in its bucket */
    struct entry *newer; /* by the last use */
    struct entry *older;
    unsigned char digest[CLERK_DIGEST_LENGTH];
    apr_time_t from; /* earlier than that the clock was set back */
    apr_time_t until;
    apr_size_t len;
    char body[];
} entry;

struct clerk_kept_answers {
    entry **buckets;
    apr_size_t mask;
    entry *newest;
    entry *oldest;
    apr_size_t entries;
    apr_size_t bytes;
    apr_size_t max_entries;
    apr_size_t max_bytes;
};

static apr_status_t free_all(void *baton)
{
    clerk_kept_answers *answers = baton;
    entry *at = answers->newest;

    while (at != NULL) {
        entry *older = at->older;

        free(at);
        at = older;
    }
    return APR_SUCCESS;
}

clerk_kept_answers *clerk_kept_answers_create(apr_size_t max_entries,
                                                apr_size_t max_bytes, apr_pool_t *pool)
{
    clerk_kept_answers *answers = apr_pcalloc(pool, sizeof(*answers));
    apr_size_t buckets = 1;

    while (buckets < max_entries) {
        buckets *= 2;
    }
    answers->buckets = apr_pcalloc(pool, buckets * sizeof(*answers->buckets));
    answers->mask = buckets - 1;
    answers->max_entries = max_entries;
    answers->max_bytes = max_bytes;
    apr_pool_cleanup_register(pool, answers, free_all, apr_pool_cleanup_null);
    return answers;
}

/** A digest spreads evenly, and its secret part keeps clients from choosing a bucket. */
static entry **place_of(clerk_kept_answers *answers, const unsigned char *digest)
{
    apr_size_t number = 0;
    entry **at;

    memcpy(&number, digest, sizeof(number));
    at = &answers->buckets[number & answers->mask];
    while (*at != NULL && memcmp((*at)->digest, digest, CLERK_DIGEST_LENGTH) != 0) {
        at = &(*at)->next;
    }
    return at;
}

static void unlink_use(clerk_kept_answers *answers, entry *gone)
{
    *(gone->newer ? &gone->newer->older : &answers->newest) = gone->older;
    *(gone->older ? &gone->older->newer : &answers->oldest) = gone->newer;
}

static void link_newest(clerk_kept_answers *answers, entry *used)
{
    used->newer = NULL;
    used->older = answers->newest;
    *(used->older ? &used->older->newer : &answers->oldest) = used;
    answers->newest = used;
}

static void drop(clerk_kept_answers *answers, entry **place)
{
    entry *gone = *place;

    *place = gone->next;
    unlink_use(answers, gone);
    answers->entries--;
    answers->bytes -= gone->len;
    free(gone);
}

int clerk_kept_answers_find(clerk_slice *body, clerk_kept_answers *answers,
                             const unsigned char digest[CLERK_DIGEST_LENGTH],
                             apr_time_t now, apr_pool_t *pool)
{
    entry **place = place_of(answers, digest);
    entry *found = *place;

    if (found == NULL) {
        return 0;
    }
    if (now >= found->until || now < found->from - CLERK_CLOCK_LAG) {
        drop(answers, place);
        return 0;
    }
    unlink_use(answers, found);
    link_newest(answers, found);
    body->ptr = apr_pstrmemdup(pool, found->body, found->len);
    body->len = found->len;
    return 1;
}

void clerk_kept_answers_keep(clerk_kept_answers *answers,
                              const unsigned char digest[CLERK_DIGEST_LENGTH],
                              clerk_slice body, apr_time_t now, apr_time_t until)
{
    entry **place = place_of(answers, digest);
    entry *fresh;

    if (*place != NULL) {
        drop(answers, place);
    }
    if (until <= now || body.len > answers->max_bytes || answers->max_entries == 0
        || (fresh = malloc(sizeof(*fresh) + body.len)) == NULL)
    {
        return;
    }
    while (answers->entries >= answers->max_entries
           || answers->bytes + body.len > answers->max_bytes)
    {
        drop(answers, place_of(answers, answers->oldest->digest));
    }
    memcpy(fresh->digest, digest, CLERK_DIGEST_LENGTH);
    fresh->from = now;
    fresh->until = until;
    fresh->len = body.len;
    if (body.len > 0) {
        memcpy(fresh->body, body.ptr, body.len);
    }
    place = place_of(answers, digest); /* its bucket may have changed meanwhile */
    fresh->next = *place;
    *place = fresh;
    link_newest(answers, fresh);
    answers->entries++;
    answers->bytes += body.len;
}
