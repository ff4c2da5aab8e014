/* SPDX-License-Identifier: Apache-2.0 - a JSON object as an array of typed values, read only */
#ifndef CLERK_NODE_H
#define CLERK_NODE_H

#include "error.h"
#include "slice.h"

typedef enum clerk_node_type {
    CLERK_NODE_NULL = 0,
    CLERK_NODE_FALSE,
    CLERK_NODE_TRUE,
    CLERK_NODE_INTEGER,
    CLERK_NODE_REAL,
    CLERK_NODE_STRING,
    CLERK_NODE_ARRAY,
    CLERK_NODE_OBJECT
} clerk_node_type;

/**
 * One value. What it contains stands behind it in the same array, so that a whole document
 * is read without a pointer in between. Texts are followed by a NUL that does not count and
 * have none within. Those that point into the text of a loaded object are printable ASCII.
 */
typedef struct clerk_node {
    clerk_node_type type;
    unsigned span;    /* nodes from this one to the end of what it contains */
    clerk_slice name; /* of an object's member; else empty */
    clerk_slice text; /* a string; of a loaded object its JSON, for clerk_node_json */
    union {
        apr_int64_t integer;
        double real;
    } number;
} clerk_node;

/**
 * Load one JSON object: what clerk_json_load (json.h) accepts, with the same values, and
 * nothing else, for a fraction of its cost.
 *
 * @param object  lives as long as @a pool and @a text
 * @return CLERK_OK or CLERK_E_TOKEN_INVALID
 */
clerk_status clerk_node_load(const clerk_node **object, clerk_slice text,
                             apr_pool_t *pool, clerk_error *error);

/**
 * The JSON of an object, as it was loaded.
 *
 * @param text  its node's text, in which a NUL may stand for a quote; or a copy of that
 * @return owned by @a pool, followed by a NUL that does not count
 */
clerk_slice clerk_node_json(clerk_slice text, apr_pool_t *pool);

/** The member of that name; NULL when there is none, or @a object is none. */
const clerk_node *clerk_node_member(const clerk_node *object, const char *name);

/** The text of a string; NULL for NULL and for any other value. */
const char *clerk_node_string(const clerk_node *value);

/** The text of member @a name where it is a string, else NULL. */
const char *clerk_node_text(const clerk_node *object, const char *name);

/** @return 0 when @a value, which may be NULL, is no number */
int clerk_node_number(double *number, const clerk_node *value);

/** How many members or elements there are; 0 for NULL and for a value of another type. */
unsigned clerk_node_count(const clerk_node *container);

static inline int clerk_node_is(const clerk_node *value, clerk_node_type type)
{
    return value != NULL && value->type == type;
}

/** The first value in @a container; NULL when there is none. */
static inline const clerk_node *clerk_node_first(const clerk_node *container)
{
    return container != NULL && container->span > 1 ? container + 1 : NULL;
}

/** The value that follows @a value in @a container; NULL behind the last one. */
static inline const clerk_node *clerk_node_next(const clerk_node *container,
                                                const clerk_node *value)
{
    const clerk_node *next = value + value->span;

    return next < container + container->span ? next : NULL;
}

#endif
