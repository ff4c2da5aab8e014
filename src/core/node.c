/* SPDX-License-Identifier: Apache-2.0 - a JSON object as an array of typed values, read only */
#include "json.h"
#include "node_list.h"

/* ---------------------------------------------------------------- loading */

static void add_json(clerk_node_list *list, const json_t *value, clerk_slice name);

/* Nothing is changed, whatever the type that jansson's iterator asks for. */
static void add_members(clerk_node_list *list, json_t *object)
{
    void *at;

    for (at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        add_json(list, json_object_iter_value(at),
                 clerk_slice_of(json_object_iter_key(at)));
    }
}

static void add_elements(clerk_node_list *list, const json_t *array)
{
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        add_json(list, json_array_get(array, i), clerk_slice_of(NULL));
    }
}

static clerk_node_type type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return CLERK_NODE_OBJECT;
    case JSON_ARRAY:
        return CLERK_NODE_ARRAY;
    case JSON_STRING:
        return CLERK_NODE_STRING;
    case JSON_INTEGER:
        return CLERK_NODE_INTEGER;
    case JSON_REAL:
        return CLERK_NODE_REAL;
    case JSON_TRUE:
        return CLERK_NODE_TRUE;
    case JSON_FALSE:
        return CLERK_NODE_FALSE;
    default:
        return CLERK_NODE_NULL;
    }
}

/** The recursion is as deep as the document, which has been judged. */
static void add_json(clerk_node_list *list, const json_t *value, clerk_slice name)
{
    clerk_node_type type = type_of(value);
    unsigned place = clerk_node_add(list, type, name);
    clerk_node *node = &list->nodes[place];

    switch (type) {
    case CLERK_NODE_OBJECT:
        add_members(list, (json_t *)value);
        break;
    case CLERK_NODE_ARRAY:
        add_elements(list, value);
        break;
    case CLERK_NODE_STRING:
        node->text.ptr = json_string_value(value);
        node->text.len = json_string_length(value);
        break;
    case CLERK_NODE_INTEGER:
        node->number.integer = json_integer_value(value);
        break;
    case CLERK_NODE_REAL:
        node->number.real = json_real_value(value);
        break;
    default:
        break;
    }
    clerk_node_close(list, place);
}

clerk_status clerk_node_load(const clerk_node **object, clerk_slice text,
                             apr_pool_t *pool, clerk_error *error)
{
    clerk_node_list list = { NULL, 0, 0, pool };
    const json_t *json;
    clerk_status status;

    if (!clerk_node_scan(&list, text)) {
        status = clerk_json_load(&json, text, pool, error);
        if (status != CLERK_OK) {
            return status;
        }
        list.count = 0;
        add_json(&list, json, clerk_slice_of(NULL));
        list.nodes[0].text = text;
    }
    *object = list.nodes;
    return CLERK_OK;
}

/* JSON has no NUL of its own, so each was a quote. */
clerk_slice clerk_node_json(clerk_slice text, apr_pool_t *pool)
{
    char *at = clerk_slice_copy(text, pool);
    clerk_slice json = { at, text.len };

    while ((at = memchr(at, '\0', json.len - (apr_size_t)(at - json.ptr))) != NULL) {
        *at++ = '"';
    }
    return json;
}

/* ---------------------------------------------------------------- reading */

const clerk_node *clerk_node_member(const clerk_node *object, const char *name)
{
    apr_size_t len = strlen(name);
    const clerk_node *at;

    if (!clerk_node_is(object, CLERK_NODE_OBJECT)) {
        return NULL;
    }
    for (at = clerk_node_first(object); at; at = clerk_node_next(object, at)) {
        if (at->name.len == len && memcmp(at->name.ptr, name, len) == 0) {
            return at;
        }
    }
    return NULL;
}

const char *clerk_node_string(const clerk_node *value)
{
    return clerk_node_is(value, CLERK_NODE_STRING) ? value->text.ptr : NULL;
}

const char *clerk_node_text(const clerk_node *object, const char *name)
{
    return clerk_node_string(clerk_node_member(object, name));
}

int clerk_node_number(double *number, const clerk_node *value)
{
    if (clerk_node_is(value, CLERK_NODE_INTEGER)) {
        *number = (double)value->number.integer;
        return 1;
    }
    if (clerk_node_is(value, CLERK_NODE_REAL)) {
        *number = value->number.real;
        return 1;
    }
    return 0;
}

unsigned clerk_node_count(const clerk_node *container)
{
    const clerk_node *at;
    unsigned count = 0;

    for (at = clerk_node_first(container); at; at = clerk_node_next(container, at)) {
        count++;
    }
    return count;
}
