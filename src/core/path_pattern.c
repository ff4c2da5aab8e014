/* SPDX-License-Identifier: Apache-2.0 - path patterns in the syntax of path-to-regexp 6, as expressions for PCRE */
#include "path_pattern.h"

#include "path_expression.h"

/*
 * A path is as long as a request line may be and whoever asks chooses it; a pattern such as
 * (a+)+b would take for ever over some. Ordinary ones need a few steps a byte.
 */
#define COST_LIMIT "(*LIMIT_MATCH=200000)"

/* Characters that end a parameter, and those that go with the parameter behind them. */
#define DELIMITERS "/#?"
#define DELIMITER_CLASS "\\/#\\?"
#define PREFIXES "./"

typedef enum token_type { CHAR, ESCAPED, OPEN, CLOSE, NAME, EXPRESSION, MODIFIER, END } token_type;

typedef struct token {
    token_type type;
    apr_size_t at;
    clerk_slice value;
} token;

/** A literal text, or a group: what a pattern is made of. */
typedef struct part {
    const char *literal; /* NULL: a group */
    const char *name;    /* NULL: unnamed */
    const char *prefix;
    const char *suffix;
    const char *expression; /* of the parameter; NULL: the group has none */
    char modifier;          /* '\0': none */
} part;

typedef struct parser {
    clerk_slice text;
    apr_pool_t *pool;
    clerk_path_pattern_fault *fault;
    apr_array_header_t *tokens;
    int next;
    apr_array_header_t *parts;
    char *pending; /* literal characters that no part holds yet */
    apr_size_t pending_len;
} parser;

static int refuse(parser *self, apr_size_t at, const char *reason)
{
    self->fault->at = at;
    self->fault->reason = reason;
    return 0;
}

/* ---------------------------------------------------------------- into tokens */

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
static int measure_expression(parser *self, apr_size_t *length, apr_size_t at)
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
                return refuse(self, i, "a capturing group inside an expression: write (?: for (");
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

static void add_token(parser *self, token_type type, apr_size_t at, apr_size_t from,
                      apr_size_t length)
{
    token *added = apr_array_push(self->tokens);

    added->type = type;
    added->at = at;
    added->value.ptr = self->text.ptr + from;
    added->value.len = length;
}

/* Cut one token off at *@a at, and move there behind it. */
static int take_token(parser *self, apr_size_t *at)
{
    apr_size_t from = *at;
    apr_size_t length = 1;
    char c = self->text.ptr[from];

    switch (c) {
    case '\\':
        if (from + 1 >= self->text.len) {
            return refuse(self, from, "nothing behind the \\");
        }
        add_token(self, ESCAPED, from, from + 1, 1);
        *at = from + 2;
        return 1;
    case ':':
        length = name_length(self->text, from + 1);
        if (length == 0) {
            return refuse(self, from, "a : without a parameter's name");
        }
        add_token(self, NAME, from, from + 1, length);
        *at = from + 1 + length;
        return 1;
    case '(':
        if (!measure_expression(self, &length, from + 1)) {
            return 0;
        }
        add_token(self, EXPRESSION, from, from + 1, length);
        *at = from + length + 2;
        return 1;
    default:
        add_token(self, c == '{' ? OPEN : c == '}' ? CLOSE : strchr("*+?", c) ? MODIFIER : CHAR,
                  from, from, 1);
        *at = from + 1;
        return 1;
    }
}

static int cut(parser *self)
{
    apr_size_t at = 0;

    while (at < self->text.len) {
        if (!take_token(self, &at)) {
            return 0;
        }
    }
    add_token(self, END, at, at, 0);
    return 1;
}

/* ---------------------------------------------------------------- into parts */

static const token *current(const parser *self)
{
    return &APR_ARRAY_IDX(self->tokens, self->next, token);
}

/* The token where it is of this type, and go on behind it; else NULL. */
static const token *accept_token(parser *self, token_type type)
{
    const token *found = current(self);

    if (found->type != type) {
        return NULL;
    }
    self->next++;
    return found;
}

static const char *value_of(const parser *self, const token *found)
{
    return found ? clerk_slice_copy(found->value, self->pool) : NULL;
}

static int expect(parser *self, token_type type)
{
    if (accept_token(self, type)) {
        return 1;
    }
    switch (current(self)->type) {
    case CLOSE:
        return refuse(self, current(self)->at, "a } without its {");
    case MODIFIER:
        return refuse(self, current(self)->at, "nothing to repeat");
    default:
        return refuse(self, current(self)->at,
                      type == CLOSE ? "a } belongs here" : "this cannot stand here");
    }
}

