/* SPDX-License-Identifier: Apache-2.0 - the record of what was found out about a request */
#ifndef CLERK_REQUEST_H
#define CLERK_REQUEST_H

#include <httpd.h>

#include "../core/user.h"
#include "../service/verifier.h"
#include "config.h"
#include "require.h"

/** Why a request passes although nobody was authenticated. */
typedef enum clerk_exemption {
    CLERK_EXEMPT_NOT = 0,
    CLERK_EXEMPT_PREFLIGHT,
    CLERK_EXEMPT_LOG_ONLY
} clerk_exemption;

/**
 * What this module knows of a request. One a request_rec, never shared with another
 * request, a subrequest or an internal redirect (see clerk_request_inherited).
 */
typedef struct clerk_request {
    int evaluated; /* whether the five below are filled */
    const clerk_instance *instance;
    clerk_policy policy; /* that the verdict holds for */
    int is_navigated;    /* it could have sent the browser somewhere, and renewed its session */
    clerk_facts facts;
    clerk_verdict verdict;
    const json_t *claims; /* kept by clerk_request_claims */

    const char *denied_by;        /* the Require line that decided last, as written */
    const clerk_requirement *stale; /* a reverification that was refused */
    int lacks_scope;              /* a scope was asked for that the token does not have */
    int assume_reverified;        /* asking whether that is all that fails */
    int is_asking;                /* our hook is running the hook that it stands in */
    int is_refused;
    int has_json_answer;
    clerk_exemption exemption;
    const void *ours_under; /* the r->per_dir_config that authenticated by us */
    int is_published;  /* httpd knows the user from us, the application shall */
    int is_identified; /* under ClerkIdentify, as somebody or nobody */
    const char *varied_by; /* what Vary names */

    int has_replaced; /* headers have other credentials than the client sent, which are: */
    const char *sent_authorization;
    const char *sent_cookie;

    const char *user_id; /* whose User was looked for */
    const clerk_user *user;
    clerk_api_failure user_failure; /* why there is none */

    unsigned asked_by_expressions;  /* how often a function of ours was evaluated */
    int is_refused_by_expression;   /* before authentication, by a `Require expr` line */
    const clerk_dir_config **found_config; /* where a search for configuration puts it */
} clerk_request;

clerk_dir_config *clerk_request_config(const request_rec *r);

/** Whether `AuthType Clerk` is in force. */
int clerk_request_is_ours(request_rec *r);

/** The record, made at the first call. */
clerk_request *clerk_request_of(request_rec *r);

/** The record, or NULL where none was made. */
clerk_request *clerk_request_known(const request_rec *r);

/**
 * The record that speaks for @a r: its own; or, where httpd itself skips authentication
 * because configuration is the very same as that of the request before or around it, theirs.
 */
const clerk_request *clerk_request_inherited(const request_rec *r);

/** The record of @a r, or of a request before or around it, that has the client's credentials. */
const clerk_request *clerk_request_original(const request_rec *r);

/**
 * A preflight that needs no user here (ClerkAllowPreflight). Fetch standard, "CORS-preflight
 * fetch": both fields, and no credential with it.
 */
int clerk_request_is_allowed_preflight(const request_rec *r);

/** The record of @a r or of a request before it that was refused; NULL where none was. */
const clerk_request *clerk_request_refused(const request_rec *r);

/** Who is asking, as far as the record knows; NULL while unknown or nobody. */
static inline const clerk_auth *clerk_request_auth(const clerk_request *record)
{
    return record->evaluated && record->verdict.status == CLERK_OK ? record->verdict.auth : NULL;
}

/** The claims of who is asking, parsed at the first call; NULL where there are none. */
const json_t *clerk_request_claims(request_rec *r);

/**
 * Name the line that refused where none of ours did: the line of mod_authz_user that
 * asks for a user here.
 */
void clerk_request_name_denial(const request_rec *r, clerk_request *record);

/**
 * The nearest record of a request before or around @a r that has been evaluated, and not for
 * an expression in passing, whatever the configuration it was evaluated under; NULL where
 * there is none.
 */
const clerk_request *clerk_request_earlier(const request_rec *r);

/** Tell caches that the answer depends on what the credential was read from. */
void clerk_request_varies(request_rec *r);

#endif
