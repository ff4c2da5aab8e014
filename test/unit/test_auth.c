/* SPDX-License-Identifier: Apache-2.0 - tests of the auth object and of what may be asked of it */
#include "core/auth.h"

#include "claims_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WHO "\"sub\":\"user_1\",\"sid\":\"sess_1\""
#define V2 WHO ",\"v\":2"

static const clerk_auth *auth_of(const char *members, apr_pool_t *pool)
{
    clerk_claims claims = fixture_claims(apr_psprintf(pool, "{%s}", members), pool);

    return clerk_auth_from_session(&claims, pool);
}

static const char *or_none(const char *text)
{
    return text ? text : "-";
}

static const char *permissions_of(const clerk_auth *auth, apr_pool_t *pool)
{
    const char *text = "";
    apr_size_t i;

    for (i = 0; i < auth->org_permission_count; i++) {
        text =
            apr_pstrcat(pool, text, i > 0 ? "," : "", auth->org_permissions[i], NULL);
    }
    return text;
}

/* ---------------------------------------------------------------- making */

/* id, slug, role, permissions; - for absent */
static const struct {
    const char *label, *members, *want;
} organizations[] = {
    { "v2 without o (P01)", V2 ",\"fea\":\"o:a\"", "- - - " },
    { "v2 without o ignores the members of v1 (P01)",
      V2 ",\"org_id\":\"org_1\",\"org_slug\":\"s\",\"org_role\":\"org:admin\","
         "\"org_permissions\":[\"org:a:b\"]",
      "- - - " },
    { "v1 (P02)",
      WHO ",\"org_id\":\"org_1\",\"org_slug\":\"pier\",\"org_role\":\"org:admin\","
          "\"org_permissions\":[\"org:boats:read\",\"org:boats:edit\"]",
      "org_1 pier org:admin org:boats:read,org:boats:edit" },
    { "v2 that says the same (P02, P03)",
      V2
      ",\"fea\":\"o:boats\",\"o\":{\"id\":\"org_1\",\"slg\":\"pier\",\"rol\":\"admin\","
      "\"per\":\"read,edit\",\"fpm\":\"3\"}",
      "org_1 pier org:admin org:boats:read,org:boats:edit" },
    { "v2 without a role (P04)", V2 ",\"o\":{\"id\":\"org_1\"}", "org_1 - - " },
    { "v2 with an empty role (P04)", V2 ",\"o\":{\"id\":\"org_1\",\"rol\":\"\"}",
      "org_1 - - " },
    { "v 2.0 is 2", WHO ",\"v\":2.0,\"o\":{\"id\":\"org_1\"}", "org_1 - - " },
    { "v \"2\" is version 1 (P05)",
      WHO ",\"v\":\"2\",\"org_id\":\"org_9\",\"o\":{\"id\":\"org_1\"}", "org_9 - - " },
    { "v 3 is version 1 (P05)",
      WHO ",\"v\":3,\"org_id\":\"org_9\",\"o\":{\"id\":\"org_1\"}", "org_9 - - " },
    { "v2 without masks (P06)",
      V2 ",\"fea\":\"o:a\",\"o\":{\"id\":\"org_1\",\"rol\":\"admin\"}",
      "org_1 - org:admin " },
    { "bare role of a very old token",
      WHO ",\"org_id\":\"org_1\",\"org_role\":\"admin\"", "org_1 - org:admin " },
    { "malformed fea: no permissions (P18)",
      V2 ",\"fea\":\"o:a,b\",\"o\":{\"id\":\"org_1\",\"per\":\"read\",\"fpm\":\"1\"}",
      "org_1 - - " },
    { "fea that is no string: no permissions",
      V2 ",\"fea\":[\"o:a\"],\"o\":{\"id\":\"org_1\",\"per\":\"read\",\"fpm\":\"1\"}",
      "org_1 - - " },
    { "malformed fea of version 1 leaves its permissions",
      WHO ",\"fea\":\"a\",\"org_id\":\"org_1\",\"org_permissions\":[\"org:a:b\"]",
      "org_1 - - org:a:b" },
    { "v2 members of other types",
      V2 ",\"fea\":\"o:a\",\"o\":{\"id\":1,\"slg\":[],\"rol\":{},\"per\":[\"read\"],"
         "\"fpm\":1}",
      "- - - " },
    { "v2 with o that is no object", V2 ",\"o\":\"org_1\"", "- - - " },
    { "v1 members of other types (H16)",
      WHO ",\"org_id\":\"org_1\",\"org_role\":7,\"org_permissions\":\"org:a:b\"",
      "org_1 - - " },
    { "v1 permissions of other types (H16)",
      WHO
      ",\"org_id\":\"org_1\",\"org_permissions\":[1,null,\"org:a:b\",[\"org:c:d\"]]",
      "org_1 - - org:a:b" },
    { "v1 permissions in an object (H16)",
      WHO ",\"org_id\":\"org_1\",\"org_permissions\":{\"0\":\"org:a:b\"}",
      "org_1 - - " },
};

