/* SPDX-License-Identifier: Apache-2.0 - nodes while a document is being read */
#ifndef CLERK_NODE_LIST_H
#define CLERK_NODE_LIST_H

#include "node.h"

/** Grows, so nodes are named by their place until all are there. */
typedef struct clerk_node_list {
    clerk_node *nodes;
    unsigned count;
    unsigned room;
    apr_pool_t *pool;
} clerk_node_list;

static inline void clerk_node_make_room(clerk_node_list *list, unsigned room)
{
    clerk_node *nodes = apr_palloc(list->pool, room * sizeof(*nodes));

    if (list->count > 0) {
        memcpy(nodes, list->nodes, list->count * sizeof(*nodes));
    }
    list->nodes = nodes;
    list->room = room;
}

/** Append a node of that type and name, of span 1 and otherwise empty. @return its place */
static inline unsigned clerk_node_add(clerk_node_list *list, clerk_node_type type,
                                      clerk_slice name)
{
    clerk_node *node;

    if (list->count == list->room) {
        clerk_node_make_room(list, list->room ? 2 * list->room : 8);
    }
    node = &list->nodes[list->count];
    node->type = type;
    node->span = 1;
    node->name = name;
    node->text.ptr = "";
    node->text.len = 0;
    node->number.integer = 0;
    return list->count++;
}

/** All that was appended since @a place is in it. */
static inline void clerk_node_close(clerk_node_list *list, unsigned place)
{
    list->nodes[place].span = list->count - place;
}

/**
 * Read an object of the kind that tokens have: strings of printable ASCII without escapes,
 * integers of up to 15 digits, few members, little nesting.
 *
 * @return 1, or 0 for all else, sound or not: that is for another reader to judge, and
 *         @a list then holds what is of no use
 */
int clerk_node_scan(clerk_node_list *list, clerk_slice text);

#endif
