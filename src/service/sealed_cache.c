/* SPDX-License-Identifier: Apache-2.0 - entries of a shared cache, sealed so that only their owners read and write them */
#include "sealed_cache.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

/*
 * A sealed entry: format, moments of the put and of the expiry (microseconds, big-endian),
 * nonce, ciphertext, tag. The part before the nonce is authenticated as it stands.
 */
enum {
    FORMAT = 1, /* the version of all this */
    PUT_AT = 1,
    EXPIRES_AT = 9,
    NONCE_AT = 17,
    TEXT_AT = 29,
    NONCE_LENGTH = 12,
    TAG_LENGTH = 16,
    SEAL_KEY_LENGTH = 32
};

/* Clocks of servers that share a cache differ a little. */
static const apr_interval_time_t CLOCK_TOLERANCE = APR_USEC_PER_SEC;

static const char LABEL[] = "mod_clerk_auth cache entry";

/* ---------------------------------------------------------------- names and keys */

int clerk_sealed_entry_name(clerk_sealed_entry *entry, const char *purpose,
                            const clerk_instance *instance,
                            const unsigned char identity[CLERK_DIGEST_LENGTH],
                            clerk_slice id)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1
               && EVP_DigestUpdate(context, purpose, strlen(purpose) + 1) == 1
               && EVP_DigestUpdate(context, identity, CLERK_DIGEST_LENGTH) == 1
               && EVP_DigestUpdate(context, id.ptr, id.len) == 1
               && EVP_DigestFinal_ex(context, entry->key, NULL) == 1;

    EVP_MD_CTX_free(context);
    entry->purpose = purpose;
    entry->instance = instance;
    entry->identity = identity;
    return done;
}

static clerk_slice secret_of(const clerk_sealed_cache *sealed,
                             const clerk_instance *instance)
{
    clerk_slice server = { (const char *)sealed->server_secret,
                           CLERK_SERVER_SECRET_LENGTH };

    if (instance->secret_key != NULL) {
        return clerk_slice_of(instance->secret_key);
    }
    return instance->machine_secret_key != NULL
               ? clerk_slice_of(instance->machine_secret_key)
               : server;
}

/**
 * Label and purpose end with a NUL and the rest is of fixed length, so that no two lists of
 * parts read alike. A key for each entry keeps random nonces apart however many there are.
 */
static clerk_slice context_of(const clerk_sealed_entry *entry, apr_pool_t *pool)
{
    apr_size_t purpose_len = strlen(entry->purpose) + 1;
    clerk_slice context = { NULL, sizeof(LABEL) + purpose_len + 2 * CLERK_DIGEST_LENGTH };
    char *at = apr_palloc(pool, context.len);

    context.ptr = at;
    memcpy(at, LABEL, sizeof(LABEL));
    memcpy(at + sizeof(LABEL), entry->purpose, purpose_len);
    at += sizeof(LABEL) + purpose_len;
    memcpy(at, entry->identity, CLERK_DIGEST_LENGTH);
    memcpy(at + CLERK_DIGEST_LENGTH, entry->key, CLERK_DIGEST_LENGTH);
    return context;
}

static int derive_key(unsigned char key[SEAL_KEY_LENGTH], clerk_slice secret,
                      clerk_slice context)
{
    static char SHA256[] = "SHA256";
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
    EVP_KDF_CTX *kdf = EVP_KDF_CTX_new(hkdf);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, SHA256, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
                                          (void *)(apr_uintptr_t)secret.ptr, secret.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
                                          (void *)(apr_uintptr_t)context.ptr,
                                          context.len),
        OSSL_PARAM_construct_end(),
    };
    int done = kdf != NULL && EVP_KDF_derive(kdf, key, SEAL_KEY_LENGTH, parameters) == 1;

    EVP_KDF_CTX_free(kdf);
    EVP_KDF_free(hkdf);
    return done;
}

/* ---------------------------------------------------------------- one entry's bytes */

static void write_time(unsigned char *bytes, apr_time_t time)
{
    apr_uint64_t value = (apr_uint64_t)time;
    int i;

    for (i = 7; i >= 0; i--) {
        bytes[i] = (unsigned char)value;
        value >>= 8;
    }
}

