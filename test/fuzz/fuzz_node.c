/* SPDX-License-Identifier: Apache-2.0 - fuzz: the quick reader of JSON and jansson agree */
#include "fuzz.h"

#include "core/json.h"
#include "core/node.h"

static json_t *json_of(const clerk_node *node);

static json_t *json_of_container(const clerk_node *container)
{
    int is_object = container->type == CLERK_NODE_OBJECT;
    json_t *made = is_object ? json_object() : json_array();
    const clerk_node *at;

    for (at = clerk_node_first(container); at; at = clerk_node_next(container, at)) {
        if (is_object) {
            FUZZ_HOLDS(strlen(at->name.ptr) == at->name.len);
            FUZZ_HOLDS(json_object_set_new(made, at->name.ptr, json_of(at)) == 0);
        }
        else {
            FUZZ_HOLDS(json_array_append_new(made, json_of(at)) == 0);
        }
    }
    return made;
}

static json_t *json_of(const clerk_node *node)
{
    switch (node->type) {
    case CLERK_NODE_OBJECT:
    case CLERK_NODE_ARRAY:
        return json_of_container(node);
    case CLERK_NODE_STRING:
        FUZZ_HOLDS(strlen(node->text.ptr) == node->text.len);
        return json_stringn(node->text.ptr, node->text.len);
    case CLERK_NODE_INTEGER:
        return json_integer(node->number.integer);
    case CLERK_NODE_REAL:
        return json_real(node->number.real);
    case CLERK_NODE_TRUE:
        return json_true();
    case CLERK_NODE_FALSE:
        return json_false();
    default:
        return json_null();
    }
}

void fuzz_one(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    clerk_slice text = fuzz_bytes(data, size, pool);
    clerk_error error = { CLERK_OK, NULL }, want_error = { CLERK_OK, NULL };
    const clerk_node *got = NULL;
    const json_t *want = NULL;
    clerk_status status = clerk_json_load(&want, text, pool, &want_error);
    json_t *again;

    FUZZ_HOLDS(clerk_node_load(&got, text, pool, &error) == status);
    FUZZ_HOLDS(error.detail == want_error.detail);
    if (status == CLERK_OK) {
        again = json_of(got);
        FUZZ_HOLDS(json_equal(again, want));
        FUZZ_HOLDS(clerk_slice_equals(clerk_node_json(got->text, pool), text));
        json_decref(again);
    }
}
