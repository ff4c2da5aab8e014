/* SPDX-License-Identifier: Apache-2.0 - one pass over the JSON that tokens ordinarily have */
#include "node_list.h"

/* Beyond them the general reader takes over; none of these is a limit of what is accepted. */
enum { MAX_DEPTH = 8, MAX_MEMBERS = 40, MAX_DIGITS = 15 };

/** Reads a copy of the text, in which strings are ended in place. */
typedef struct scan {
    clerk_node_list *list;
    char *at; /* a NUL behind the text ends every loop */
    char *end;
} scan;

static int scan_value(scan *self, clerk_slice name, int depth);

static void skip_space(scan *self)
{
    while (*self->at == ' ' || *self->at == '\n' || *self->at == '\t'
           || *self->at == '\r') {
        self->at++;
    }
}

/** Whether @a c is the next byte that is no white space; if so it is taken. */
static int take(scan *self, char c)
{
    skip_space(self);
    if (*self->at != c) {
        return 0;
    }
    self->at++;
    return 1;
}

/* Printable ASCII that stands for itself in a string; quotes are not among it. */
static int is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '\\';
}

/**
 * The same for eight bytes at once. Each line sets the highest bit of a byte that is none:
 * beyond ASCII, DEL, a control character, a backslash.
 */
static int are_plain(const char *bytes)
{
    static const apr_uint64_t ones = APR_UINT64_C(0x0101010101010101);
    static const apr_uint64_t highest = APR_UINT64_C(0x8080808080808080);
    apr_uint64_t word, slashes;

    memcpy(&word, bytes, sizeof(word));
    slashes = word ^ ('\\' * ones);
    return ((word | (word + ones) | ((word - ' ' * ones) & ~word)
             | ((slashes - ones) & ~slashes))
            & highest)
           == 0;
}

static int is_plain_text(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        if (!are_plain(at)) {
            return 0;
        }
    }
    while (at < end && is_plain(*at)) {
        at++;
    }
    return at == end;
}

/** @a self->at is behind the opening quote. */
static int take_string(clerk_slice *text, scan *self)
{
    char *end = memchr(self->at, '"', (apr_size_t)(self->end - self->at));

    if (end == NULL || !is_plain_text(self->at, end)) {
        return 0;
    }
    *end = '\0';
    text->ptr = self->at;
    text->len = (apr_size_t)(end - self->at);
    self->at = end + 1;
    return 1;
}

static int take_word(scan *self, const char *word)
{
    apr_size_t len = strlen(word);

    if (strncmp(self->at, word, len) != 0) {
        return 0;
    }
    self->at += len;
    return 1;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int take_integer(apr_int64_t *value, scan *self)
{
    int is_negative = *self->at == '-';
    const char *first = self->at += is_negative;
    apr_int64_t number = 0;

    while (is_digit(*self->at) && self->at - first < MAX_DIGITS) {
        number = number * 10 + (*self->at++ - '0');
    }
    if (self->at == first || (*first == '0' && self->at - first > 1)
        || is_digit(*self->at) || *self->at == '.' || *self->at == 'e'
        || *self->at == 'E')
    {
        return 0;
    }
    *value = is_negative ? -number : number;
    return 1;
}

/** Members are few, so looking at each is the quickest way to find a duplicate. */
static int is_new_name(const clerk_node_list *list, unsigned object, clerk_slice name)
{
    const clerk_node *node = &list->nodes[object + 1];
    const clerk_node *end = &list->nodes[list->count];
    int members = 0;

    for (; node < end; node += node->span) {
        if (++members == MAX_MEMBERS || clerk_slice_equals(node->name, name)) {
            return 0;
        }
    }
    return 1;
}

static int scan_members(scan *self, unsigned object, int depth)
{
    if (take(self, '}')) {
        return 1;
    }
    do {
        clerk_slice name;

        if (!take(self, '"') || !take_string(&name, self)
            || !is_new_name(self->list, object, name) || !take(self, ':')
            || !scan_value(self, name, depth))
        {
            return 0;
        }
    } while (take(self, ','));
    return take(self, '}');
}

static int scan_elements(scan *self, int depth)
{
    static const clerk_slice no_name = { "", 0 };

    if (take(self, ']')) {
        return 1;
    }
    do {
        if (!scan_value(self, no_name, depth)) {
            return 0;
        }
    } while (take(self, ','));
    return take(self, ']');
}

static int scan_container(scan *self, clerk_node_type type, clerk_slice name, int depth)
{
    unsigned place = clerk_node_add(self->list, type, name);
    int done = depth < MAX_DEPTH
               && (type == CLERK_NODE_OBJECT ? scan_members(self, place, depth + 1)
                                             : scan_elements(self, depth + 1));

    clerk_node_close(self->list, place);
    return done;
}

static int scan_word(scan *self, clerk_slice name, clerk_node_type type,
                     const char *word)
{
    clerk_node_add(self->list, type, name);
    return take_word(self, word);
}

static int scan_value(scan *self, clerk_slice name, int depth)
{
    unsigned place;

    skip_space(self);
    switch (*self->at) {
    case '"':
        self->at++;
        place = clerk_node_add(self->list, CLERK_NODE_STRING, name);
        return take_string(&self->list->nodes[place].text, self);
    case '{':
        self->at++;
        return scan_container(self, CLERK_NODE_OBJECT, name, depth);
    case '[':
        self->at++;
        return scan_container(self, CLERK_NODE_ARRAY, name, depth);
    case 't':
        return scan_word(self, name, CLERK_NODE_TRUE, "true");
    case 'f':
        return scan_word(self, name, CLERK_NODE_FALSE, "false");
    case 'n':
        return scan_word(self, name, CLERK_NODE_NULL, "null");
    default:
        place = clerk_node_add(self->list, CLERK_NODE_INTEGER, name);
        return take_integer(&self->list->nodes[place].number.integer, self);
    }
}

int clerk_node_scan(clerk_node_list *list, clerk_slice text)
{
    char *copy = apr_pstrmemdup(list->pool, text.ptr, text.len);
    scan self = { list, copy, copy + text.len };

    /* what tokens have, so that it need not grow */
    clerk_node_make_room(list, (unsigned)(text.len / 14) + 4);

    skip_space(&self);
    if (*self.at != '{' || !scan_value(&self, clerk_slice_of(NULL), 0)) {
        return 0;
    }
    skip_space(&self);
    list->nodes[0].text.ptr = copy;
    list->nodes[0].text.len = text.len;
    return self.at == self.end;
}
