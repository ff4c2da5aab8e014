/* SPDX-License-Identifier: Apache-2.0 - count a verdict by its outcome */
#ifndef CLERK_VERDICT_COUNT_H
#define CLERK_VERDICT_COUNT_H

#include "verifier.h"

/** Count it once: signed in by the token's type, a handshake, or by the failure's family. */
void clerk_verdict_count(const clerk_verdict *verdict);

#endif
