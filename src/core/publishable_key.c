/* SPDX-License-Identifier: Apache-2.0 - what a publishable key says */
#include "publishable_key.h"

#include <openssl/evp.h>

#include "base64url.h"
#include "url.h"

static clerk_status take_type(clerk_instance_type *type, clerk_slice *rest,
                              clerk_error *error)
{
    enum { PREFIX_LENGTH = 8 };

    if (clerk_slice_starts_with(*rest, "pk_live_")) {
        *type = CLERK_PRODUCTION;
    }
    else if (clerk_slice_starts_with(*rest, "pk_test_")) {
        *type = CLERK_DEVELOPMENT;
    }
    else {
        return clerk_fail(error, CLERK_E_UNEXPECTED,
                          "a publishable key begins with pk_test_ or pk_live_");
    }
    rest->ptr += PREFIX_LENGTH;
    rest->len -= PREFIX_LENGTH;
    return CLERK_OK;
}

static clerk_status host_parse(const char **host, clerk_slice encoded, apr_pool_t *pool,
                               clerk_error *error)
{
    clerk_slice decoded, rest;

    if (encoded.len == 0 || !clerk_base64_decode_forgiving(&decoded, encoded, pool)) {
        return clerk_fail(error, CLERK_E_UNEXPECTED,
                          "the publishable key is not base64 after its prefix");
    }
    rest = decoded;
    if (!clerk_slice_cut(&decoded, &rest, '$') || rest.len > 0) {
        return clerk_fail(error, CLERK_E_UNEXPECTED,
                          "the publishable key does not hold one host name and one $");
    }
    if (!clerk_url_is_host(decoded) || !memchr(decoded.ptr, '.', decoded.len)) {
        return clerk_fail(error, CLERK_E_UNEXPECTED,
                          "the publishable key holds no DNS name");
    }
    *host = clerk_slice_copy(decoded, pool);
    return CLERK_OK;
}

/* Base64url of the first bytes of SHA-1 over the key as written, padding included. */
static clerk_status suffix_make(char *suffix, const char *text, clerk_error *error)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char encoded[2 * EVP_MAX_MD_SIZE];
    unsigned digest_len;
    int i;

    if (EVP_Digest(text, strlen(text), digest, &digest_len, EVP_sha1(), NULL) != 1) {
        return clerk_fail(error, CLERK_E_UNEXPECTED,
                          "OpenSSL offers no SHA-1, which cookie names are made with");
    }
    EVP_EncodeBlock(encoded, digest, (int)digest_len);
    for (i = 0; i < CLERK_COOKIE_SUFFIX_LENGTH; i++) {
        char c = (char)encoded[i];

        suffix[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    suffix[i] = '\0';
    return CLERK_OK;
}

clerk_status clerk_publishable_key_parse(clerk_publishable_key *key, const char *text,
                                         apr_pool_t *pool, clerk_error *error)
{
    clerk_publishable_key parsed;
    clerk_slice rest = clerk_slice_of(text);
    clerk_status status;

    memset(&parsed, 0, sizeof(parsed));
    if ((status = take_type(&parsed.type, &rest, error)) != CLERK_OK
        || (status = host_parse(&parsed.frontend_api, rest, pool, error)) != CLERK_OK
        || (status = suffix_make(parsed.cookie_suffix, text, error)) != CLERK_OK)
    {
        return status;
    }
    parsed.text = apr_pstrdup(pool, text);
    *key = parsed;
    return CLERK_OK;
}
