/* SPDX-License-Identifier: Apache-2.0 - tests that lists and predicates say the same */
#include "core/auth_lists.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const PERMISSIONS[] = { "org:invoices:read", "bare:name", "org:a:b" };
static const char *const SCOPES[] = { "notes:read", "x" };

static clerk_auth person(apr_pool_t *pool)
{
    clerk_auth auth = { .type = CLERK_TOKEN_SESSION,
                        .user_id = "user_1",
                        .org_id = "org_1",
                        .features = "o:reports,u:beta,uo:chat",
                        .plans = "u:free,o:team",
                        .org_permissions = PERMISSIONS,
                        .org_permission_count = COUNT(PERMISSIONS) };

    return auth;
}

static int has(const apr_array_header_t *list, const char *text)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(list, i, const char *), text) == 0) {
            return 1;
        }
    }
    return 0;
}

static void lists_say_what_predicates_say(void **state)
{
    static const char *const asked[] = {
        "invoices:read", "org:invoices:read", "bare:name", "org:bare:name", "a:b", "x:y",
        "reports", "o:reports", "org:reports", "organization:reports", "u:reports",
        "user:reports", "beta", "o:beta", "u:beta", "user:beta", "chat", "o:chat", "u:chat",
        "uo:chat", "ou:chat", "free", "u:free", "o:free", "team", "o:team", "u:team", "",
        "o:", ":", "notes:read",
    };
    clerk_auth auth = person(*state);
    size_t i;

    for (i = 0; i < COUNT(asked); i++) {
        clerk_slice text = clerk_slice_of(asked[i]);

        if (has(clerk_auth_list_permissions(&auth, *state), asked[i])
                != clerk_auth_has_permission(&auth, text)
            || has(clerk_auth_list_features(&auth, *state), asked[i])
                   != clerk_auth_has_feature(&auth, text)
            || has(clerk_auth_list_plans(&auth, *state), asked[i])
                   != clerk_auth_has_plan(&auth, text))
        {
            fail_msg("%s", asked[i]);
        }
    }
    assert_int_equal(clerk_auth_list_scopes(&auth, *state)->nelts, 0);
}

static void machines_have_scopes(void **state)
{
    clerk_auth auth = { .type = CLERK_TOKEN_M2M, .scopes = { SCOPES, COUNT(SCOPES) } };
    apr_array_header_t *list = clerk_auth_list_scopes(&auth, *state);

    assert_true(has(list, "notes:read") && has(list, "x"));
    assert_int_equal(list->nelts, 2);
    assert_int_equal(clerk_auth_list_permissions(&auth, *state)->nelts, 0);
    assert_int_equal(clerk_auth_list_features(&auth, *state)->nelts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { support_test(lists_say_what_predicates_say),
                                        support_test(machines_have_scopes) };

    return support_run("auth_lists", tests);
}
