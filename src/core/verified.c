/* SPDX-License-Identifier: Apache-2.0 - what a JWT was found to be, and as one run of bytes */
#include "verified.h"

#include <stddef.h>

/* Every text of the two records. */
static const apr_size_t auth_texts[] = {
    offsetof(clerk_auth, subject),
    offsetof(clerk_auth, user_id),
    offsetof(clerk_auth, session_id),
    offsetof(clerk_auth, session_status),
    offsetof(clerk_auth, authorized_party),
    offsetof(clerk_auth, org_id),
    offsetof(clerk_auth, org_slug),
    offsetof(clerk_auth, org_role),
    offsetof(clerk_auth, features),
    offsetof(clerk_auth, plans),
    offsetof(clerk_auth, actor),
    offsetof(clerk_auth, org_permissions_text),
    offsetof(clerk_auth, scopes_text),
    offsetof(clerk_auth, factor_ages_text),
    offsetof(clerk_auth, token_id),
    offsetof(clerk_auth, token_name),
    offsetof(clerk_auth, machine_id),
    offsetof(clerk_auth, client_id),
};
static const apr_size_t claim_texts[] = {
    offsetof(clerk_claims, sub),
    offsetof(clerk_claims, sid),
    offsetof(clerk_claims, iss),
    offsetof(clerk_claims, azp),
};

enum {
    AUTH_TEXTS = sizeof(auth_texts) / sizeof(auth_texts[0]),
    CLAIM_TEXTS = sizeof(claim_texts) / sizeof(claim_texts[0])
};

/* Where a text begins, counted from the end of the head; 0: there is none. */
typedef apr_uint16_t place;

typedef struct packed_list {
    place first; /* of the elements or, of a list of texts, of their places */
    apr_uint16_t count;
} packed_list;

typedef struct packed_node {
    apr_uint16_t type;
    apr_uint16_t span;
    place text;
} packed_node;

typedef struct head {
    double ages[2];         /* of the factors */
    apr_int64_t seconds[3]; /* exp, nbf, iat */
    unsigned forms : 6;     /* of the three, two bits each */
    unsigned has_ages : 1;
    unsigned is_printable : 1;
    unsigned type : 8;
    unsigned alg : 4;
    unsigned typ : 4;
    unsigned category : 8;
    unsigned char key_id[CLERK_KEY_ID_LENGTH];
    place texts[AUTH_TEXTS + CLAIM_TEXTS];
    place kid;
    packed_list permissions;
    packed_list scopes;
    packed_list aud;     /* of packed_node */
    apr_uint16_t claims; /* length of the JSON behind the first byte */
} head;

static const char **text_in(const void *record, apr_size_t offset)
{
    return (const char **)(void *)((apr_uintptr_t)record + offset);
}

/* ---------------------------------------------------------------- packing */

/** Bytes behind the head. The first is not used, so that no text begins at 0. */
typedef struct packing {
    char *bytes;
    apr_size_t len;
    apr_size_t room;
    clerk_slice claims; /* the JSON at the beginning, before it was copied */
    int is_printable;   /* whether all texts so far were */
} packing;

static place append(packing *self, const void *bytes, apr_size_t len)
{
    place at = (place)self->len;

    if (len > self->room - self->len) {
        self->len = self->room; /* full, for good */
        return 0;
    }
    memcpy(self->bytes + self->len, bytes, len);
    self->len += len;
    return at;
}

static void note_bytes(packing *self, const char *text)
{
    for (; *text != '\0'; text++) {
        self->is_printable &= *text >= 0x20 && *text <= 0x7e;
    }
}

/** Nearly all texts are strings that end where they stand in the JSON. */
static int is_in_claims(const packing *self, const char *text)
{
    apr_uintptr_t first = (apr_uintptr_t)self->claims.ptr;

    return (apr_uintptr_t)text - first < self->claims.len; /* before it, that is huge */
}

static place pack_text(packing *self, const char *text)
{
    if (text == NULL) {
        return 0;
    }
    if (is_in_claims(self, text)) { /* and so is printable ASCII, as node.h says */
        return (place)(1 + (text - self->claims.ptr));
    }
    note_bytes(self, text);
    return append(self, text, strlen(text) + 1);
}

