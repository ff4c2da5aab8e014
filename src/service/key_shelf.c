/* SPDX-License-Identifier: Apache-2.0 - key sets in memory that the processes of one server share */
#include "key_shelf.h"

#include <string.h>

#include <openssl/evp.h>

enum {
    WORD = sizeof(uint64_t),
    DIGEST_WORDS = CLERK_DIGEST_LENGTH / WORD,
    BODY_WORDS = CLERK_KEY_SHELF_MAX_BYTES / WORD
};

/**
 * Readers and a writer meet here without a lock, so all is atomic, and the digest says
 * whether what was read is one whole. It is no protection against ill will: who can write
 * here is a process of this server.
 */
typedef struct place {
    clerk_shared_head head;
    _Atomic(int64_t) fetched_at;
    _Atomic(uint64_t) length;
    _Atomic(uint64_t) digest[DIGEST_WORDS];
    _Atomic(uint64_t) body[BODY_WORDS];
} place;

apr_status_t clerk_key_shelf_create(clerk_key_shelf **shelf, apr_interval_time_t keep,
                                    apr_pool_t *pool)
{
    clerk_shared_table *table;
    apr_status_t status = clerk_shared_table_create(&table, CLERK_KEY_SHELF_PLACES,
                                                    sizeof(place), keep, pool);

    if (status == APR_SUCCESS) {
        *shelf = (clerk_key_shelf *)table;
    }
    return status;
}

/** Over the owner too: a place may be given to another source while it is read. */
static int make_digest(unsigned char digest[CLERK_DIGEST_LENGTH],
                       const unsigned char id[CLERK_DIGEST_LENGTH], apr_time_t fetched_at,
                       clerk_slice json)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int made = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1
               && EVP_DigestUpdate(context, id, CLERK_DIGEST_LENGTH) == 1
               && EVP_DigestUpdate(context, &fetched_at, sizeof(fetched_at)) == 1
               && EVP_DigestUpdate(context, json.ptr, json.len) == 1
               && EVP_DigestFinal_ex(context, digest, NULL) == 1;

    EVP_MD_CTX_free(context);
    return made;
}

static void write_words(_Atomic(uint64_t) *words, const void *bytes, apr_size_t len)
{
    const char *at = bytes;
    uint64_t word;

    for (; len > 0; at += WORD, len -= len < WORD ? len : WORD) {
        word = 0;
        memcpy(&word, at, len < WORD ? len : WORD);
        atomic_store_explicit(words++, word, memory_order_relaxed);
    }
}

static void read_words(void *bytes, _Atomic(uint64_t) *words, apr_size_t len)
{
    char *at = bytes;
    uint64_t word;

    for (; len > 0; at += WORD, len -= len < WORD ? len : WORD) {
        word = atomic_load_explicit(words++, memory_order_relaxed);
        memcpy(at, &word, len < WORD ? len : WORD);
    }
}

int clerk_key_shelf_put(clerk_key_shelf *shelf, const unsigned char id[CLERK_DIGEST_LENGTH],
                        clerk_slice json, apr_time_t fetched_at, apr_time_t now)
{
    unsigned char digest[CLERK_DIGEST_LENGTH];
    place *at;

    if (shelf == NULL || json.len > CLERK_KEY_SHELF_MAX_BYTES
        || !make_digest(digest, id, fetched_at, json))
    {
        return 0;
    }
    at = clerk_shared_table_claim((clerk_shared_table *)shelf, id, now);
    if (at == NULL) {
        return 0;
    }
    write_words(at->digest, digest, sizeof(digest));
    atomic_store_explicit(&at->fetched_at, fetched_at, memory_order_relaxed);
    atomic_store_explicit(&at->length, json.len, memory_order_relaxed);
    write_words(at->body, json.ptr, json.len);
    return 1;
}

int clerk_key_shelf_get(clerk_slice *json, apr_time_t *fetched_at, clerk_key_shelf *shelf,
                        const unsigned char id[CLERK_DIGEST_LENGTH], apr_time_t now,
                        apr_pool_t *pool)
{
    unsigned char want[CLERK_DIGEST_LENGTH];
    unsigned char have[CLERK_DIGEST_LENGTH];
    clerk_slice found;
    apr_time_t date;
    place *at;
    char *copy;

    if (shelf == NULL
        || clerk_shared_table_find((clerk_shared_table *)shelf, id) == NULL)
    {
        return 0;
    }
    at = clerk_shared_table_claim((clerk_shared_table *)shelf, id, now);
    if (at == NULL) {
        return 0;
    }
    found.len = (apr_size_t)atomic_load_explicit(&at->length, memory_order_relaxed);
    if (found.len == 0 || found.len > CLERK_KEY_SHELF_MAX_BYTES) {
        return 0;
    }
    copy = apr_palloc(pool, found.len);
    found.ptr = copy;
    date = atomic_load_explicit(&at->fetched_at, memory_order_relaxed);
    read_words(want, at->digest, sizeof(want));
    read_words(copy, at->body, found.len);
    if (!make_digest(have, id, date, found) || memcmp(want, have, sizeof(have)) != 0) {
        return 0;
    }
    *json = found;
    *fetched_at = date;
    return 1;
}
