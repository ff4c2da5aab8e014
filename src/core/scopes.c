/* SPDX-License-Identifier: Apache-2.0 - the scopes of a machine token */
#include "scopes.h"

#include <apr_tables.h>

int clerk_is_scope(clerk_slice text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];

        if (byte <= 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
            return 0;
        }
    }
    return text.len > 0;
}

static void add(apr_array_header_t *list, clerk_slice text)
{
    if (clerk_is_scope(text)) {
        APR_ARRAY_PUSH(list, const char *) = clerk_slice_copy(text, list->pool);
    }
}

static clerk_scopes scopes_of(const apr_array_header_t *list)
{
    clerk_scopes scopes = { (const char *const *)(const void *)list->elts,
                            (apr_size_t)list->nelts };
    return scopes;
}

clerk_scopes clerk_scopes_of_array(const clerk_node *value, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    const clerk_node *at = NULL;

    if (clerk_node_is(value, CLERK_NODE_ARRAY)) {
        at = clerk_node_first(value);
    }
    for (; at != NULL; at = clerk_node_next(value, at)) {
        if (at->type == CLERK_NODE_STRING) {
            add(list, at->text);
        }
    }
    return scopes_of(list);
}

clerk_scopes clerk_scopes_of_text(const clerk_node *value, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));

    if (clerk_node_is(value, CLERK_NODE_STRING)) {
        clerk_slice rest = value->text;
        clerk_slice text;
        int more;

        do {
            more = clerk_slice_cut(&text, &rest, ' ');
            add(list, text);
        } while (more);
    }
    return scopes_of(list);
}

int clerk_scopes_have(const clerk_scopes *scopes, clerk_slice scope)
{
    apr_size_t i;

    for (i = 0; i < scopes->count; i++) {
        if (clerk_slice_is(scope, scopes->names[i])) {
            return 1;
        }
    }
    return 0;
}

const char *clerk_scopes_text(const clerk_scopes *scopes, apr_pool_t *pool)
{
    return clerk_join(scopes->names, scopes->count, ' ', pool);
}