static packed_list pack_list(packing *self, const char *const *texts, apr_size_t count,
                             apr_pool_t *pool)
{
    packed_list list = { 0, 0 };
    place *places;
    apr_size_t i;

    if (count > CLERK_PACKED_MAX / sizeof(*places)) {
        self->len = self->room;
        return list;
    }
    places = apr_palloc(pool, count * sizeof(*places));
    for (i = 0; i < count; i++) {
        places[i] = append(self, texts[i], strlen(texts[i]) + 1);
        note_bytes(self, texts[i]);
    }
    list.first = append(self, places, count * sizeof(*places));
    list.count = (apr_uint16_t)count;
    return list;
}

/** For the audience, so of its values only types and texts count. */
static packed_list pack_nodes(packing *self, const clerk_node *value, apr_pool_t *pool)
{
    packed_list list = { 0, 0 };
    packed_node *nodes;
    unsigned i;

    if (value == NULL || value->span > CLERK_PACKED_MAX / sizeof(*nodes)) {
        return list;
    }
    nodes = apr_palloc(pool, value->span * sizeof(*nodes));
    for (i = 0; i < value->span; i++) {
        nodes[i].type = (apr_uint16_t)value[i].type;
        nodes[i].span = (apr_uint16_t)value[i].span;
        nodes[i].text = value[i].type == CLERK_NODE_STRING
                            ? append(self, value[i].text.ptr, value[i].text.len + 1)
                            : 0;
    }
    list.first = append(self, nodes, value->span * sizeof(*nodes));
    list.count = (apr_uint16_t)value->span;
    return list;
}

static void pack_times(head *to, const clerk_claims *claims)
{
    const clerk_claim_time *times[] = { &claims->exp, &claims->nbf, &claims->iat };
    int i;

    for (i = 0; i < 3; i++) {
        to->seconds[i] = times[i]->seconds;
        to->forms |= ((unsigned)times[i]->form & 3u) << 2 * i & 0x3fu;
    }
}

static void pack_parts(head *to, packing *self, const clerk_verified *verified,
                       apr_pool_t *pool)
{
    const clerk_auth *auth = verified->auth;
    int i;

    to->has_ages = auth->factor_ages.known != 0;
    to->ages[0] = auth->factor_ages.first;
    to->ages[1] = auth->factor_ages.second;
    to->type = (unsigned)auth->type & 0xffu;
    memcpy(to->key_id, verified->key_id, sizeof(to->key_id));
    pack_times(to, &verified->claims);
    append(self, auth->claims.ptr, auth->claims.len);
    self->claims = auth->claims;
    to->claims = (apr_uint16_t)auth->claims.len;
    for (i = 0; i < AUTH_TEXTS; i++) {
        to->texts[i] = pack_text(self, *text_in(auth, auth_texts[i]));
    }
    for (i = 0; i < CLAIM_TEXTS; i++) {
        to->texts[AUTH_TEXTS + i] =
            pack_text(self, *text_in(&verified->claims, claim_texts[i]));
    }
    to->alg = (unsigned)verified->jwt.alg & 0xfu;
    to->typ = (unsigned)verified->jwt.typ & 0xfu;
    to->category = (unsigned)verified->jwt.category & 0xffu;
    to->kid = pack_text(self, verified->jwt.kid.ptr);
    to->permissions =
        pack_list(self, auth->org_permissions, auth->org_permission_count, pool);
    to->scopes = pack_list(self, auth->scopes.names, auth->scopes.count, pool);
    to->aud = pack_nodes(self, verified->claims.aud, pool);
    to->is_printable = self->is_printable != 0;
}

static clerk_slice pack_into(void *memory, apr_size_t size, const clerk_verified *verified,
                             apr_pool_t *pool)
{
    head *to = memory;
    packing self = { (char *)(to + 1), 1, size - sizeof(*to), { NULL, 0 }, 1 };
    clerk_slice packed = { "", 0 };

    memset(to, 0, sizeof(*to) + 1);
    pack_parts(to, &self, verified, pool);
    if (self.len < self.room) {
        packed.ptr = (const char *)to;
        packed.len = sizeof(*to) + self.len;
    }
    return packed;
}