/* For JavaScript's regular expressions and PCRE's alike. */
static const char *escape(const char *text, apr_pool_t *pool)
{
    char *escaped = apr_palloc(pool, 2 * strlen(text) + 1);
    char *end = escaped;

    for (; *text != '\0'; text++) {
        if (strchr(".+*?=^!:${}()[]|/\\", *text) != NULL) {
            *end++ = '\\';
        }
        *end++ = *text;
    }
    *end = '\0';
    return escaped;
}

/* What a parameter without an expression takes: up to a delimiter or what was before it. */
static const char *default_expression(parser *self, const char *prefix, apr_size_t at)
{
    const part *last = self->parts->nelts > 0
                           ? &APR_ARRAY_IDX(self->parts, self->parts->nelts - 1, part)
                           : NULL;
    const char *before = *prefix != '\0' || last == NULL || last->literal == NULL
                             ? prefix
                             : last->literal;

    if (last != NULL && *before == '\0') {
        refuse(self, at, "text must part this parameter from the one before it");
        return NULL;
    }
    if (*before == '\0' || strpbrk(before, DELIMITERS) != NULL) {
        return "[^" DELIMITER_CLASS "]+?";
    }
    return apr_pstrcat(self->pool, "(?:(?!", escape(before, self->pool),
                       ")[^" DELIMITER_CLASS "])+?", NULL);
}

static const char *own_expression(parser *self, const token *found)
{
    const char *reason = NULL;
    apr_size_t at = 0;
    const char *expression =
        clerk_path_expression_translate(found->value, &reason, &at, self->pool);

    if (expression == NULL) {
        refuse(self, found->at + 1 + at, reason);
    }
    return expression;
}

static void keep_literal(parser *self)
{
    if (self->pending_len > 0) {
        part *added = apr_array_push(self->parts);

        memset(added, 0, sizeof(*added));
        added->literal = apr_pstrmemdup(self->pool, self->pending, self->pending_len);
        self->pending_len = 0;
    }
}

static void add_group(parser *self, part group)
{
    const token *modifier = accept_token(self, MODIFIER);

    group.modifier = modifier ? *modifier->value.ptr : '\0';
    APR_ARRAY_PUSH(self->parts, part) = group;
}

/* `:name`, `:name(…)` or `(…)`, with the character before it where that is a prefix. */
static int take_parameter(parser *self, const token *prefix, const token *name,
                          const token *expression)
{
    part group = { .name = value_of(self, name), .prefix = "", .suffix = "" };

    if (prefix != NULL && memchr(PREFIXES, *prefix->value.ptr, strlen(PREFIXES))) {
        group.prefix = value_of(self, prefix);
    }
    else if (prefix != NULL) {
        self->pending[self->pending_len++] = *prefix->value.ptr;
    }
    keep_literal(self);
    group.expression = expression ? own_expression(self, expression)
                                  : default_expression(self, group.prefix, name->at);
    if (group.expression == NULL) {
        return 0;
    }
    add_group(self, group);
    return 1;
}

static const char *take_text(parser *self)
{
    char *text = apr_palloc(self->pool, self->text.len + 1);
    apr_size_t length = 0;
    const token *found;

    while ((found = accept_token(self, CHAR)) || (found = accept_token(self, ESCAPED))) {
        text[length++] = *found->value.ptr;
    }
    text[length] = '\0';
    return text;
}

/* `{prefix:name(…)suffix}`, all of it optional. */
static int take_group(parser *self)
{
    part group = { .prefix = take_text(self) };
    const token *name = accept_token(self, NAME);
    const token *expression = accept_token(self, EXPRESSION);

    group.name = value_of(self, name);
    group.suffix = take_text(self);
    if (!expect(self, CLOSE)) {
        return 0;
    }
    if (name != NULL || expression != NULL) {
        group.expression = expression ? own_expression(self, expression)
                                      : default_expression(self, group.prefix, name->at);
        if (group.expression == NULL) {
            return 0;
        }
    }
    add_group(self, group);
    return 1;
}

