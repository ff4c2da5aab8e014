/* SPDX-License-Identifier: Apache-2.0 - tokens are remembered, bounded in number, until they expire */
#include "support.h"

#include <pthread.h>

#include "claims_fixture.h"
#include "service/verified_tokens.h"

#define NOW apr_time_from_sec(1700000000)

static clerk_verified_tokens *table_of(apr_size_t entries, apr_pool_t *pool)
{
    clerk_verified_tokens *made;

    assert_int_equal(clerk_verified_tokens_create(&made, entries, pool), APR_SUCCESS);
    return made;
}

static clerk_verified_id id_of(clerk_verified_tokens *tokens, unsigned char source,
                               const char *token)
{
    unsigned char identity[CLERK_DIGEST_LENGTH];
    clerk_verified_id id;

    memset(identity, source, sizeof(identity));
    assert_true(
        clerk_verified_tokens_id(&id, tokens, identity, clerk_slice_of(token)));
    return id;
}

static clerk_verified user_of(const char *user, int expires, apr_pool_t *pool)
{
    clerk_verified made = {
        .claims = fixture_claims(
            apr_psprintf(pool, "{\"sub\":\"%s\",\"sid\":\"s\",\"exp\":%d}", user,
                         1700000000 + expires),
            pool),
        .jwt = { .kid = { "ins_1", 5 } },
    };

    made.auth = clerk_auth_from_session(&made.claims, pool);
    return made;
}

static void keep(clerk_verified_tokens *tokens, const char *token, int expires,
                 apr_pool_t *pool)
{
    clerk_verified_id id = id_of(tokens, 1, token);
    clerk_verified verified = user_of(token, expires, pool);
    clerk_verified_term term = { verified.auth->expires, 7 };

    clerk_verified_tokens_keep(tokens, &id, &verified, &term, NOW, pool);
}

/** The subject that is remembered at that second; NULL for none. */
static const char *found(clerk_verified_tokens *tokens, const char *token, int second,
                         apr_pool_t *pool)
{
    clerk_verified_id id = id_of(tokens, 1, token);
    clerk_verified_term term;
    clerk_verified verified;

    return clerk_verified_tokens_find(&verified, &term, tokens, &id,
                                      NOW + apr_time_from_sec(second), pool)
               ? verified.claims.sub
               : NULL;
}

static void remembers_until_the_token_expires(void **state)
{
    clerk_verified_tokens *tokens = table_of(100, *state);

    assert_null(found(tokens, "a", 0, *state));
    keep(tokens, "a", 60, *state);
    keep(tokens, "b", 30, *state);
    assert_string_equal(found(tokens, "a", 0, *state), "a");
    assert_string_equal(found(tokens, "a", 59, *state), "a");
    assert_string_equal(found(tokens, "b", 29, *state), "b");
    assert_null(found(tokens, "b", 30, *state));
    assert_null(found(tokens, "c", 0, *state));
    assert_int_equal(clerk_verified_tokens_count(tokens), 2);
    keep(tokens, "d", 0, *state); /* has expired already */
    assert_int_equal(clerk_verified_tokens_count(tokens), 2);
}

static void the_newest_of_one_token_counts(void **state)
{
    clerk_verified_tokens *tokens = table_of(100, *state);

    keep(tokens, "a", 30, *state);
    keep(tokens, "a", 60, *state);
    assert_int_equal(clerk_verified_tokens_count(tokens), 1);
    assert_string_equal(found(tokens, "a", 45, *state), "a");
}

static void another_source_of_keys_has_tokens_of_its_own(void **state)
{
    clerk_verified_tokens *tokens = table_of(100, *state);
    clerk_verified_id other = id_of(tokens, 2, "a");
    clerk_verified_term term;
    clerk_verified verified;

    keep(tokens, "a", 60, *state);
    assert_false(clerk_verified_tokens_find(&verified, &term, tokens, &other, NOW, *state));
    clerk_verified_tokens_drop(tokens, &other);
    assert_string_equal(found(tokens, "a", 0, *state), "a");
}

static void what_is_dropped_is_gone(void **state)
{
    clerk_verified_tokens *tokens = table_of(100, *state);
    clerk_verified_id id = id_of(tokens, 1, "a");

    keep(tokens, "a", 60, *state);
    clerk_verified_tokens_drop(tokens, &id);
    clerk_verified_tokens_drop(tokens, &id);
    assert_null(found(tokens, "a", 0, *state));
    assert_int_equal(clerk_verified_tokens_count(tokens), 0);
}

static void what_was_found_outlives_its_entry(void **state)
{
    clerk_verified_tokens *tokens = table_of(1, *state);
    const char *subject;

    keep(tokens, "a", 60, *state);
    subject = found(tokens, "a", 0, *state);
    keep(tokens, "b", 60, *state);
    assert_null(found(tokens, "a", 0, *state));
    assert_string_equal(subject, "a");
}

static apr_uint64_t edition_of(clerk_verified_tokens *tokens, const char *token,
                               apr_pool_t *pool)
{
    clerk_verified_id id = id_of(tokens, 1, token);
    clerk_verified_term term = { 0, 0 };
    clerk_verified verified;

    assert_true(
        clerk_verified_tokens_find(&verified, &term, tokens, &id, NOW, pool));
    return term.edition;
}

