/* SPDX-License-Identifier: Apache-2.0 - cut a compact JWS into slices, decode it and read its header */
#include "jwt.h"

#include "base64url.h"

clerk_jwt_alg clerk_jwt_alg_of(const char *name)
{
    if (name == NULL) {
        return CLERK_ALG_OTHER;
    }
    return strcmp(name, "RS256") == 0   ? CLERK_ALG_RS256
           : strcmp(name, "RS384") == 0 ? CLERK_ALG_RS384
           : strcmp(name, "RS512") == 0 ? CLERK_ALG_RS512
                                        : CLERK_ALG_OTHER;
}

int clerk_jwt_is_shaped(clerk_slice token)
{
    apr_size_t run = 0;
    int dots = 0;
    apr_size_t i;

    for (i = 0; i < token.len; i++) {
        if (token.ptr[i] == '.') {
            if (run == 0 || ++dots > 2) {
                return 0;
            }
            run = 0;
        }
        else if (clerk_is_base64url(token.ptr[i])) {
            run++;
        }
        else {
            return 0;
        }
    }
    return dots == 2 && run > 0;
}

/* The `=` that complete the last group (RFC 4648, 4); others are foreign bytes. */
static clerk_slice without_padding(clerk_slice segment)
{
    if (segment.len > 0 && segment.len % 4 == 0 && segment.ptr[segment.len - 1] == '=')
    {
        segment.len -= segment.ptr[segment.len - 2] == '=' ? 2 : 1;
    }
    return segment;
}

static int decode_segment(clerk_slice *bytes, clerk_slice segment, apr_pool_t *pool)
{
    clerk_slice text = without_padding(segment);

    return text.len > 0 && clerk_base64url_decode(bytes, text, pool);
}

static clerk_status load_segment(const clerk_node **object, clerk_slice segment,
                                 apr_pool_t *pool, clerk_error *error)
{
    clerk_slice bytes;

    if (!decode_segment(&bytes, segment, pool)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "segment is not base64url");
    }
    return clerk_node_load(object, bytes, pool, error);
}

static clerk_jwt_typ read_typ(const clerk_node *header)
{
    const char *typ = clerk_node_text(header, "typ");

    if (typ == NULL) {
        return clerk_node_member(header, "typ") ? CLERK_TYP_OTHER : CLERK_TYP_ABSENT;
    }
    if (strcmp(typ, "JWT") == 0) {
        return CLERK_TYP_JWT;
    }
    if (strcmp(typ, "at+jwt") == 0 || strcmp(typ, "application/at+jwt") == 0) {
        return CLERK_TYP_AT_JWT;
    }
    return CLERK_TYP_OTHER;
}

static clerk_jwt_category read_category(const clerk_node *header)
{
    static const struct {
        const char *name;
        clerk_jwt_category category;
    } known[] = {
        { "cl_B7d4PD111AAA", CLERK_CATEGORY_SESSION },
        { "cl_B7d4PD222AAA", CLERK_CATEGORY_TEMPLATE },
        { "cl_B7d4PD333AAA", CLERK_CATEGORY_M2M },
        { "cl_I7d4PD111III", CLERK_CATEGORY_IGNORE },
    };
    const char *cat = clerk_node_text(header, "cat");
    apr_size_t i;

    if (cat == NULL) {
        return clerk_node_member(header, "cat") ? CLERK_CATEGORY_UNKNOWN
                                              : CLERK_CATEGORY_ABSENT;
    }
    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(cat, known[i].name) == 0) {
            return known[i].category;
        }
    }
    return CLERK_CATEGORY_UNKNOWN;
}

static clerk_status read_header(clerk_jwt *jwt, const clerk_node *header,
                                clerk_error *error)
{
    if (clerk_node_member(header, "crit") != NULL) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "critical header extension");
    }
    jwt->alg = clerk_jwt_alg_of(clerk_node_text(header, "alg"));
    jwt->typ = read_typ(header);
    jwt->category = read_category(header);
    jwt->kid = clerk_slice_of(clerk_node_text(header, "kid"));
    return CLERK_OK;
}

clerk_status clerk_jwt_decode(clerk_jwt *jwt, clerk_slice token, apr_pool_t *pool,
                              clerk_error *error)
{
    clerk_slice rest = token;
    clerk_slice header_text;
    clerk_slice payload_text;
    const clerk_node *header;
    clerk_jwt found;

    if (token.len > CLERK_TOKEN_MAX_LENGTH) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "token too long");
    }
    if (!clerk_slice_cut(&header_text, &rest, '.')
        || !clerk_slice_cut(&payload_text, &rest, '.'))
    {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "fewer than three segments");
    }
    if (rest.len > 0 && memchr(rest.ptr, '.', rest.len) != NULL) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "more than three segments");
    }
    if (load_segment(&header, header_text, pool, error) != CLERK_OK
        || read_header(&found, header, error) != CLERK_OK
        || load_segment(&found.payload, payload_text, pool, error) != CLERK_OK)
    {
        return CLERK_E_TOKEN_INVALID;
    }
    found.sub = clerk_node_text(found.payload, "sub");
    found.signature = rest; /* none at all is judged as a signature, and refused */
    if (rest.len > 0 && !decode_segment(&found.signature, rest, pool)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "signature is not base64url");
    }
    found.signing_input.ptr = token.ptr;
    found.signing_input.len = header_text.len + 1 + payload_text.len;
    *jwt = found;
    return CLERK_OK;
}

int clerk_jwt_is_non_session(const clerk_jwt *jwt)
{
    return jwt->category != CLERK_CATEGORY_ABSENT
           && jwt->category != CLERK_CATEGORY_SESSION
           && jwt->category != CLERK_CATEGORY_IGNORE;
}
