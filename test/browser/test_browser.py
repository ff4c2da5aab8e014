# SPDX-License-Identifier: Apache-2.0 - what a person at a real browser meets
"""Chromium between a site that httpd serves and Clerk's Frontend API on another origin, with
a development instance and with a production one."""
from __future__ import annotations

import time

import pytest

from browser.chromium import Person, Seen
from browser.town import Town
from standin.pages import label
from standin.users import ADMIN, MEMBER, PENDING, SOLO, User

CHOICE = "Choose who to be:"
HANDSHAKE = "/v1/client/handshake"


def sign_in(town: Town, person: Person, user: User, path: str = "/app/page") -> Seen:
    at_sign_in = person.open(town.site + path)
    assert at_sign_in.url.startswith(f"{town.fapi}/sign-in?") and CHOICE in at_sign_in.text
    later(person)
    seen = person.click(label(user))
    later(person)
    return seen


def later(person: Person) -> None:
    """People are slower than tests: the counter of redirects has been gone for long."""
    person.forget("__clerk_redirect_count")


def is_page(seen: Seen, url: str, user: User, organization: str = "") -> None:
    """The site's page, shown to this user, under its own clean URL."""
    assert (seen.url, seen.status) == (url, 200), seen
    assert f"user={user.id} org={organization or '(none)'}" in seen.text


def organization_of(user: User) -> str:
    return user.membership.organization.slug if user.membership else ""


@pytest.mark.parametrize("user", [MEMBER, SOLO], ids=lambda user: user.key)
def test_a_deep_link_is_reached_after_signing_in(town, person, user):
    path = "/app/orders/7?page=2&q=a+b%26c&utf=%C3%A9"
    seen = sign_in(town, person, user, path)
    is_page(seen, town.site + path, user, organization_of(user))
    names = set(person.cookies())
    assert f"__session_{town.instance.cookie_suffix}" in names or "__session" in names
    assert not any(name.startswith("__clerk_handshake") for name in names)
    # From now on nothing stands between the person and a page.
    again = person.open(f"{town.site}/app/other")
    is_page(again, f"{town.site}/app/other", user, organization_of(user))
    assert len(again.requests) == 1


def test_a_session_cookie_is_for_scripts_and_a_refresh_token_is_not(town, person):
    sign_in(town, person, ADMIN)
    visible = person.evaluate("() => document.cookie")
    assert "__session" in visible and "__client_uat" in visible
    assert "__refresh" not in visible and "__client=" not in visible
    assert "__clerk_redirect_count" not in visible


def test_an_expired_token_is_refreshed_unseen(town, person):
    sign_in(town, person, ADMIN)
    town.expire(person, ADMIN)
    seen = person.open(f"{town.site}/app/page?n=1")
    is_page(seen, f"{town.site}/app/page?n=1", ADMIN, "acme")
    assert len(seen.requests) == 1 and len(seen.shown) == 1
    is_page(person.reload(), f"{town.site}/app/page?n=1", ADMIN, "acme")


def test_after_a_handshake_the_person_sees_one_page_load(town, person):
    sign_in(town, person, ADMIN)
    town.expire(person, ADMIN, refresh=False)
    url = f"{town.site}/app/page?n=2"
    seen = person.open(url)
    is_page(seen, url, ADMIN, "acme")
    assert seen.shown == [url]
    assert len(seen.asked(HANDSHAKE)) == 1 and len(seen.requests) == (4 if town.development else 3)
    assert [one["status"] for one in seen.requests[:-1]] == [307] * (len(seen.requests) - 1)
    assert len(person.reload().requests) == 1


def test_a_script_gets_401_and_no_redirect(town, person):
    sign_in(town, person, ADMIN)
    town.expire(person, ADMIN, refresh=False)
    for method in ("GET", "POST"):
        told = person.evaluate(FETCH, {"url": "/app/x", "options": {
            "method": method, "redirect": "error"}})
        assert told["status"] == 401 and '"not_authenticated"' in told["text"]


def test_signed_out_elsewhere(town, person):
    sign_in(town, person, MEMBER)
    session = town.expire(person, MEMBER)
    town.instance.change_session(session, status="ended")
    seen = person.open(f"{town.site}/app/page")
    assert seen.url.startswith(f"{town.fapi}/sign-in?") and CHOICE in seen.text
    assert len(seen.asked(HANDSHAKE)) == 1
    assert not any(name.startswith(("__session", "__refresh")) for name in person.cookies())
    later(person)
    is_page(person.click(label(SOLO)), f"{town.site}/app/page", SOLO)


