/* SPDX-License-Identifier: Apache-2.0 - tell a credential's type by its look */
#include "token_type.h"

#include "base64url.h"

static const struct {
    clerk_token_type type;
    const char *name;
} names[] = {
    { CLERK_TOKEN_SESSION, "session_token" },
    { CLERK_TOKEN_OAUTH, "oauth_token" },
    { CLERK_TOKEN_M2M, "m2m_token" },
    { CLERK_TOKEN_API_KEY, "api_key" },
};

enum { NAME_COUNT = sizeof(names) / sizeof(names[0]) };

const char *clerk_token_type_name(clerk_token_type type)
{
    int i;

    for (i = 0; i < NAME_COUNT; i++) {
        if (names[i].type == type) {
            return names[i].name;
        }
    }
    return "";
}

clerk_token_type clerk_token_type_named(const char *name)
{
    int i;

    for (i = 0; name != NULL && i < NAME_COUNT; i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].type;
        }
    }
    return CLERK_TOKEN_NONE;
}

int clerk_token_type_is_machine(clerk_token_type type)
{
    return type == CLERK_TOKEN_OAUTH || type == CLERK_TOKEN_M2M
           || type == CLERK_TOKEN_API_KEY;
}

/** Of a b64token (RFC 6750, 2.1) all but `=`. */
static int is_token_byte(char c)
{
    return clerk_is_base64url(c) || c == '.' || c == '~' || c == '+' || c == '/';
}

int clerk_token_is_opaque(clerk_slice token)
{
    static const char *const prefixes[] = { "mt_", "oat_", "ak_" };
    apr_size_t prefix = 0;
    apr_size_t i;

    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (clerk_slice_starts_with(token, prefixes[i])) {
            prefix = strlen(prefixes[i]);
        }
    }
    if (prefix == 0 || token.len == prefix || token.len > CLERK_TOKEN_MAX_LENGTH) {
        return 0;
    }
    for (i = prefix; i < token.len && is_token_byte(token.ptr[i]); i++) {
    }
    while (i < token.len && token.ptr[i] == '=') {
        i++;
    }
    return i == token.len;
}

static int is_m2m_jwt(const clerk_jwt *jwt)
{
    return jwt != NULL && jwt->sub != NULL
           && clerk_slice_starts_with(clerk_slice_of(jwt->sub), "mch_");
}

static int is_oauth_jwt(const clerk_jwt *jwt)
{
    return jwt != NULL && jwt->typ == CLERK_TYP_AT_JWT;
}

/*
 * Whatever decodes is judged by its content, with padding or without: padding appended to
 * the signature of a machine JWT must not turn it into a session token.
 */
clerk_token_type clerk_token_classify(clerk_slice credential, const clerk_jwt *jwt)
{
    if (clerk_slice_starts_with(credential, "mt_") || is_m2m_jwt(jwt)) {
        return CLERK_TOKEN_M2M;
    }
    if (clerk_slice_starts_with(credential, "oat_") || is_oauth_jwt(jwt)) {
        return CLERK_TOKEN_OAUTH;
    }
    if (clerk_slice_starts_with(credential, "ak_")) {
        return CLERK_TOKEN_API_KEY;
    }
    return CLERK_TOKEN_SESSION;
}

clerk_status clerk_token_check_session(clerk_slice credential, const clerk_jwt *jwt,
                                       clerk_error *error)
{
    if (clerk_token_classify(credential, jwt) != CLERK_TOKEN_SESSION) {
        return clerk_fail(error, CLERK_E_TOKEN_TYPE_MISMATCH,
                          "a machine token where a session token belongs");
    }
    if (clerk_jwt_is_non_session(jwt)) {
        return clerk_fail(error, CLERK_E_TOKEN_TYPE_MISMATCH,
                          "the token's category is not that of a session");
    }
    return CLERK_OK;
}