static void reads_organizations(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(organizations); i++) {
        const clerk_auth *auth = auth_of(organizations[i].members, *state);
        const char *got = apr_psprintf(*state, "%s %s %s %s", or_none(auth->org_id),
                                       or_none(auth->org_slug), or_none(auth->org_role),
                                       permissions_of(auth, *state));

        if (strcmp(got, organizations[i].want) != 0) {
            fail_msg("%s: %s", organizations[i].label, got);
        }
    }
}

/* Session status, actor, features, plans; - for absent */
static const struct {
    const char *label, *members, *want;
} persons[] = {
    { "nothing of it", WHO, "- - - -" },
    { "active", WHO ",\"sts\":\"active\"", "active - - -" },
    { "pending", WHO ",\"sts\":\"pending\"", "pending - - -" },
    { "status that is no string", WHO ",\"sts\":1", "- - - -" },
    { "an actor (P20)", WHO ",\"act\":{\"sub\":\"user_9\"}", "- user_9 - -" },
    { "no actor (P20)", WHO ",\"act\":null", "- - - -" },
    { "an actor without subject", WHO ",\"act\":{\"iss\":\"x\"}", "-  - -" },
    { "an actor of another shape", WHO ",\"act\":\"user_9\"", "-  - -" },
    { "features and plans", WHO ",\"fea\":\"o:a,u:b\",\"pla\":\"u:pro\"",
      "- - o:a,u:b u:pro" },
    { "malformed features leave the plans", WHO ",\"fea\":\"a\",\"pla\":\"u:pro\"",
      "- - - u:pro" },
    { "malformed plans leave the features (H15)",
      WHO ",\"fea\":\"o:a\",\"pla\":\"free,pro\"", "- - o:a -" },
    { "of other types", WHO ",\"fea\":1,\"pla\":[\"u:pro\"]", "- - - -" },
    { "empty", WHO ",\"fea\":\"\",\"pla\":\"\"", "- - - -" },
};

static void reads_persons(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(persons); i++) {
        const clerk_auth *auth = auth_of(persons[i].members, *state);
        const char *got = apr_psprintf(
            *state, "%s %s %s %s", or_none(auth->session_status), or_none(auth->actor),
            or_none(auth->features), or_none(auth->plans));

        if (strcmp(got, persons[i].want) != 0) {
            fail_msg("%s: %s", persons[i].label, got);
        }
        assert_string_equal(auth->subject, "user_1");
        assert_string_equal(auth->user_id, "user_1");
        assert_string_equal(auth->session_id, "sess_1");
        assert_int_equal(auth->type, CLERK_TOKEN_SESSION);
        assert_int_equal(clerk_auth_is_impersonated(auth), auth->actor != NULL);
        assert_int_equal(clerk_auth_is_pending(auth),
                         strcmp(or_none(auth->session_status), "pending") == 0);
    }
}

