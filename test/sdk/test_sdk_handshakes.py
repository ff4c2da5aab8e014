# SPDX-License-Identifier: Apache-2.0 - Clerk's SDK and the stand-in through whole handshakes
"""authenticateRequest sends the browser to the stand-in, and takes what comes back from it."""
from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest

from sdk.conftest import judge_of
from sdk.journeys import Browser
from standin import publishable_key
from standin.users import ADMIN, GLOBEX, MEMBER, PENDING

APP = "http://app.localhost:8080"
PAGE = f"{APP}/orders?page=2"
FAPI = {"dev": "clerk.dev.example", "live": "clerk.app.localhost"}


@pytest.fixture(scope="module", params=["dev", "live"])
def world(request, clerk):
    kind = request.param
    instance = clerk.new_instance(kind, app_origins=[APP], publishable_key=publishable_key.encode(
        FAPI[kind], live=kind == "live"))
    with judge_of(clerk, instance=instance) as sdk:
        yield clerk, instance, sdk, FAPI[kind]


@pytest.fixture
def browser(world):
    return Browser(*world)


@pytest.fixture
def development(world):
    return world[1].publishable_key.startswith("pk_test_")


def expired(instance, sid, user=ADMIN):
    """Made after the sign-in all the same."""
    return instance.mint.session(user, sid=sid, exp=int(time.time()) - 60)


def test_nobody_stays_nobody(browser, development):
    verdict = browser.open(PAGE)
    assert (verdict["status"], verdict["url"]) == ("signed-out", PAGE)
    assert verdict["reason"] == "session-token-and-uat-missing"
    assert browser.reasons == (["dev-browser-missing"] if development else [])


def test_after_signing_in_the_page_is_there(browser, development):
    verdict = browser.sign_in(ADMIN, PAGE)
    assert (verdict["status"], verdict["userId"]) == ("signed-in", ADMIN.id)
    assert verdict["url"] == PAGE
    assert browser.reasons == (["dev-browser-sync"] if development
                               else ["client-uat-but-no-session-token"])
    again = browser.open(PAGE)
    assert (again["sessionId"], browser.reasons) == (verdict["sessionId"], [])


def test_the_dev_browser_comes_along_to_sign_in(browser, development):
    browser.open(PAGE)
    dev_browser = browser.app.get("__clerk_db_jwt", "")
    browser.clerk_jar.clear()   # third-party cookies may not be kept
    query = {"__clerk_db_jwt": dev_browser} if development else {}
    assert browser.sign_in(MEMBER, PAGE, **query)["userId"] == MEMBER.id
    assert browser.app.get("__clerk_db_jwt", "") == dev_browser


def test_an_expired_token_is_refreshed_without_a_redirect(world, browser):
    sid = browser.sign_in(ADMIN, PAGE)["sessionId"]
    browser.replace_session(expired(world[1], sid))
    verdict = browser.open(PAGE)
    assert (verdict["sessionId"], browser.reasons) == (sid, [])
    assert verdict["setCookie"]
    assert browser.open(PAGE)["setCookie"] == []


def test_without_a_refresh_token_a_handshake_does_it(world, browser):
    sid = browser.sign_in(ADMIN, PAGE)["sessionId"]
    browser.replace_session(expired(world[1], sid))
    browser.forget("__refresh")
    verdict = browser.open(PAGE)
    assert (verdict["sessionId"], verdict["url"]) == (sid, PAGE)
    assert browser.reasons == ["session-token-expired-refresh-non-eligible-no-refresh-cookie"]
    assert any(name.startswith("__refresh_") for name in browser.app)


def test_signed_out_elsewhere(world, browser):
    sid = browser.sign_in(ADMIN, PAGE)["sessionId"]
    world[1].change_session(sid, status="ended")
    assert browser.open(PAGE)["status"] == "signed-in"   # until the token has run out
    browser.replace_session(expired(world[1], sid))
    verdict = browser.open(PAGE)
    assert (verdict["status"], verdict["url"]) == ("signed-out", PAGE)
    assert browser.reasons == ["session-token-expired-refresh-session_refresh_inactive_session"]
    assert not any(name.startswith(("__session", "__refresh")) for name in browser.app)
    assert browser.open(PAGE)["reason"] == "session-token-and-uat-missing"


