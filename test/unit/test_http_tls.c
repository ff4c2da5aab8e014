/* SPDX-License-Identifier: Apache-2.0 - tests: whom the HTTP port over libcurl talks to */
#include <curl/curl.h>

#include "http_world.h"
#include "tls_fixture.h"

#define SECRET "sk_test_not_for_logs"

/* ---------------------------------------------------------------- TLS */

static void accepts_a_certificate_of_its_authority(void **state)
{
    apr_pool_t *pool = *state;
    tls_authority *authority = tls_authority_make(pool);
    http_world *w =
        http_world_make(tls_server_make(authority, "DNS:localhost", 3600, pool), pool);

    w->options.ca_file = authority->file;
    w->request.bearer = SECRET;
    http_world_connect(w);
    assert_int_equal(
        http_world_ask_url(w, http_world_url(w, "https", "localhost", "/x")),
        APR_SUCCESS);
    assert_true(http_world_was_sent(w, "Authorization: Bearer " SECRET));
    assert_int_equal(
        http_world_ask_url(w, http_world_url(w, "https", "localhost", "/x")),
        APR_SUCCESS);
    assert_int_equal(atomic_load(&w->server->connections), 1);
}

static void refuses_other_certificates(void **state)
{
    static const struct {
        const char *label;
        const char *name;
        long lifetime;
        int trusts_issuer;
    } cases[] = {
        { "nobody vouches for it", "DNS:localhost", 3600, 0 },
        { "another host's", "DNS:other.example", 3600, 1 },
        { "a parent domain's", "DNS:*.localhost", 3600, 1 },
        { "expired", "DNS:localhost", -60, 1 },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_pool_t *pool;
        tls_authority *authority;
        http_world *w;

        apr_pool_create(&pool, *state);
        authority = tls_authority_make(pool);
        w = http_world_make(
            tls_server_make(authority, cases[i].name, cases[i].lifetime, pool), pool);
        w->options.ca_file = cases[i].trusts_issuer ? authority->file : NULL;
        w->request.bearer = SECRET;
        http_world_connect(w);
        if (http_world_ask_url(w, http_world_url(w, "https", "localhost", "/x"))
                != APR_EACCES
            || w->why == NULL)
        {
            fail_msg("accepted a certificate: %s", cases[i].label);
        }
        assert_int_equal(atomic_load(&w->server->requests), 0);
        apr_pool_destroy(pool);
    }
}

static void refuses_another_authority(void **state)
{
    apr_pool_t *pool = *state;
    tls_authority *theirs = tls_authority_make(pool);
    tls_authority *ours = tls_authority_make(pool);
    http_world *w =
        http_world_make(tls_server_make(theirs, "DNS:localhost", 3600, pool), pool);

    w->options.ca_file = ours->file;
    http_world_connect(w);
    assert_int_equal(
        http_world_ask_url(w, http_world_url(w, "https", "localhost", "/x")),
        APR_EGENERAL);
    w->options.ca_file = "/nonexistent/ca.pem";
    http_world_connect(w);
    assert_int_equal(
        http_world_ask_url(w, http_world_url(w, "https", "localhost", "/x")),
        APR_EACCES);
    assert_int_equal(atomic_load(&w->server->requests), 0);
}

static void refuses_old_tls(void **state)
{
    apr_pool_t *pool = *state;
    tls_authority *authority = tls_authority_make(pool);
    SSL_CTX *context = tls_server_make(authority, "DNS:localhost", 3600, pool);
    http_world *w;

    SSL_CTX_set_security_level(context, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(context, TLS1_VERSION), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION), 1);
    w = http_world_make(context, pool);
    w->options.ca_file = authority->file;
    http_world_connect(w);
    assert_int_equal(
        http_world_ask_url(w, http_world_url(w, "https", "localhost", "/x")),
        APR_EGENERAL);
    assert_int_equal(atomic_load(&w->server->requests), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(accepts_a_certificate_of_its_authority),
        support_test(refuses_other_certificates),
        support_test(refuses_another_authority),
        support_test(refuses_old_tls),
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = support_run("http_tls", tests);
    curl_global_cleanup();
    return failed;
}