static void who_vouches_can_be_confirmed(void **state)
{
    clerk_verified_tokens *tokens = table_of(100, *state);
    clerk_verified_id a = id_of(tokens, 1, "a"), c = id_of(tokens, 1, "c");

    keep(tokens, "a", 60, *state);
    keep(tokens, "b", 60, *state);
    assert_int_equal(edition_of(tokens, "a", *state), 7);
    clerk_verified_tokens_confirm(tokens, &a, 8);
    clerk_verified_tokens_confirm(tokens, &c, 9); /* is not there */
    assert_int_equal(edition_of(tokens, "a", *state), 8);
    assert_int_equal(edition_of(tokens, "b", *state), 7);
    keep(tokens, "a", 60, *state);
    assert_int_equal(edition_of(tokens, "a", *state), 7);
}

static const char *numbered(int number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "token_%d", number);
}

static void there_are_never_more_than_allowed(void **state)
{
    static const apr_size_t sizes[] = { 1, 2, 3, 64, 127, 128, 1000, 8192 };
    apr_size_t i;

    for (i = 0; i < support_count(sizes); i++) {
        clerk_verified_tokens *tokens = table_of(sizes[i], *state);
        apr_size_t count;
        int number;

        for (number = 0; number < 3 * (int)sizes[i] + 3; number++) {
            apr_pool_t *pool;

            apr_pool_create(&pool, *state);
            keep(tokens, numbered(number, pool), 60, pool);
            assert_non_null(found(tokens, numbered(number, pool), 0, pool));
            apr_pool_destroy(pool);
        }
        count = clerk_verified_tokens_count(tokens);
        assert_in_range(count, sizes[i], sizes[i] + 16);
    }
}

static void what_is_asked_for_stays(void **state)
{
    clerk_verified_tokens *tokens = table_of(64, *state);
    int number;

    keep(tokens, "busy", 60, *state);
    for (number = 0; number < 1000; number++) {
        keep(tokens, numbered(number, *state), 60, *state);
        assert_non_null(found(tokens, "busy", 0, *state));
    }
}

static void expired_ones_go_before_others(void **state)
{
    clerk_verified_tokens *tokens = table_of(64, *state);
    int number;

    for (number = 0; number < 32; number++) {
        clerk_verified_id id = id_of(tokens, 1, numbered(number, *state));
        clerk_verified verified = user_of("x", -10, *state);
        clerk_verified_term term = { verified.auth->expires, 7 };

        clerk_verified_tokens_keep(tokens, &id, &verified, &term,
                                   NOW - apr_time_from_sec(60), *state);
    }
    assert_int_equal(clerk_verified_tokens_count(tokens), 32);
    for (number = 100; number < 132; number++) {
        keep(tokens, numbered(number, *state), 60, *state);
    }
    for (number = 100; number < 132; number++) {
        assert_non_null(found(tokens, numbered(number, *state), 0, *state));
    }
    assert_int_equal(clerk_verified_tokens_count(tokens), 32);
}

static void large_ones_are_fewer(void **state)
{
    clerk_verified_tokens *tokens = table_of(16, *state);
    char *long_name = apr_palloc(*state, 8001);
    int number;

    memset(long_name, 'x', 8000);
    long_name[8000] = '\0';
    for (number = 0; number < 16; number++) {
        long_name[0] = (char)('a' + number);
        keep(tokens, long_name, 60, *state);
    }
    assert_in_range(clerk_verified_tokens_count(tokens), 3, 4);
    assert_string_equal(found(tokens, long_name, 0, *state), long_name);
}

/* ---------------------------------------------------------------- threads */

enum { THREADS = 4, ROUNDS = 60000, TOKENS = 40 };

struct worker {
    clerk_verified_tokens *tokens;
    unsigned seed;
    int found;
    int wrong;
};

static void work(struct worker *self, apr_pool_t *pool)
{
    const char *token;
    clerk_verified_id id;
    clerk_verified_term term;
    clerk_verified verified;

    self->seed = self->seed * 1664525u + 1013904223u;
    token = numbered((int)(self->seed >> 8) % TOKENS, pool);
    id = id_of(self->tokens, 1, token);
    switch (self->seed >> 16 & 7) {
    case 0:
        clerk_verified_tokens_drop(self->tokens, &id);
        break;
    case 1:
    case 2:
        keep(self->tokens, token, 60, pool);
        break;
    default:
        if (clerk_verified_tokens_find(&verified, &term, self->tokens, &id, NOW, pool)) {
            self->found++;
            self->wrong += strcmp(verified.claims.sub, token) != 0
                           || strcmp(verified.auth->user_id, token) != 0;
        }
    }
}

static void *hammer(void *argument)
{
    struct worker *self = argument;
    apr_pool_t *pool;
    int i;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    for (i = 0; i < ROUNDS; i++) {
        work(self, pool);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void hammer_table(apr_size_t entries, apr_pool_t *pool)
{
    clerk_verified_tokens *tokens = table_of(entries, pool);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    int i;

    for (i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ tokens, (unsigned)i + 1, 0, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &workers[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].wrong, 0);
        assert_true(workers[i].found > ROUNDS / 50);
    }
}

/** In the small table all tokens come and go in the same few buckets. */
static void threads_find_what_belongs_to_their_token(void **state)
{
    hammer_table(TOKENS / 2, *state);
    hammer_table(6, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(remembers_until_the_token_expires),
        support_test(the_newest_of_one_token_counts),
        support_test(another_source_of_keys_has_tokens_of_its_own),
        support_test(what_is_dropped_is_gone),
        support_test(what_was_found_outlives_its_entry),
        support_test(who_vouches_can_be_confirmed),
        support_test(there_are_never_more_than_allowed),
        support_test(what_is_asked_for_stays),
        support_test(expired_ones_go_before_others),
        support_test(large_ones_are_fewer),
        support_test(threads_find_what_belongs_to_their_token),
    };

    return support_run("verified_tokens", tests);
}
