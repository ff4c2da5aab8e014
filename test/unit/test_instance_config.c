/* SPDX-License-Identifier: Apache-2.0 - tests of src/httpd/instance_config.c: an instance is made once, whoever asks */
#include "support.h"

#include <pthread.h>

#include <apr_strings.h>

#include "httpd/config.h"

enum { THREADS = 8, BASES = 40 };

static const clerk_publishable_key *key_of(apr_pool_t *pool)
{
    clerk_publishable_key *key = apr_pcalloc(pool, sizeof(*key));
    clerk_error error = { CLERK_OK, NULL };

    /* clerk.example.com$ */
    assert_int_equal(clerk_publishable_key_parse(key, "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k",
                                                 pool, &error),
                     CLERK_OK);
    return key;
}

static clerk_instance_config *with_secret(apr_pool_t *pool, const char *secret)
{
    clerk_instance_config *config = clerk_instance_config_create(pool);

    config->secret_key = secret;
    return config;
}

static clerk_instance_config *with_domain(apr_pool_t *pool, const char *domain)
{
    clerk_instance_config *config = clerk_instance_config_create(pool);

    config->domain = domain;
    return config;
}

static const clerk_instance *resolved(clerk_instance_config *config)
{
    const clerk_instance *instance = NULL;
    clerk_error error = { CLERK_OK, NULL };

    assert_int_equal(clerk_instance_config_resolve(&instance, config, &error), CLERK_OK);
    assert_non_null(instance);
    return instance;
}

/* ---------------------------------------------------------------- merge */

static void nothing_needs_no_merge(void **state)
{
    clerk_instance_config *one = with_secret(*state, "sk_test_1");

    assert_null(clerk_instance_config_merge(NULL, NULL));
    assert_ptr_equal(clerk_instance_config_merge(one, NULL), one);
    assert_ptr_equal(clerk_instance_config_merge(NULL, one), one);
    assert_ptr_equal(clerk_instance_config_merge(one, one), one);
}

static void the_same_two_become_the_same(void **state)
{
    clerk_instance_config *base = with_secret(*state, "sk_test_1");
    clerk_instance_config *add = with_domain(*state, "example.com");
    clerk_instance_config *merged = clerk_instance_config_merge(base, add);

    assert_string_equal(merged->secret_key, "sk_test_1");
    assert_string_equal(merged->domain, "example.com");
    assert_null(base->domain);
    assert_null(add->secret_key);
    assert_ptr_equal(clerk_instance_config_merge(base, add), merged);
    assert_ptr_not_equal(clerk_instance_config_merge(add, base), merged);
    assert_ptr_equal(clerk_instance_config_merge(base, add), merged);
}

static void over_another_base_it_becomes_another(void **state)
{
    clerk_instance_config *one = with_secret(*state, "sk_test_1");
    clerk_instance_config *two = with_secret(*state, "sk_test_2");
    clerk_instance_config *add = with_domain(*state, "example.com");
    clerk_instance_config *on_one = clerk_instance_config_merge(one, add);
    clerk_instance_config *on_two = clerk_instance_config_merge(two, add);

    assert_string_equal(on_one->secret_key, "sk_test_1");
    assert_string_equal(on_two->secret_key, "sk_test_2");
    assert_ptr_equal(clerk_instance_config_merge(one, add), on_one);
    assert_ptr_equal(clerk_instance_config_merge(two, add), on_two);
}

/** As httpd merges the sections of a request: each over what those before it became. */
static clerk_instance_config *chain(clerk_instance_config *const *links, int count)
{
    clerk_instance_config *merged = NULL;
    int i;

    for (i = 0; i < count; i++) {
        merged = clerk_instance_config_merge(merged, links[i]);
    }
    return merged;
}

static void a_chain_of_three_becomes_the_same(void **state)
{
    clerk_instance_config *links[] = { with_secret(*state, "sk_test_1"),
                                       with_domain(*state, "example.com"),
                                       with_secret(*state, "sk_test_3") };
    clerk_instance_config *merged = chain(links, 3);

    assert_string_equal(merged->secret_key, "sk_test_3");
    assert_string_equal(merged->domain, "example.com");
    assert_ptr_equal(chain(links, 3), merged);
    assert_string_equal(chain(links, 2)->secret_key, "sk_test_1");
    assert_ptr_equal(chain(links, 3), merged);
    assert_ptr_not_equal(chain(links + 1, 2), merged);
}

/* ---------------------------------------------------------------- resolve */

static void is_resolved_once(void **state)
{
    clerk_instance_config *base = with_secret(*state, "sk_test_1");
    clerk_instance_config *add = clerk_instance_config_create(*state);
    const clerk_instance *instance = resolved(base);

    add->publishable_key = key_of(*state);
    assert_string_equal(instance->secret_key, "sk_test_1");
    assert_string_equal(instance->key_url, "https://api.clerk.com/v1/jwks");
    assert_ptr_equal(resolved(base), instance);

    instance = resolved(clerk_instance_config_merge(base, add));
    assert_string_equal(instance->secret_key, "sk_test_1");
    assert_string_equal(instance->frontend_api, "clerk.example.com");
    assert_ptr_equal(resolved(clerk_instance_config_merge(base, add)), instance);
    assert_ptr_not_equal(resolved(base), instance);
    assert_ptr_not_equal(resolved(add), instance);
}

