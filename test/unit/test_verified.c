/* SPDX-License-Identifier: Apache-2.0 - what is packed comes out as it went in */
#include "support.h"

#include "claims_fixture.h"
#include "core/json.h"
#include "core/machine_jwt.h"
#include "core/verified.h"

static void same_text(const char *name, const char *was, const char *is)
{
    if ((was == NULL) != (is == NULL) || (was != NULL && strcmp(was, is) != 0)) {
        fail_msg("%s: \"%s\" became \"%s\"", name, was, is);
    }
}

static void same_lists(const char *const *was, apr_size_t count, const char *const *is,
                       apr_size_t is_count)
{
    apr_size_t i;

    assert_int_equal(is_count, count);
    for (i = 0; i < count; i++) {
        same_text("element", was[i], is[i]);
    }
}

static void same_auth(const clerk_auth *was, const clerk_auth *is, apr_pool_t *pool)
{
#define SAME(field) same_text(#field, was->field, is->field)
    SAME(subject);
    SAME(user_id);
    SAME(session_id);
    SAME(session_status);
    SAME(authorized_party);
    SAME(org_id);
    SAME(org_slug);
    SAME(org_role);
    SAME(features);
    SAME(plans);
    SAME(actor);
    SAME(token_id);
    SAME(token_name);
    SAME(machine_id);
    SAME(client_id);
    SAME(org_permissions_text);
    SAME(scopes_text);
    SAME(factor_ages_text);
#undef SAME
    assert_int_equal(is->type, was->type);
    assert_int_equal(is->expires, was->expires);
    assert_int_equal(is->factor_ages.known, was->factor_ages.known);
    assert_true(is->factor_ages.first == was->factor_ages.first);
    assert_true(is->factor_ages.second == was->factor_ages.second);
    same_lists(was->org_permissions, was->org_permission_count, is->org_permissions,
               is->org_permission_count);
    same_lists(was->scopes.names, was->scopes.count, is->scopes.names,
               is->scopes.count);
    same_text("claims", clerk_json_text(clerk_auth_claims(was, pool), pool),
              clerk_json_text(clerk_auth_claims(is, pool), pool));
}

static void same_aud(const clerk_node *was, const clerk_node *is)
{
    unsigned i;

    assert_int_equal(is == NULL, was == NULL);
    for (i = 0; was != NULL && i < was->span; i++) {
        assert_int_equal(is[i].type, was[i].type);
        assert_int_equal(is[i].span, was[i].span);
        same_text("aud", was[i].text.ptr, is[i].text.ptr);
    }
}

static void same_claims(const clerk_claims *was, const clerk_claims *is)
{
    same_text("sub", was->sub, is->sub);
    same_text("sid", was->sid, is->sid);
    same_text("iss", was->iss, is->iss);
    same_text("azp", was->azp, is->azp);
    same_aud(was->aud, is->aud);
#define SAME(field)                                                                    \
    assert_int_equal(is->field.form, was->field.form);                                 \
    assert_int_equal(is->field.seconds, was->field.seconds)
    SAME(exp);
    SAME(nbf);
    SAME(iat);
#undef SAME
}

static clerk_verified verified_of(clerk_token_type type, const char *payload,
                                  apr_pool_t *pool)
{
    clerk_verified made = { .claims = fixture_claims(payload, pool),
                            .jwt = { .alg = CLERK_ALG_RS512,
                                     .typ = CLERK_TYP_AT_JWT,
                                     .category = CLERK_CATEGORY_IGNORE,
                                     .kid = { "ins_1", 5 } } };

    made.auth = type == CLERK_TOKEN_SESSION
                    ? clerk_auth_from_session(&made.claims, pool)
                    : clerk_auth_from_machine_jwt(&made.claims, type, pool);
    memset(made.key_id, 7, sizeof(made.key_id));
    return made;
}

