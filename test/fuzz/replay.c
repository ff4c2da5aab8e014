/* SPDX-License-Identifier: Apache-2.0 - a fuzz target's corpus once more, and small changes of it, without a fuzzer */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

/* Each byte of an input is replaced by each of these in turn. */
static const char REPLACEMENTS[] = "\0\"\\{[%=;&:.0-\x7f\xc3\xff";

/* Beyond it only the file itself is tried, or a long one would take minutes. */
enum { LONGEST_CHANGED = 600 };

static void try_changes(const char *bytes, apr_size_t len)
{
    char *changed = malloc(len + 1);
    apr_size_t at, i;

    for (at = 0; at < len; at++) {
        memcpy(changed, bytes, len);
        LLVMFuzzerTestOneInput((const uint8_t *)changed, at); /* cut off there */
        for (i = 0; i < sizeof(REPLACEMENTS) - 1; i++) {
            changed[at] = REPLACEMENTS[i];
            LLVMFuzzerTestOneInput((const uint8_t *)changed, len);
        }
        memmove(changed + at, bytes + at + 1, len - at - 1); /* without it */
        LLVMFuzzerTestOneInput((const uint8_t *)changed, len - 1);
    }
    free(changed);
}

static int replay(const char *path, apr_pool_t *pool)
{
    apr_finfo_t found;
    apr_file_t *file;
    char *bytes;
    apr_size_t len;

    if (apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, pool) != APR_SUCCESS
        || apr_file_info_get(&found, APR_FINFO_SIZE, file) != APR_SUCCESS)
    {
        return 0;
    }
    len = (apr_size_t)found.size;
    bytes = apr_palloc(pool, len + 1);
    if (len > 0 && apr_file_read_full(file, bytes, len, NULL) != APR_SUCCESS) {
        return 0;
    }
    apr_file_close(file);
    LLVMFuzzerTestOneInput((const uint8_t *)bytes, len);
    if (len <= LONGEST_CHANGED) {
        try_changes(bytes, len);
    }
    return 1;
}

/** @return how many files there were; -1 where one could not be read */
static int replay_all(const char *place, apr_pool_t *pool)
{
    apr_finfo_t found;
    apr_dir_t *directory;
    int count = 0;

    if (apr_dir_open(&directory, place, pool) != APR_SUCCESS) {
        return 0;
    }
    while (apr_dir_read(&found, APR_FINFO_NAME, directory) == APR_SUCCESS) {
        if (found.name[0] != '.') {
            if (!replay(apr_pstrcat(pool, place, "/", found.name, NULL), pool)) {
                return -1;
            }
            count++;
        }
    }
    apr_dir_close(directory);
    return count;
}

/** One test of a TAP report: the target's corpus, which is named like the program. */
int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    apr_pool_t *pool;
    int count;

    (void)argc;
    name = strstr(name ? name : argv[0], "fuzz_");
    apr_initialize();
    apr_pool_create(&pool, NULL);
    count = name ? replay_all(apr_pstrcat(pool, TEST_SRCDIR "/fuzz/corpus/",
                                          name + strlen("fuzz_"), NULL),
                              pool)
                 : 0;
    printf("1..1\n%s 1 - %s replays %d files\n", count > 0 ? "ok" : "not ok",
           name ? name : "?", count);
    apr_terminate();
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
