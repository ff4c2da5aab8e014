/* SPDX-License-Identifier: Apache-2.0 - expressions inside path patterns, from JavaScript's syntax to PCRE's */
#include "path_expression.h"

/** What stands before the place that is being read. */
typedef enum before {
    BEFORE_NOTHING,    /* the beginning of an alternative: nothing to repeat */
    BEFORE_ATOM,       /* may be repeated */
    BEFORE_QUANTIFIER, /* may be made lazy */
    BEFORE_LAZY        /* may not be changed any more */
} before;

typedef struct translation {
    clerk_slice rest;
    char *out; /* room for twice the expression */
    apr_size_t out_len;
    before before;
    const char *reason;
} translation;

static int refuse(translation *self, const char *reason)
{
    self->reason = reason;
    return 0;
}

static void put(translation *self, char c)
{
    self->out[self->out_len++] = c;
}

static void take(translation *self, apr_size_t count)
{
    for (; count > 0; count--) {
        put(self, *self->rest.ptr);
        self->rest.ptr++;
        self->rest.len--;
    }
}

static char next(const translation *self, apr_size_t ahead)
{
    return ahead < self->rest.len ? self->rest.ptr[ahead] : '\0';
}

static int is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int take_escape(translation *self, const char *letters)
{
    char c = next(self, 1);

    if (c == '\0') {
        return refuse(self, "nothing behind the \\");
    }
    if (is_alnum(c) && strchr(letters, c) == NULL) {
        return refuse(self, "an escape that is not known here");
    }
    take(self, 2);
    return 1;
}

/* To JavaScript `[]` is a class of nothing and `[[:x:]]` begins with the class of `[:x`. */
static int take_class(translation *self)
{
    apr_size_t opening = next(self, 1) == '^' ? 2 : 1;

    if (next(self, opening) == ']') {
        return refuse(self, "an empty class");
    }
    take(self, opening);
    while (next(self, 0) != ']') {
        if (self->rest.len == 0) {
            return refuse(self, "a class without its ]");
        }
        if (next(self, 0) == '\\') {
            if (!take_escape(self, "dDwWsS")) {
                return 0;
            }
            continue;
        }
        if (next(self, 0) == '[') {
            put(self, '\\');
        }
        take(self, 1);
    }
    take(self, 1);
    self->before = BEFORE_ATOM;
    return 1;
}

/* `(?:`, and the four that look around. */
static int take_group_opening(translation *self)
{
    static const char *const openings[] = { "(?:", "(?=", "(?!", "(?<=", "(?<!" };
    apr_size_t i;

    for (i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
        if (clerk_slice_starts_with(self->rest, openings[i])) {
            take(self, strlen(openings[i]));
            self->before = BEFORE_NOTHING;
            return 1;
        }
    }
    return refuse(self, "a group of a kind that is not known here");
}

/* The length of `{N}`, `{N,}` or `{N,M}`; 0 where a brace is just a brace. */
static apr_size_t counted_quantifier(clerk_slice rest)
{
    apr_size_t i = 1;
    apr_size_t digits = 0;

    for (; i < rest.len && rest.ptr[i] >= '0' && rest.ptr[i] <= '9'; i++) {
        digits++;
    }
    if (digits == 0) {
        return 0;
    }
    if (i < rest.len && rest.ptr[i] == ',') {
        i++;
    }
    while (i < rest.len && rest.ptr[i] >= '0' && rest.ptr[i] <= '9') {
        i++;
    }
    return i < rest.len && rest.ptr[i] == '}' ? i + 1 : 0;
}

/* A `+` behind a quantifier would make it possessive for PCRE; JavaScript has none such. */
static int take_quantifier(translation *self, apr_size_t length)
{
    if (self->before == BEFORE_QUANTIFIER && next(self, 0) == '?') {
        take(self, 1);
        self->before = BEFORE_LAZY;
        return 1;
    }
    if (self->before != BEFORE_ATOM) {
        return refuse(self, "nothing to repeat");
    }
    take(self, length);
    self->before = BEFORE_QUANTIFIER;
    return 1;
}

static int take_brace(translation *self)
{
    apr_size_t length = counted_quantifier(self->rest);

    if (length > 0) {
        return take_quantifier(self, length);
    }
    put(self, '\\');
    take(self, 1);
    self->before = BEFORE_ATOM;
    return 1;
}

static int take_one(translation *self)
{
    switch (next(self, 0)) {
    case '\\':
        self->before = BEFORE_ATOM;
        return take_escape(self, "dDwWsSbB");
    case '[':
        return take_class(self);
    case '(':
        return take_group_opening(self);
    case '{':
        return take_brace(self);
    case '*':
    case '+':
    case '?':
        return take_quantifier(self, 1);
    case '|':
        take(self, 1);
        self->before = BEFORE_NOTHING;
        return 1;
    default:
        take(self, 1);
        self->before = BEFORE_ATOM;
        return 1;
    }
}

const char *clerk_path_expression_translate(clerk_slice expression, const char **reason,
                                            apr_size_t *at, apr_pool_t *pool)
{
    translation self = { expression, apr_palloc(pool, 2 * expression.len + 1), 0,
                         BEFORE_NOTHING, NULL };

    while (self.rest.len > 0) {
        if (!take_one(&self)) {
            *reason = self.reason;
            *at = expression.len - self.rest.len;
            return NULL;
        }
    }
    self.out[self.out_len] = '\0';
    return self.out;
}