static void each_setting_reaches_the_instance(void **state)
{
    clerk_instance_config *config = clerk_instance_config_create(*state);
    const clerk_instance *instance;
    clerk_error error = { CLERK_OK, NULL };

    config->publishable_key = key_of(*state);
    config->secret_key = "sk_test_1";
    config->machine_secret_key = "ak_1";
    config->api_url = "https://api.example.com";
    config->jwks_url = "https://keys.example.com/jwks";
    config->proxy_url = "https://www.example.com/__clerk";
    config->domain = "shop.example.com";
    config->satellite = CLERK_ON;
    assert_int_equal(clerk_key_from_pem(&config->jwt_key,
                                        clerk_slice_of(support_pem(support_signing_key(), *state)),
                                        *state, &error),
                     CLERK_OK);
    instance = resolved(config);
    assert_ptr_equal(instance->publishable_key, config->publishable_key);
    assert_ptr_equal(instance->jwt_key, config->jwt_key);
    assert_string_equal(instance->secret_key, "sk_test_1");
    assert_string_equal(instance->machine_secret_key, "ak_1");
    assert_string_equal(instance->api_url, "https://api.example.com");
    assert_string_equal(instance->jwks_url, "https://keys.example.com/jwks");
    assert_string_equal(instance->proxy_url, "https://www.example.com/__clerk");
    assert_string_equal(instance->domain, "shop.example.com");
    assert_true(instance->is_satellite);
}

static void satellite_off_is_no_satellite(void **state)
{
    clerk_instance_config *config = with_secret(*state, "sk_test_1");

    config->satellite = CLERK_OFF;
    assert_false(resolved(config)->is_satellite);
}

static void a_machine_s_key_is_enough(void **state)
{
    clerk_instance_config *config = clerk_instance_config_create(*state);

    config->machine_secret_key = "ak_1";
    assert_null(resolved(config)->key_url);
}

static void says_what_is_missing_each_time(void **state)
{
    clerk_instance_config *keyless = with_domain(*state, "example.com");
    clerk_instance_config *satellite = with_secret(*state, "sk_test_1");
    const clerk_instance *instance = NULL;
    clerk_error error = { CLERK_OK, NULL };
    int i;

    satellite->satellite = CLERK_ON;
    for (i = 0; i < 2; i++) {
        assert_int_equal(clerk_instance_config_resolve(&instance, keyless, &error),
                         CLERK_E_UNEXPECTED);
        assert_string_equal(error.detail,
                            "no key to verify tokens with: set ClerkPublishableKey "
                            "(and ClerkSecretKey), or ClerkJWTKey");
        assert_null(instance);
        assert_int_equal(clerk_instance_config_resolve(&instance, satellite, &error),
                         CLERK_E_UNEXPECTED);
        assert_string_equal(error.detail,
                            "ClerkSatellite On needs ClerkDomain or ClerkProxyURL");
        assert_null(instance);
    }
}

/* ---------------------------------------------------------------- threads */

/** All threads merge and resolve the same at the same time, as requests do. */
typedef struct race {
    pthread_barrier_t start;
    clerk_instance_config *bases[BASES];
    clerk_instance_config *middle;
    clerk_instance_config *inner;
} race;

typedef struct racer {
    pthread_t thread;
    race *with;
    clerk_instance_config *merged[BASES];
    const clerk_instance *instances[BASES];
} racer;

/* No assertion here: it would jump out of the wrong thread. */
static void *run(void *argument)
{
    racer *self = argument;
    int i;

    pthread_barrier_wait(&self->with->start);
    for (i = 0; i < BASES; i++) {
        clerk_instance_config *links[] = { self->with->bases[i], self->with->middle,
                                           self->with->inner };
        clerk_error error = { CLERK_OK, NULL };

        self->merged[i] = chain(links, 3);
        clerk_instance_config_resolve(&self->instances[i], self->merged[i], &error);
    }
    return NULL;
}

static void prepare(race *made, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < BASES; i++) {
        made->bases[i] = with_secret(pool, apr_psprintf(pool, "sk_test_%d", i));
    }
    made->middle = with_domain(pool, "example.com");
    made->inner = clerk_instance_config_create(pool);
    made->inner->publishable_key = key_of(pool);
    assert_int_equal(pthread_barrier_init(&made->start, NULL, THREADS), 0);
}

static void threads_get_the_same(void **state)
{
    race *with = apr_pcalloc(*state, sizeof(*with));
    racer *racers = apr_pcalloc(*state, THREADS * sizeof(*racers));
    int i, t;

    prepare(with, *state);
    for (t = 0; t < THREADS; t++) {
        racers[t].with = with;
        assert_int_equal(pthread_create(&racers[t].thread, NULL, run, &racers[t]), 0);
    }
    for (t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_join(racers[t].thread, NULL), 0);
    }
    pthread_barrier_destroy(&with->start);
    for (i = 0; i < BASES; i++) {
        assert_non_null(racers[0].instances[i]);
        assert_string_equal(racers[0].instances[i]->secret_key, with->bases[i]->secret_key);
        assert_string_equal(racers[0].instances[i]->domain, "example.com");
        for (t = 1; t < THREADS; t++) {
            assert_ptr_equal(racers[t].merged[i], racers[0].merged[i]);
            assert_ptr_equal(racers[t].instances[i], racers[0].instances[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(nothing_needs_no_merge),
        support_test(the_same_two_become_the_same),
        support_test(over_another_base_it_becomes_another),
        support_test(a_chain_of_three_becomes_the_same),
        support_test(is_resolved_once),
        support_test(each_setting_reaches_the_instance),
        support_test(satellite_off_is_no_satellite),
        support_test(a_machine_s_key_is_enough),
        support_test(says_what_is_missing_each_time),
        support_test(threads_get_the_same),
    };

    return support_run("instance_config", tests);
}
