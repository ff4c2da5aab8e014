/* SPDX-License-Identifier: Apache-2.0 - no client names who is asking */
#include "scrub.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "export_names.h"
#include "module.h"

/* Headers by which Clerk's own middleware tells its application who is asking
   (constants.Headers in @clerk/backend); an application may trust them. */
static const char *const internal_names[] = {
    "x-clerk-auth-message", "x-clerk-auth-token",   "x-clerk-auth-signature",
    "x-clerk-clerk-url",    "x-clerk-request-data", "x-clerk-redirect-to",
    "x-clerk-debug",        NULL
};

#define CLAIM_PREFIX "x-clerk-claim-"

/** Letter by letter, as an application would see it. */
static int folds_to(const char *name, const char *ours, apr_size_t length)
{
    for (; length > 0; length--, name++, ours++) {
        char c = apr_isalnum(*name) ? (char)apr_tolower(*name) : '-';

        if (*name == '\0' || c != (char)apr_tolower(*ours)) {
            return 0;
        }
    }
    return 1;
}

static int is_spelling_of(const char *name, const char *ours)
{
    apr_size_t length = strlen(ours);

    return strlen(name) == length && folds_to(name, ours, length);
}

static int is_ours(const char *name)
{
    const clerk_export_name *exported;
    const char *const *internal;

    if (!folds_to(name, "x-clerk-", 8)) {
        return 0; /* nearly every header */
    }
    if (folds_to(name, CLAIM_PREFIX, strlen(CLAIM_PREFIX))) {
        return 1;
    }
    for (exported = clerk_export_names; exported->env != NULL; exported++) {
        if (is_spelling_of(name, exported->header)) {
            return 1;
        }
    }
    for (internal = internal_names; *internal != NULL; internal++) {
        if (is_spelling_of(name, *internal)) {
            return 1;
        }
    }
    return 0;
}

static void remove_if(apr_table_t *table, int (*is_unwanted)(const char *name))
{
    const apr_array_header_t *entries = apr_table_elts(table);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)(void *)entries->elts;
    int i = 0;

    while (i < entries->nelts) {
        if (entry[i].key != NULL && is_unwanted(entry[i].key)) {
            apr_table_unset(table, entry[i].key); /* the rest moves up */
        }
        else {
            i++;
        }
    }
}

void clerk_scrub_names(apr_table_t *fields)
{
    remove_if(fields, is_ours);
}

void clerk_scrub_headers(request_rec *r)
{
    clerk_scrub_names(r->headers_in);
}

/** A request header's variable, too: mod_include makes them for a page and all its parts. */
static int is_our_variable(const char *name)
{
    const clerk_export_name *exported = clerk_export_names;

    while (exported->env != NULL && strcmp(name, exported->env) != 0) {
        exported++;
    }
    return exported->env != NULL
           || strncmp(name, "CLERK_CLAIM_", strlen("CLERK_CLAIM_")) == 0
           || (strncmp(name, "HTTP_", strlen("HTTP_")) == 0
               && is_ours(name + strlen("HTTP_")));
}

void clerk_scrub_environment(request_rec *r)
{
    remove_if(r->subprocess_env, is_our_variable);
}

/**
 * Drop our names from Connection: mod_proxy removes every header that stands there, and
 * would do so after this module has set it (RFC 9110, 7.6.1).
 */
static void scrub_connection(request_rec *r)
{
    const char *field = apr_table_get(r->headers_in, "Connection");
    const char *kept = NULL, *token;
    char *rest;
    int dropped = 0;

    if (field == NULL) {
        return;
    }
    rest = apr_pstrdup(r->pool, field);
    /* mod_proxy is lenient about what parts one name from the next */
    while ((token = apr_strtok(rest, " \t,;=\"", &rest)) != NULL) {
        if (is_ours(token)) {
            dropped = 1;
        }
        else {
            kept = kept ? apr_pstrcat(r->pool, kept, ", ", token, NULL) : token;
        }
    }
    if (!dropped) {
        return;
    }
    if (kept != NULL) {
        apr_table_setn(r->headers_in, "Connection", kept);
    }
    else {
        apr_table_unset(r->headers_in, "Connection");
    }
}

static int scrub_request(request_rec *r)
{
    clerk_scrub_headers(r);
    scrub_connection(r);
    return DECLINED;
}

void clerk_scrub_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_post_read_request(scrub_request, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
