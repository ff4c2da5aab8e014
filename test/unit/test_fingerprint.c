/* SPDX-License-Identifier: Apache-2.0 - fingerprints tell texts apart, by a key of their own */
#include "support.h"

#include <pthread.h>

#include "core/fingerprint.h"

static const clerk_fingerprint_kind kinds[] = { CLERK_FINGERPRINT_POLY1305,
                                                CLERK_FINGERPRINT_SHA256 };

typedef struct print {
    unsigned char bytes[CLERK_FINGERPRINT_LENGTH];
} print;

static clerk_fingerprinter *made_of(clerk_fingerprint_kind kind, apr_pool_t *pool)
{
    clerk_fingerprinter *made = clerk_fingerprinter_create(kind, pool);

    assert_non_null(made);
    return made;
}

static print print_of(clerk_fingerprinter *by, const char *first, const char *second)
{
    clerk_slice parts[] = { clerk_slice_of(first), clerk_slice_of(second) };
    print made;

    assert_true(clerk_fingerprint(made.bytes, by, parts, 2));
    return made;
}

static char *repeated(char c, apr_size_t count, apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, count + 1);

    memset(text, c, count);
    return text;
}

static int are_alike(print a, print b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void one_text_has_one_fingerprint(void **state)
{
    apr_size_t i;

    for (i = 0; i < support_count(kinds); i++) {
        clerk_fingerprinter *by = made_of(kinds[i], *state);
        print first = print_of(by, "source", "token");

        print_of(by, "source", "another"); /* leaves nothing behind */
        assert_true(are_alike(first, print_of(by, "source", "token")));
        assert_true(are_alike(first, print_of(by, "sourceto", "ken")));
    }
}

static void every_byte_of(char *text, clerk_fingerprinter *by)
{
    print whole = print_of(by, "source", text);
    apr_size_t at;

    for (at = 0; at < strlen(text); at++) {
        text[at] ^= 1;
        assert_false(are_alike(whole, print_of(by, "source", text)));
        text[at] ^= 1;
    }
    assert_false(are_alike(whole, print_of(by, "Source", text)));
    assert_false(are_alike(whole, print_of(by, "source", text + 1)));
    assert_true(are_alike(whole, print_of(by, "source", text)));
}

/** Short and long ones, and around the length from which on they are long. */
static void every_byte_and_the_length_count(void **state)
{
    static const apr_size_t lengths[] = { 1,   2,   40,  CLERK_FINGERPRINT_LONG - 7,
                                          CLERK_FINGERPRINT_LONG - 6, 900, 4000 };
    apr_size_t i, j;

    for (i = 0; i < support_count(kinds); i++) {
        clerk_fingerprinter *by = made_of(kinds[i], *state);

        for (j = 0; j < support_count(lengths); j++) {
            every_byte_of(repeated('x', lengths[j], *state), by);
        }
        assert_false(are_alike(print_of(by, "", ""), print_of(by, "", "a")));
    }
}

static void nobody_else_makes_the_same(void **state)
{
    apr_size_t i;

    for (i = 0; i < support_count(kinds); i++) {
        assert_false(are_alike(print_of(made_of(kinds[i], *state), "source", "token"),
                               print_of(made_of(kinds[i], *state), "source", "token")));
    }
}

/** Long texts that differ in a byte or two, into some hundred places. */
static void numbers_are_spread_evenly(void **state)
{
    enum { PLACES = 256, TEXTS = 64 * PLACES };
    unsigned char seen[2][PLACES];
    char *long_text = repeated('x', CLERK_FINGERPRINT_LONG, *state);
    int round, i, place;

    for (round = 0; round < 20; round++) {
        clerk_fingerprinter *by = made_of(CLERK_FINGERPRINT_POLY1305, *state);

        memset(seen, 0, sizeof(seen));
        for (i = 0; i < TEXTS; i++) {
            char text[32];
            print made;
            apr_uint64_t number;

            apr_snprintf(text, sizeof(text), "token_%d", i);
            made = print_of(by, long_text, text);
            number = clerk_fingerprint_number(made.bytes);
            seen[0][number % PLACES]++;
            seen[1][number >> 56]++;
        }
        for (place = 0; place < PLACES; place++) {
            assert_in_range(seen[0][place], 16, 128); /* 64 is the mean, 8 the deviation */
            assert_in_range(seen[1][place], 16, 128);
        }
    }
}

/* ---------------------------------------------------------------- threads */

enum { THREADS = 4, ROUNDS = 3000 };

static clerk_fingerprinter *shared;

static void *hammer(void *argument)
{
    const char *token = argument;
    print first = print_of(shared, "source", token);
    int i;

    for (i = 0; i < ROUNDS; i++) {
        if (!are_alike(first, print_of(shared, "source", token))) {
            return argument;
        }
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    const char *tokens[THREADS] = { "a", "token", repeated('y', 900, *state),
                                    repeated('z', 900, *state) };
    pthread_t threads[THREADS];
    int i;

    shared = made_of(CLERK_FINGERPRINT_POLY1305, *state);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)tokens[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        void *wrong;

        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(one_text_has_one_fingerprint),
        support_test(every_byte_and_the_length_count),
        support_test(nobody_else_makes_the_same),
        support_test(numbers_are_spread_evenly),
        support_test(threads_do_not_disturb_each_other),
    };

    return support_run("fingerprint", tests);
}
