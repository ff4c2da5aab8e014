/* SPDX-License-Identifier: Apache-2.0 - names that become one segment of a URL's path */
#include "path_segment.h"

#include <string.h>

#define ID "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

int clerk_is_path_id(const char *id)
{
    apr_size_t length = id ? strlen(id) : 0;

    return length > 0 && length <= CLERK_LONGEST_SEGMENT && strspn(id, ID) == length;
}

static int is_usable(const char *name)
{
    const char *at;

    for (at = name; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f || strchr("/\\%", *at) != NULL) {
            return 0;
        }
    }
    return *name != '\0' && at - name <= CLERK_LONGEST_SEGMENT && strcmp(name, ".") != 0
           && strcmp(name, "..") != 0;
}

const char *clerk_path_segment(const char *name, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *segment, *at;

    if (!is_usable(name)) {
        return NULL;
    }
    at = segment = apr_palloc(pool, 3 * strlen(name) + 1);
    for (; *name != '\0'; name++) {
        unsigned char byte = (unsigned char)*name;

        if (strchr(ID ".~", byte) != NULL) {
            *at++ = *name;
        }
        else {
            *at++ = '%';
            *at++ = digits[byte >> 4];
            *at++ = digits[byte & 15];
        }
    }
    *at = '\0';
    return segment;
}
