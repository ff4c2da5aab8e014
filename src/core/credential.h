/* SPDX-License-Identifier: Apache-2.0 - the token in an Authorization field */
#ifndef CLERK_CREDENTIAL_H
#define CLERK_CREDENTIAL_H

#include "error.h"
#include "slice.h"

typedef enum clerk_carrier {
    CLERK_CARRIER_NONE = 0,
    CLERK_CARRIER_HEADER,
    CLERK_CARRIER_COOKIE
} clerk_carrier;

/**
 * Find the token in an Authorization field (RFC 6750, 2.1).
 *
 * `Bearer` in any letter case, one or more spaces, one token; or a token alone, without
 * a scheme. Another scheme is not looked at, so that Basic in front of a site does not
 * disturb its cookies. Refused as CLERK_E_TOKEN_INVALID: `Bearer` with no token, words
 * after the token, and a comma in a value of scheme Bearer or of none, which is how
 * httpd hands over two Authorization fields.
 *
 * @param token  empty when there is none; points into @a field
 * @return CLERK_OK or CLERK_E_TOKEN_INVALID
 */
clerk_status clerk_authorization_token(clerk_slice *token, clerk_slice field,
                                       clerk_error *error);

#endif
