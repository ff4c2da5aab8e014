/* SPDX-License-Identifier: Apache-2.0 - how a satellite learns from its primary who is signed in */
#include "satellite_sync.h"

#include "handshake.h"

static int says(const char *value, const char *word)
{
    return value && strcmp(value, word) == 0;
}

/* ---------------------------------------------------------------- on the satellite */

static int is_to_be_synced(const clerk_situation *situation)
{
    return situation->instance->is_satellite && clerk_is_document(situation->facts)
           && !says(situation->browser.synced, "true");
}

static int has_cookies(const clerk_browser_state *browser)
{
    return browser->session != NULL || browser->client_uat != 0;
}

static int wants_sync(const clerk_browser_state *browser)
{
    return says(browser->synced, "false");
}

int clerk_satellite_may_stay_unsynced(const clerk_situation *situation)
{
    return is_to_be_synced(situation) && !situation->options->satellite_auto_sync
           && !has_cookies(&situation->browser) && !wants_sync(&situation->browser);
}

int clerk_satellite_needs_sync(const clerk_situation *situation)
{
    return is_to_be_synced(situation)
           && (!has_cookies(&situation->browser) || wants_sync(&situation->browser));
}

const char *clerk_satellite_sync_location(const clerk_situation *situation,
                                          const char *reason)
{
    clerk_url target;

    if (situation->instance->type == CLERK_PRODUCTION) {
        return clerk_handshake_location(situation, reason);
    }
    if (!situation->has_own_url
        || !clerk_url_parse(&target, clerk_slice_of(situation->options->sign_in_url)))
    {
        return NULL;
    }
    clerk_url_append_parameter(&target, "__clerk_redirect_url",
                               clerk_url_text(&situation->own, situation->pool),
                               situation->pool);
    return clerk_url_text(&target, situation->pool);
}

/* ---------------------------------------------------------------- on the primary */

static int is_authorized(const clerk_url *url, const clerk_policy *policy)
{
    const char *const *party = policy->authorized_parties;
    clerk_url origin;

    if (!party) {
        return 1;
    }
    while (*party) {
        if (clerk_url_parse(&origin, clerk_slice_of(*party++))
            && clerk_url_same_origin(&origin, url))
        {
            return 1;
        }
    }
    return 0;
}

static int find_satellite(clerk_url *url, const clerk_situation *situation)
{
    return clerk_url_parse(url, clerk_slice_of(situation->browser.sync_redirect_url))
           && is_authorized(url, situation->policy);
}

int clerk_primary_is_asked_to_sync(const clerk_situation *situation)
{
    clerk_url satellite;

    return situation->instance->type == CLERK_DEVELOPMENT
           && !situation->instance->is_satellite && situation->browser.sync_redirect_url
           && find_satellite(&satellite, situation);
}

const char *clerk_primary_sync_location(const clerk_situation *situation,
                                        const char *reason)
{
    const char *dev_browser = situation->browser.dev_browser;
    clerk_url satellite;

    (void)reason;
    if (!find_satellite(&satellite, situation)) {
        return NULL;
    }
    if (dev_browser) {
        clerk_url_append_parameter(&satellite, "__clerk_db_jwt", dev_browser,
                                   situation->pool);
    }
    clerk_url_set_parameter(&satellite, "__clerk_synced", "true", situation->pool);
    return clerk_url_text(&satellite, situation->pool);
}
