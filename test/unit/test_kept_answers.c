/* SPDX-License-Identifier: Apache-2.0 - tests of the bounded table of answers */
#include "service/kept_answers.h"

#include "service/time_left.h"
#include "support.h"

#define SECONDS(n) apr_time_from_sec(n)
#define UNTIL (SUPPORT_NOW + SECONDS(30))

/** A digest as good as any: spread over all bytes. */
static const unsigned char *digest_of(unsigned number)
{
    static unsigned char digest[CLERK_DIGEST_LENGTH];
    unsigned i;

    for (i = 0; i < sizeof(digest); i++) {
        digest[i] = (unsigned char)((number * 2654435761U) >> (i % 4 * 8));
    }
    memcpy(digest + 16, &number, sizeof(number)); /* no two alike */
    return digest;
}

static void keep(clerk_kept_answers *answers, unsigned number, const char *body)
{
    clerk_kept_answers_keep(answers, digest_of(number), clerk_slice_of(body),
                             SUPPORT_NOW, UNTIL);
}

static int has(clerk_kept_answers *answers, unsigned number, const char *body,
               apr_pool_t *pool)
{
    clerk_slice found = { NULL, 0 };

    return clerk_kept_answers_find(&found, answers, digest_of(number), SUPPORT_NOW,
                                    pool)
           && clerk_slice_is(found, body);
}

static void gives_back_what_was_kept(void **state)
{
    clerk_kept_answers *answers = clerk_kept_answers_create(8, 1024, *state);

    assert_false(has(answers, 1, "one", *state));
    keep(answers, 1, "one");
    keep(answers, 2, "");
    assert_true(has(answers, 1, "one", *state));
    assert_true(has(answers, 2, "", *state));
    assert_false(has(answers, 3, "", *state));
    keep(answers, 1, "another");
    assert_true(has(answers, 1, "another", *state));
}

static void forgets_in_time(void **state)
{
    clerk_kept_answers *answers = clerk_kept_answers_create(8, 1024, *state);
    clerk_slice body;

    keep(answers, 1, "one");
    assert_true(clerk_kept_answers_find(&body, answers, digest_of(1), UNTIL - 1, *state));
    assert_false(clerk_kept_answers_find(&body, answers, digest_of(1), UNTIL, *state));
    assert_false(has(answers, 1, "one", *state)); /* gone for good */

    keep(answers, 2, "two");
    assert_true(clerk_kept_answers_find(&body, answers, digest_of(2),
                                        SUPPORT_NOW - CLERK_CLOCK_LAG, *state));
    assert_false(clerk_kept_answers_find(&body, answers, digest_of(2),
                                         SUPPORT_NOW - CLERK_CLOCK_LAG - 1,
                                         *state)); /* the clock was set back */
    clerk_kept_answers_keep(answers, digest_of(3), clerk_slice_of("x"), UNTIL, UNTIL);
    assert_false(has(answers, 3, "x", *state));
    keep(answers, 4, "four");
    clerk_kept_answers_keep(answers, digest_of(4), clerk_slice_of("x"), UNTIL, UNTIL);
    assert_false(has(answers, 4, "four", *state)); /* a newer one that is not kept ends it */
}

static void drops_what_was_unused_longest(void **state)
{
    clerk_kept_answers *answers = clerk_kept_answers_create(3, 1024, *state);

    keep(answers, 1, "1");
    keep(answers, 2, "2");
    keep(answers, 3, "3");
    assert_true(has(answers, 1, "1", *state));
    keep(answers, 4, "4");
    assert_false(has(answers, 2, "2", *state));
    assert_true(has(answers, 1, "1", *state));
    assert_true(has(answers, 3, "3", *state));
    assert_true(has(answers, 4, "4", *state));
}

static void is_bounded_in_bytes(void **state)
{
    clerk_kept_answers *answers = clerk_kept_answers_create(100, 10, *state);

    keep(answers, 1, "1234");
    keep(answers, 2, "1234");
    keep(answers, 3, "123456");
    assert_false(has(answers, 1, "1234", *state));
    assert_true(has(answers, 2, "1234", *state));
    assert_true(has(answers, 3, "123456", *state));
    keep(answers, 4, "12345678901"); /* more than there is room for: pushes nothing out */
    assert_false(has(answers, 4, "12345678901", *state));
    assert_true(has(answers, 2, "1234", *state));
    keep(answers, 5, "1234567890");
    assert_true(has(answers, 5, "1234567890", *state));
    assert_false(has(answers, 2, "1234", *state));
}

static void holds_up_under_many(void **state)
{
    enum { MANY = 5000, ROOM = 100 };
    clerk_kept_answers *answers = clerk_kept_answers_create(ROOM, 1 << 20, *state);
    unsigned i;

    for (i = 0; i < MANY; i++) {
        keep(answers, i, "body");
    }
    for (i = 0; i < MANY; i++) {
        assert_int_equal(has(answers, i, "body", *state), i >= MANY - ROOM);
    }
}

static void keeps_nothing_where_there_is_no_room(void **state)
{
    clerk_kept_answers *answers = clerk_kept_answers_create(0, 1024, *state);

    keep(answers, 1, "one");
    assert_false(has(answers, 1, "one", *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(gives_back_what_was_kept),
        support_test(forgets_in_time),
        support_test(drops_what_was_unused_longest),
        support_test(is_bounded_in_bytes),
        support_test(holds_up_under_many),
        support_test(keeps_nothing_where_there_is_no_room),
    };

    return support_run("kept_answers", tests);
}