/** Through a block that ends where the bytes do, and a second time. */
static void survives(clerk_token_type type, const char *payload, apr_pool_t *pool)
{
    clerk_verified was = verified_of(type, payload, pool);
    clerk_verified is = was;
    int i;

    for (i = 0; i < 2; i++) {
        clerk_slice packed = clerk_verified_pack(&is, NULL, 0, pool);

        assert_true(packed.len > 0);
        packed = support_bytes(packed.ptr, packed.len, pool);
        memset(&is, 0x5a, sizeof(is));
        clerk_verified_unpack(&is, packed.ptr, pool);
        assert_null(is.claims.payload);
        same_claims(&was.claims, &is.claims);
        same_auth(was.auth, is.auth, pool);
        same_text("kid", was.jwt.kid.ptr, is.jwt.kid.ptr);
        assert_int_equal(is.jwt.alg, was.jwt.alg);
        assert_int_equal(is.jwt.typ, was.jwt.typ);
        assert_int_equal(is.jwt.category, was.jwt.category);
        assert_null(is.jwt.payload);
        assert_memory_equal(is.key_id, was.key_id, sizeof(is.key_id));
    }
}

#define TIMES "\"exp\":1700000060,\"nbf\":1699999990,\"iat\":1700000000"

/* clang-format off */
static const struct { clerk_token_type type; const char *payload; } cases[] = {
    { CLERK_TOKEN_SESSION, "{}" },
    { CLERK_TOKEN_SESSION, "{\"sub\":\"user_1\",\"sid\":\"sess_1\"," TIMES "}" },
    { CLERK_TOKEN_SESSION,
      "{\"v\":2,\"sub\":\"user_1\",\"sid\":\"sess_1\",\"iss\":\"https://i\",\"azp\":\"https://a\","
      "\"sts\":\"active\",\"fva\":[5,-1],\"fea\":\"o:a,u:b,ou:c\",\"pla\":\"u:p\","
      "\"act\":{\"sub\":\"user_2\"},\"o\":{\"id\":\"org_1\",\"slg\":\"s\",\"rol\":\"admin\","
      "\"per\":\"read,write\",\"fpm\":\"3,1\"}," TIMES "}" },
    { CLERK_TOKEN_SESSION,
      "{\"sub\":\"user_1\",\"sid\":\"sess_1\",\"org_id\":\"org_1\",\"org_role\":\"org:admin\","
      "\"org_permissions\":[\"org:a:b\",\"\",\"org:c:d\"],\"act\":{}}" },
    { CLERK_TOKEN_SESSION, "{\"aud\":\"a\",\"sub\":\"a\",\"sid\":\"a\"}" },
    { CLERK_TOKEN_SESSION, "{\"aud\":[\"a\",\"\",1,null,{\"a\":[\"b\"]},\"c\"]}" },
    { CLERK_TOKEN_SESSION, "{\"aud\":[]}" }, { CLERK_TOKEN_SESSION, "{\"aud\":null}" },
    { CLERK_TOKEN_SESSION, "{\"exp\":-1,\"nbf\":\"x\",\"iat\":1.5}" },
    { CLERK_TOKEN_SESSION, /* texts that stand in JSON in another way, or in another place */
      "{\"sub\":\"a\\\"b\",\"sid\":\"\\u0041\",\"iss\":\"a\\\\b\",\"azp\":\"\\u00e9\"}" },
    { CLERK_TOKEN_SESSION, "{\"sub\":\":\",\"sid\":\",\",\"iss\":\":\",\"azp\":\"sub\",\"x\":\"y\"}" },
    { CLERK_TOKEN_SESSION, "{\"sub\":\"a,b\",\"x\":[\"a\",\"b\"],\"sid\":\"b\",\"y\":\"\xc3\xa9\"}" },
    { CLERK_TOKEN_OAUTH, "{\"sub\":\"user_1\",\"jti\":\"oat_1\",\"scp\":[\"a\",\"b\"],"
                         "\"client_id\":\"c\",\"aud\":[\"x\"]," TIMES "}" },
    { CLERK_TOKEN_M2M, "{\"sub\":\"mch_1\",\"jti\":\"mt_1\",\"scopes\":\"a b\",\"tier\":\"gold\","
                       "\"n\":{\"m\":\"mch_1\"}," TIMES "}" },
    { CLERK_TOKEN_M2M, "{\"sub\":\"mch_1\"}" },
};
/* clang-format on */

static void comes_out_as_it_went_in(void **state)
{
    apr_size_t i;

    for (i = 0; i < support_count(cases); i++) {
        print_message("# %s\n", cases[i].payload);
        survives(cases[i].type, cases[i].payload, *state);
    }
}

