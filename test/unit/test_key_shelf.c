/* SPDX-License-Identifier: Apache-2.0 - tests: key sets in memory that processes share */
#include "service/key_shelf.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define KEEP apr_time_from_sec(3600)

static clerk_key_shelf *make_shelf(apr_pool_t *pool)
{
    clerk_key_shelf *shelf;

    assert_int_equal(clerk_key_shelf_create(&shelf, KEEP, pool), APR_SUCCESS);
    return shelf;
}

static const unsigned char *id_of(int number, apr_pool_t *pool)
{
    unsigned char *id = apr_palloc(pool, CLERK_DIGEST_LENGTH);

    memset(id, number + 1, CLERK_DIGEST_LENGTH);
    return id;
}

static int put(clerk_key_shelf *shelf, const unsigned char *id, const char *json,
               apr_time_t fetched_at)
{
    return clerk_key_shelf_put(shelf, id, clerk_slice_of(json), fetched_at, SUPPORT_NOW);
}

/** What lies there, or NULL. */
static const char *look(clerk_key_shelf *shelf, const unsigned char *id, apr_time_t date,
                        apr_pool_t *pool)
{
    clerk_slice json;
    apr_time_t fetched_at;

    if (!clerk_key_shelf_get(&json, &fetched_at, shelf, id, SUPPORT_NOW, pool)) {
        return NULL;
    }
    assert_int_equal(fetched_at, date);
    return apr_pstrmemdup(pool, json.ptr, json.len);
}

static void gives_back_what_was_put_there(void **state)
{
    apr_pool_t *pool = *state;
    clerk_key_shelf *shelf = make_shelf(pool);
    const unsigned char *one = id_of(1, pool);
    const unsigned char *two = id_of(2, pool);

    assert_null(look(shelf, one, 0, pool));
    assert_true(put(shelf, one, "{\"keys\":[1]}", 100));
    assert_string_equal(look(shelf, one, 100, pool), "{\"keys\":[1]}");
    assert_null(look(shelf, two, 0, pool));
    assert_true(put(shelf, one, "{}", 200)); /* shorter than the one before */
    assert_true(put(shelf, two, "12345678", 300));
    assert_string_equal(look(shelf, one, 200, pool), "{}");
    assert_string_equal(look(shelf, two, 300, pool), "12345678");
}

static void works_without_a_shelf(void **state)
{
    const unsigned char *id = id_of(1, *state);

    assert_false(put(NULL, id, "{}", 100));
    assert_null(look(NULL, id, 0, *state));
}

static void takes_what_fits(void **state)
{
    apr_pool_t *pool = *state;
    clerk_key_shelf *shelf = make_shelf(pool);
    char *large = apr_palloc(pool, CLERK_KEY_SHELF_MAX_BYTES + 1);
    clerk_slice json = { large, CLERK_KEY_SHELF_MAX_BYTES };
    apr_time_t date;
    int i;

    memset(large, 'x', CLERK_KEY_SHELF_MAX_BYTES + 1);
    assert_true(clerk_key_shelf_put(shelf, id_of(0, pool), json, 1, SUPPORT_NOW));
    assert_true(clerk_key_shelf_get(&json, &date, shelf, id_of(0, pool), SUPPORT_NOW, pool));
    assert_int_equal(json.len, CLERK_KEY_SHELF_MAX_BYTES);
    assert_memory_equal(json.ptr, large, json.len);

    /* One that does not fit leaves the one before, whose date says how old it is. */
    json.len++;
    assert_false(clerk_key_shelf_put(shelf, id_of(0, pool), json, 2, SUPPORT_NOW));
    assert_true(clerk_key_shelf_get(&json, &date, shelf, id_of(0, pool), SUPPORT_NOW, pool));
    assert_int_equal(date, 1);

    for (i = 1; i < CLERK_KEY_SHELF_PLACES; i++) {
        assert_true(put(shelf, id_of(i, pool), "{}", i));
    }
    assert_false(put(shelf, id_of(i, pool), "{}", i));
    for (i = 1; i < CLERK_KEY_SHELF_PLACES; i++) {
        assert_non_null(look(shelf, id_of(i, pool), i, pool));
    }
}

