/* SPDX-License-Identifier: Apache-2.0 - a path pattern cut into tokens */
#ifndef CLERK_PATH_TOKEN_H
#define CLERK_PATH_TOKEN_H

#include "path_pattern.h"

typedef enum clerk_path_token_type {
    CLERK_PATH_CHAR,
    CLERK_PATH_ESCAPED,    /* a character that stands for itself */
    CLERK_PATH_OPEN,       /* { */
    CLERK_PATH_CLOSE,      /* } */
    CLERK_PATH_NAME,       /* of a parameter, without : */
    CLERK_PATH_EXPRESSION, /* without its parentheses */
    CLERK_PATH_MODIFIER,   /* one of ? * + */
    CLERK_PATH_END
} clerk_path_token_type;

typedef struct clerk_path_token {
    clerk_path_token_type type;
    apr_size_t at;     /* where it begins in the pattern */
    clerk_slice value; /* points into the pattern */
} clerk_path_token;

/**
 * Cut a pattern as the lexer of `path-to-regexp` 6 does.
 *
 * @param tokens  clerk_path_token, the last one CLERK_PATH_END; owned by @a pool
 * @return 1, or 0 with @a fault filled
 */
int clerk_path_tokens_cut(apr_array_header_t **tokens, clerk_slice pattern,
                          clerk_path_pattern_fault *fault, apr_pool_t *pool);

#endif
