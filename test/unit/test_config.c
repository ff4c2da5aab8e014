/* SPDX-License-Identifier: Apache-2.0 - tests of src/httpd/config.c and instance_config.c: nothing said is lost in a merge */
#include "support.h"


#include <apr_strings.h>

#include "httpd/config.h"

/*
 * The merge of any record with a fresh one is that record, byte for byte, so that a field
 * which the merge forgets is noticed without being listed here. Padding, which no
 * assignment copies, is cleared by a builtin that not every compiler has.
 */
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
#define CLEAR_PADDING(record) __builtin_clear_padding(record)
#endif
#endif

#ifdef CLEAR_PADDING

/** No byte is zero and neighbours differ, so no field is unset or like another. */
static void fill(void *record, apr_size_t size, unsigned char seed)
{
    unsigned char *bytes = record;
    apr_size_t i;

    for (i = 0; i < size; i++) {
        bytes[i] = (unsigned char)(1 + (seed + 7 * i) % 255);
    }
}

static clerk_dir_config *full_dir_config(apr_pool_t *pool, unsigned char seed)
{
    clerk_dir_config *full = clerk_dir_config_create(pool, NULL);

    fill(full, sizeof(*full), seed);
    CLEAR_PADDING(full);
    return full;
}

static clerk_server_config *full_server_config(apr_pool_t *pool, unsigned char seed)
{
    clerk_server_config *full = clerk_server_config_create(pool, NULL);

    fill(full, sizeof(*full), seed);
    CLEAR_PADDING(full);
    return full;
}

static void a_fresh_section_changes_nothing(void **state)
{
    apr_pool_t *pool = *state;
    clerk_dir_config *full = full_dir_config(pool, 1);
    clerk_dir_config *fresh = clerk_dir_config_create(pool, NULL);
    clerk_dir_config copy = *full;
    clerk_dir_config *outer = clerk_dir_config_merge(pool, full, fresh);
    clerk_dir_config *inner = clerk_dir_config_merge(pool, fresh, full);

    CLEAR_PADDING(&copy);
    assert_memory_equal(outer, full, sizeof(*full));
    assert_memory_equal(inner, full, sizeof(*full));
    assert_memory_equal(full, &copy, sizeof(*full));
    assert_ptr_not_equal(outer, full);
    assert_ptr_not_equal(inner, full);
}

static void what_the_inner_section_says_wins(void **state)
{
    apr_pool_t *pool = *state;
    clerk_dir_config *outer = full_dir_config(pool, 1);
    clerk_dir_config *inner = full_dir_config(pool, 2);

    inner->instance = outer->instance; /* two instances are laid over: see below */
    inner->require_lines = apr_pcalloc(pool, sizeof(*inner->require_lines));
    assert_memory_equal(clerk_dir_config_merge(pool, outer, inner), inner, sizeof(*inner));
}

static apr_array_header_t *names(apr_pool_t *pool, const char *name)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    *(const char **)apr_array_push(list) = name;
    return list;
}

static void outer_lines_stay_where_that_is_said(void **state)
{
    apr_pool_t *pool = *state;
    clerk_require_lines outer = { .scopes = names(pool, "a"), .has_negated_expr = 1 };
    clerk_require_lines inner = { .scopes = names(pool, "b"), .has_expr = 1 };
    clerk_dir_config base = { .require_lines = &outer };
    clerk_dir_config add = { .require_lines = &inner };
    clerk_dir_config *merged = clerk_dir_config_merge(pool, &base, &add);

    assert_ptr_equal(merged->require_lines, &inner);
    inner.adds_to_outer = 1;
    merged = clerk_dir_config_merge(pool, &base, &add);
    assert_string_equal(apr_array_pstrcat(pool, merged->require_lines->scopes, ' '), "a b");
    assert_null(APR_ARRAY_IDX(merged->require_lines->scopes, 2, const char *));
    assert_true(merged->require_lines->has_expr && merged->require_lines->has_negated_expr);
    assert_false(merged->require_lines->adds_to_outer);
    assert_null(merged->require_lines->user_lines);
}

