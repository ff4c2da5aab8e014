/* SPDX-License-Identifier: Apache-2.0 - count who was not allowed, by the line that decided */
#include "denials.h"

#include <string.h>

#include <apr_strings.h>
#include <httpd.h>

#include "../service/counters.h"

enum { LONGEST_KIND = 32 };

/** Move @a at behind the word where it stands there. */
static int skip(const char **at, const char *word)
{
    apr_size_t len = strlen(word);

    if (ap_cstr_casecmpn(*at, word, len) != 0) {
        return 0;
    }
    *at += len;
    *at += strspn(*at, " \t");
    return 1;
}

static const char *kind_of(char kind[LONGEST_KIND], const char *line)
{
    skip(&line, "Require ");
    skip(&line, "not ");
    apr_cpystrn(kind, line, LONGEST_KIND);
    kind[strcspn(kind, " \t")] = '\0';
    return ap_cstr_casecmp(kind, "valid-user") == 0 ? "user" : kind;
}

void clerk_denial_count(const char *line)
{
    char kind[LONGEST_KIND];

    clerk_count(clerk_count_denied_by(line != NULL ? kind_of(kind, line) : ""));
}
