/* SPDX-License-Identifier: Apache-2.0 - find out who is asking where nothing is required */
#include "identify.h"

#include <apr_strings.h>

#include "../core/json.h"
#include "log.h"
#include "module.h"
#include "navigation.h"
#include "who.h"

const char *clerk_remote_user(request_rec *r, const clerk_auth *auth)
{
    const char *path = clerk_request_config(r)->remote_user;
    const json_t *claim;
    const char *user;

    if (path == NULL || clerk_token_type_is_machine(auth->type)) {
        return auth->subject;
    }
    claim = clerk_json_at(clerk_request_claims(r), path);
    user = json_is_string(claim) || json_is_number(claim) ? clerk_json_plain(claim, r->pool)
                                                          : NULL;
    return user != NULL && *user != '\0' ? user : NULL;
}

void clerk_publish_user(request_rec *r, clerk_request *record, const char *user)
{
    r->user = apr_pstrdup(r->pool, user);
    r->ap_auth_type = (char *)CLERK_AUTH_TYPE;
    record->is_published = 1;
}

/**
 * A user of another AuthType stays httpd's user, and a person without the claim that should
 * be the user's name is no user of httpd's; the application learns who it is all the same.
 */
static void publish(request_rec *r, clerk_request *record)
{
    const char *user =
        r->user == NULL ? clerk_remote_user(r, record->verdict.auth) : NULL;

    record->is_published = 1;
    if (user != NULL) {
        clerk_publish_user(r, record, user);
    }
}

/** Known from authentication, or from the request that this one is a part of. */
static int is_known(const request_rec *r)
{
    const clerk_request *record = clerk_request_inherited(r);

    return record != NULL
           && (record->is_published || record->is_identified
               || record->exemption != CLERK_EXEMPT_NOT);
}

int clerk_identify(request_rec *r)
{
    const clerk_dir_config *config = clerk_request_config(r);
    clerk_request *record;
    int status;

    if (config->identify != CLERK_ON || is_known(r)
        || clerk_request_is_allowed_preflight(r)) {
        return DECLINED;
    }
    record = clerk_request_identify(r);
    if (record == NULL) {
        return DECLINED;
    }
    record->is_identified = 1;
    status = clerk_navigation_redirect(r, record);
    if (status != DECLINED) {
        return status;
    }
    if (record->verdict.status == CLERK_OK) {
        publish(r, record);
    }
    else if (record->verdict.carrier != CLERK_CARRIER_NONE) {
        clerk_log_unauthenticated(r, record);
    }
    return DECLINED;
}
