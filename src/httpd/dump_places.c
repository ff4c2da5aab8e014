/* SPDX-License-Identifier: Apache-2.0 - where a section or a directive stands in the files */
#include "dump_places.h"

#include <apr_strings.h>

#include "module.h"

/* httpd exports it, as mod_info knows, and declares it nowhere. */
AP_DECLARE_DATA extern ap_directive_t *ap_conftree;

static int begins(const char *text, const char *prefix)
{
    return ap_cstr_casecmpn(text, prefix, strlen(prefix)) == 0;
}

/** Containers that httpd keeps in its tree and that are no sections. */
static int is_transparent(const ap_directive_t *at)
{
    return begins(at->directive, "<If") && ap_cstr_casecmp(at->directive, "<If") != 0;
}

const ap_directive_t *clerk_place_of_server(const server_rec *server)
{
    const ap_directive_t *at;

    if (!server->is_virtual) {
        return ap_conftree;
    }
    for (at = ap_conftree; at != NULL; at = at->next) {
        if (begins(at->directive, "<VirtualHost") && at->line_num == (int)server->defn_line_number
            && server->defn_name != NULL && strcmp(at->filename, server->defn_name) == 0) {
            return at->first_child;
        }
    }
    return NULL;
}

const ap_directive_t *clerk_place_of_directive(const ap_directive_t *first, const char *name)
{
    const ap_directive_t *found = NULL;
    const ap_directive_t *at;

    for (at = first; at != NULL; at = at->next) {
        const ap_directive_t *inside =
            is_transparent(at) ? clerk_place_of_directive(at->first_child, name) : NULL;

        if (inside != NULL || ap_cstr_casecmp(at->directive, name) == 0) {
            found = inside != NULL ? inside : at;
        }
    }
    return found;
}

/** Its first word, or the second behind `~`, is the path; a directory's may lack the last slash. */
static int has_path(const ap_directive_t *at, const char *path)
{
    char args[1024];
    const char *rest = args;
    apr_pool_t *pool;
    char *word;
    apr_size_t len;
    int is_same;

    apr_cpystrn(args, at->args, sizeof(args));
    len = strlen(args);
    if (len > 0 && args[len - 1] == '>') {
        args[len - 1] = '\0';
    }
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return 0;
    }
    word = ap_getword_conf(pool, &rest);
    if (strcmp(word, "~") == 0) {
        word = ap_getword_conf(pool, &rest);
    }
    len = strlen(word);
    is_same = strncmp(word, path, len) == 0
              && (path[len] == '\0' || (path[len] == '/' && path[len + 1] == '\0'));
    apr_pool_destroy(pool);
    return is_same;
}

static const ap_directive_t *find(const ap_directive_t *first, const char *kind,
                                  const char *path, int *number)
{
    const ap_directive_t *at;

    for (at = first; at != NULL; at = at->next) {
        int is_kind = strcmp(kind, "<If") == 0
                          ? ap_cstr_casecmp(at->directive, kind) == 0
                                || begins(at->directive, "<Else")
                          : begins(at->directive, kind);

        if (is_kind && (path == NULL || has_path(at, path)) && (*number)-- == 0) {
            return at;
        }
        if (is_transparent(at)) {
            const ap_directive_t *inside = find(at->first_child, kind, path, number);

            if (inside != NULL) {
                return inside;
            }
        }
    }
    return NULL;
}

const ap_directive_t *clerk_place_of_section(const ap_directive_t *first, const char *kind,
                                             const char *path, int number)
{
    return find(first, kind, path, &number);
}

const char *clerk_place_text(const ap_directive_t *at, apr_pool_t *pool)
{
    return at != NULL ? apr_psprintf(pool, " (%s:%d)", at->filename, at->line_num) : "";
}
