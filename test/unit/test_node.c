/* SPDX-License-Identifier: Apache-2.0 - nodes say what jansson says, and nothing else is let in */
#include "support.h"

#include "core/json.h"
#include "core/node_list.h"

static json_t *json_of(const clerk_node *node);

static json_t *json_of_members(const clerk_node *object)
{
    json_t *made = json_object();
    const clerk_node *at;

    for (at = clerk_node_first(object); at; at = clerk_node_next(object, at)) {
        assert_int_equal(strlen(at->name.ptr), at->name.len);
        assert_null(json_object_get(made, at->name.ptr));
        assert_int_equal(json_object_set_new(made, at->name.ptr, json_of(at)), 0);
    }
    assert_int_equal(json_object_size(made), clerk_node_count(object));
    return made;
}

static json_t *json_of_elements(const clerk_node *array)
{
    json_t *made = json_array();
    const clerk_node *at;

    for (at = clerk_node_first(array); at; at = clerk_node_next(array, at)) {
        assert_int_equal(json_array_append_new(made, json_of(at)), 0);
    }
    return made;
}

/** The value once more as jansson would have made it. */
static json_t *json_of(const clerk_node *node)
{
    switch (node->type) {
    case CLERK_NODE_OBJECT:
        return json_of_members(node);
    case CLERK_NODE_ARRAY:
        return json_of_elements(node);
    case CLERK_NODE_STRING:
        assert_int_equal(strlen(node->text.ptr), node->text.len);
        return json_stringn(node->text.ptr, node->text.len);
    case CLERK_NODE_INTEGER:
        return json_integer(node->number.integer);
    case CLERK_NODE_REAL:
        return json_real(node->number.real);
    case CLERK_NODE_TRUE:
        return json_true();
    case CLERK_NODE_FALSE:
        return json_false();
    default:
        assert_int_equal(node->type, CLERK_NODE_NULL);
        return json_null();
    }
}

/** Both readers must agree. @return whether they accept @a text */
static int agree_on(clerk_slice text, apr_pool_t *pool)
{
    clerk_error want_error = { CLERK_OK, NULL }, error = { CLERK_OK, NULL };
    const json_t *want = NULL;
    const clerk_node *object = NULL;
    clerk_status status = clerk_json_load(&want, text, pool, &want_error);

    if (clerk_node_load(&object, text, pool, &error) != status
        || error.detail != want_error.detail)
    {
        fail_msg("\"%.*s\": %s, jansson: %s", (int)text.len, text.ptr, error.detail,
                 want_error.detail);
    }
    if (status == CLERK_OK) {
        json_t *got = json_of(object);

        if (!json_equal(got, want)) {
            fail_msg("\"%.*s\": %s", (int)text.len, text.ptr, json_dumps(got, 0));
        }
        assert_true(clerk_slice_equals(clerk_node_json(object->text, pool), text));
        json_decref(got);
    }
    return status == CLERK_OK;
}