/* Names of 200 features and two permissions of each. */
static const char *large_payload(int features, apr_pool_t *pool)
{
    const char *fea = "o:f0", *fpm = "3";
    int i;

    for (i = 1; i < features; i++) {
        fea = apr_psprintf(pool, "%s,o:f%d", fea, i);
        fpm = apr_pstrcat(pool, fpm, ",3", NULL);
    }
    return apr_pstrcat(pool, "{\"v\":2,\"sub\":\"u\",\"sid\":\"s\",\"fea\":\"", fea,
                       "\",\"o\":{\"id\":\"org_1\",\"per\":\"read,write\",\"fpm\":\"",
                       fpm, "\"}}", NULL);
}

static void what_is_too_long_is_not_packed(void **state)
{
    clerk_verified large =
        verified_of(CLERK_TOKEN_SESSION, large_payload(1000, *state), *state);

    survives(CLERK_TOKEN_SESSION, large_payload(200, *state), *state);
    assert_int_equal(clerk_verified_pack(&large, NULL, 0, *state).len, 0);
    large.auth = clerk_auth_from_session(&large.claims, *state);
    ((clerk_auth *)large.auth)->claims.len = CLERK_PACKED_MAX;
    ((clerk_auth *)large.auth)->claims.ptr = apr_pcalloc(*state, CLERK_PACKED_MAX);
    assert_int_equal(clerk_verified_pack(&large, NULL, 0, *state).len, 0);
}

/** The same bytes, in the room that was given where it suffices. */
static void is_packed_where_one_likes(void **state)
{
    _Alignas(8) char room[4096];
    clerk_verified small = verified_of(CLERK_TOKEN_SESSION,
                                       "{\"sub\":\"user_1\",\"sid\":\"sess_1\"}", *state);
    clerk_verified large =
        verified_of(CLERK_TOKEN_SESSION, large_payload(200, *state), *state);
    clerk_slice packed = clerk_verified_pack(&small, room, sizeof(room), *state);
    clerk_slice in_pool = clerk_verified_pack(&small, NULL, 0, *state);

    assert_ptr_equal(packed.ptr, room);
    assert_true(clerk_slice_equals(packed, in_pool));
    packed = clerk_verified_pack(&large, room, sizeof(room), *state);
    in_pool = clerk_verified_pack(&large, NULL, 0, *state);
    assert_true(packed.len > 0 && packed.ptr != room);
    assert_true(clerk_slice_equals(packed, in_pool));
}

static void knows_what_a_header_can_hold(void **state)
{
    static const struct {
        const char *payload;
        int is_printable;
    } texts[] = {
        { "{\"sub\":\"user_1\",\"sid\":\"~ \",\"x\":\"\xc3\xa9\"}", 1 },
        { "{\"sub\":\"user_1\",\"sid\":\"\xc3\xa9\"}", 0 },
        { "{\"sub\":\"user_1\",\"sid\":\"a\\nb\"}", 0 },
        { "{\"sub\":\"user_1\",\"org_id\":\"o\",\"org_permissions\":[\"\x7f\"]}", 0 },
    };
    apr_size_t i;

    for (i = 0; i < support_count(texts); i++) {
        clerk_verified is = verified_of(CLERK_TOKEN_SESSION, texts[i].payload, *state);

        clerk_verified_unpack(&is, clerk_verified_pack(&is, NULL, 0, *state).ptr, *state);
        assert_int_equal(is.auth->is_printable, texts[i].is_printable);
    }
}

static void an_ordinary_token_is_small(void **state)
{
    clerk_verified verified = verified_of(
        CLERK_TOKEN_SESSION,
        "{\"azp\":\"https://app.example.com\",\"exp\":1700000060,\"fva\":[5,-1],"
        "\"iat\":1700000000,\"iss\":\"https://clerk.example.com\",\"nbf\":1699999990,"
        "\"o\":{\"id\":\"org_2aBcDeFgHiJkLmNoPqRsTuVwXyZ\",\"rol\":\"admin\",\"slg\":\"example\"},"
        "\"sid\":\"sess_2aBcDeFgHiJkLmNoPqRsTuVwXyZ\",\"sts\":\"active\","
        "\"sub\":\"user_2aBcDeFgHiJkLmNoPqRsTuVwXyZ\",\"v\":2}",
        *state);

    assert_in_range(clerk_verified_pack(&verified, NULL, 0, *state).len, 400, 540);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(comes_out_as_it_went_in),
        support_test(what_is_too_long_is_not_packed),
        support_test(is_packed_where_one_likes),
        support_test(knows_what_a_header_can_hold),
        support_test(an_ordinary_token_is_small),
    };

    return support_run("verified", tests);
}
