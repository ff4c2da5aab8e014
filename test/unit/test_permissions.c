/* SPDX-License-Identifier: Apache-2.0 - tests of scoped names and permission bit maps */
#include "core/permissions.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *joined(const clerk_name_list *list, apr_pool_t *pool)
{
    const char *text = "";
    apr_size_t i;

    for (i = 0; i < list->count; i++) {
        text = apr_pstrcat(pool, text, i > 0 ? "|" : "",
                           clerk_slice_copy(list->names[i], pool), NULL);
    }
    return text;
}

static const struct {
    const char *label, *claim;
    int ok;
    const char *organization, *user;
} splits[] = {
    { "absent", NULL, 1, "", "" },
    { "empty", "", 1, "", "" },
    { "each scope", "o:a,u:b,uo:c,ou:d", 1, "a|c|d", "b|c|d" },
    { "white space around elements (P19)", " o:a ,\tu:b\r\n", 1, "a", "b" },
    { "white space inside stays", "o: a", 1, " a", "" },
    { "unknown scopes are dropped", "x:a,O:b,org:c,o:d,:e", 1, "d", "" },
    { "first colon cuts", "o:a:b", 1, "a:b", "" },
    { "empty name counts", "o:,o:b", 1, "|b", "" },
    { "no colon (P18, H15)", "free,pro", 0, "", "" },
    { "one without colon (P18)", "o:a,b", 0, "", "" },
    { "trailing comma (P18)", "o:a,", 0, "", "" },
    { "only a comma", ",", 0, "", "" },
    { "only white space", " ", 0, "", "" },
};

static void splits_by_scope(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(splits); i++) {
        clerk_scoped_names names;
        int ok;

        memset(&names, 0x5a, sizeof(names));
        ok = clerk_scoped_names_parse(&names, splits[i].claim, *state);
        if (ok != splits[i].ok
            || strcmp(joined(&names.organization, *state), splits[i].organization) != 0
            || strcmp(joined(&names.user, *state), splits[i].user) != 0)
        {
            fail_msg("%s: %d, %s, %s", splits[i].label, ok,
                     joined(&names.organization, *state), joined(&names.user, *state));
        }
    }
}

/* The claim may go before the names do. */
static void names_outlive_the_claim(void **state)
{
    char claim[] = "o:boats";
    clerk_scoped_names names;

    assert_true(clerk_scoped_names_parse(&names, claim, *state));
    memset(claim, 'x', sizeof(claim) - 1);
    assert_true(clerk_name_list_has(&names.organization, clerk_slice_of("boats")));
    assert_false(clerk_name_list_has(&names.organization, clerk_slice_of("boat")));
    assert_false(clerk_name_list_has(&names.organization, clerk_slice_of("boatss")));
    assert_false(clerk_name_list_has(&names.user, clerk_slice_of("boats")));
}

static const char *decoded(const char *fea, const char *per, const char *fpm,
                           apr_pool_t *pool)
{
    clerk_scoped_names names;
    const char *const *permissions;
    const char *text = "";
    apr_size_t count, i;

    assert_true(clerk_scoped_names_parse(&names, fea, pool));
    permissions = clerk_permissions_decode(&names.organization, per, fpm, &count, pool);
    for (i = 0; i < count; i++) {
        text = apr_pstrcat(pool, text, i > 0 ? " " : "", permissions[i], NULL);
    }
    return text;
}

static const struct {
    const char *label, *fea, *per, *fpm, *want;
} maps[] = {
    { "neither names nor masks (P06)", "o:a", NULL, NULL, "" },
    { "no masks", "o:a", "read", NULL, "" },
    { "no names", "o:a", NULL, "1", "" },
    { "empty masks", "o:a", "read", "", "" },
    { "empty names", "o:a", "", "1", "" },
    { "no features", NULL, "read", "1", "" },
    { "masks skip the user's feature (P07)", "o:boats,u:beta,uo:reports,o:berths",
      "read,edit,close", "5,2,4",
      "org:boats:read org:boats:close org:reports:edit org:berths:close" },
    { "mixed scopes (P08)",
      "o:reservations,u:dashboard,uo:support-chat,o:impersonation", "read,manage",
      "2,3", "org:reservations:manage org:support-chat:read org:support-chat:manage" },
    { "two features (P09)", "o:impersonation,o:memberships", "read,manage", "1,3",
      "org:impersonation:read org:memberships:read org:memberships:manage" },
    { "an empty mask between (P10)", "o:a,o:b,o:c", "manage,read,update", "6,0,3",
      "org:a:read org:a:update org:c:manage org:c:read" },
    { "five names (P11)", "o:a,o:b", "read,create,update,delete,revoke", "7,21",
      "org:a:read org:a:create org:a:update org:b:read org:b:update org:b:revoke" },
    { "digits and more (P15)", "o:a,o:b", "read", "1invalid,1", "org:b:read" },
    { "negative (P15)", "o:a,o:b", "read", "-1,1", "org:b:read" },
    { "a fraction (P15)", "o:a,o:b", "read", "1.5,1", "org:b:read" },
    { "hexadecimal", "o:a,o:b", "read", "0x1,1", "org:b:read" },
    { "a sign", "o:a,o:b", "read", "+1,1", "org:b:read" },
    { "an empty mask element", "o:a,o:b", "read", ",1", "org:b:read" },
    { "digits of another script", "o:a", "read", "\xd9\xa1", "" },
    { "fewer masks (P16)", "o:a,o:b,o:c", "read", "1", "org:a:read" },
    { "more masks (P17)", "o:a", "read", "1,1,1", "org:a:read" },
    { "bits beyond the names", "o:a", "read", "254", "" },
    { "white space (P19)", " o:a , o:b ", " read , edit ", " 1 , 2 ",
      "org:a:read org:b:edit" },
    { "leading zeros", "o:a", "read,edit,close", "005", "org:a:read org:a:close" },
    { "many leading zeros", "o:a", "read", "00000000000000000000000000000000001",
      "org:a:read" },
    { "a feature name with a colon", "o:a:b", "read", "1", "org:a:b:read" },
};