clerk_slice clerk_verified_pack(const clerk_verified *verified, void *room, apr_size_t size,
                                apr_pool_t *pool)
{
    apr_size_t usual = sizeof(head) + verified->auth->claims.len + 512;
    clerk_slice packed = { "", 0 };

    if (usual <= size) {
        packed = pack_into(room, size, verified, pool);
    }
    else if (usual < CLERK_PACKED_MAX) {
        packed = pack_into(apr_palloc(pool, usual), usual, verified, pool);
    }
    return packed.len > 0 ? packed
                          : pack_into(apr_palloc(pool, CLERK_PACKED_MAX), CLERK_PACKED_MAX,
                                      verified, pool);
}

/* ---------------------------------------------------------------- unpacking */

static const char *text_at(const char *bytes, place at)
{
    return at ? bytes + at : NULL;
}

static const char *const *unpack_list(const char *bytes, packed_list list,
                                      apr_pool_t *pool)
{
    const char **texts;
    int i;

    if (list.count == 0) {
        return NULL;
    }
    texts = apr_palloc(pool, list.count * sizeof(*texts));
    for (i = 0; i < list.count; i++) {
        place at;

        memcpy(&at, bytes + list.first + (apr_size_t)i * sizeof(at), sizeof(at));
        texts[i] = bytes + at;
    }
    return texts;
}

static const clerk_node *unpack_nodes(const char *bytes, packed_list list,
                                      apr_pool_t *pool)
{
    clerk_node *nodes;
    int i;

    if (list.count == 0) {
        return NULL;
    }
    nodes = apr_pcalloc(pool, list.count * sizeof(*nodes));
    for (i = 0; i < list.count; i++) {
        packed_node node;

        memcpy(&node, bytes + list.first + (apr_size_t)i * sizeof(node), sizeof(node));
        nodes[i].type = (clerk_node_type)node.type;
        nodes[i].span = node.span;
        nodes[i].text = clerk_slice_of(text_at(bytes, node.text));
        nodes[i].name = clerk_slice_of(NULL);
    }
    return nodes;
}

static void unpack_claims(clerk_claims *claims, const head *from, const char *bytes,
                          apr_pool_t *pool)
{
    clerk_claim_time *times[] = { &claims->exp, &claims->nbf, &claims->iat };
    int i;

    claims->payload = NULL;
    for (i = 0; i < CLAIM_TEXTS; i++) {
        *text_in(claims, claim_texts[i]) = text_at(bytes, from->texts[AUTH_TEXTS + i]);
    }
    for (i = 0; i < 3; i++) {
        times[i]->form = (clerk_claim_form)(from->forms >> 2 * i & 3u);
        times[i]->seconds = from->seconds[i];
    }
    claims->aud = unpack_nodes(bytes, from->aud, pool);
}

void clerk_verified_unpack(clerk_verified *verified, const char *packed,
                           apr_pool_t *pool)
{
    const head *from = (const head *)(const void *)packed;
    const char *bytes = packed + sizeof(*from);
    clerk_auth *auth = apr_pcalloc(pool, sizeof(*auth));
    int i;

    for (i = 0; i < AUTH_TEXTS; i++) {
        *text_in(auth, auth_texts[i]) = text_at(bytes, from->texts[i]);
    }
    auth->type = (clerk_token_type)from->type;
    auth->is_printable = from->is_printable;
    auth->factor_ages.known = from->has_ages;
    auth->factor_ages.first = from->ages[0];
    auth->factor_ages.second = from->ages[1];
    auth->claims.ptr = bytes + 1;
    auth->claims.len = from->claims;
    auth->org_permissions = unpack_list(bytes, from->permissions, pool);
    auth->org_permission_count = from->permissions.count;
    auth->scopes.names = unpack_list(bytes, from->scopes, pool);
    auth->scopes.count = from->scopes.count;
    unpack_claims(&verified->claims, from, bytes, pool);
    auth->expires = clerk_claim_moment(verified->claims.exp);
    verified->auth = auth;
    memset(&verified->jwt, 0, sizeof(verified->jwt));
    verified->jwt.alg = (clerk_jwt_alg)from->alg;
    verified->jwt.typ = (clerk_jwt_typ)from->typ;
    verified->jwt.category = (clerk_jwt_category)from->category;
    verified->jwt.kid = clerk_slice_of(text_at(bytes, from->kid));
    verified->jwt.sub = verified->claims.sub;
    memcpy(verified->key_id, from->key_id, sizeof(verified->key_id));
}