static int take_part(parser *self)
{
    const token *character = accept_token(self, CHAR);
    const token *name = accept_token(self, NAME);
    const token *expression = accept_token(self, EXPRESSION);

    if (name != NULL || expression != NULL) {
        return take_parameter(self, character, name, expression);
    }
    if (character != NULL || (character = accept_token(self, ESCAPED))) {
        self->pending[self->pending_len++] = *character->value.ptr;
        return 1;
    }
    keep_literal(self);
    return accept_token(self, OPEN) ? take_group(self) : expect(self, END);
}

static int parse(parser *self)
{
    while (self->next < self->tokens->nelts) {
        if (!take_part(self)) {
            return 0;
        }
    }
    return 1;
}

/* ---------------------------------------------------------------- into one expression */

static int is_repeated(const part *group)
{
    return group->modifier == '*' || group->modifier == '+';
}

static const char *modifier_text(const part *group, apr_pool_t *pool)
{
    return apr_pstrmemdup(pool, &group->modifier, group->modifier ? 1 : 0);
}

static const char *group_text(const part *group, apr_pool_t *pool)
{
    const char *prefix = escape(group->prefix, pool);
    const char *suffix = escape(group->suffix, pool);
    const char *modifier = modifier_text(group, pool);

    if (group->expression == NULL) {
        return apr_pstrcat(pool, "(?:", prefix, suffix, ")", modifier, NULL);
    }
    if (*prefix == '\0' && *suffix == '\0') {
        return apr_pstrcat(pool, "(", group->expression, ")", modifier, NULL);
    }
    if (is_repeated(group)) {
        return apr_pstrcat(pool, "(?:", prefix, "((?:", group->expression, ")(?:", suffix,
                           prefix, "(?:", group->expression, "))*)", suffix, ")",
                           group->modifier == '*' ? "?" : "", NULL);
    }
    return apr_pstrcat(pool, "(?:", prefix, "(", group->expression, ")", suffix, ")",
                       modifier, NULL);
}

static int check_repetition(parser *self, const part *group)
{
    return !(group->expression && is_repeated(group) && *group->prefix == '\0'
             && *group->suffix == '\0')
           || refuse(self, self->text.len,
                     "a parameter without prefix and suffix cannot be repeated");
}

static int assemble(clerk_path_pattern *pattern, parser *self)
{
    apr_array_header_t *texts = apr_array_make(self->pool, 8, sizeof(char *));
    apr_array_header_t *names = apr_array_make(self->pool, 4, sizeof(char *));
    int i;

    APR_ARRAY_PUSH(texts, const char *) = COST_LIMIT "^";
    for (i = 0; i < self->parts->nelts; i++) {
        const part *at = &APR_ARRAY_IDX(self->parts, i, part);

        if (at->literal == NULL && !check_repetition(self, at)) {
            return 0;
        }
        if (at->literal == NULL && at->expression != NULL) {
            APR_ARRAY_PUSH(names, const char *) = at->name;
        }
        APR_ARRAY_PUSH(texts, const char *) =
            at->literal ? escape(at->literal, self->pool) : group_text(at, self->pool);
    }
    APR_ARRAY_PUSH(texts, const char *) = "[" DELIMITER_CLASS "]?\\z";
    pattern->expression = apr_array_pstrcat(self->pool, texts, '\0');
    pattern->names = (const char *const *)(const void *)names->elts;
    pattern->count = names->nelts;
    return 1;
}

/* A pattern that begins with a letter was meant to begin with a slash. */
static int check_text(parser *self)
{
    apr_size_t i;

    for (i = 0; i < self->text.len; i++) {
        unsigned char c = (unsigned char)self->text.ptr[i];

        if (c <= 0x20 || c >= 0x7f) {
            return refuse(self, i, "a byte that no path in a URL has: percent-encode it");
        }
    }
    return (self->text.len > 0 && strchr("/({\\", *self->text.ptr) != NULL)
           || refuse(self, 0, "a path begins with /");
}

clerk_status clerk_path_pattern_parse(clerk_path_pattern *pattern, const char *text,
                                      clerk_path_pattern_fault *fault, apr_pool_t *pool)
{
    parser self = {
        .text = clerk_slice_of(text),
        .pool = pool,
        .fault = fault,
        .tokens = apr_array_make(pool, 16, sizeof(token)),
        .parts = apr_array_make(pool, 8, sizeof(part)),
        .pending = apr_palloc(pool, strlen(text) + 1),
    };

    return check_text(&self) && cut(&self) && parse(&self) && assemble(pattern, &self)
               ? CLERK_OK
               : CLERK_E_UNEXPECTED;
}