static void a_fresh_server_changes_nothing(void **state)
{
    apr_pool_t *pool = *state;
    clerk_server_config *full = full_server_config(pool, 3);
    clerk_server_config *fresh = clerk_server_config_create(pool, NULL);

    assert_memory_equal(clerk_server_config_merge(pool, full, fresh), full, sizeof(*full));
    assert_memory_equal(clerk_server_config_merge(pool, fresh, full), full, sizeof(*full));
}

static void what_the_inner_server_says_wins(void **state)
{
    apr_pool_t *pool = *state;
    clerk_server_config *outer = full_server_config(pool, 3);
    clerk_server_config *inner = full_server_config(pool, 4);

    assert_memory_equal(clerk_server_config_merge(pool, outer, inner), inner, sizeof(*inner));
}

enum { GIVEN = offsetof(clerk_instance_config, overlays) };

static clerk_instance_config *full_instance(apr_pool_t *pool, unsigned char seed)
{
    clerk_instance_config *full = clerk_instance_config_create(pool);

    fill(full, GIVEN, seed);
    CLEAR_PADDING(full);
    return full;
}

static void a_fresh_instance_changes_nothing_given(void **state)
{
    apr_pool_t *pool = *state;
    clerk_instance_config *full = full_instance(pool, 5);
    clerk_instance_config *fresh = clerk_instance_config_create(pool);
    clerk_instance_config *other = full_instance(pool, 6);

    assert_memory_equal(clerk_instance_config_merge(full, fresh), full, GIVEN);
    assert_memory_equal(clerk_instance_config_merge(fresh, full), full, GIVEN);
    assert_memory_equal(clerk_instance_config_merge(other, full), full, GIVEN);
}

static void nothing_is_kept_of_what_was_merged(void **state)
{
    apr_pool_t *pool = *state;
    clerk_instance_config *base = full_instance(pool, 5);
    clerk_instance_config *add = full_instance(pool, 6);
    clerk_instance_config *merged;

    base->instance = (const clerk_instance *)(const void *)base; /* as if it were made */
    add->instance = (const clerk_instance *)(const void *)add;
    merged = clerk_instance_config_merge(base, add);
    assert_null(merged->instance);
    assert_null(merged->overlays);
    assert_ptr_not_equal(merged->lock, add->lock);
    assert_ptr_not_equal(merged->pool, add->pool);
}

#endif

/* ---------------------------------------------------------------- defaults */

static const apr_interval_time_t *seconds(apr_pool_t *pool, int value)
{
    apr_interval_time_t *time = apr_palloc(pool, sizeof(*time));

    *time = apr_time_from_sec(value);
    return time;
}

static void holds_where_nothing_was_said(void **state)
{
    apr_pool_t *pool = *state;
    const clerk_dir_config *fresh = clerk_dir_config_create(pool, NULL);
    const clerk_server_config *server = clerk_server_config_create(pool, NULL);
    clerk_policy policy = clerk_config_policy(fresh);

    assert_false(clerk_config_protects(fresh));
    assert_false(clerk_config_is_log_only(fresh));
    assert_true(clerk_config_redirects_to_sign_in(fresh));
    assert_true(clerk_config_allows_preflight(fresh));
    assert_int_equal(clerk_config_exports(fresh), CLERK_EXPORT_ENV | CLERK_EXPORT_HEADERS);
    assert_int_equal(clerk_config_error_body(fresh), CLERK_ERROR_BODY_AUTO);

    assert_int_equal(policy.accepts, CLERK_TOKEN_SESSION);
    assert_null(policy.authorized_parties);
    assert_null(policy.audiences);
    assert_null(policy.issuers);
    assert_false(policy.any_issuer);
    assert_int_equal(policy.clock_skew, apr_time_from_sec(5));
    assert_false(policy.admits_pending);

    assert_int_equal(clerk_config_key_refresh(server), apr_time_from_sec(300));
    assert_int_equal(clerk_config_key_max_stale(server), apr_time_from_sec(24 * 3600));
    assert_int_equal(clerk_config_key_min_interval(server), apr_time_from_sec(10));
    assert_int_equal(clerk_config_connect_timeout(server), apr_time_from_sec(2));
    assert_int_equal(clerk_config_total_timeout(server), apr_time_from_sec(5));
    assert_int_equal(clerk_config_machine_token_ttl(server), apr_time_from_sec(30));
    assert_int_equal(clerk_config_api_connections(server), 8);
    assert_int_equal(clerk_config_token_cache(server), 8192);
}

