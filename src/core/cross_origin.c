/* SPDX-License-Identifier: Apache-2.0 - whether a person comes from a site that Clerk does not know */
#include "cross_origin.h"

#include <strings.h>

#include <apr_lib.h>

#include "handshake.h"

static int ends_with(clerk_slice host, const char *suffix)
{
    apr_size_t len = strlen(suffix);

    return host.len >= len && strncasecmp(host.ptr + host.len - len, suffix, len) == 0;
}

static int begins_with(clerk_slice host, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    return host.len >= len && strncasecmp(host.ptr, prefix, len) == 0;
}

/* isLegacyDevAccountPortalOrigin and isCurrentDevAccountPortalOrigin in `@clerk/shared` */
static int is_development_portal(clerk_slice host)
{
    static const char *const legacy[] = { ".lcl.dev", ".lclstage.dev", ".lclclerk.com" };
    static const struct {
        const char *portal, *frontend_api;
    } current[] = {
        { ".accounts.dev", ".clerk.accounts.dev" },
        { ".accountsstage.dev", ".clerk.accountsstage.dev" },
        { ".accounts.lclclerk.com", ".clerk.accounts.lclclerk.com" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(legacy) / sizeof(legacy[0]); i++) {
        if (begins_with(host, "accounts.") && ends_with(host, legacy[i])) {
            return 1;
        }
    }
    for (i = 0; i < sizeof(current) / sizeof(current[0]); i++) {
        if (ends_with(host, current[i].portal)
            && !ends_with(host, current[i].frontend_api))
        {
            return 1;
        }
    }
    return 0;
}

static int is_frontend_api(const clerk_url *referrer, const clerk_situation *situation)
{
    const char *text = situation->instance->frontend_api_url;
    clerk_url url;

    if (text && *text == '/') {
        url = situation->own; /* a proxy on this very site */
    }
    else if (!clerk_url_parse(&url, clerk_slice_of(text))) {
        return 0;
    }
    return referrer->host.len == url.host.len
           && strncasecmp(referrer->host.ptr, url.host.ptr, url.host.len) == 0;
}

/** The portal is derived from the Frontend API's host; the SDK has none behind a proxy. */
static int is_account_portal(const clerk_url *referrer, const clerk_instance *instance)
{
    clerk_url portal;

    return !instance->proxy_url
           && clerk_url_parse(&portal, clerk_slice_of(instance->account_portal))
           && clerk_url_same_origin(referrer, &portal);
}

static int is_known_to_clerk(const clerk_url *referrer, const clerk_situation *situation)
{
    const clerk_instance *instance = situation->instance;

    return is_frontend_api(referrer, situation)
           || (instance->type == CLERK_DEVELOPMENT
               && is_development_portal(referrer->host))
           || is_account_portal(referrer, instance);
}

/** Such as `android-app:`: a URL, too, whose origin is nobody's (RFC 6454, 4). */
static int is_of_another_scheme(clerk_slice text)
{
    clerk_slice scheme;
    apr_size_t i;

    if (!clerk_slice_cut(&scheme, &text, ':') || scheme.len == 0
        || !apr_isalpha(*scheme.ptr))
    {
        return 0;
    }
    for (i = 1; i < scheme.len; i++) {
        if (!apr_isalnum(scheme.ptr[i]) && !strchr("+-.", scheme.ptr[i])) {
            return 0;
        }
    }
    return !(scheme.len <= 5 && begins_with(scheme, "http"));
}

static int comes_from_elsewhere(const clerk_situation *situation)
{
    clerk_slice text = situation->facts->referer;
    clerk_url referrer;

    if (!clerk_url_parse(&referrer, text)) {
        return is_of_another_scheme(text);
    }
    return !clerk_url_same_origin(&referrer, &situation->own)
           && !is_known_to_clerk(&referrer, situation);
}

int clerk_cross_origin_needs_sync(const clerk_situation *situation)
{
    return situation->options->cross_origin_sync && !situation->instance->is_satellite
           && clerk_is_document(situation->facts) && situation->browser.redirects == 0
           && clerk_handshake_is_possible(situation) && comes_from_elsewhere(situation);
}
