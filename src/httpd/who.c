/* SPDX-License-Identifier: Apache-2.0 - find out who is asking, once a request */
#include "who.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "../core/sign_in.h"
#include "log.h"
#include "module.h"
#include "navigation.h"
#include "own_url.h"
#include "runtime.h"

static clerk_slice header_slice(const request_rec *r, const char *name)
{
    return clerk_slice_of(apr_table_get(r->headers_in, name));
}

static const char *own_url_of(void *request)
{
    return clerk_own_url(request);
}

/** The request as core reads it; slices into @a r. */
static clerk_facts facts_of(request_rec *r)
{
    const clerk_request *sent = clerk_request_original(r);
    clerk_facts facts = {
        .method = r->method,
        .find_own_url = own_url_of,
        .request = r,
        .authorization = header_slice(r, "Authorization"),
        .cookie = header_slice(r, "Cookie"),
        .accept = header_slice(r, "Accept"),
        .sec_fetch_dest = header_slice(r, "Sec-Fetch-Dest"),
        .referer = header_slice(r, "Referer"),
        .headers = r->headers_in,
    };

    if (sent != NULL) {
        facts.authorization = clerk_slice_of(sent->sent_authorization);
        facts.cookie = clerk_slice_of(sent->sent_cookie);
    }
    return facts;
}

/**
 * What of a satellite no start could judge: sections that complete one another, names of a
 * server that only a request tells.
 */
static const char *satellite_problem(const request_rec *r, const clerk_instance *instance)
{
    return instance->is_satellite
               ? clerk_satellite_problem(instance, clerk_request_config(r)->sign_in_url,
                                         clerk_own_url((request_rec *)r))
               : NULL;
}

/** @param error  says why where there is none */
static const clerk_instance *instance_in_force(const request_rec *r, clerk_error *error)
{
    clerk_dir_config *config = clerk_request_config(r);
    const clerk_instance *instance = NULL;
    const char *problem;

    error->detail = "set ClerkPublishableKey (and ClerkSecretKey)";
    if (config->instance == NULL
        || clerk_instance_config_resolve(&instance, config->instance, error) != CLERK_OK) {
        return NULL;
    }
    problem = satellite_problem(r, instance);
    if (problem != NULL) {
        error->detail = problem;
        return NULL;
    }
    return instance;
}

const clerk_instance *clerk_request_instance(const request_rec *r)
{
    clerk_error error = { CLERK_OK, NULL };

    return instance_in_force(r, &error);
}

/** Lists belong to configuration, and sections that inherit one share it. */
static int is_same_policy(const clerk_policy *a, const clerk_policy *b)
{
    return a->accepts == b->accepts && a->authorized_parties == b->authorized_parties
           && a->audiences == b->audiences && a->issuers == b->issuers
           && a->any_issuer == b->any_issuer && a->clock_skew == b->clock_skew
           && a->admits_pending == b->admits_pending;
}

static int is_verdict_on(const clerk_request *record, const clerk_request *wanted)
{
    return record != NULL && record->evaluated && record->instance == wanted->instance
           && is_same_policy(&record->policy, &wanted->policy)
           && (record->is_navigated || !wanted->is_navigated);
}

/** A verdict on the same credentials by the same rules. */
static const clerk_request *judged_before(const request_rec *r, const clerk_request *wanted)
{
    while ((r = r->prev ? r->prev : r->main) != NULL) {
        const clerk_request *record = clerk_request_known(r);

        if (is_verdict_on(record, wanted)) {
            return record;
        }
    }
    return NULL;
}

/**
 * A session that was found earlier, renewed perhaps, speaks for parts of the page and under
 * other rules, and what came in its place: the cookies that came along may be the old ones.
 */
static void take_session_of(clerk_facts *facts, const clerk_request *earlier,
                            const clerk_instance *instance, apr_pool_t *pool)
{
    if (earlier != NULL && earlier->evaluated && earlier->instance == instance
        && earlier->verdict.carrier == CLERK_CARRIER_COOKIE && earlier->verdict.auth != NULL) {
        facts->authorization = clerk_slice_of(apr_pstrcat(
            pool, "Bearer ", clerk_slice_copy(earlier->verdict.token, pool), NULL));
        facts->cookie = clerk_slice_of(NULL);
    }
}

/** @param wanted  what a verdict is to hold for; kept, with it, in the request's record */
static void judge(request_rec *r, clerk_request *record, const clerk_request *wanted)
{
    clerk_session_options options = { .handshake = 0 };
    clerk_facts facts = facts_of(r);

    take_session_of(&facts, clerk_request_earlier(r), wanted->instance, r->pool);
    take_session_of(&facts, record, wanted->instance, r->pool); /* by other rules */
    record->instance = wanted->instance;
    record->policy = wanted->policy;
    record->is_navigated = wanted->is_navigated;
    record->facts = facts;
    record->claims = NULL;
    if (record->is_navigated) {
        options = clerk_navigation_options(r, record);
    }
    clerk_verifier_identify(&record->verdict, clerk_runtime_verifier(), record->instance,
                            &record->policy, &options, &record->facts, apr_time_now(),
                            r->pool);
    record->evaluated = 1;
    if (record->is_navigated) {
        clerk_navigation_tell(r, record);
    }
    clerk_log_missing_azp(r, record, &record->policy);
}

/** @param navigates  whether the browser may be sent somewhere, or its session be renewed */
static clerk_request *identify(request_rec *r, const clerk_instance *instance, int navigates)
{
    clerk_request *record = clerk_request_of(r);
    clerk_request wanted = { .instance = instance,
                             .policy = clerk_config_policy(clerk_request_config(r)),
                             .is_navigated = navigates };
    const clerk_request *before;

    if (is_verdict_on(record, &wanted)) {
        return record;
    }
    before = judged_before(r, &wanted);
    if (before == NULL) {
        judge(r, record, &wanted);
        return record;
    }
    record->instance = instance;
    record->policy = wanted.policy;
    record->is_navigated = before->is_navigated;
    record->facts = facts_of(r);
    record->verdict = before->verdict;
    record->evaluated = 1;
    return record;
}

clerk_request *clerk_request_identify(request_rec *r)
{
    clerk_error error = { CLERK_OK, NULL };
    const clerk_instance *instance = instance_in_force(r, &error);

    if (instance == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "no Clerk instance for %s: %s", r->uri,
                      error.detail);
        return NULL;
    }
    return identify(r, instance, 1);
}

const clerk_auth *clerk_request_who(request_rec *r)
{
    const clerk_dir_config *config = clerk_request_config(r);
    clerk_request *record = clerk_request_of(r);
    const clerk_instance *instance = clerk_request_instance(r);

    record->asked_by_expressions++;
    if (instance == NULL || clerk_request_is_allowed_preflight(r)) {
        return NULL;
    }
    record = identify(r, instance,
                      config->identify == CLERK_ON || clerk_request_is_ours(r));
    clerk_request_varies(r);
    return record->verdict.status == CLERK_OK ? record->verdict.auth : NULL;
}
