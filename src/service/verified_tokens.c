/* SPDX-License-Identifier: Apache-2.0 - a bounded table of the JWTs that this process has verified */
#include "verified_tokens.h"

/* A part for few entries would push some out while others have room. */
enum { MOST_PARTS = 16, LEAST_ENTRIES_OF_A_PART = 64 };

/* On the stack, as what a request takes of its pool stays with the thread. */
enum { USUALLY_PACKED = 2048 };

struct clerk_verified_tokens {
    clerk_fingerprinter *fingerprinter;
    clerk_verified_part *parts[MOST_PARTS];
    unsigned count; /* a power of two */
};

static clerk_fingerprinter *make_fingerprinter(apr_pool_t *pool)
{
    clerk_fingerprinter *made =
        clerk_fingerprinter_create(CLERK_FINGERPRINT_POLY1305, pool);

    return made ? made : clerk_fingerprinter_create(CLERK_FINGERPRINT_SHA256, pool);
}

static unsigned parts_for(apr_size_t entries)
{
    unsigned count = 1;

    while (count < MOST_PARTS && entries / count >= 2 * LEAST_ENTRIES_OF_A_PART) {
        count *= 2;
    }
    return count;
}

apr_status_t clerk_verified_tokens_create(clerk_verified_tokens **tokens,
                                          apr_size_t entries, apr_pool_t *pool)
{
    clerk_verified_tokens *made = apr_pcalloc(pool, sizeof(*made));
    clerk_readers *readers = clerk_readers_create(pool);
    apr_status_t status = APR_SUCCESS;
    unsigned i;

    made->fingerprinter = make_fingerprinter(pool);
    if (made->fingerprinter == NULL) {
        return APR_ENOTIMPL;
    }
    made->count = parts_for(entries);
    for (i = 0; i < made->count && status == APR_SUCCESS; i++) {
        status = clerk_verified_part_create(
            &made->parts[i], readers, (entries + made->count - 1) / made->count, pool);
    }
    if (status == APR_SUCCESS) {
        *tokens = made;
    }
    return status;
}

static clerk_verified_part *part_of(const clerk_verified_tokens *tokens,
                                    const clerk_verified_id *id)
{
    /* by other bits than those that choose a bucket */
    return tokens->parts[clerk_fingerprint_number(id->print) >> 60 & (tokens->count - 1)];
}

int clerk_verified_tokens_id(clerk_verified_id *id, clerk_verified_tokens *tokens,
                             const unsigned char identity[CLERK_DIGEST_LENGTH],
                             clerk_slice token)
{
    clerk_slice parts[] = { { (const char *)identity, CLERK_DIGEST_LENGTH }, token };

    return clerk_fingerprint(id->print, tokens->fingerprinter, parts, 2);
}

int clerk_verified_tokens_find(clerk_verified *verified, clerk_verified_term *term,
                               clerk_verified_tokens *tokens, const clerk_verified_id *id,
                               apr_time_t now, apr_pool_t *pool)
{
    const char *packed =
        clerk_verified_part_find(term, part_of(tokens, id), id->print, now, pool);

    if (packed != NULL) {
        clerk_verified_unpack(verified, packed, pool);
    }
    return packed != NULL;
}

void clerk_verified_tokens_keep(clerk_verified_tokens *tokens, const clerk_verified_id *id,
                                const clerk_verified *verified,
                                const clerk_verified_term *term, apr_time_t now,
                                apr_pool_t *pool)
{
    _Alignas(8) char room[USUALLY_PACKED];
    clerk_slice packed = { "", 0 };

    if (term->until > now) {
        packed = clerk_verified_pack(verified, room, sizeof(room), pool);
    }
    if (packed.len > 0) {
        clerk_verified_part_keep(part_of(tokens, id), id->print, packed, term, now);
    }
}

void clerk_verified_tokens_confirm(clerk_verified_tokens *tokens,
                                   const clerk_verified_id *id, apr_uint64_t edition)
{
    clerk_verified_part_confirm(part_of(tokens, id), id->print, edition);
}

void clerk_verified_tokens_drop(clerk_verified_tokens *tokens, const clerk_verified_id *id)
{
    clerk_verified_part_drop(part_of(tokens, id), id->print);
}

apr_size_t clerk_verified_tokens_count(const clerk_verified_tokens *tokens)
{
    apr_size_t count = 0;
    unsigned i;

    for (i = 0; i < tokens->count; i++) {
        count += clerk_verified_part_count(tokens->parts[i]);
    }
    return count;
}
