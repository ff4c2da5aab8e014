/* SPDX-License-Identifier: Apache-2.0 - scoped names and permission bit maps of session claims */
#include "permissions.h"

#include <apr_tables.h>

enum { WORD_BITS = 32, GROUP_DIGITS = 9 };

static int is_white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes the next element of a list off @a rest; 0 when it was the last one. */
static int take_element(clerk_slice *element, clerk_slice *rest)
{
    int more = clerk_slice_cut(element, rest, ',');

    while (element->len > 0 && is_white(*element->ptr)) {
        element->ptr++;
        element->len--;
    }
    while (element->len > 0 && is_white(element->ptr[element->len - 1])) {
        element->len--;
    }
    return more;
}

static clerk_name_list list_of(const apr_array_header_t *names)
{
    clerk_name_list list = { (const clerk_slice *)names->elts,
                             (apr_size_t)names->nelts };

    return list;
}

/** Which of the two a scope stands for. */
typedef struct holders {
    int organization;
    int user;
} holders;

static holders holders_of(clerk_slice scope)
{
    int is_both = clerk_slice_is(scope, "ou") || clerk_slice_is(scope, "uo");
    holders of = { is_both || clerk_slice_is(scope, "o"),
                   is_both || clerk_slice_is(scope, "u") };
    return of;
}

int clerk_scoped_names_parse(clerk_scoped_names *names, const char *claim,
                             apr_pool_t *pool)
{
    apr_array_header_t *organization, *user;
    clerk_slice rest, name, scope;
    int more = 1;

    memset(names, 0, sizeof(*names));
    if (claim == NULL || *claim == '\0') {
        return 1;
    }
    organization = apr_array_make(pool, 4, sizeof(clerk_slice));
    user = apr_array_make(pool, 4, sizeof(clerk_slice));
    rest = clerk_slice_of(apr_pstrdup(pool, claim));
    while (more) {
        holders of;

        more = take_element(&name, &rest);
        if (!clerk_slice_cut(&scope, &name, ':')) {
            return 0;
        }
        of = holders_of(scope);
        if (of.organization) {
            APR_ARRAY_PUSH(organization, clerk_slice) = name;
        }
        if (of.user) {
            APR_ARRAY_PUSH(user, clerk_slice) = name;
        }
    }
    names->organization = list_of(organization);
    names->user = list_of(user);
    return 1;
}

int clerk_scoped_claim_has(const char *claim, int of_organization, int of_user,
                           clerk_slice name)
{
    clerk_slice rest = clerk_slice_of(claim), element, scope;
    int more = rest.len > 0;

    while (more) {
        more = take_element(&element, &rest);
        if (clerk_slice_cut(&scope, &element, ':') && clerk_slice_equals(element, name))
        {
            holders of = holders_of(scope);

            if ((of_organization && of.organization) || (of_user && of.user)) {
                return 1;
            }
        }
    }
    return 0;
}

int clerk_name_list_has(const clerk_name_list *list, clerk_slice name)
{
    apr_size_t i;

    for (i = 0; i < list->count; i++) {
        if (clerk_slice_equals(list->names[i], name)) {
            return 1;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- bit masks */

/* The low bits of a mask; @a used words count, further ones are zero. */
typedef struct bit_mask {
    apr_uint32_t *words;
    apr_size_t room;
    apr_size_t used;
} bit_mask;

static int is_decimal(clerk_slice text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return 0;
        }
    }
    return text.len > 0;
}

/* Modulo the room: what overflows belongs to bits that have no name. */
static void mask_multiply_add(bit_mask *mask, apr_uint32_t factor, apr_uint32_t addend)
{
    apr_uint64_t carry = addend;
    apr_size_t i;

    for (i = 0; i < mask->used; i++) {
        carry += (apr_uint64_t)mask->words[i] * factor;
        mask->words[i] = (apr_uint32_t)carry;
        carry >>= WORD_BITS;
    }
    if (carry > 0 && mask->used < mask->room) {
        mask->words[mask->used++] = (apr_uint32_t)carry;
    }
}

/*
 * Groups of nine digits fit a word, and so does their scale: the work is digits times
 * names over some 300, which the length of a token keeps small.
 */
static void mask_read(bit_mask *mask, clerk_slice decimal)
{
    mask->used = 0;
    if (!is_decimal(decimal)) {
        return;
    }
    while (decimal.len > 0) {
        apr_uint32_t scale = 1;
        apr_uint32_t group = 0;
        int taken;

        for (taken = 0; taken < GROUP_DIGITS && decimal.len > 0; taken++) {
            group = group * 10 + (apr_uint32_t)(*decimal.ptr - '0');
            scale *= 10;
            decimal.ptr++;
            decimal.len--;
        }
        mask_multiply_add(mask, scale, group);
    }
}

static int mask_has(const bit_mask *mask, apr_size_t bit)
{
    apr_size_t word = bit / WORD_BITS;

    return word < mask->used && (mask->words[word] >> (bit % WORD_BITS) & 1);
}

/* ---------------------------------------------------------------- permissions */

static clerk_name_list split(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 8, sizeof(clerk_slice));
    clerk_slice rest = clerk_slice_of(text);
    int more;

    do {
        more = take_element(apr_array_push(names), &rest);
    } while (more);
    return list_of(names);
}

static const char *permission_text(clerk_slice feature, clerk_slice name,
                                   apr_pool_t *pool)
{
    return apr_pstrcat(pool, "org:", clerk_slice_copy(feature, pool), ":",
                       clerk_slice_copy(name, pool), NULL);
}

const char *const *clerk_permissions_decode(const clerk_name_list *features,
                                            const char *names, const char *masks,
                                            apr_size_t *count, apr_pool_t *pool)
{
    apr_array_header_t *made = apr_array_make(pool, 8, sizeof(char *));
    int more = names && *names != '\0' && masks && *masks != '\0';
    clerk_name_list list = { NULL, 0 };
    clerk_slice rest = clerk_slice_of(masks);
    bit_mask mask = { NULL, 0, 0 };
    apr_size_t i, bit;

    if (more) {
        list = split(names, pool);
        mask.room = (list.count + WORD_BITS - 1) / WORD_BITS;
        mask.words = apr_palloc(pool, mask.room * sizeof(*mask.words));
    }
    for (i = 0; more && i < features->count; i++) {
        clerk_slice decimal;

        more = take_element(&decimal, &rest);
        mask_read(&mask, decimal);
        for (bit = 0; bit < list.count; bit++) {
            if (mask_has(&mask, bit)) {
                APR_ARRAY_PUSH(made, const char *) =
                    permission_text(features->names[i], list.names[bit], pool);
            }
        }
    }
    *count = (apr_size_t)made->nelts;
    return (const char *const *)made->elts;
}