static void reads_expiry(void **state)
{
    assert_int_equal(auth_of(WHO ",\"exp\":1700000060", *state)->expires,
                     apr_time_from_sec(1700000060));
    assert_int_equal(auth_of(WHO ",\"exp\":9007199254740992", *state)->expires,
                     APR_INT64_MAX); /* no overflow into the past */
    assert_int_equal(auth_of(WHO, *state)->expires, 0);
}

/* ---------------------------------------------------------------- asking */

typedef int predicate(const clerk_auth *auth, clerk_slice asked);

/* An administrator of org_1 (pier) who may read boats, with features, plans and factors. */
#define FULL                                                                           \
    V2 ",\"fea\":\"o:boats,u:beta,uo:reports,o:berths\",\"pla\":\"o:team,u:pro\","     \
       "\"fva\":[3,-1],\"o\":{\"id\":\"org_1\",\"slg\":\"pier\",\"rol\":\"admin\","    \
       "\"per\":\"read,edit\",\"fpm\":\"1,2\"}"

static const struct {
    predicate *ask;
    const char *asked;
    int want;
} questions[] = {
    /* H03 */
    { clerk_auth_has_role, "admin", 1 },
    { clerk_auth_has_role, "org:admin", 1 },
    { clerk_auth_has_role, "org:org:admin", 1 },
    { clerk_auth_has_role, "member", 0 },
    { clerk_auth_has_role, "Admin", 0 },
    { clerk_auth_has_role, "admi", 0 },
    { clerk_auth_has_role, "administrator", 0 },
    { clerk_auth_has_role, "", 0 },
    { clerk_auth_has_role, "org:", 0 },
    /* H04 */
    { clerk_auth_has_permission, "boats:read", 1 },
    { clerk_auth_has_permission, "org:boats:read", 1 },
    { clerk_auth_has_permission, "org:reports:edit", 1 },
    { clerk_auth_has_permission, "org:boats:edit", 0 },
    { clerk_auth_has_permission, "org:berths:read", 0 },
    { clerk_auth_has_permission, "org:boats:rea", 0 },
    { clerk_auth_has_permission, "org:boats:*", 0 },
    { clerk_auth_has_permission, "org:Boats:read", 0 },
    { clerk_auth_has_permission, "boats", 0 },
    { clerk_auth_has_permission, "", 0 },
    { clerk_auth_has_permission, "org:", 0 },
    /* H11, H12 */
    { clerk_auth_has_feature, "boats", 1 },
    { clerk_auth_has_feature, "o:boats", 1 },
    { clerk_auth_has_feature, "org:boats", 1 },
    { clerk_auth_has_feature, "organization:boats", 1 },
    { clerk_auth_has_feature, "u:boats", 0 },
    { clerk_auth_has_feature, "user:boats", 0 },
    { clerk_auth_has_feature, "beta", 1 },
    { clerk_auth_has_feature, "user:beta", 1 },
    { clerk_auth_has_feature, "org:beta", 0 },
    { clerk_auth_has_feature, "user:reports", 1 },
    { clerk_auth_has_feature, "organization:reports", 1 },
    { clerk_auth_has_feature, "absent", 0 },
    /* H13 and other questions that cannot be put */
    { clerk_auth_has_feature, "foo:boats", 0 },
    { clerk_auth_has_feature, "uo:reports", 0 },
    { clerk_auth_has_feature, "ou:reports", 0 },
    { clerk_auth_has_feature, "o:boats:x", 0 },
    { clerk_auth_has_feature, "o:", 0 },
    { clerk_auth_has_feature, ":boats", 0 },
    { clerk_auth_has_feature, "", 0 },
    { clerk_auth_has_plan, "team", 1 },
    { clerk_auth_has_plan, "org:team", 1 },
    { clerk_auth_has_plan, "user:team", 0 },
    { clerk_auth_has_plan, "u:pro", 1 },
    { clerk_auth_has_plan, "boats", 0 },
    { clerk_auth_in_organization, "org_1", 1 },
    { clerk_auth_in_organization, "pier", 1 },
    { clerk_auth_in_organization, "Pier", 0 },
    { clerk_auth_in_organization, "org_12", 0 },
    { clerk_auth_in_organization, "", 0 },
};