static void what_was_said_holds(void **state)
{
    apr_pool_t *pool = *state;
    clerk_dir_config *config = clerk_dir_config_create(pool, NULL);
    clerk_server_config *server = clerk_server_config_create(pool, NULL);

    config->responses = CLERK_RESPONSES_HTTP;
    config->enforce = CLERK_ENFORCE_ON;
    assert_false(clerk_config_protects(config));
    assert_false(clerk_config_is_log_only(config));
    config->responses = CLERK_RESPONSES_PROTECT;
    config->enforce = CLERK_ENFORCE_LOG_ONLY;
    config->sign_in_redirect = config->allow_preflight = CLERK_OFF;
    config->exports = CLERK_EXPORT_NONE;
    config->error_body = CLERK_ERROR_BODY_HTML;
    assert_true(clerk_config_protects(config));
    assert_true(clerk_config_is_log_only(config));
    assert_false(clerk_config_redirects_to_sign_in(config));
    assert_false(clerk_config_allows_preflight(config));
    assert_int_equal(clerk_config_exports(config), CLERK_EXPORT_NONE);
    assert_int_equal(clerk_config_error_body(config), CLERK_ERROR_BODY_HTML);
    config->sign_in_redirect = config->allow_preflight = CLERK_ON;
    assert_true(clerk_config_redirects_to_sign_in(config));
    assert_true(clerk_config_allows_preflight(config));

    server->key_refresh = seconds(pool, 1);
    server->key_max_stale = seconds(pool, 2);
    server->key_min_interval = seconds(pool, 3);
    server->api_connect_timeout = seconds(pool, 4);
    server->api_total_timeout = seconds(pool, 6);
    assert_int_equal(clerk_config_key_refresh(server), apr_time_from_sec(1));
    assert_int_equal(clerk_config_key_max_stale(server), apr_time_from_sec(2));
    assert_int_equal(clerk_config_key_min_interval(server), apr_time_from_sec(3));
    assert_int_equal(clerk_config_connect_timeout(server), apr_time_from_sec(4));
    assert_int_equal(clerk_config_total_timeout(server), apr_time_from_sec(6));
    server->machine_token_ttl = seconds(pool, 0);
    server->api_connections = 3;
    assert_int_equal(clerk_config_machine_token_ttl(server), 0);
    assert_int_equal(clerk_config_api_connections(server), 3);
    server->token_cache = 5;
    assert_int_equal(clerk_config_token_cache(server), 5);
    server->token_cache = -1;
    assert_int_equal(clerk_config_token_cache(server), 0);
}

static void the_total_is_not_less_than_what_connecting_may_take(void **state)
{
    apr_pool_t *pool = *state;
    clerk_server_config *server = clerk_server_config_create(pool, NULL);

    server->api_connect_timeout = seconds(pool, 9);
    assert_int_equal(clerk_config_total_timeout(server), apr_time_from_sec(9));
}

