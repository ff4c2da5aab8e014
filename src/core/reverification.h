/* SPDX-License-Identifier: Apache-2.0 - how recently a person proved who they are */
#ifndef CLERK_REVERIFICATION_H
#define CLERK_REVERIFICATION_H

#include "node.h"

typedef enum clerk_factor_level {
    CLERK_FIRST_FACTOR,
    CLERK_SECOND_FACTOR,
    CLERK_MULTI_FACTOR
} clerk_factor_level;

/**
 * Claim `fva`: minutes since each factor was verified at issue; -1 never or not
 * enrolled.
 */
typedef struct clerk_factor_ages {
    int known; /* 0 when the claim is absent or malformed: then nothing is fresh */
    double first;
    double second;
} clerk_factor_ages;

typedef struct clerk_reverification {
    const char *preset; /* its name, or NULL for an explicit level and age */
    clerk_factor_level level;
    int after_minutes; /* > 0; an age equal to it is too old */
} clerk_reverification;

/**
 * Read `strict_mfa` `strict` `moderate` `lax`, or LEVEL:MINUTES with LEVEL
 * `first_factor` `second_factor` `multi_factor` and MINUTES 1 to 99998.
 *
 * @return 1, or 0 for anything else; @a asked->preset is a static string
 */
int clerk_reverification_parse(clerk_reverification *asked, clerk_slice text);

/** Read `fva`; NULL, another shape or a negative age other than -1 gives known = 0. */
clerk_factor_ages clerk_factor_ages_read(const clerk_node *fva);

/** checkReverificationAuthorization in `@clerk/shared`. */
int clerk_factor_ages_satisfy(const clerk_factor_ages *ages,
                              const clerk_reverification *asked);

const char *clerk_factor_level_name(clerk_factor_level level);

/**
 * The answer that Clerk's browser SDK understands (reverificationError in `@clerk/shared`), as JSON:
 * {"clerk_error":{"type":"forbidden","reason":"reverification-error","metadata":{"reverification":…}}}
 * where … is the preset's name or {"level":…,"afterMinutes":…}.
 */
const char *clerk_reverification_hint(const clerk_reverification *asked, apr_pool_t *pool);

#endif
