/* SPDX-License-Identifier: Apache-2.0 - what who is asking holds, as one text each */
#ifndef CLERK_AUTH_TEXTS_H
#define CLERK_AUTH_TEXTS_H

#include "auth.h"

/**
 * For whoever makes an auth object, last of all: write the texts that applications get of
 * its lists and ages. NULL stands for an empty list and for unknown ages.
 */
void clerk_auth_write_texts(clerk_auth *auth, apr_pool_t *pool);

#endif
