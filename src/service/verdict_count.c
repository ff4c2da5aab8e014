/* SPDX-License-Identifier: Apache-2.0 - count a verdict by its outcome */
#include "verdict_count.h"

#include "counters.h"

static clerk_counter counter_of_type(clerk_token_type type)
{
    switch (type) {
    case CLERK_TOKEN_OAUTH:
        return CLERK_COUNT_OAUTH;
    case CLERK_TOKEN_M2M:
        return CLERK_COUNT_M2M;
    case CLERK_TOKEN_API_KEY:
        return CLERK_COUNT_API_KEY;
    default:
        return CLERK_COUNT_SESSION;
    }
}

static clerk_counter counter_of(const clerk_verdict *verdict)
{
    if (verdict->status == CLERK_OK) {
        return counter_of_type(verdict->auth->type);
    }
    if (verdict->decision.kind == CLERK_HANDSHAKE) {
        return CLERK_COUNT_HANDSHAKE;
    }
    switch (clerk_status_family(verdict->status)) {
    case CLERK_FAMILY_ABSENT:
        return CLERK_COUNT_ABSENT;
    case CLERK_FAMILY_REFUSED:
        return CLERK_COUNT_REFUSED;
    case CLERK_FAMILY_UNDECIDED:
        return CLERK_COUNT_UNDECIDED;
    default:
        return CLERK_COUNT_INTERNAL;
    }
}

void clerk_verdict_count(const clerk_verdict *verdict)
{
    clerk_count(counter_of(verdict));
}