static void decodes_masks(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(maps); i++) {
        const char *got = decoded(maps[i].fea, maps[i].per, maps[i].fpm, *state);

        if (strcmp(got, maps[i].want) != 0) {
            fail_msg("%s: %s", maps[i].label, got);
        }
    }
}

/* p0,p1,… */
static const char *numbered_names(int count, apr_pool_t *pool)
{
    const char *names = "p0";
    int i;

    for (i = 1; i < count; i++) {
        names = apr_psprintf(pool, "%s,p%d", names, i);
    }
    return names;
}

static const struct {
    const char *label;
    int names;
    const char *mask, *want;
} large[] = {
    { "2^53 + 1 (P12)", 54, "9007199254740993", "org:a:p0 org:a:p53" },
    { "2^53 + 3 (P13)", 54, "9007199254740995", "org:a:p0 org:a:p1 org:a:p53" },
    { "2^54 (P14)", 54, "18014398509481984", "" },
    { "2^54, one name more", 55, "18014398509481984", "org:a:p54" },
    { "2^31", 40, "2147483648", "org:a:p31" },
    { "2^32, the second word", 40, "4294967296", "org:a:p32" },
    { "2^64 + 2^32 + 1", 70, "18446744078004518913", "org:a:p0 org:a:p32 org:a:p64" },
    { "2^64 with 64 names", 64, "18446744073709551616", "" },
    { "2^200 + 2^100 + 2", 201,
      "1606938044258990275541962092342430253122431223184289538506754",
      "org:a:p1 org:a:p100 org:a:p200" },
    { "2^200 + 2^100 + 2 with 101 names", 101,
      "1606938044258990275541962092342430253122431223184289538506754",
      "org:a:p1 org:a:p100" },
    { "10^9, a whole group and a zero one", 31, "1000000000",
      "org:a:p9 org:a:p11 org:a:p14 org:a:p15 org:a:p17 org:a:p19 org:a:p20 "
      "org:a:p23 org:a:p24 org:a:p25 org:a:p27 org:a:p28 org:a:p29" },
};

static void decodes_masks_of_any_size(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(large); i++) {
        const char *got = decoded("o:a", numbered_names(large[i].names, *state),
                                  large[i].mask, *state);

        if (strcmp(got, large[i].want) != 0) {
            fail_msg("%s: %s", large[i].label, got);
        }
    }
}

/* 2^n for every n up to 300: one bit, that one (a reference by doubling decimal digits). */
static void decodes_each_power_of_two(void **state)
{
    const char *names = numbered_names(301, *state);
    char digits[128] = "1";
    int n;

    for (n = 0; n <= 300; n++) {
        const char *want = apr_psprintf(*state, "org:a:p%d", n);
        size_t len = strlen(digits), i;
        int carry = 0;

        assert_string_equal(decoded("o:a", names, digits, *state), want);
        for (i = len; i-- > 0;) {
            int twice = (digits[i] - '0') * 2 + carry;

            digits[i] = (char)('0' + twice % 10);
            carry = twice / 10;
        }
        if (carry) {
            memmove(digits + 1, digits, len + 1);
            digits[0] = '1';
        }
    }
}

/* As much as fits a token: ends soon, with the right answer. */
static void bounds_its_work(void **state)
{
    apr_pool_t *pool = *state;
    char *mask = apr_palloc(pool, 8001);
    const char *names = numbered_names(1000, pool);
    apr_time_t start = apr_time_now();

    memset(mask, '9', 8000);
    mask[8000] = '\0'; /* 10^8000 - 1: its low 8000 bits are all set, as 2 divides 10 */
    assert_true(strstr(decoded("o:a", names, mask, pool), "org:a:p999") != NULL);
    assert_true(apr_time_now() - start < apr_time_from_sec(5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(splits_by_scope),
        support_test(names_outlive_the_claim),
        support_test(decodes_masks),
        support_test(decodes_masks_of_any_size),
        support_test(decodes_each_power_of_two),
        support_test(bounds_its_work),
    };

    return support_run("permissions", tests);
}