def test_two_tabs(town, person):
    sign_in(town, person, MEMBER)
    other = person.tab()
    is_page(other.open(f"{town.site}/app/second"), f"{town.site}/app/second", MEMBER, "acme")
    town.expire(person, MEMBER)
    is_page(other.reload(), f"{town.site}/app/second", MEMBER, "acme")
    is_page(person.reload(), f"{town.site}/app/page", MEMBER, "acme")
    # Signing out in one tab is signing out in both.
    away = other.open(f"{town.fapi}/sign-out?redirect_url={town.site}/app/second")
    assert CHOICE in away.text
    assert CHOICE in person.reload().text


def test_a_redirect_loop_ends_after_three(town, person):
    sign_in(town, person, ADMIN)
    for name in ("__session", f"__session_{town.instance.cookie_suffix}"):
        person.forget(name)
    seen = person.open(f"{town.site}/loop/page")
    assert seen.status == 401 and len(seen.asked(HANDSHAKE)) == 3, seen


def test_the_url_chooses_the_organization(town, person):
    sign_in(town, person, ADMIN)
    for path, organization in (("/orgs/globex/bills", "globex"), ("/orgs/acme", "acme"),
                               ("/me", "")):
        seen = person.open(town.site + path)
        is_page(seen, town.site + path, ADMIN, organization)
        assert len(seen.asked(HANDSHAKE)) == 1 or organization == "acme"
        later(person)
        assert len(person.reload().requests) == 1
    # The choice lasts on pages that name none.
    is_page(person.open(f"{town.site}/app/page"), f"{town.site}/app/page", ADMIN, "")


def test_a_pending_session_has_its_task_first(town, person):
    seen = sign_in(town, person, PENDING)
    assert seen.url.startswith(f"{town.fapi}/sign-in/tasks?") and "is pending" in seen.text
    time.sleep(1.1)   # in production a token from the same second counts as new enough
    is_page(person.click("Complete the task"), f"{town.site}/app/page", PENDING)


def test_a_satellite_hears_of_a_sign_in_at_its_primary(server, person):
    """In development: by way of the primary's own pages."""
    town = server.towns["dev"]
    sign_in(town, person, MEMBER)
    seen = person.open(f"{town.satellite}/app/page?n=1")
    is_page(seen, f"{town.satellite}/app/page?n=1&__clerk_synced=true", MEMBER, "acme")
    assert len(seen.asked(f"{town.site}/app/sign-in?__clerk_redirect_url=")) == 1
    assert len(seen.shown) == 1
    is_page(person.open(f"{town.satellite}/app/other"), f"{town.satellite}/app/other", MEMBER,
            "acme")


def test_a_satellite_sends_strangers_to_its_primary(server, person):
    town = server.towns["dev"]
    seen = person.open(f"{town.satellite}/app/page")
    assert seen.url.startswith(f"{town.fapi}/sign-in?") and CHOICE in seen.text
    later(person)
    seen = person.click(label(SOLO))
    assert (seen.status, seen.url.partition("?")[0]) == (200, f"{town.site}/app/sign-in"), seen


# ---- a page on another origin

FETCH = """async ({ url, options }) => {
    const answer = await fetch(url, options);
    return { status: answer.status, text: await answer.text() };
}"""
TOKEN = """async ({ fapi, query }) => {
    const ask = async (path, method) => (await fetch(`${fapi}${path}?${query}`,
        { method, credentials: 'include' })).json();
    const { response } = await ask('/v1/client', 'GET');
    const { jwt } = await ask(
        `/v1/client/sessions/${response.last_active_session_id}/tokens`, 'POST');
    return jwt;
}"""


def test_a_page_of_another_origin_calls_with_a_token(town, person, server):
    sign_in(town, person, MEMBER)
    dev_browser = person.cookies().get("__clerk_db_jwt", {}).get("value", "")
    person.open(f"{town.neighbour}/spa")
    token = person.evaluate(TOKEN, {"fapi": town.fapi, "query": f"__clerk_db_jwt={dev_browser}"})
    options = {"headers": {"Authorization": f"Bearer {token}"}, "method": "PUT"}
    log = server.run / "access.log"
    before = len(log.read_text().splitlines())
    # PUT of a page that is there is refused by httpd itself, after authentication.
    told = person.evaluate(FETCH, {"url": f"{town.site}/api/orders", "options": options})
    assert told["status"] == 405
    options["method"] = "GET"
    told = person.evaluate(FETCH, {"url": f"{town.site}/api/orders", "options": options})
    assert told["status"] == 200 and f"user={MEMBER.id} org=acme" in told["text"]
    told = person.evaluate(FETCH, {"url": f"{town.site}/api/orders", "options": {}})
    assert told["status"] == 401 and '"not_authenticated"' in told["text"]
    options["headers"]["Authorization"] += "x"
    told = person.evaluate(FETCH, {"url": f"{town.site}/api/orders", "options": options})
    assert told["status"] == 401
    asked = [line.split() for line in log.read_text().splitlines()[before:]]
    assert {"OPTIONS"} == {line[1] for line in asked if line[3] == "200"} - {"GET"}
