# SPDX-License-Identifier: Apache-2.0 - a token that a process has verified is let in no further than a new one
from __future__ import annotations

import time

import pytest

from clerk_site import PAGE, ClerkSite, api_url, instance_lines, production, seen
from standin.users import ADMIN, MEMBER, PENDING

PLACES = {"app": ["Require valid-user"],
          "party": ["ClerkAuthorizedParties https://elsewhere.example", "Require valid-user"],
          "audience": ["ClerkAudience https://elsewhere.example", "Require valid-user"],
          "issuer": ["ClerkIssuer https://elsewhere.example", "Require valid-user"],
          "machines": ["ClerkAcceptsToken m2m_token", "Require valid-user"],
          "pending": ["ClerkTreatPendingAsSignedOut Off", "Require valid-user"],
          "role": ["Require clerk-role org:nobody"],
          "claim": ["Require clerk-claim tier:gold"]}


def sections(**more: list[str]) -> str:
    return "\n".join(line for place, lines in {**PLACES, **more}.items() for line in
                     [f"<Location /{place}>", "AuthType Clerk", "AuthName Example", *lines,
                      "</Location>"])


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    made = ClerkSite(module_httpd, production(_standin_program), sections=sections())
    for place in PLACES:
        made.httpd.write(f"{place}/page.txt", "for members\n")
    return made


def status_at(site: ClerkSite, place: str, token: str) -> int:
    return site.get(f"/{place}/page.txt", bearer=token).status


def test_policy_of_each_place_holds_for_a_known_token(site):
    token = site.mint.session(MEMBER, aud="https://a.example", tier="gold")
    for _ in range(2):
        assert status_at(site, "app", token) == 200
        for place in ("party", "audience", "issuer", "machines"):
            assert status_at(site, place, token) == 401, place
        assert status_at(site, "role", token) == 403
        assert status_at(site, "claim", token) == 200
    site.log.expect(r"AH01631")


def test_the_answers_of_a_known_token_are_those_of_a_new_one(site):
    token = site.mint.session(ADMIN, act={"sub": MEMBER.id})
    first, second = (site.get(PAGE, bearer=token) for _ in range(2))
    assert first.status == second.status == 200
    assert seen(first) == seen(second)
    assert seen(first).user == ADMIN.id


def test_a_pending_session_is_let_in_only_where_it_may(site):
    token = site.mint.session(PENDING)
    assert [status_at(site, place, token) for place in ("pending", "app", "pending", "app")] \
        == [200, 401, 200, 401]


def test_a_known_token_expires(site):
    token = site.mint.session(MEMBER, exp=int(time.time()) - 3)   # within the skew
    site.admitted(MEMBER, bearer=token)
    site.admitted(MEMBER, bearer=token)
    time.sleep(2.5)
    assert site.get(bearer=token).status == 401


def test_a_changed_token_is_another_one(site):
    token = site.mint.session(MEMBER)
    site.admitted(MEMBER, bearer=token)
    head, _, signature = token.rpartition(".")
    for other in (f"{head}.{signature[:9]}{'A' if signature[9] != 'A' else 'B'}{signature[10:]}",
                  f"{head}.{signature}=", f"{token}A", f"{head}."):
        site.get(bearer=other)
        assert site.get(bearer=other).status == 401, other
    site.admitted(MEMBER, bearer=token)


def test_a_known_cookie_is_older_than_the_last_sign_in(site):
    token = site.mint.session(MEMBER)
    jar = site.cookies(session=token)
    site.admitted(MEMBER, cookies=jar)
    late = {**jar, "__client_uat": str(int(time.time()) + 60)}
    assert site.get(cookies=late).status == 401


@pytest.mark.sanitize
def test_a_withdrawn_key_ends_what_it_signed(httpd, standin):
    clerk = production(standin)
    site = ClerkSite(httpd, clerk, "ClerkKeyRefresh 1s", "ClerkKeyMinInterval 100ms")
    token = site.mint.session(MEMBER)
    site.admitted(MEMBER, bearer=token)
    clerk.rotate(keep_old=True)
    time.sleep(1.2)
    site.admitted(MEMBER, bearer=token)
    clerk.rotate(keep_old=False)
    deadline = time.monotonic() + 15
    while site.get(bearer=token).status == 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    site.refused("jwk-kid-mismatch", bearer=token)
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))


def test_two_instances_know_nothing_of_each_other(httpd, standin):
    one, two = production(standin), production(standin)
    other = "\n".join(["<Location /two>", *instance_lines(two, api_url(two)),
                       f"ClerkAuthorizedParties {two.mint.azp}", "ClerkIssuer any",
                       "AuthType Clerk", "AuthName Example", "Require valid-user",
                       "</Location>", "<Location /app>", "ClerkIssuer any", "AuthType Clerk",
                       "AuthName Example", "Require valid-user", "</Location>"])
    site = ClerkSite(httpd, one, sections=other)
    site.httpd.write("two/page.txt", "for others\n")
    mine, theirs = one.mint.session(MEMBER), two.mint.session(MEMBER)
    for _ in range(2):
        assert [status_at(site, "app", mine), status_at(site, "two", theirs)] == [200, 200]
        assert [status_at(site, "two", mine), status_at(site, "app", theirs)] == [401, 401]


@pytest.mark.sanitize
@pytest.mark.parametrize("size", ["off", "1", "1000000"])
def test_every_size_works(httpd, standin, size):
    site = ClerkSite(httpd, production(standin), f"ClerkTokenCache {size}")
    tokens = [site.mint.session(user) for user in (MEMBER, ADMIN, MEMBER)]
    for _ in range(3):
        for token, user in zip(tokens, (MEMBER, ADMIN, MEMBER)):
            site.admitted(user, bearer=token)


@pytest.mark.parametrize("value", ["0", "-1", "on", "1000001", "8k"])
def test_a_size_that_cannot_be_right_stops_the_start(httpd, value):
    said = httpd_refuses(httpd, f'ClerkTokenCache "{value}"')
    assert "neither off nor a number from 1 to 1000000" in said


def httpd_refuses(httpd, line: str) -> str:
    server = httpd()
    server.configure(line)
    checked = server.check_config()
    assert checked.returncode != 0
    return checked.stderr


def test_it_belongs_to_the_whole_server(httpd):
    said = httpd_refuses(httpd, "<VirtualHost *>\nClerkTokenCache 5\n</VirtualHost>")
    assert "ClerkTokenCache concerns the whole server" in said
