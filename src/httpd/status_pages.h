/* SPDX-License-Identifier: Apache-2.0 - the state in each of the forms that are asked for */
#ifndef CLERK_STATUS_PAGES_H
#define CLERK_STATUS_PAGES_H

#include "status_state.h"

/** Headings and tables, without a page around them. */
void clerk_status_write_html(request_rec *r, const clerk_status_state *state);

/** One JSON object. */
void clerk_status_write_json(request_rec *r, const clerk_status_state *state);

/** Prometheus' text format 0.0.4. */
void clerk_status_write_prometheus(request_rec *r, const clerk_status_state *state);

/** Lines `Clerk…: VALUE`, for mod_status's `?auto`. */
void clerk_status_write_lines(request_rec *r, const clerk_status_state *state);

#endif
