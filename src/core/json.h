/* SPDX-License-Identifier: Apache-2.0 - bounded, strict JSON that a pool owns */
#ifndef CLERK_JSON_H
#define CLERK_JSON_H

#include <jansson.h>

#include "error.h"
#include "slice.h"

enum { CLERK_JSON_MAX_DEPTH = 64 };

/**
 * Load one JSON object (RFC 8259) and nothing after it.
 *
 * Refused: another top-level value, duplicate member names, invalid UTF-8, a NUL in a
 * string, nesting beyond CLERK_JSON_MAX_DEPTH (judged before parsing, so that hostile
 * depth costs no stack). An integer beyond 64 bits is read as a real number.
 *
 * @param out   lives as long as @a pool
 * @return CLERK_OK or CLERK_E_TOKEN_INVALID
 */
clerk_status clerk_json_load(const json_t **out, clerk_slice text, apr_pool_t *pool,
                             clerk_error *error);

/** Member @a name when it is a string, else NULL; the text belongs to the document. */
const char *clerk_json_string(const json_t *object, const char *name);

/**
 * The value at @a path, member names joined by `.`; NULL when there is none.
 *
 * Only objects are descended into.
 */
const json_t *clerk_json_at(const json_t *object, const char *path);

/** Any value as compact JSON text in ASCII (`\uXXXX` for the rest), owned by @a pool. */
const char *clerk_json_text(const json_t *value, apr_pool_t *pool);

/** Strings as they are, other values as JSON text; NULL for NULL. */
const char *clerk_json_plain(const json_t *value, apr_pool_t *pool);

#endif