static void gives_the_places_of_the_gone_to_others(void **state)
{
    apr_pool_t *pool = *state;
    clerk_key_shelf *shelf = make_shelf(pool);
    const unsigned char *late = id_of(100, pool);
    int i;

    for (i = 0; i < CLERK_KEY_SHELF_PLACES; i++) {
        assert_true(put(shelf, id_of(i, pool), "{}", i));
    }
    assert_true(clerk_key_shelf_put(shelf, late, clerk_slice_of("late"), 7,
                                    SUPPORT_NOW + KEEP));
    assert_string_equal(look(shelf, late, 7, pool), "late");
}

/* ---------------------------------------------------------------- at the same time */

typedef struct writer {
    clerk_key_shelf *shelf;
    const unsigned char *id;
    char letter;
    atomic_int *at_work;
    pthread_t thread;
} writer;

/** Two writers at once is what a lease that ran out amounts to. */
static void *write_often(void *baton)
{
    writer *self = baton;
    char text[5000];
    clerk_slice json = { text, sizeof(text) };
    int i;

    memset(text, self->letter, sizeof(text));
    for (i = 0; i < 3000; i++) {
        json.len = (apr_size_t)(1 + i % (int)sizeof(text));
        clerk_key_shelf_put(self->shelf, self->id, json, (apr_time_t)json.len, SUPPORT_NOW);
        if (i % 10 == 0) {
            apr_sleep(50); /* for the reader, who may have to share the processor */
        }
    }
    atomic_fetch_sub(self->at_work, 1);
    return NULL;
}

static int is_whole(clerk_slice json, apr_time_t fetched_at)
{
    apr_size_t i;

    for (i = 1; i < json.len; i++) {
        if (json.ptr[i] != json.ptr[0]) {
            return 0;
        }
    }
    return json.len == (apr_size_t)fetched_at;
}

static void never_gives_half_a_set(void **state)
{
    apr_pool_t *pool = *state;
    clerk_key_shelf *shelf = make_shelf(pool);
    const unsigned char *id = id_of(1, pool);
    writer writers[2] = { { .letter = 'a' }, { .letter = 'b' } };
    atomic_int at_work;
    int seen = 0;
    int i;

    atomic_init(&at_work, 2);
    for (i = 0; i < 2; i++) {
        writers[i].shelf = shelf;
        writers[i].id = id;
        writers[i].at_work = &at_work;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_often, &writers[i]),
                         0);
    }
    while (atomic_load(&at_work) > 0) {
        apr_pool_t *round;
        apr_time_t date;
        clerk_slice json;

        apr_pool_create(&round, pool);
        if (clerk_key_shelf_get(&json, &date, shelf, id, SUPPORT_NOW, round)) {
            seen++;
            assert_true(is_whole(json, date));
        }
        apr_pool_destroy(round);
    }
    for (i = 0; i < 2; i++) {
        pthread_join(writers[i].thread, NULL);
    }
    assert_true(put(shelf, id, "after that", 1));
    assert_string_equal(look(shelf, id, 1, pool), "after that");
    assert_true(seen > 0);
}

static void reaches_other_processes(void **state)
{
    apr_pool_t *pool = *state;
    clerk_key_shelf *shelf = make_shelf(pool);
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        _exit(put(shelf, id_of(1, pool), "from the child", 5) ? 0 : 1);
    }
    waitpid(child, NULL, 0);
    assert_string_equal(look(shelf, id_of(1, pool), 5, pool), "from the child");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(gives_back_what_was_put_there),
        support_test(works_without_a_shelf),
        support_test(takes_what_fits),
        support_test(gives_the_places_of_the_gone_to_others),
        support_test(never_gives_half_a_set),
        support_test(reaches_other_processes),
    };

    return support_run("key_shelf", tests);
}
