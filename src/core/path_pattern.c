/* SPDX-License-Identifier: Apache-2.0 - path patterns in the syntax of path-to-regexp 6, as expressions for PCRE */
#include "path_pattern.h"

#include "path_expression.h"
#include "path_token.h"

/*
 * A path is as long as a request line may be and whoever asks chooses it; a pattern such as
 * (a+)+b would take for ever over some. Ordinary ones need a few steps a byte.
 */
#define COST_LIMIT "(*LIMIT_MATCH=200000)"

/* Characters that end a parameter, and those that go with the parameter behind them. */
#define DELIMITERS "/#?"
#define DELIMITER_CLASS "\\/#\\?"
#define PREFIXES "./"

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

/* ---------------------------------------------------------------- into parts */

static const clerk_path_token *current(const parser *self)
{
    return &APR_ARRAY_IDX(self->tokens, self->next, clerk_path_token);
}

/* The token where it is of this type, and go on behind it; else NULL. */
static const clerk_path_token *accept_token(parser *self, clerk_path_token_type type)
{
    const clerk_path_token *found = current(self);

    if (found->type != type) {
        return NULL;
    }
    self->next++;
    return found;
}

static const char *value_of(const parser *self, const clerk_path_token *found)
{
    return found ? clerk_slice_copy(found->value, self->pool) : NULL;
}

static int expect(parser *self, clerk_path_token_type type)
{
    if (accept_token(self, type)) {
        return 1;
    }
    switch (current(self)->type) {
    case CLERK_PATH_CLOSE:
        return refuse(self, current(self)->at, "a } without its {");
    case CLERK_PATH_MODIFIER:
        return refuse(self, current(self)->at, "nothing to repeat");
    default:
        return refuse(self, current(self)->at,
                      type == CLERK_PATH_CLOSE ? "a } belongs here"
                                               : "this cannot stand here");
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

static const char *own_expression(parser *self, const clerk_path_token *found)
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
    const clerk_path_token *modifier = accept_token(self, CLERK_PATH_MODIFIER);

    group.modifier = modifier ? *modifier->value.ptr : '\0';
    APR_ARRAY_PUSH(self->parts, part) = group;
}

/* `:name`, `:name(…)` or `(…)`, with the character before it where that is a prefix. */
static int take_parameter(parser *self, const clerk_path_token *prefix,
                          const clerk_path_token *name,
                          const clerk_path_token *expression)
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
    const clerk_path_token *found;

    while ((found = accept_token(self, CLERK_PATH_CHAR))
           || (found = accept_token(self, CLERK_PATH_ESCAPED)))
    {
        text[length++] = *found->value.ptr;
    }
    text[length] = '\0';
    return text;
}

/* `{prefix:name(…)suffix}`, all of it optional. */
static int take_group(parser *self)
{
    part group = { .prefix = take_text(self) };
    const clerk_path_token *name = accept_token(self, CLERK_PATH_NAME);
    const clerk_path_token *expression = accept_token(self, CLERK_PATH_EXPRESSION);

    group.name = value_of(self, name);
    group.suffix = take_text(self);
    if (!expect(self, CLERK_PATH_CLOSE)) {
        return 0;
    }
    if (name != NULL || expression != NULL) {
        group.expression = expression
                               ? own_expression(self, expression)
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
    const clerk_path_token *character = accept_token(self, CLERK_PATH_CHAR);
    const clerk_path_token *name = accept_token(self, CLERK_PATH_NAME);
    const clerk_path_token *expression = accept_token(self, CLERK_PATH_EXPRESSION);

    if (name != NULL || expression != NULL) {
        return take_parameter(self, character, name, expression);
    }
    if (character != NULL || (character = accept_token(self, CLERK_PATH_ESCAPED))) {
        self->pending[self->pending_len++] = *character->value.ptr;
        return 1;
    }
    keep_literal(self);
    return accept_token(self, CLERK_PATH_OPEN) ? take_group(self)
                                               : expect(self, CLERK_PATH_END);
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
        return apr_pstrcat(pool, "(?:", prefix, "((?:", group->expression,
                           ")(?:", suffix, prefix, "(?:", group->expression, "))*)",
                           suffix, ")", group->modifier == '*' ? "?" : "", NULL);
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
            return refuse(self, i,
                          "a byte that no path in a URL has: percent-encode it");
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
        .parts = apr_array_make(pool, 8, sizeof(part)),
        .pending = apr_palloc(pool, strlen(text) + 1),
    };

    return check_text(&self)
                   && clerk_path_tokens_cut(&self.tokens, self.text, fault, pool)
                   && parse(&self) && assemble(pattern, &self)
               ? CLERK_OK
               : CLERK_E_UNEXPECTED;
}
