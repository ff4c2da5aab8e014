/* SPDX-License-Identifier: Apache-2.0 - entries of a shared cache, sealed so that only their owners read and write them */
#ifndef CLERK_SEALED_CACHE_H
#define CLERK_SEALED_CACHE_H

#include "cache.h"

enum { CLERK_SERVER_SECRET_LENGTH = 32, CLERK_SEAL_OVERHEAD = 45 };

/**
 * A cache that others may read and write. Each entry is sealed with AES-256-GCM (NIST SP
 * 800-38D) under a key of its own, which HKDF-SHA256 (RFC 5869) derives from a secret of the
 * instance, the purpose, the instance's identity and the entry's cache key. So servers that
 * have the same secret share entries; who has none of it learns nothing from an entry but its
 * length and times, and cannot make one, alter one, or put one in another's place.
 */
typedef struct clerk_sealed_cache {
    const clerk_cache *cache;
    /** Seals for instances without a secret; the same in all processes of a server. */
    unsigned char server_secret[CLERK_SERVER_SECRET_LENGTH];
} clerk_sealed_cache;

/** The place of one entry: what it is for, whose it is, and which one. */
typedef struct clerk_sealed_entry {
    const char *purpose;            /* static text, another for each kind of entry */
    const clerk_instance *instance; /* its secret key, or its machine's, seals */
    const unsigned char *identity;  /* the instance's key_id or api_id */
    unsigned char key[CLERK_DIGEST_LENGTH];
} clerk_sealed_entry;

/**
 * Name the entry @a id of that purpose and identity; its cache key is a digest of all three.
 *
 * @param identity  of @a instance: key_id for what depends on its key source, else api_id
 * @param id        may be empty or secret
 * @return 0 without memory
 */
int clerk_sealed_entry_name(clerk_sealed_entry *entry, const char *purpose,
                            const clerk_instance *instance,
                            const unsigned char identity[CLERK_DIGEST_LENGTH],
                            clerk_slice id);

/**
 * Look for an entry. What does not open, has expired, or was put in the future is not there.
 * What opens was written by an owner of the secret, maybe by another version of this module:
 * parse and check it like an answer from the network.
 *
 * @param value    owned by @a pool
 * @param expires  when it ceases to be good; never further from @a now than it was from the
 *                 moment of the put
 * @param sealed   may be NULL: nothing is there
 * @return 1 when it is there
 */
int clerk_sealed_cache_get(clerk_slice *value, apr_time_t *expires,
                           const clerk_sealed_cache *sealed,
                           const clerk_sealed_entry *entry, apr_time_t now,
                           apr_pool_t *pool);

/**
 * Leave an entry to others. That it cannot be stored is no failure.
 *
 * @param sealed   may be NULL: nothing is done
 * @param expires  > @a now
 */
void clerk_sealed_cache_put(const clerk_sealed_cache *sealed,
                            const clerk_sealed_entry *entry, clerk_slice value,
                            apr_time_t now, apr_time_t expires, apr_pool_t *pool);

/**
 * When a sealed entry says that it expires, without opening it.
 *
 * @return 0 when the bytes are none of ours
 */
apr_time_t clerk_sealed_cache_expiry(clerk_slice sealed_bytes);

#endif
