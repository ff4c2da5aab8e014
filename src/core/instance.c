/* SPDX-License-Identifier: Apache-2.0 - a Clerk instance and what its settings imply */
#include "instance.h"

#include <openssl/x509.h>

#include <apr_escape.h>
#include <apr_tables.h>

#include "url.h"

#define DEFAULT_API_URL "https://api.clerk.com"

static const char *without_trailing_slashes(const char *url, apr_pool_t *pool)
{
    apr_size_t len = strlen(url);

    while (len > 1 && url[len - 1] == '/') {
        len--;
    }
    return apr_pstrmemdup(pool, url, len);
}

/* The host of the key is not that of a production satellite, which has its own. */
static int has_own_domain(const clerk_instance *instance)
{
    return instance->type == CLERK_PRODUCTION && instance->is_satellite
           && instance->domain != NULL;
}

static clerk_status settings_check(const clerk_instance *instance, clerk_error *error)
{
    if (instance->is_satellite && !instance->proxy_url && !instance->domain) {
        return clerk_fail(error, CLERK_E_UNEXPECTED,
                          "a satellite needs a domain or a proxy URL");
    }
    if (instance->domain && !clerk_url_is_host(clerk_slice_of(instance->domain))) {
        return clerk_fail(error, CLERK_E_UNEXPECTED, "the domain is no host name");
    }
    return CLERK_OK;
}

/* ---------------------------------------------------------------- hosts and issuers */

static void complete_hosts(clerk_instance *instance, apr_pool_t *pool)
{
    const char *key_host = instance->publishable_key->frontend_api;

    instance->frontend_api = has_own_domain(instance)
                                 ? apr_pstrcat(pool, "clerk.", instance->domain, NULL)
                                 : key_host;
    instance->frontend_api_url =
        instance->proxy_url
            ? instance->proxy_url
            : apr_pstrcat(pool, "https://", instance->frontend_api, NULL);
    instance->account_portal = clerk_account_portal(key_host, pool);
}

static const char *const *issuers_make(const clerk_instance *instance, apr_pool_t *pool)
{
    apr_array_header_t *issuers = apr_array_make(pool, 4, sizeof(char *));

    if (instance->publishable_key) {
        APR_ARRAY_PUSH(issuers, const char *) = apr_pstrcat(
            pool, "https://", instance->publishable_key->frontend_api, NULL);
        if (has_own_domain(instance)) {
            APR_ARRAY_PUSH(issuers, const char *) =
                apr_pstrcat(pool, "https://", instance->frontend_api, NULL);
        }
        if (instance->proxy_url && *instance->proxy_url != '/') {
            APR_ARRAY_PUSH(issuers, const char *) = instance->proxy_url;
        }
    }
    APR_ARRAY_PUSH(issuers, const char *) = NULL;
    return (const char *const *)issuers->elts;
}

const char *clerk_account_portal(const char *frontend_api, apr_pool_t *pool)
{
    static const char staging[] = "clerk.accountsstage.";
    const char *rest, *at;

    if (*frontend_api == '\0') {
        return "";
    }
    at = strstr(frontend_api, staging);
    if (at) {
        frontend_api = apr_pstrcat(
            pool, apr_pstrmemdup(pool, frontend_api, (apr_size_t)(at - frontend_api)),
            at + strlen("clerk."), NULL);
    }
    at = strstr(frontend_api, "clerk.");
    if (!at) {
        return apr_pstrcat(pool, "https://", frontend_api, NULL);
    }
    rest = at + strlen("clerk.");
    if (strncmp(rest, "accounts.", strlen("accounts.")) == 0) {
        rest += strlen("accounts.");
    }
    return apr_pstrcat(
        pool, "https://",
        apr_pstrmemdup(pool, frontend_api, (apr_size_t)(at - frontend_api)),
        "accounts.", rest, NULL);
}

/* ---------------------------------------------------------------- keys */

static int is_of_backend_api(const char *url, const char *api_url)
{
    clerk_url a, b;

    return clerk_url_parse(&a, clerk_slice_of(url))
           && clerk_url_parse(&b, clerk_slice_of(api_url))
           && clerk_url_same_origin(&a, &b);
}

