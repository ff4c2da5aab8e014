# SPDX-License-Identifier: Apache-2.0 - exp, nbf and iat against the clock, to the second, with and without skew
from __future__ import annotations

import time

import pytest

from clerk_site import FETCH, NAVIGATION, PAGE, ClerkSite, production, seen
from standin.users import MEMBER

EXPIRED = "session-token-expired-refresh-non-eligible-no-refresh-cookie"
EXPIRED_NON_GET = "session-token-expired-refresh-non-eligible-non-get"
EARLY = "session-token-nbf"
FUTURE = "session-token-iat-in-the-future"

SKEWS = {"none": "ClerkClockSkew 0", "five": "ClerkClockSkew 5s", "default": "",
         "half": "ClerkClockSkew 500ms", "large": "ClerkClockSkew 90s"}
SECTIONS = "".join(f"""
<Location /{name}>
    AuthType Clerk
    AuthName "Example"
    Require valid-user
    {line}
</Location>
""" for name, line in SKEWS.items())


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    site = ClerkSite(module_httpd, production(_standin_program), sections=SECTIONS)
    for name in SKEWS:
        site.httpd.write(f"{name}/page.txt", "here\n")
    # The keys are there before the clock matters.
    site.admitted(MEMBER, target="/large/page.txt", bearer=site.mint.session(MEMBER))
    return site


def within_one_second(ask):
    """ask(now), repeated until the clock shows the same second before and after it; so the
    server has seen that second, too."""
    for _ in range(20):
        fraction = time.time() % 1
        if fraction > 0.6:
            time.sleep(1.001 - fraction)
        now = int(time.time())
        result = ask(now)
        if int(time.time()) == now:
            return result
    raise AssertionError("no request was done within one second")


# Skew, claims relative to the second that it is, the reason or None.
TO_THE_SECOND = [
    ("J16 exp = now", "none", {"exp": 0}, EXPIRED),
    ("J17 exp = now + 1", "none", {"exp": 1}, None),
    ("J18 exp = now - 5", "five", {"exp": -5}, EXPIRED),
    ("J18 exp = now - 4", "five", {"exp": -4}, None),
    ("J18 exp = now - 5, skew by default", "default", {"exp": -5}, EXPIRED),
    ("J18 exp = now - 4, skew by default", "default", {"exp": -4}, None),
    ("J19 nbf = now", "none", {"nbf": 0}, None),
    ("J19 nbf = now + 1", "none", {"nbf": 1}, EARLY),
    ("J20 nbf = now + 5", "five", {"nbf": 5}, None),
    ("J20 nbf = now + 6", "five", {"nbf": 6}, EARLY),
    ("J22 iat = now", "none", {"iat": 0}, None),
    ("J22 iat = now + 1", "none", {"iat": 1}, FUTURE),
    ("iat = now + 5", "five", {"iat": 5}, None),
    ("iat = now + 6", "five", {"iat": 6}, FUTURE),
    ("fraction of a second is cut off", "none", {"exp": 0.9}, EXPIRED),
    ("fraction of a second is cut off, nbf", "none", {"nbf": 0.9}, None),
    ("J24 skew 0 is not the default", "none", {"exp": -1}, EXPIRED),
    ("skew 90 s, exp = now - 89", "large", {"exp": -89}, None),
    ("skew 90 s, exp = now - 90", "large", {"exp": -90}, EXPIRED),
    ("skew 90 s, nbf = now + 90", "large", {"nbf": 90}, None),
    ("skew 90 s, nbf = now + 91", "large", {"nbf": 91}, EARLY),
]


@pytest.mark.parametrize("carrier", ["bearer", "session"])
@pytest.mark.parametrize("place, claims, reason", [row[1:] for row in TO_THE_SECOND],
                         ids=[row[0] for row in TO_THE_SECOND])
def test_to_the_second(site, place, claims, reason, carrier):
    """J16, J17, J18, J19, J20, J22, J24."""
    def ask(now: int):
        times = {name: now + offset for name, offset in claims.items()}
        token = site.mint.session(MEMBER, **{"exp": now + 60, "nbf": now - 60,
                                             "iat": now - 60, **times})
        return site.get(PAGE.replace("app", place), **{carrier: token})

    answer = within_one_second(ask)
    assert (answer.status, seen(answer).reason) == (401 if reason else 200, reason)
    assert seen(answer).user == (None if reason else MEMBER.id)


@pytest.mark.sanitize
@pytest.mark.parametrize("claims, reason", [
    ({"exp": -30}, EXPIRED), ({"nbf": 60}, EARLY), ({"iat": 60}, FUTURE),
    ({"exp": -30, "nbf": 60, "iat": 60}, EXPIRED), ({"nbf": 60, "iat": 60}, EARLY),
    ({"exp": 30}, None), ({"nbf": -30}, None), ({"iat": -30}, None)])
@pytest.mark.parametrize("place", ["none", "five"])
def test_far_from_the_boundary(site, place, claims, reason):
    """exp is judged before nbf, and nbf before iat."""
    now = int(time.time())
    token = site.mint.session(MEMBER, **{name: now + off for name, off in claims.items()})
    target = PAGE.replace("app", place)
    if reason:
        site.refused(reason, target=target, bearer=token)
    else:
        site.admitted(MEMBER, target=target, bearer=token)


def test_half_a_second_of_skew(site):
    """Whole seconds of a claim, milliseconds of skew: exp = now expires at half past."""
    for _ in range(20):
        now = int(time.time())
        answer = site.get("/half/page.txt", bearer=site.mint.session(MEMBER, exp=now))
        after = time.time()
        if after < now + 0.5:
            assert answer.status == 200
            break
        time.sleep(1.001 - after % 1)
    else:
        pytest.fail("no request was done within half a second")
    time.sleep(max(0.0, now + 0.51 - time.time()))
    answer = site.get("/half/page.txt", bearer=site.mint.session(MEMBER, exp=now))
    assert seen(answer).reason == EXPIRED


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("carrier", ["header", "cookie"])
def test_expired_and_no_get(site, method, carrier):
    """F13: the reason says that a refresh was out of the question."""
    token = site.mint.session(MEMBER, exp=int(time.time()) - 30)
    how = {"bearer": token} if carrier == "header" else {"session": token}
    site.refused(EXPIRED_NON_GET, carrier, method=method, target="/five/page.txt", **how)


def test_a_token_expires_between_two_requests(site):
    """Verified once is not verified for ever."""
    now = int(time.time())
    token = site.mint.session(MEMBER, exp=now + 2)
    first = site.get("/none/page.txt", bearer=token)
    if time.time() < now + 2:
        assert first.status == 200
    time.sleep(max(0.0, now + 2.05 - time.time()))
    site.refused(EXPIRED, target="/none/page.txt", bearer=token, headers=FETCH)
    assert site.get("/none/page.txt", bearer=token, headers=NAVIGATION).status == 307
