/* SPDX-License-Identifier: Apache-2.0 - the token in an Authorization field */
#include "credential.h"

#include <strings.h>

static clerk_slice take(clerk_slice *rest, apr_size_t len)
{
    clerk_slice word = { rest->ptr, len };

    rest->ptr += len;
    rest->len -= len;
    return word;
}

static int is_space(char byte)
{
    return byte == ' ' || byte == '\t';
}

/** Byte by byte, as the first word is short where there is a second. */
static clerk_slice take_first_word(clerk_slice *rest)
{
    apr_size_t len = 0;

    while (len < rest->len && !is_space(rest->ptr[len])) {
        len++;
    }
    return take(rest, len);
}

/** By memchr, as tokens are long. */
static clerk_slice take_token(clerk_slice *rest)
{
    clerk_slice before_space, word, tail = *rest;

    clerk_slice_cut(&before_space, &tail, ' ');
    tail = before_space;
    clerk_slice_cut(&word, &tail, '\t');
    return take(rest, word.len);
}

static int is_bearer(clerk_slice scheme)
{
    return scheme.len == strlen("Bearer")
           && strncasecmp(scheme.ptr, "Bearer", scheme.len) == 0;
}

static int has_comma(clerk_slice text)
{
    return text.len > 0 && memchr(text.ptr, ',', text.len) != NULL;
}

clerk_status clerk_authorization_token(clerk_slice *token, clerk_slice field,
                                       clerk_error *error)
{
    clerk_slice whole = clerk_slice_trim(field);
    clerk_slice rest = whole;
    clerk_slice first = take_first_word(&rest);
    clerk_slice second;

    if (rest.len > 0 && !is_bearer(first) && !has_comma(first)) {
        *token = clerk_slice_of(NULL); /* another scheme, as Basic */
        return CLERK_OK;
    }
    if (has_comma(whole)) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "several Authorization fields");
    }
    if (!is_bearer(first)) {
        *token = first; /* all there is, or nothing */
        return CLERK_OK;
    }
    while (rest.len > 0 && *rest.ptr == ' ') {
        rest.ptr++;
        rest.len--;
    }
    second = take_token(&rest);
    if (second.len == 0) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "Bearer without a token");
    }
    if (rest.len > 0) {
        return clerk_fail(error, CLERK_E_TOKEN_INVALID, "words after the token");
    }
    *token = second;
    return CLERK_OK;
}
