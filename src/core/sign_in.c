/* SPDX-License-Identifier: Apache-2.0 - the URL that a person is sent to for signing in */
#include "sign_in.h"

#include "url.h"

/*
 * A path keeps to this site, whatever it looks like; anything else is a URL or nothing.
 */
static int find_target(clerk_url *target, const clerk_instance *instance,
                       const clerk_sign_in_request *request, const clerk_url *own,
                       apr_pool_t *pool)
{
    const char *text = request->sign_in_url;

    if (!text) {
        text = instance->account_portal
                   ? apr_pstrcat(pool, instance->account_portal, "/sign-in", NULL)
                   : "";
    }
    else if (clerk_url_is_site_path(text)) {
        text = apr_pstrcat(pool, clerk_slice_copy(own->origin, pool), text, NULL);
    }
    return clerk_url_parse(target, clerk_slice_of(text));
}

static void add_tasks(clerk_url *target, apr_pool_t *pool)
{
    while (target->path.len > 0 && target->path.ptr[target->path.len - 1] == '/') {
        target->path.len--;
    }
    target->path = clerk_slice_of(
        apr_pstrcat(pool, clerk_slice_copy(target->path, pool), "/tasks", NULL));
}

/* Coming back to a satellite has to start the sync with its primary. */
static const char *return_location(const clerk_instance *instance, clerk_url own,
                                   int is_elsewhere, apr_pool_t *pool)
{
    if (is_elsewhere && instance->is_satellite) {
        clerk_url_set_parameter(&own, "__clerk_synced", "false", pool);
    }
    return clerk_url_text(&own, pool);
}

const char *clerk_sign_in_location(const clerk_instance *instance,
                                   const clerk_sign_in_request *request,
                                   apr_pool_t *pool)
{
    clerk_url own, target;
    int is_elsewhere;

    if (!clerk_url_parse(&own, clerk_slice_of(request->own_url))
        || !find_target(&target, instance, request, &own, pool))
    {
        return NULL;
    }
    is_elsewhere = !clerk_url_same_host(&own, &target);
    if (request->pending) {
        add_tasks(&target, pool);
    }
    if (!request->no_return) {
        clerk_url_set_parameter(&target, "redirect_url",
                                return_location(instance, own, is_elsewhere, pool),
                                pool);
    }
    if (is_elsewhere && instance->type == CLERK_DEVELOPMENT && request->dev_browser
        && *request->dev_browser != '\0')
    {
        clerk_url_set_parameter(&target, "__clerk_db_jwt", request->dev_browser, pool);
    }
    return clerk_url_text(&target, pool);
}
