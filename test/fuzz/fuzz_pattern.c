/* SPDX-License-Identifier: Apache-2.0 - fuzz: path patterns of an administrator */
#include "fuzz.h"

#include "core/path_pattern.h"

/** Capturing groups of an expression: `(` that is neither escaped, in a class, nor `(?`. */
static int groups_of(const char *at)
{
    int is_class = 0;
    int count = 0;

    for (; *at != '\0'; at++) {
        if (*at == '\\') {
            at++;
            FUZZ_HOLDS(*at != '\0');
        }
        else if (*at == '[' || *at == ']') {
            is_class = *at == '[';
        }
        else if (*at == '(' && !is_class) {
            count += at[1] != '?' && at[1] != '*';
        }
    }
    FUZZ_HOLDS(!is_class);
    return count;
}

void fuzz_one(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *text = fuzz_text(data, size, pool);
    clerk_path_pattern pattern = { NULL, NULL, 0 };
    clerk_path_pattern_fault fault = { NULL, 0 };
    int i;

    if (clerk_path_pattern_parse(&pattern, text, &fault, pool) != CLERK_OK) {
        FUZZ_HOLDS(fault.reason != NULL && fault.at <= size);
        return;
    }
    FUZZ_HOLDS(groups_of(pattern.expression) == pattern.count);
    for (i = 0; i < pattern.count; i++) {
        FUZZ_HOLDS(pattern.names[i] == NULL || *pattern.names[i] != '\0');
    }
}