static void answers(void **state)
{
    const clerk_auth *auth = auth_of(FULL, *state);
    clerk_auth machine = *auth, stranger = *auth;
    size_t i;

    machine.type = CLERK_TOKEN_API_KEY; /* H26 */
    stranger.user_id = NULL;            /* H02 */
    for (i = 0; i < COUNT(questions); i++) {
        clerk_slice asked = support_text(questions[i].asked, *state);

        if (questions[i].ask(auth, asked) != questions[i].want) {
            fail_msg("question %d: %s", (int)i, questions[i].asked);
        }
        assert_false(questions[i].ask(NULL, asked));
        assert_false(questions[i].ask(&machine, asked));
        assert_false(questions[i].ask(&stranger, asked));
    }
}

/* All zero is nobody: H01, H02. */
static void nobody_has_nothing(void **state)
{
    const clerk_auth nobody = { 0 };
    const clerk_reverification lax = { "lax", CLERK_SECOND_FACTOR, 1440 };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(questions); i++) {
        assert_false(questions[i].ask(&nobody, clerk_slice_of(questions[i].asked)));
    }
    assert_false(clerk_auth_is_reverified(&nobody, &lax));
    assert_false(clerk_auth_is_reverified(NULL, &lax));
    assert_false(clerk_auth_is_pending(&nobody));
    assert_false(clerk_auth_is_pending(NULL));
    assert_false(clerk_auth_is_impersonated(&nobody));
    assert_false(clerk_auth_is_impersonated(NULL));
}

static const struct {
    const char *label, *members;
    predicate *ask;
    const char *asked;
    int want;
} partial[] = {
    { "role without organization (H05)", WHO ",\"org_role\":\"org:admin\"",
      clerk_auth_has_role, "admin", 0 },
    { "permission without organization (H05)", WHO ",\"org_permissions\":[\"org:a:b\"]",
      clerk_auth_has_permission, "org:a:b", 0 },
    { "bare role of a token (H03)", WHO ",\"org_id\":\"o\",\"org_role\":\"admin\"",
      clerk_auth_has_role, "org:admin", 1 },
    { "prefixes of a token's role are ignored",
      WHO ",\"org_id\":\"o\",\"org_role\":"
          "\"org:org:admin\"",
      clerk_auth_has_role, "admin", 1 },
    { "a role of prefixes only", WHO ",\"org_id\":\"o\",\"org_role\":\"org:\"",
      clerk_auth_has_role, "org:", 0 },
    { "a listed permission without prefix",
      WHO ",\"org_id\":\"o\",\"org_permissions\":"
          "[\"a:b\"]",
      clerk_auth_has_permission, "a:b", 0 },
    { "permission claim no array (H16)",
      WHO ",\"org_id\":\"o\",\"org_permissions\":"
          "\"org:a:b\"",
      clerk_auth_has_permission, "org:a:b", 0 },
    { "user feature without organization", V2 ",\"fea\":\"u:beta\"",
      clerk_auth_has_feature, "beta", 1 },
    { "fea missing (H14)", V2, clerk_auth_has_feature, "beta", 0 },
    { "fea empty (H14)", V2 ",\"fea\":\"\"", clerk_auth_has_feature, "beta", 0 },
    { "pla missing (H14)", V2 ",\"fea\":\"u:pro\"", clerk_auth_has_plan, "pro", 0 },
    { "pla without scopes (H15)", V2 ",\"pla\":\"free,pro\"", clerk_auth_has_plan,
      "pro", 0 },
    { "pla malformed at its end (H15)", V2 ",\"pla\":\"u:pro,free\"",
      clerk_auth_has_plan, "pro", 0 },
    { "fea of version 1", WHO ",\"fea\":\"u:beta\"", clerk_auth_has_feature, "u:beta",
      1 },
    { "organization without slug", WHO ",\"org_id\":\"org_1\"",
      clerk_auth_in_organization, "org_1", 1 },
    { "slug without organization", WHO ",\"org_slug\":\"pier\"",
      clerk_auth_in_organization, "pier", 0 },
};