def test_signing_out_reaches_the_application(world, browser, development):
    browser.sign_in(ADMIN, PAGE)
    url = f"https://{world[3]}/sign-out?" + urlencode({"redirect_url": PAGE})
    verdict = browser.open(browser.ask(url))
    # Production: by client_uat, which is newer than the token.
    assert (verdict["status"], verdict["userId"]) == ("signed-out", None)
    assert browser.reasons == (["dev-browser-sync"] if development
                               else ["session-token-but-no-client-uat"])


def test_the_url_switches_the_organization(world, development):
    sync = {"organizationPatterns": ["/orgs/:slug", "/orgs/:slug/(.*)"],
            "personalAccountPatterns": ["/me"]}
    browser = Browser(*world, organizationSyncOptions=sync)
    assert browser.sign_in(ADMIN, PAGE)["orgSlug"] == "acme"
    verdict = browser.open(f"{APP}/orgs/globex/bills")
    assert (verdict["orgId"], verdict["url"]) == (GLOBEX.id, f"{APP}/orgs/globex/bills")
    assert browser.reasons == ["active-organization-mismatch"]
    assert browser.open(f"{APP}/me")["orgId"] is None
    assert browser.open(PAGE)["orgId"] is None
    # No member: the loop ends, and the page is shown in the organization that was active. In
    # production the request that brings the handshake's result is not looked at again.
    outside = browser.open(f"{APP}/orgs/nowhere")
    assert (outside["userId"], outside["orgId"]) == (ADMIN.id, None)
    assert browser.reasons == ["active-organization-mismatch"] * (3 if development else 1)


def test_a_pending_session(world, browser):
    verdict = browser.sign_in(PENDING, PAGE)
    assert (verdict["status"], verdict["userId"]) == ("signed-in", None)
    assert verdict["sessionStatus"] == "pending"
    done = browser.open(browser.ask(f"https://{world[3]}/sign-in/tasks",
                                    {"redirect_url": PAGE}))
    # In production nothing tells before the token runs out.
    if world[1].publishable_key.startswith("pk_test_"):
        assert done["userId"] == PENDING.id


def test_a_satellite_is_synced(world, development):
    """The way that goes by the Frontend API; in development by the primary's sign-in page."""
    satellite = Browser(*world, isSatellite=True, domain="app.localhost",
                        satelliteAutoSync=True, signInUrl="http://primary.localhost/sign-in")
    url = f"https://{world[3]}/sign-in"
    satellite.ask(url, {"user": "admin", "redirect_url": PAGE})
    if development:
        verdict = world[2].ask(url=PAGE, headers={"sec-fetch-dest": "document"},
                               options=satellite._options)
        assert verdict["location"].startswith("http://primary.localhost/sign-in?__clerk_redirect")
        return
    satellite.app.clear()
    verdict = satellite.open(PAGE)
    assert (verdict["userId"], satellite.reasons) == (ADMIN.id, ["satellite-needs-syncing"])
    assert verdict["url"] == PAGE + "&__clerk_synced=true"


def test_a_token_instead_of_a_nonce(world, browser, development):
    browser.sign_in(ADMIN, PAGE)
    browser.forget("__session")
    leads_to = browser.ask(f"https://{world[3]}/v1/client/handshake?"
                           + urlencode({"redirect_url": PAGE, "suffixed_cookies": "true"}))
    assert ("__clerk_handshake=" in leads_to) is development
    assert ("__clerk_handshake" in browser.app) is not development
    verdict = browser.open(leads_to)
    assert (verdict["userId"], verdict["url"]) == (ADMIN.id, PAGE)