/** A time that no clock can show, such as one beyond the sign bit, is read as 0. */
static apr_time_t read_time(const unsigned char *bytes)
{
    apr_uint64_t value = 0;
    int i;

    for (i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value >> 62 ? 0 : (apr_time_t)value;
}

static int begin(EVP_CIPHER_CTX *gcm, int encrypt, const unsigned char *head,
                 const clerk_sealed_cache *sealed, const clerk_sealed_entry *entry,
                 apr_pool_t *pool)
{
    clerk_slice context = context_of(entry, pool);
    unsigned char key[SEAL_KEY_LENGTH];
    int len;
    int done = derive_key(key, secret_of(sealed, entry->instance), context)
               && EVP_CipherInit_ex(gcm, EVP_aes_256_gcm(), NULL, key, head + NONCE_AT,
                                    encrypt)
                      == 1
               && EVP_CipherUpdate(gcm, NULL, &len, (const unsigned char *)context.ptr,
                                   (int)context.len)
                      == 1
               && EVP_CipherUpdate(gcm, NULL, &len, head, NONCE_AT) == 1;

    OPENSSL_cleanse(key, sizeof(key));
    return done;
}

static int seal(unsigned char *bytes, clerk_slice value, const clerk_sealed_cache *sealed,
                const clerk_sealed_entry *entry, apr_pool_t *pool)
{
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    int len;
    int done =
        gcm != NULL && RAND_bytes(bytes + NONCE_AT, NONCE_LENGTH) == 1
        && begin(gcm, 1, bytes, sealed, entry, pool)
        && EVP_CipherUpdate(gcm, bytes + TEXT_AT, &len, (const unsigned char *)value.ptr,
                            (int)value.len)
               == 1
        && EVP_CipherFinal_ex(gcm, bytes + TEXT_AT + value.len, &len) == 1
        && EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, TAG_LENGTH,
                               bytes + TEXT_AT + value.len)
               == 1;

    EVP_CIPHER_CTX_free(gcm);
    return done;
}

/** @param value  filled with the bytes before the tag is checked: only for who returns 1 */
static int open_seal(unsigned char *value, clerk_slice found,
                     const clerk_sealed_cache *sealed, const clerk_sealed_entry *entry,
                     apr_pool_t *pool)
{
    const unsigned char *bytes = (const unsigned char *)found.ptr;
    apr_size_t text_len = found.len - CLERK_SEAL_OVERHEAD;
    unsigned char tag[TAG_LENGTH];
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    int len;
    int done;

    memcpy(tag, bytes + TEXT_AT + text_len, TAG_LENGTH);
    done = gcm != NULL && begin(gcm, 0, bytes, sealed, entry, pool)
           && EVP_CipherUpdate(gcm, value, &len, bytes + TEXT_AT, (int)text_len) == 1
           && EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, TAG_LENGTH, tag) == 1
           && EVP_CipherFinal_ex(gcm, value + text_len, &len) == 1;
    EVP_CIPHER_CTX_free(gcm);
    return done;
}

/* ---------------------------------------------------------------- the cache */

static int is_ours(clerk_slice found)
{
    return found.len >= CLERK_SEAL_OVERHEAD && found.len < APR_INT32_MAX
           && found.ptr[0] == FORMAT;
}

apr_time_t clerk_sealed_cache_expiry(clerk_slice sealed_bytes)
{
    return is_ours(sealed_bytes)
               ? read_time((const unsigned char *)sealed_bytes.ptr + EXPIRES_AT)
               : 0;
}

int clerk_sealed_cache_get(clerk_slice *value, apr_time_t *expires,
                           const clerk_sealed_cache *sealed,
                           const clerk_sealed_entry *entry, apr_time_t now,
                           apr_pool_t *pool)
{
    apr_time_t put_at;
    apr_time_t until;
    clerk_slice found;
    unsigned char *opened;

    if (sealed == NULL
        || sealed->cache->get(sealed->cache->baton, entry->key, &found, pool)
               != APR_SUCCESS
        || !is_ours(found))
    {
        return 0;
    }
    put_at = read_time((const unsigned char *)found.ptr + PUT_AT);
    until = read_time((const unsigned char *)found.ptr + EXPIRES_AT);
    if (until <= now || until <= put_at || put_at > now + CLOCK_TOLERANCE) {
        return 0;
    }
    opened = apr_palloc(pool, found.len);
    if (!open_seal(opened, found, sealed, entry, pool)) {
        return 0;
    }
    value->ptr = (const char *)opened;
    value->len = found.len - CLERK_SEAL_OVERHEAD;
    *expires = until - put_at < until - now ? now + (until - put_at) : until;
    return 1;
}

void clerk_sealed_cache_put(const clerk_sealed_cache *sealed,
                            const clerk_sealed_entry *entry, clerk_slice value,
                            apr_time_t now, apr_time_t expires, apr_pool_t *pool)
{
    clerk_slice made = { NULL, value.len + CLERK_SEAL_OVERHEAD };
    unsigned char *bytes;

    if (sealed == NULL || now < 0 || expires <= now || made.len >= APR_INT32_MAX) {
        return;
    }
    bytes = apr_palloc(pool, made.len);
    bytes[0] = FORMAT;
    write_time(bytes + PUT_AT, now);
    write_time(bytes + EXPIRES_AT, expires);
    if (seal(bytes, value, sealed, entry, pool)) {
        made.ptr = (const char *)bytes;
        sealed->cache->put(sealed->cache->baton, entry->key, made, expires, pool);
    }
}