/* clang-format off */
static const struct { const char *text; int is_ordinary; } cases[] = {
    { "{}", 1 }, { " \t\r\n{ } \n", 1 }, { "{\"a\":1}", 1 }, { "{\"a\":-1}", 1 },
    { "{\"a\":0}", 1 }, { "{\"a\":-0}", 1 }, { "{\"a\":[]}", 1 }, { "{\"a\":[[],{}]}", 1 },
    { "{\"a\" : [ 1 , \"b\" , { \"c\" : null } ] , \"d\" : true , \"e\" : false }", 1 },
    { "{\"\":\"\"}", 1 }, { "{\"a\":{\"a\":{\"a\":1}}}", 1 }, { "{\"a\":1,\"A\":2}", 1 },
    { "{\"a\":999999999999999}", 1 }, { "{\"a\":[1,2],\"b\":[3]}", 1 },
    { "{\"a\":1000000000000000}", 0 }, { "{\"a\":9223372036854775808}", 0 },
    { "{\"a\":1.0}", 0 }, { "{\"a\":1.5}", 0 }, { "{\"a\":1e2}", 0 }, { "{\"a\":1E2}", 0 },
    { "{\"a\":\"\\n\"}", 0 }, { "{\"a\":\"\\u00e9\"}", 0 }, { "{\"a\":\"\xc3\xa9\"}", 0 },
    { "{\"\\u0061\":1}", 0 }, { "{\"a\":\"\x7f\"}", 0 },
    { "{\"a\":[[[[[[[[[1]]]]]]]]]}", 0 },

    { "", 0 }, { " ", 0 }, { "[]", 0 }, { "null", 0 }, { "1", 0 }, { "{", 0 }, { "}", 0 },
    { "{\"a\"", 0 }, { "{\"a\":", 0 }, { "{\"a\":1", 0 }, { "{\"a\":1,", 0 }, { "{\"a", 0 },
    { "{\"a\":1,}", 0 }, { "{,}", 0 }, { "{\"a\":[1,]}", 0 }, { "{\"a\":[,1]}", 0 },
    { "{\"a\":[1}", 0 }, { "{\"a\":{]}", 0 }, { "{\"a\":1]", 0 }, { "{a:1}", 0 },
    { "{\"a\":01}", 0 }, { "{\"a\":-}", 0 }, { "{\"a\":-01}", 0 }, { "{\"a\":+1}", 0 },
    { "{\"a\":1x}", 0 }, { "{\"a\":tru}", 0 }, { "{\"a\":truex}", 0 }, { "{\"a\":nul}", 0 },
    { "{\"a\":1 2}", 0 }, { "{\"a\" 1}", 0 }, { "{\"a\":1}{}", 0 }, { "{\"a\":1}x", 0 },
    { "{\"a\":1,\"a\":1}", 0 }, { "{\"a\":1,\"b\":2,\"a\":3}", 0 },
    { "{\"b\":{\"a\":1,\"a\":2}}", 0 }, { "{\"a\":1,\"\\u0061\":2}", 0 },
    { "{\"a\":\"\n\"}", 0 }, { "{\"a\":\"\\ud83d\"}", 0 }, { "{\"a\":\"\xff\"}", 0 },
};
/* clang-format on */

static void the_quick_reader_takes_the_ordinary_only(void **state)
{
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        clerk_node_list list = { NULL, 0, 0, *state };
        clerk_slice text = support_text(cases[i].text, *state);

        if (clerk_node_scan(&list, text) != cases[i].is_ordinary) {
            fail_msg("%s", cases[i].text);
        }
        agree_on(text, *state);
    }
}

static void a_nul_is_no_end(void **state)
{
    static const char *const texts[] = { "{}\0", "{\"a\":\"b\0c\"}", "{\0}", "\0{}" };
    static const apr_size_t lengths[] = { 3, 11, 3, 3 };
    apr_size_t i;

    for (i = 0; i < support_count(texts); i++) {
        assert_false(agree_on(support_bytes(texts[i], lengths[i], *state), *state));
    }
}

static void many_members_are_for_the_other_reader(void **state)
{
    const char *text = "\"a\":0";
    int i;

    for (i = 0; i < 100; i++) {
        text = apr_psprintf(*state, "%s,\"n%d\":%d", text, i, i);
        assert_true(agree_on(
            support_text(apr_pstrcat(*state, "{", text, "}", NULL), *state), *state));
    }
    text = apr_pstrcat(*state, "{", text, ",\"n3\":1}", NULL);
    assert_false(agree_on(support_text(text, *state), *state));
}

/* ---------------------------------------------------------------- damaged documents */

