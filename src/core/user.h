/* SPDX-License-Identifier: Apache-2.0 - what an application is told of a User */
#ifndef CLERK_USER_H
#define CLERK_USER_H

#include "error.h"
#include "slice.h"

/** Strings are NULL where absent. */
typedef struct clerk_user {
    const char *json; /* the User object without private metadata, ASCII only */
    const char *email; /* the primary address */
    const char *username;
    const char *first_name;
    const char *last_name;
    const char *image_url;
} clerk_user;

/**
 * Take from the Backend API's User object what an application is told, in a form that is read
 * again without parsing.
 *
 * Members `private_metadata` are left out, wherever they stand. The primary address is the
 * element of `email_addresses` whose `id` is `primary_email_address_id`.
 *
 * @param kept  filled on success, for clerk_user_read; owned by @a pool
 * @param body  of a 200
 * @param id    of the user that was asked for
 * @return CLERK_OK, or CLERK_E_MACHINE_UNDECIDED where the body is no User or another one
 */
clerk_status clerk_user_digest(clerk_slice *kept, clerk_slice body, const char *id,
                               apr_pool_t *pool, clerk_error *error);

/**
 * Read what clerk_user_digest kept.
 *
 * @param user  points into @a kept
 * @return CLERK_OK, or CLERK_E_MACHINE_UNDECIDED where it is nothing of that kind
 */
clerk_status clerk_user_read(clerk_user *user, clerk_slice kept, clerk_error *error);

#endif
