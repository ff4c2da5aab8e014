/* SPDX-License-Identifier: Apache-2.0 - bounded, strict JSON that a pool owns */
#include "json.h"

/* Whole numbers up to here are exact in a double (RFC 8259, 6). */
static const double exact_limit = 9007199254740992.0; /* 2^53 */

/* Brackets within strings do not nest; whether they match is the parser's affair. */
static int is_too_deep(clerk_slice text)
{
    int in_string = 0;
    unsigned depth = 0;
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (in_string) {
            if (c == '\\') {
                i++; /* whatever is escaped, a quote above all */
            }
            else if (c == '"') {
                in_string = 0;
            }
        }
        else if (c == '"') {
            in_string = 1;
        }
        else if ((c == '{' || c == '[') && ++depth > CLERK_JSON_MAX_DEPTH) {
            return 1;
        }
        else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return 0;
}

static int is_whole(const json_t *value)
{
    double number = json_real_value(value);

    return json_is_real(value) && number >= -exact_limit && number <= exact_limit
           && (double)(json_int_t)number == number;
}

static json_t *as_integer(const json_t *value)
{
    return json_integer((json_int_t)json_real_value(value));
}

/*
 * JSON knows one kind of number: 5.0 and 5e0 are 5. Jansson tells them apart, and reads
 * every integer as a real where one of them is out of range; so whole numbers are made
 * integers again. The recursion is as deep as the document, which has been judged.
 */
static int unify_numbers(json_t *value)
{
    void *at;
    size_t i;

    for (at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
        json_t *member = json_object_iter_value(at);

        if (is_whole(member)
                ? json_object_iter_set_new(value, at, as_integer(member)) != 0
                : !unify_numbers(member))
        {
            return 0;
        }
    }
    for (i = 0; i < json_array_size(value); i++) {
        json_t *element = json_array_get(value, i);

        if (is_whole(element) ? json_array_set_new(value, i, as_integer(element)) != 0
                              : !unify_numbers(element))
        {
            return 0;
        }
    }
    return 1;
}

static json_t *parse(clerk_slice text, json_error_t *problem)
{
    json_t *document = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, problem);

    if (document == NULL && json_error_code(problem) == json_error_numeric_overflow) {
        document =
            json_loadb(text.ptr, text.len,
                       JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, problem);
    }
    return document;
}

/* Jansson's own text quotes the input, which may be a token. */
static const char *detail_of(const json_error_t *problem)
{
    switch (json_error_code(problem)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "NUL in a JSON string";
    case json_error_invalid_utf8:
        return "JSON is not UTF-8";
    case json_error_duplicate_key:
        return "duplicate member in JSON";
    case json_error_numeric_overflow:
        return "JSON number out of range";
    case json_error_end_of_input_expected:
        return "bytes after the JSON value";
    case json_error_out_of_memory:
        return "no memory for JSON";
    default:
        return "not JSON";
    }
}

static apr_status_t free_document(void *document)
{
    json_decref(document);
    return APR_SUCCESS;
}

clerk_status clerk_json_load(const json_t **out, clerk_slice text, apr_pool_t *pool,
                             clerk_error *error)
{
    json_error_t problem;
    json_t *document;

    if (is_too_deep(text)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "JSON nested too deeply");
    }
    document = parse(text, &problem);
    if (document == NULL) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, detail_of(&problem));
    }
    apr_pool_cleanup_register(pool, document, free_document, apr_pool_cleanup_null);
    if (memchr(text.ptr, '\0', text.len) != NULL) { /* jansson skips one behind a number */
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "not JSON");
    }
    if (!json_is_object(document)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "JSON is not an object");
    }
    if (!unify_numbers(document)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "no memory for JSON");
    }
    *out = document;
    return CLERK_OK;
}

const char *clerk_json_string(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/*
 * json_object_get wants a C string, which a piece of a path is not. Nothing is changed,
 * whatever the type that jansson's iterator asks for.
 */
static const json_t *find_member(const json_t *object, clerk_slice name)
{
    json_t *members = (json_t *)object;
    void *at;

    for (at = json_object_iter(members); at; at = json_object_iter_next(members, at)) {
        if (clerk_slice_is(name, json_object_iter_key(at))) {
            return json_object_iter_value(at);
        }
    }
    return NULL;
}

const json_t *clerk_json_at(const json_t *object, const char *path)
{
    clerk_slice rest = clerk_slice_of(path);
    clerk_slice name;
    const json_t *value = object;
    int more;

    do {
        more = clerk_slice_cut(&name, &rest, '.');
        value = json_is_object(value) ? find_member(value, name) : NULL;
    } while (more && value != NULL);
    return value;
}

/* Jansson escapes every control character but this one, which no header may hold. */
enum { DELETE = 0x7f };

static const char *escape_delete(const char *text, size_t len, apr_pool_t *pool)
{
    static const char escape[] = "\\u007f";
    char *escaped = apr_palloc(pool, len * (sizeof(escape) - 1) + 1);
    char *at = escaped;

    for (; *text != '\0'; text++) {
        if (*text == DELETE) {
            memcpy(at, escape, sizeof(escape) - 1);
            at += sizeof(escape) - 1;
        }
        else {
            *at++ = *text;
        }
    }
    *at = '\0';
    return escaped;
}

static const char *dump(const json_t *value, size_t flags, apr_pool_t *pool)
{
    char *text;
    size_t len;

    flags |= JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII;
    len = json_dumpb(value, NULL, 0, flags);
    if (len == 0) {
        return NULL;
    }
    text = apr_palloc(pool, len + 1);
    json_dumpb(value, text, len, flags);
    text[len] = '\0';
    return memchr(text, DELETE, len) ? escape_delete(text, len, pool) : text;
}

/* The fewest digits that mean the same number: 0.1, not 0.10000000000000001. */
static const char *dump_real(const json_t *value, apr_pool_t *pool)
{
    const char *text = NULL;
    size_t digits;

    for (digits = 1; digits <= 17; digits++) {
        json_t *again;
        int same;

        text = dump(value, JSON_REAL_PRECISION(digits), pool);
        again = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
        same = again != NULL && json_equal(again, value);
        json_decref(again);
        if (same) {
            break;
        }
    }
    return text;
}

const char *clerk_json_text(const json_t *value, apr_pool_t *pool)
{
    return json_is_real(value) ? dump_real(value, pool) : dump(value, 0, pool);
}

const char *clerk_json_plain(const json_t *value, apr_pool_t *pool)
{
    return json_is_string(value) ? json_string_value(value)
                                 : clerk_json_text(value, pool);
}