static void fails_closed(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(partial); i++) {
        const clerk_auth *auth = auth_of(partial[i].members, *state);

        if (partial[i].ask(auth, clerk_slice_of(partial[i].asked)) != partial[i].want) {
            fail_msg("%s", partial[i].label);
        }
    }
}

/* H06 to H10: each predicate stands alone, so that a conjunction is one. */
static void dimensions_do_not_mix(void **state)
{
    static const struct {
        const char *members;
        int role, permission, feature, plan, reverified;
    } tokens[] = {
        { FULL, 1, 1, 1, 1, 1 },
        { V2 ",\"o\":{\"id\":\"org_1\",\"rol\":\"admin\"}", 1, 0, 0, 0, 0 },
        { V2
          ",\"fea\":\"o:boats\",\"o\":{\"id\":\"org_1\",\"per\":\"read\",\"fpm\":\"1\"}",
          0, 1, 1, 0, 0 },
        { V2 ",\"fea\":\"u:boats\"", 0, 0, 1, 0, 0 },
        { V2 ",\"pla\":\"u:team\"", 0, 0, 0, 1, 0 },
        { V2 ",\"fva\":[0,-1]", 0, 0, 0, 0, 1 },
    };
    const clerk_reverification strict = { "strict", CLERK_SECOND_FACTOR, 10 };
    size_t i;

    for (i = 0; i < COUNT(tokens); i++) {
        const clerk_auth *auth = auth_of(tokens[i].members, *state);

        assert_int_equal(clerk_auth_has_role(auth, clerk_slice_of("admin")),
                         tokens[i].role);
        assert_int_equal(clerk_auth_has_permission(auth, clerk_slice_of("boats:read")),
                         tokens[i].permission);
        assert_int_equal(clerk_auth_has_feature(auth, clerk_slice_of("boats")),
                         tokens[i].feature);
        assert_int_equal(clerk_auth_has_plan(auth, clerk_slice_of("team")),
                         tokens[i].plan);
        assert_int_equal(clerk_auth_is_reverified(auth, &strict), tokens[i].reverified);
    }
}

/* ---------------------------------------------------------------- names for a start-up check */

static const struct {
    const char *text;
    int scoped, permission;
} names[] = {
    { "x", 1, 0 },
    { "o:x", 1, 1 },
    { "user:x", 1, 1 },
    { "org:x", 1, 0 },
    { "organization:x", 1, 1 },
    { "boats:read", 0, 1 },
    { "org:boats:read", 0, 1 },
    { "org:org:boats:read", 0, 1 },
    { "org:sys_memberships:read", 0, 1 },
    { "org:a:b:c", 0, 0 },
    { "ou:x", 0, 1 },
    { "o:", 0, 0 },
    { ":x", 0, 0 },
    { "org::read", 0, 0 },
    { "org:boats:", 0, 0 },
    { "a:b,c:d", 0, 0 },
    { "a,b", 0, 0 },
    { "a\nb", 0, 0 },
    { "o:a:b", 0, 0 },
    { "org:", 0, 0 },
    { "", 0, 0 },
};

static void knows_names(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
        clerk_slice text = support_text(names[i].text, *state);

        if (clerk_auth_is_scoped_name(text) != names[i].scoped
            || clerk_auth_is_permission_name(text) != names[i].permission)
        {
            fail_msg("%s", names[i].text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(reads_organizations),   support_test(reads_persons),
        support_test(reads_expiry),          support_test(answers),
        support_test(nobody_has_nothing),    support_test(fails_closed),
        support_test(dimensions_do_not_mix), support_test(knows_names),
    };

    return support_run("auth", tests);
}
