/* SPDX-License-Identifier: Apache-2.0 - Clerk's cookies of one request, suffixed or not */
#include "cookies.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "claims.h"
#include "json.h"
#include "query.h"

/* ---------------------------------------------------------------- one cookie */

/* jansson makes strings of valid UTF-8 only. */
static int is_utf8(clerk_slice text)
{
    json_t *string = json_stringn(text.ptr, text.len);
    int is_valid = string != NULL;

    json_decref(string);
    return is_valid;
}

static const char *decode_value(clerk_slice raw, apr_pool_t *pool)
{
    clerk_slice decoded;

    if (raw.len > 0 && memchr(raw.ptr, '%', raw.len)
        && clerk_percent_decode(&decoded, raw, pool) && is_utf8(decoded)
        && !clerk_slice_has_control(decoded))
    {
        return decoded.ptr;
    }
    return clerk_slice_copy(raw, pool);
}

const char *clerk_cookie_value(clerk_slice field, const char *name, apr_pool_t *pool)
{
    while (field.len > 0) {
        clerk_slice found, value;

        clerk_slice_cut(&value, &field, ';');
        if (clerk_slice_cut(&found, &value, '=')
            && clerk_slice_is(clerk_slice_trim(found), name))
        {
            return decode_value(clerk_slice_trim(value), pool);
        }
    }
    return NULL;
}

/*
 * ---------------------------------------------------------------- the jar of an
 * instance
 */

/** Where cookies come from. */
typedef struct cookie_jar {
    clerk_slice field;
    const char *suffix; /* NULL: plain ones only */
    apr_pool_t *pool;
} cookie_jar;

/** A session cookie before anything is verified: a stranger may have written it. */
typedef struct session_cookie {
    const char *text; /* NULL when absent */
    int is_decoded;   /* else no claim was read */
    clerk_claims claims;
} session_cookie;

static const char *plain_cookie(const cookie_jar *jar, const char *name)
{
    const char *value = clerk_cookie_value(jar->field, name, jar->pool);

    return value && *value != '\0' ? value : NULL;
}

static const char *suffixed_cookie(const cookie_jar *jar, const char *name)
{
    return jar->suffix
               ? plain_cookie(jar, apr_pstrcat(jar->pool, name, "_", jar->suffix, NULL))
               : NULL;
}

static session_cookie session_cookie_read(const char *text, apr_pool_t *pool)
{
    session_cookie cookie;
    clerk_jwt jwt;

    memset(&cookie, 0, sizeof(cookie));
    cookie.text = text;
    if (text && clerk_jwt_decode(&jwt, clerk_slice_of(text), pool, NULL) == CLERK_OK) {
        clerk_claims_read(&cookie.claims, jwt.payload);
        cookie.is_decoded = 1;
    }
    return cookie;
}

/* JavaScript's idea of an issuer that is there: any value but these. */
static int has_issuer(const session_cookie *cookie)
{
    const clerk_node *iss =
        cookie->is_decoded ? clerk_node_member(cookie->claims.payload, "iss") : NULL;
    double number;

    return iss && iss->type != CLERK_NODE_NULL && iss->type != CLERK_NODE_FALSE
           && !(iss->type == CLERK_NODE_STRING && iss->text.len == 0)
           && !(clerk_node_number(&number, iss) && number == 0);
}

static apr_size_t scheme_length(const char *text)
{
    return strncasecmp(text, "https://", 8) == 0  ? 8
           : strncasecmp(text, "http://", 7) == 0 ? 7
                                                  : 0;
}

/* Whether @a issuer, all its http:// and https:// left out, is @a host. */
static int is_issued_by(const char *issuer, const char *host)
{
    while (issuer && *issuer != '\0') {
        apr_size_t scheme = scheme_length(issuer);

        if (scheme == 0 && *issuer++ != *host++) {
            return 0;
        }
        issuer += scheme;
    }
    return issuer && *host == '\0';
}

/* What JavaScript makes of the claim `iat || 0` in a comparison; nothing is greater or less
   than NAN. */
static double issued_at(const session_cookie *cookie)
{
    const clerk_node *iat =
        cookie->is_decoded ? clerk_node_member(cookie->claims.payload, "iat") : NULL;
    const char *text = clerk_node_string(iat);
    double number;
    char *end;

    if (clerk_node_number(&number, iat)) {
        return number;
    }
    if (text && *text != '\0') {
        number = strtod(text, &end);
        return *end == '\0' ? number : NAN;
    }
    if (iat && (iat->type == CLERK_NODE_ARRAY || iat->type == CLERK_NODE_OBJECT)) {
        return NAN;
    }
    return iat && iat->type == CLERK_NODE_TRUE ? 1 : 0;
}

static int is_past(const session_cookie *cookie, apr_time_t now)
{
    return cookie->claims.exp.form == CLERK_CLAIM_VALID
           && cookie->claims.exp.seconds <= apr_time_sec(now);
}