/* The same in every run. */
static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/** Change, drop, double or swap a few bytes, mostly for ones that mean something. */
static clerk_slice damaged(const char *text, unsigned *seed, apr_pool_t *pool)
{
    static const char bytes[] = "{}[]\",:\\0123456789-+.eEtrufalsn \n\x7f\xc3\xa9\xff";
    apr_size_t len = strlen(text);
    char *copy = apr_palloc(pool, len + 8);
    int changes = (int)(next_random(seed) % 3) + 1;

    memcpy(copy, text, len);
    while (changes-- > 0) {
        apr_size_t at = next_random(seed) % len;

        switch (next_random(seed) % 3) {
        case 0:
            copy[at] = bytes[next_random(seed) % (sizeof(bytes) - 1)];
            break;
        case 1:
            memmove(copy + at, copy + at + 1, --len - at);
            break;
        default:
            memmove(copy + at + 1, copy + at, len++ - at);
            break;
        }
    }
    return support_bytes(copy, len, pool);
}

static void both_readers_agree_on_damaged_documents(void **state)
{
    static const char *const texts[] = {
        "{\"azp\":\"https://a.example\",\"exp\":1700000050,\"fva\":[5,-1],\"iat\":1700000000,"
        "\"o\":{\"id\":\"org_1\",\"rol\":\"admin\",\"per\":\"read,write\",\"fpm\":\"3\"},"
        "\"sid\":\"sess_1\",\"sts\":\"active\",\"sub\":\"user_1\",\"v\":2}",
        "{\"a\":[1,2.5,true,false,null,{\"b\":\"c\"}],\"d\":{\"e\":[[]]}}",
        "{\"a\":\"\\ud83d\\ude00\",\"\\u0061b\":\"\xc3\xa9\",\"n\":-0.5e3}",
        "{\"a\":0,\"b\":-0,\"c\":10,\"aa\":1}",
    };
    unsigned seed = 20;
    int accepted = 0;
    apr_size_t i;

    for (i = 0; i < 40000; i++) {
        apr_pool_t *pool;

        apr_pool_create(&pool, *state);
        accepted +=
            agree_on(damaged(texts[i % support_count(texts)], &seed, pool), pool);
        apr_pool_destroy(pool);
    }
    assert_in_range(accepted, 4000, 36000);
}

static void reading_fails_softly(void **state)
{
    const clerk_node *object;
    double number = 7;

    assert_int_equal(
        clerk_node_load(&object,
                        support_text("{\"s\":\"x\",\"n\":1,\"r\":1.5,\"z\":null,"
                                     "\"o\":{},\"l\":[1,2]}",
                                     *state),
                        *state, NULL),
        CLERK_OK);
    assert_string_equal(clerk_node_text(object, "s"), "x");
    assert_null(clerk_node_text(object, "n"));
    assert_null(clerk_node_text(object, "absent"));
    assert_null(clerk_node_text(NULL, "s"));
    assert_null(clerk_node_member(clerk_node_member(object, "s"), "s"));
    assert_null(clerk_node_member(clerk_node_member(object, "l"), ""));
    assert_null(clerk_node_first(clerk_node_member(object, "o")));
    assert_int_equal(clerk_node_count(clerk_node_member(object, "l")), 2);
    assert_int_equal(clerk_node_count(clerk_node_member(object, "s")), 0);
    assert_int_equal(clerk_node_count(NULL), 0);
    assert_false(clerk_node_number(&number, NULL));
    assert_false(clerk_node_number(&number, clerk_node_member(object, "s")));
    assert_true(number == 7);
    assert_true(clerk_node_number(&number, clerk_node_member(object, "r")));
    assert_true(number == 1.5);
    assert_true(clerk_node_number(&number, clerk_node_member(object, "n")));
    assert_true(number == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(the_quick_reader_takes_the_ordinary_only),
        support_test(a_nul_is_no_end),
        support_test(many_members_are_for_the_other_reader),
        support_test(both_readers_agree_on_damaged_documents),
        support_test(reading_fails_softly),
    };

    return support_run("node", tests);
}
