/* SPDX-License-Identifier: Apache-2.0 - tests of what an application is told of a User */
#include "core/user.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static clerk_status take(clerk_user *user, const char *body, apr_pool_t *pool)
{
    clerk_slice kept = { NULL, 0 };
    clerk_error error = { CLERK_OK, NULL };
    clerk_status status =
        clerk_user_digest(&kept, support_text(body, pool), "user_1", pool, &error);

    memset(user, 0x55, sizeof(*user));
    if (status != CLERK_OK) {
        assert_non_null(error.detail);
        return status;
    }
    return clerk_user_read(user, kept, &error);
}

static void takes_what_is_told(void **state)
{
    clerk_user user;

    assert_int_equal(
        take(&user,
             "{\"id\":\"user_1\",\"username\":\"ada\",\"first_name\":\"Zo\xc3\xab\","
             "\"last_name\":null,\"image_url\":\"https://img.example/1\","
             "\"primary_email_address_id\":\"idn_2\",\"email_addresses\":["
             "{\"id\":\"idn_1\",\"email_address\":\"other@x.example\"},"
             "{\"id\":\"idn_2\",\"email_address\":\"ada@x.example\"}]}",
             *state),
        CLERK_OK);
    assert_string_equal(user.email, "ada@x.example");
    assert_string_equal(user.username, "ada");
    assert_string_equal(user.first_name, "Zo\xc3\xab");
    assert_null(user.last_name);
    assert_string_equal(user.image_url, "https://img.example/1");
    assert_non_null(strstr(user.json, "\"first_name\":\"Zo\\u00EB\""));
}

static void leaves_private_metadata_out(void **state)
{
    clerk_user user;

    assert_int_equal(take(&user,
                          "{\"id\":\"user_1\",\"private_metadata\":{\"x\":\"P\"},"
                          "\"a\":[[{\"private_metadata\":\"P\",\"b\":1}]],"
                          "\"c\":{\"private_metadata\":{\"private_metadata\":\"P\"}}}",
                          *state),
                     CLERK_OK);
    assert_string_equal(user.json, "{\"id\":\"user_1\",\"a\":[[{\"b\":1}]],\"c\":{}}");
    assert_null(user.email);
    assert_null(user.first_name);
}

static void a_primary_address_must_be_there(void **state)
{
    static const char *const bodies[] = {
        "{\"id\":\"user_1\",\"email_addresses\":[{\"id\":\"i\",\"email_address\":\"a\"}]}",
        "{\"id\":\"user_1\",\"primary_email_address_id\":\"j\",\"email_addresses\":["
        "{\"id\":\"i\",\"email_address\":\"a\"}]}",
        "{\"id\":\"user_1\",\"primary_email_address_id\":\"i\",\"email_addresses\":["
        "{\"id\":\"i\",\"email_address\":7},3,null]}",
        "{\"id\":\"user_1\",\"primary_email_address_id\":\"i\",\"email_addresses\":{}}",
    };
    clerk_user user;
    size_t i;

    for (i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(take(&user, bodies[i], *state), CLERK_OK);
        assert_null(user.email);
    }
}

static void anything_else_is_no_user(void **state)
{
    static const char *const bodies[] = { "", "[]", "{}", "{\"id\":1}",
                                          "{\"id\":\"user_2\"}", "{\"id\":\"user_1\"",
                                          "{\"id\":\"user_1\",\"id\":\"user_1\"}" };
    clerk_user user;
    size_t i;

    for (i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(take(&user, bodies[i], *state), CLERK_E_MACHINE_UNDECIDED);
    }
}

/** A shared cache may bring anything that its owners once put there. */
static void a_kept_form_is_whole(void **state)
{
    static const char WHOLE[] = "{}\0a\0b\0c\0d\0e"; /* and the NUL behind it */
    clerk_user user;
    apr_size_t len;

    for (len = 0; len < sizeof(WHOLE); len++) {
        assert_int_equal(
            clerk_user_read(&user, support_bytes(WHOLE, len, *state), NULL),
            CLERK_E_MACHINE_UNDECIDED);
    }
    assert_int_equal(
        clerk_user_read(&user, support_bytes(WHOLE, sizeof(WHOLE), *state), NULL),
        CLERK_OK);
    assert_string_equal(user.image_url, "e");
    assert_int_equal(clerk_user_read(&user,
                                     support_bytes("{}\0a\0b\0c\0d\0e\0f", 15, *state),
                                     NULL),
                     CLERK_E_MACHINE_UNDECIDED);
    assert_int_equal(
        clerk_user_read(&user, support_bytes("x\0\0\0\0\0\0", 7, *state), NULL),
        CLERK_E_MACHINE_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = { support_test(takes_what_is_told),
                                        support_test(leaves_private_metadata_out),
                                        support_test(a_primary_address_must_be_there),
                                        support_test(anything_else_is_no_user),
                                        support_test(a_kept_form_is_whole) };

    return support_run("user", tests);
}