static void complete_key_source(clerk_instance *instance, apr_pool_t *pool)
{
    instance->key_url = NULL;
    instance->key_bearer = NULL;
    if (instance->jwks_url) {
        instance->key_url = instance->jwks_url;
        if (is_of_backend_api(instance->jwks_url, instance->api_url)) {
            instance->key_bearer = instance->secret_key;
        }
    }
    else if (instance->secret_key) {
        instance->key_url = apr_pstrcat(pool, instance->api_url, "/v1/jwks", NULL);
        instance->key_bearer = instance->secret_key;
    }
    else if (instance->frontend_api) {
        instance->key_url = apr_pstrcat(pool, "https://", instance->frontend_api,
                                        "/.well-known/jwks.json", NULL);
    }
}

static int digest(unsigned char *out, const void *bytes, apr_size_t len)
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1;
}

/* "" without a local key. */
static clerk_status local_key_print(const char **print, const clerk_key *key,
                                    apr_pool_t *pool, clerk_error *error)
{
    unsigned char value[CLERK_DIGEST_LENGTH];
    unsigned char *der = NULL;
    int len, is_digested;

    *print = "";
    if (!key) {
        return CLERK_OK;
    }
    len = i2d_PUBKEY(key->pkey, &der);
    is_digested = len > 0 && digest(value, der, (apr_size_t)len);
    OPENSSL_free(der);
    if (!is_digested) {
        return clerk_fail(error, CLERK_E_UNEXPECTED, "OpenSSL could not digest a key");
    }
    *print = apr_pescape_hex(pool, value, sizeof(value), 0);
    return CLERK_OK;
}

static clerk_status complete_key_id(clerk_instance *instance, apr_pool_t *pool,
                                    clerk_error *error)
{
    const char *url = instance->key_url ? instance->key_url : "";
    const char *bearer = instance->key_bearer ? instance->key_bearer : "";
    const char *local, *all;
    clerk_status status = local_key_print(&local, instance->jwt_key, pool, error);

    if (status != CLERK_OK) {
        return status;
    }
    /* Lengths go along, so that no two lists of parts read alike. */
    all = apr_psprintf(pool,
                       "clerk key source\n%" APR_SIZE_T_FMT ":%s%" APR_SIZE_T_FMT
                       ":%s%" APR_SIZE_T_FMT ":%s",
                       strlen(local), local, strlen(url), url, strlen(bearer), bearer);
    if (!digest(instance->key_id, all, strlen(all))) {
        return clerk_fail(error, CLERK_E_UNEXPECTED, "OpenSSL offers no SHA-256");
    }
    return CLERK_OK;
}

static clerk_status complete_api_id(clerk_instance *instance, apr_pool_t *pool,
                                    clerk_error *error)
{
    const char *host = instance->frontend_api ? instance->frontend_api : "";
    const char *secret = instance->secret_key ? instance->secret_key : "";
    const char *machine =
        instance->machine_secret_key ? instance->machine_secret_key : "";
    const char *all = apr_psprintf(
        pool,
        "clerk backend api\n%" APR_SIZE_T_FMT ":%s%" APR_SIZE_T_FMT ":%s%" APR_SIZE_T_FMT
        ":%s%" APR_SIZE_T_FMT ":%s",
        strlen(instance->api_url), instance->api_url, strlen(host), host, strlen(secret),
        secret, strlen(machine), machine);

    if (!digest(instance->api_id, all, strlen(all))) {
        return clerk_fail(error, CLERK_E_UNEXPECTED, "OpenSSL offers no SHA-256");
    }
    return CLERK_OK;
}

/* ---------------------------------------------------------------- all of it */

clerk_status clerk_instance_complete(clerk_instance *instance, apr_pool_t *pool,
                                     clerk_error *error)
{
    clerk_status status = settings_check(instance, error);

    if (status != CLERK_OK) {
        return status;
    }
    instance->api_url = without_trailing_slashes(
        instance->api_url ? instance->api_url : DEFAULT_API_URL, pool);
    if (instance->proxy_url) {
        instance->proxy_url = without_trailing_slashes(instance->proxy_url, pool);
    }
    instance->type = CLERK_PRODUCTION;
    if (instance->publishable_key) {
        instance->type = instance->publishable_key->type;
        complete_hosts(instance, pool);
    }
    instance->issuers = issuers_make(instance, pool);
    complete_key_source(instance, pool);
    status = complete_key_id(instance, pool, error);
    return status == CLERK_OK ? complete_api_id(instance, pool, error) : status;
}
