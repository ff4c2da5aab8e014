/* SPDX-License-Identifier: Apache-2.0 - count who was not allowed, by the line that decided */
#ifndef CLERK_DENIALS_H
#define CLERK_DENIALS_H

/** @param line  `Require …` as written; NULL: not known */
void clerk_denial_count(const char *line);

#endif