/* An absent client_uat is not 0 here: nobody said "signed out". */
static int says_signed_out(const char *client_uat)
{
    return client_uat && strcmp(client_uat, "0") == 0;
}

/* usesSuffixedCookies, rule by rule; the first that applies decides. */
static int uses_suffixed(const cookie_jar *jar, const clerk_instance *instance,
                         apr_time_t now)
{
    const char *suffixed_uat = suffixed_cookie(jar, "__client_uat");
    const char *plain_uat = plain_cookie(jar, "__client_uat");
    session_cookie suffixed =
        session_cookie_read(suffixed_cookie(jar, "__session"), jar->pool);
    session_cookie plain =
        session_cookie_read(plain_cookie(jar, "__session"), jar->pool);

    if (plain.text && !has_issuer(&plain)) {
        return 0;
    }
    if (plain.text && !is_issued_by(plain.claims.iss, instance->frontend_api)) {
        return 1; /* the plain cookie is another instance's */
    }
    if (!suffixed_uat && !suffixed.text) {
        return 0;
    }
    if (!says_signed_out(suffixed_uat) && !says_signed_out(plain_uat)
        && issued_at(&plain) > issued_at(&suffixed))
    {
        return 0; /* the plain one is newer */
    }
    if (says_signed_out(suffixed_uat) && !says_signed_out(plain_uat)) {
        return 0;
    }
    if (instance->type != CLERK_PRODUCTION && !says_signed_out(suffixed_uat)
        && says_signed_out(plain_uat) && is_past(&suffixed, now))
    {
        return 0; /* left over: development's suffixed client_uat is not reliable */
    }
    return suffixed_uat != NULL;
}

/* Number.parseInt: leading digits count, the rest does not; 0 where there are none. */
static apr_int64_t leading_integer(const char *text)
{
    return text ? apr_strtoi64(text, NULL, 10) : 0;
}

/* Number(), as far as a counter goes: all of the text is a number, or it is 0. */
static int redirect_count(const char *text)
{
    char *end;
    double count = text ? strtod(text, &end) : 0;

    if (!text || end == text || *end != '\0' || !(count < 0 || count > 0)) {
        return 0;
    }
    return count < 0 || count >= CLERK_REDIRECT_LIMIT ? CLERK_REDIRECT_LIMIT : (int)count;
}

/** A parameter's value; NULL where it is absent or empty. */
static const char *parameter(clerk_slice query, const char *name, apr_pool_t *pool)
{
    const char *value;

    return clerk_query_get(&value, query, name, pool) && *value != '\0' ? value : NULL;
}

static const char *parameter_or(clerk_slice query, const char *name, const char *cookie,
                                apr_pool_t *pool)
{
    const char *value = parameter(query, name, pool);

    return value ? value : cookie;
}

static void read_query(clerk_browser_state *state, clerk_slice query, apr_pool_t *pool)
{
    const char *any;

    if (query.len == 0) {
        return;
    }
    state->brings_dev_browser = clerk_query_get(&any, query, "__clerk_db_jwt", pool);
    state->dev_browser = parameter_or(query, "__clerk_db_jwt", state->dev_browser, pool);
    state->handshake = parameter_or(query, "__clerk_handshake", state->handshake, pool);
    state->nonce = parameter_or(query, "__clerk_handshake_nonce", state->nonce, pool);
    state->synced = parameter(query, "__clerk_synced", pool);
    state->sync_redirect_url = parameter(query, "__clerk_redirect_url", pool);
}

void clerk_browser_state_read(clerk_browser_state *state, clerk_slice field,
                              clerk_slice query, const clerk_instance *instance,
                              apr_time_t now, apr_pool_t *pool)
{
    const cookie_jar jar = { field,
                             instance->publishable_key
                                 ? instance->publishable_key->cookie_suffix
                                 : NULL,
                             pool };
    const char *(*chosen)(const cookie_jar *, const char *);

    memset(state, 0, sizeof(*state));
    if (field.len > 0) {
        state->suffixed = jar.suffix && uses_suffixed(&jar, instance, now);
        chosen = state->suffixed ? suffixed_cookie : plain_cookie;
        state->session = chosen(&jar, "__session");
        state->dev_browser = chosen(&jar, "__clerk_db_jwt");
        state->refresh = suffixed_cookie(&jar, "__refresh");
        state->client_uat = leading_integer(chosen(&jar, "__client_uat"));
        state->handshake = plain_cookie(&jar, "__clerk_handshake");
        state->nonce = plain_cookie(&jar, "__clerk_handshake_nonce");
        state->has_nonce_cookie = state->nonce != NULL;
        state->redirects = redirect_count(plain_cookie(&jar, "__clerk_redirect_count"));
    }
    read_query(state, query, pool);
}
