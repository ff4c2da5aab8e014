/* SPDX-License-Identifier: Apache-2.0 - values that configuration names instead of holding */
#ifndef CLERK_SECRET_H
#define CLERK_SECRET_H

#include <httpd.h>
#include <http_config.h>

enum {
    CLERK_VALUE_ENV = 1,  /* env:NAME */
    CLERK_VALUE_FILE = 2, /* file:PATH, relative to ServerRoot */
    CLERK_VALUE_EXEC = 4  /* exec:COMMAND ARGS: its first line of output */
};

/** Stands for the output of a command that is run in the next pass; compare the pointer. */
extern const char clerk_value_later[];

/**
 * Find the value that @a argument names; text without one of the allowed prefixes is the
 * value itself. White space at both ends is dropped.
 *
 * `exec:` runs once a start: in the first of the two passes in which httpd reads its
 * configuration when it starts, @a value is clerk_value_later instead.
 *
 * @param argument  for exec: the command with its arguments
 * @return NULL, or the sentence that stops the start; it never shows the value
 */
const char *clerk_value_read(const char **value, cmd_parms *cmd, const char *argument,
                             int forms);

/** Text of the configuration as a message may show it: not where it could hold a secret. */
const char *clerk_value_shown(const char *text);

#endif
