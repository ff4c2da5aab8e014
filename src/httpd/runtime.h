/* SPDX-License-Identifier: Apache-2.0 - what a process keeps: keys, connections, the verifier */
#ifndef CLERK_RUNTIME_H
#define CLERK_RUNTIME_H

#include "../service/verifier.h"
#include "log_meter.h"

/** The verifier of this process, there from child_init on. */
const clerk_verifier *clerk_runtime_verifier(void);

/** The way to the Backend API, and what this process remembers of its answers; likewise. */
const clerk_api *clerk_runtime_api(void);
clerk_api_answers *clerk_runtime_answers(void);

/** 1 the first time it is called in this process. */
int clerk_runtime_first_missing_azp(void);

/** The meter of what is logged of requests that end in that status. */
clerk_log_meter *clerk_runtime_log_meter(clerk_status status);

/** 1 once a minute in this process: for warnings that clients can provoke. */
int clerk_runtime_may_advise(apr_time_t now);

#endif
