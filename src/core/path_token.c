/* SPDX-License-Identifier: Apache-2.0 - a path pattern cut into tokens */
#include "path_token.h"

typedef struct lexer {
    clerk_slice text;
    clerk_path_pattern_fault *fault;
    apr_array_header_t *tokens;
} lexer;

static int refuse(lexer *self, apr_size_t at, const char *reason)
{
    self->fault->at = at;
    self->fault->reason = reason;
    return 0;
}

static int is_name_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || c == '_';
}

static apr_size_t name_length(clerk_slice text, apr_size_t at)
{
    apr_size_t length = 0;

    while (at + length < text.len && is_name_byte(text.ptr[at + length])) {
        length++;
    }
    return length;
}

/* The length of the expression that begins at @a at, without its closing parenthesis. */
static int measure_expression(lexer *self, apr_size_t *length, apr_size_t at)
{
    const char *text = self->text.ptr;
    apr_size_t i = at;
    int depth = 1;

    if (at < self->text.len && text[at] == '?') {
        return refuse(self, at, "an expression that begins with \"?\"");
    }
    for (; i < self->text.len && depth > 0; i++) {
        if (text[i] == '\\') {
            i++;
        }
        else if (text[i] == '(') {
            depth++;
            if (i + 1 >= self->text.len || text[i + 1] != '?') {
                return refuse(
                    self, i, "a capturing group inside an expression: write (?: for (");
            }
        }
        else if (text[i] == ')') {
            depth--;
        }
    }
    if (depth == 0) {
        *length = i - 1 - at;
        return *length > 0 || refuse(self, at, "an empty expression");
    }
    return refuse(self, at - 1, "a ( without its )");
}

static void add_token(lexer *self, clerk_path_token_type type, apr_size_t at,
                      apr_size_t from, apr_size_t length)
{
    clerk_path_token *added = apr_array_push(self->tokens);

    added->type = type;
    added->at = at;
    added->value.ptr = self->text.ptr + from;
    added->value.len = length;
}

static clerk_path_token_type type_of(char c)
{
    switch (c) {
    case '{':
        return CLERK_PATH_OPEN;
    case '}':
        return CLERK_PATH_CLOSE;
    case '*':
    case '+':
    case '?':
        return CLERK_PATH_MODIFIER;
    default:
        return CLERK_PATH_CHAR;
    }
}

/* Cut one token off at *@a at, and move there behind it. */
static int take_token(lexer *self, apr_size_t *at)
{
    apr_size_t from = *at;
    apr_size_t length = 1;
    char c = self->text.ptr[from];

    switch (c) {
    case '\\':
        if (from + 1 >= self->text.len) {
            return refuse(self, from, "nothing behind the \\");
        }
        add_token(self, CLERK_PATH_ESCAPED, from, from + 1, 1);
        *at = from + 2;
        return 1;
    case ':':
        length = name_length(self->text, from + 1);
        if (length == 0) {
            return refuse(self, from, "a : without a parameter's name");
        }
        add_token(self, CLERK_PATH_NAME, from, from + 1, length);
        *at = from + 1 + length;
        return 1;
    case '(':
        if (!measure_expression(self, &length, from + 1)) {
            return 0;
        }
        add_token(self, CLERK_PATH_EXPRESSION, from, from + 1, length);
        *at = from + length + 2;
        return 1;
    default:
        add_token(self, type_of(c), from, from, 1);
        *at = from + 1;
        return 1;
    }
}

int clerk_path_tokens_cut(apr_array_header_t **tokens, clerk_slice pattern,
                          clerk_path_pattern_fault *fault, apr_pool_t *pool)
{
    lexer self = { pattern, fault, apr_array_make(pool, 16, sizeof(clerk_path_token)) };
    apr_size_t at = 0;

    while (at < pattern.len) {
        if (!take_token(&self, &at)) {
            return 0;
        }
    }
    add_token(&self, CLERK_PATH_END, at, at, 0);
    *tokens = self.tokens;
    return 1;
}
