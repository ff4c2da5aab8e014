/* SPDX-License-Identifier: Apache-2.0 - the URL that a person is sent to for signing in or up */
#include "sign_in.h"

#include "url.h"

static void add_to_path(clerk_url *url, const char *segment, apr_pool_t *pool)
{
    while (url->path.len > 0 && url->path.ptr[url->path.len - 1] == '/') {
        url->path.len--;
    }
    url->path = clerk_slice_of(
        apr_pstrcat(pool, clerk_slice_copy(url->path, pool), segment, NULL));
}

/*
 * A path keeps to this site, whatever it looks like; anything else is a URL or nothing.
 */
static int resolve(clerk_url *url, const char *text, const clerk_url *own, apr_pool_t *pool)
{
    return clerk_url_parse(
        url, clerk_slice_of(clerk_url_is_site_path(text)
                                ? apr_pstrcat(pool, clerk_slice_copy(own->origin, pool),
                                              text, NULL)
                                : text));
}

static int find_portal(clerk_url *target, const clerk_instance *instance,
                       const char *page, apr_pool_t *pool)
{
    return instance->account_portal != NULL
           && clerk_url_parse(
               target, clerk_slice_of(
                           apr_pstrcat(pool, instance->account_portal, page, NULL)));
}

static int find_target(clerk_url *target, const clerk_instance *instance,
                       const clerk_sign_in_request *request, const clerk_url *own,
                       apr_pool_t *pool)
{
    if (request->signs_up && request->sign_up_url) {
        return resolve(target, request->sign_up_url, own, pool);
    }
    if (!request->sign_in_url) {
        return find_portal(target, instance,
                           request->signs_up ? "/sign-up" : "/sign-in", pool);
    }
    if (!resolve(target, request->sign_in_url, own, pool)) {
        return 0;
    }
    if (request->signs_up) {
        add_to_path(target, "/create", pool);
    }
    return 1;
}

/*
 * What is left of an earlier handshake would only be taken for a new one. Coming back to a
 * satellite has to start the sync with its primary.
 */
static const char *return_location(const clerk_instance *instance, clerk_url back,
                                   int is_elsewhere, apr_pool_t *pool)
{
    static const char *const spent[] = { "__clerk_handshake", "__clerk_handshake_nonce",
                                         "__clerk_help", NULL };

    clerk_url_remove_parameters(&back, spent, pool);
    if (is_elsewhere && instance->is_satellite) {
        clerk_url_set_parameter(&back, "__clerk_synced", "false", pool);
    }
    return clerk_url_text(&back, pool);
}

const char *clerk_sign_in_location(const clerk_instance *instance,
                                   const clerk_sign_in_request *request,
                                   apr_pool_t *pool)
{
    const char *return_url = request->return_url ? request->return_url : request->own_url;
    clerk_url own, back, target;
    int is_elsewhere;

    if (!clerk_url_parse(&own, clerk_slice_of(request->own_url))
        || !clerk_url_parse(&back, clerk_slice_of(return_url))
        || !find_target(&target, instance, request, &own, pool))
    {
        return NULL;
    }
    is_elsewhere = !clerk_url_same_host(&own, &target);
    if (request->pending) {
        add_to_path(&target, "/tasks", pool);
    }
    if (!request->no_return) {
        clerk_url_set_parameter(&target, "redirect_url",
                                return_location(instance, back, is_elsewhere, pool),
                                pool);
    }
    if (is_elsewhere && instance->type == CLERK_DEVELOPMENT && request->dev_browser
        && *request->dev_browser != '\0')
    {
        clerk_url_set_parameter(&target, "__clerk_db_jwt", request->dev_browser, pool);
    }
    return clerk_url_text(&target, pool);
}

const char *clerk_satellite_problem(const clerk_instance *instance,
                                    const char *sign_in_url, const char *own_url)
{
    clerk_url sign_in, own;

    if (!instance->is_satellite) {
        return NULL;
    }
    if (!sign_in_url) {
        return instance->type == CLERK_DEVELOPMENT
                   ? "ClerkSatellite On with a development instance needs ClerkSignInURL, "
                     "the sign-in page of the primary site"
                   : NULL;
    }
    if (!clerk_url_parse(&sign_in, clerk_slice_of(sign_in_url))) {
        return "ClerkSignInURL of a satellite is a page of the primary site: write it as "
               "https://HOST/PATH";
    }
    return own_url && clerk_url_parse(&own, clerk_slice_of(own_url))
                   && clerk_url_same_origin(&sign_in, &own)
               ? "ClerkSignInURL of a satellite is a page of the primary site, not of the "
                 "satellite itself"
               : NULL;
}