/** As the setters keep lists: NULL-terminated behind the last element. */
static apr_array_header_t *list(apr_pool_t *pool, const char *first, const char *second)
{
    apr_array_header_t *made = apr_array_make(pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(made, const char *) = first;
    APR_ARRAY_PUSH(made, const char *) = second;
    APR_ARRAY_PUSH(made, const char *) = NULL;
    made->nelts--;
    return made;
}

static void assert_list(const char *const *values, const char *first, const char *second)
{
    assert_non_null(values);
    assert_string_equal(values[0], first);
    assert_string_equal(values[1], second);
    assert_null(values[2]);
}

static void the_policy_takes_each_list_to_its_place(void **state)
{
    apr_pool_t *pool = *state;
    clerk_dir_config *config = clerk_dir_config_create(pool, NULL);
    clerk_policy policy;

    config->authorized_parties = list(pool, "https://a.example.com", "https://b.example.com");
    config->audiences = list(pool, "one", "two");
    config->issuers = list(pool, "https://c.example.com", "https://d.example.com");
    config->clock_skew = seconds(pool, 0);
    policy = clerk_config_policy(config);
    assert_list(policy.authorized_parties, "https://a.example.com", "https://b.example.com");
    assert_list(policy.audiences, "one", "two");
    assert_list(policy.issuers, "https://c.example.com", "https://d.example.com");
    assert_false(policy.any_issuer);
    assert_int_equal(policy.clock_skew, 0);

    config->issuers = apr_array_make(pool, 1, sizeof(const char *)); /* any */
    policy = clerk_config_policy(config);
    assert_null(policy.issuers);
    assert_true(policy.any_issuer);
}

static void the_accepted_types_are_those_said(void **state)
{
    static const struct {
        unsigned said, accepts;
    } cases[] = {
        { 0, CLERK_TOKEN_SESSION },
        { CLERK_TOKEN_SESSION, CLERK_TOKEN_SESSION },
        { CLERK_TOKEN_API_KEY, CLERK_TOKEN_API_KEY },
        { CLERK_TOKEN_OAUTH | CLERK_TOKEN_M2M, CLERK_TOKEN_OAUTH | CLERK_TOKEN_M2M },
        { CLERK_ACCEPTS_ANY_TYPE, CLERK_TOKEN_ANY },
    };
    clerk_dir_config *config = clerk_dir_config_create(*state, NULL);
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        config->accepts = cases[i].said;
        assert_int_equal(clerk_config_accepts(config), cases[i].accepts);
        assert_int_equal(clerk_config_policy(config).accepts, cases[i].accepts);
    }
}

static void a_pending_session_is_admitted_where_that_is_said(void **state)
{
    static const struct {
        clerk_flag treat_as_signed_out;
        clerk_responses responses;
        int admits;
    } cases[] = {
        { CLERK_UNSET, CLERK_RESPONSES_UNSET, 0 }, { CLERK_UNSET, CLERK_RESPONSES_HTTP, 0 },
        { CLERK_ON, CLERK_RESPONSES_HTTP, 0 },     { CLERK_OFF, CLERK_RESPONSES_UNSET, 1 },
        { CLERK_OFF, CLERK_RESPONSES_HTTP, 1 },    { CLERK_OFF, CLERK_RESPONSES_PROTECT, 0 },
        { CLERK_ON, CLERK_RESPONSES_PROTECT, 0 },
    };
    clerk_dir_config *config = clerk_dir_config_create(*state, NULL);
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        config->treat_pending_as_signed_out = cases[i].treat_as_signed_out;
        config->responses = cases[i].responses;
        assert_int_equal(clerk_config_policy(config).admits_pending, cases[i].admits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef CLEAR_PADDING
        support_test(a_fresh_section_changes_nothing),
        support_test(what_the_inner_section_says_wins),
        support_test(a_fresh_server_changes_nothing),
        support_test(what_the_inner_server_says_wins),
        support_test(outer_lines_stay_where_that_is_said),
        support_test(a_fresh_instance_changes_nothing_given),
        support_test(nothing_is_kept_of_what_was_merged),
#endif
        support_test(holds_where_nothing_was_said),
        support_test(what_was_said_holds),
        support_test(the_total_is_not_less_than_what_connecting_may_take),
        support_test(the_policy_takes_each_list_to_its_place),
        support_test(the_accepted_types_are_those_said),
        support_test(a_pending_session_is_admitted_where_that_is_said),
    };

    return support_run("config", tests);
}
