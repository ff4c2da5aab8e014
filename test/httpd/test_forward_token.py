# SPDX-License-Identifier: Apache-2.0 - ClerkForwardToken template:NAME, a JWT that Clerk makes for the application
from __future__ import annotations

import threading
import time

import pytest

from clerk_site import FETCH, ClerkSite, production
from error_log import poll
from standin.tokens import decode
from standin.users import ADMIN, MEMBER, PENDING, SOLO
from upstream import Upstream, header_values

ENDPOINT = "backend.template_token"
UNHAD = r"\[clerk_auth:error\].*a token of the template \S+ cannot be had for "

SECTIONS = r"""
ProxyPass / "${UP}/"
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
    ClerkAcceptsToken session_token m2m_token
    ClerkForwardToken template:billing
</Location>
<Location /other>
    ClerkForwardToken template:other_one
</Location>
<Location /odd>
    ClerkForwardToken "template:a b.c~d"
</Location>
<Location /short>
    ClerkForwardToken template:short
</Location>
<Location /missing>
    ClerkForwardToken template:missing
</Location>
<Location /protect>
    ClerkResponses protect
    ClerkForwardToken template:missing
</Location>
<Location /log-only>
    ClerkEnforce LogOnly
    ClerkForwardToken template:missing
</Location>
<Location /identify>
    Require all granted
    ClerkIdentify On
</Location>
<Location /identify/missing>
    ClerkForwardToken template:missing
</Location>
"""


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


def prepared(clerk):
    clerk.set_template("billing", lifetime=120, claims={
        "email": "{{user.primary_email_address}}", "org": "{{org.slug}}"})
    clerk.set_template("other_one", lifetime=600, claims={"other": True})
    clerk.set_template("a b.c~d", claims={"odd": True})
    clerk.set_template("short", lifetime=10)
    return clerk


def site_with(start, clerk, application, *lines, modules=()):
    return ClerkSite(start, clerk, *lines, modules=["proxy_http", *modules],
                     defines={"UP": application.url}, sections=SECTIONS)


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    return site_with(module_httpd, prepared(production(_standin_program)), application)


def forwarded(site, application, target, **how):
    """What the application finds; None where there is nothing."""
    answer = site.get(target, **how)
    assert answer.status == 200, answer.text
    values = header_values(application.requests[-1], "Authorization")
    assert len(values) <= 1
    return values[0].removeprefix("Bearer ") if values else None


def calls(standin):
    return [request["path"] for request in standin.requests(ENDPOINT)]


@pytest.mark.sanitize
@pytest.mark.parametrize("how", ["bearer", "session"])
def test_a_token_of_the_template(site, application, standin, how):
    """A19"""
    user = ADMIN if how == "bearer" else MEMBER   # each has a session of their own
    token = site.mint.session(user)
    _, claims = decode(forwarded(site, application, "/x", **{how: token}))
    assert (claims["sub"], claims["email"], claims["org"]) == (user.id, user.email, "acme")
    [request] = standin.requests(ENDPOINT)
    assert (request["method"], request["path"]) \
        == ("POST", f"/v1/sessions/{user.session_id}/tokens/billing")
    assert request["body"] == ""
    assert request["headers"]["authorization"] == f"Bearer {site.clerk.secret_key}"


def test_it_is_kept(site, application, standin):
    """Per session and template, and for one organization; not by the session token."""
    first = forwarded(site, application, "/x", bearer=site.mint.session(SOLO))
    assert forwarded(site, application, "/y", session=site.mint.session(SOLO)) == first
    other = forwarded(site, application, "/other", bearer=site.mint.session(SOLO))
    assert decode(other)[1]["other"] is True
    assert forwarded(site, application, "/other", bearer=site.mint.session(SOLO)) == other
    assert len(calls(standin)) == 2
    member = site.mint.session(SOLO, o={"id": "org_x", "slg": "x", "rol": "admin"})
    forwarded(site, application, "/x", bearer=member)
    assert len(calls(standin)) == 3


def test_one_that_is_about_to_expire_is_not(site, application, standin):
    for _ in range(2):
        forwarded(site, application, "/short", bearer=site.mint.session(MEMBER))
    assert len(calls(standin)) == 2


def test_an_odd_name_stays_one_segment(site, application, standin):
    token = forwarded(site, application, "/odd", bearer=site.mint.session(MEMBER))
    assert decode(token)[1]["odd"] is True


def test_a_machine_forwards_its_own(site, application, standin):
    token = site.mint.m2m()
    assert forwarded(site, application, "/x", bearer=token) == token
    assert calls(standin) == []


@pytest.mark.sanitize
@pytest.mark.parametrize("how", [
    {"bearer": "x.y.z"}, {"headers": {"Authorization": "Basic am9lOnBhc3N3b3Jk"}}, {},
    {"pending": True}])
def test_nobody_has_none(site, application, standin, how):
    if how.pop("pending", False):
        how = {"bearer": site.mint.session(PENDING)}
    assert forwarded(site, application, "/identify", **how) is None
    assert calls(standin) == []


def test_on_identified_places(site, application, standin):
    token = forwarded(site, application, "/identify", session=site.mint.session(MEMBER))
    assert decode(token)[1]["email"] == MEMBER.email


# ---------------------------------------------------------------- where it cannot be had

@pytest.mark.sanitize
@pytest.mark.parametrize("target", ["/missing", "/protect"])
def test_503_where_a_user_is_required(site, application, standin, target):
    site.log.expect(UNHAD + r".*: (the Backend API knows no such thing|there was no such)")
    before = len(application.requests)
    answer = site.get(target, bearer=site.mint.session(MEMBER), headers=FETCH)
    assert (answer.status, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert int(answer.header("Retry-After")) >= 1
    assert answer.header("Cache-Control") == "no-store"
    assert len(application.requests) == before


@pytest.mark.parametrize("target", ["/identify/missing", "/log-only"])
def test_without_it_elsewhere(site, application, standin, target):
    site.log.expect(UNHAD)
    for how in ("bearer", "session"):
        assert forwarded(site, application, target, **{how: site.mint.session(MEMBER)}) is None


def test_that_there_is_none_is_remembered_for_a_moment(site, application, standin):
    site.log.allow(UNHAD)
    session = site.clerk.new_session(MEMBER)
    token = site.mint.session(MEMBER, sid=session.id)
    for _ in range(3):
        assert site.get("/missing", bearer=token).status == 503
    assert len(calls(standin)) == 1


@pytest.mark.parametrize("sid", ["..", "sess/../x", "sess%2f", "a?b", "x" * 129, "é"])
def test_an_odd_session_id_is_never_sent(site, standin, sid):
    """A19"""
    site.log.expect(UNHAD + r".*the session's id is none that Clerk gives")
    assert site.get("/x", bearer=site.mint.session(MEMBER, sid=sid)).status == 503
    assert calls(standin) == []


BROKEN = {
    "an error": ("answer", {"status": 500}),
    "no JSON": ("answer", {"status": 200, "body": "<html>"}),
    "no token": ("answer", {"status": 200, "body": '{"object":"token"}'}),
    "no JWT": ("answer", {"status": 200, "body": '{"object":"token","jwt":"a b\\r\\nX: y"}'}),
    "a refused key": ("answer", {"status": 401}),
    "a closed connection": ("close", {}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_api(httpd, standin, application, name):
    kind, parameters = BROKEN[name]
    site = site_with(httpd, prepared(production(standin)), application)
    standin.fault(ENDPOINT, kind, **parameters)
    site.log.expect(UNHAD, times=2)
    token = site.mint.session(MEMBER)
    for _ in range(2):   # nothing of it is remembered
        assert site.get("/x", bearer=token).status == 503
    assert len(calls(standin)) >= 2   # curl asks again where a kept connection was closed
    standin.clear_faults()
    assert forwarded(site, application, "/x", bearer=token)


@pytest.mark.parametrize("sent, seconds", [("123", 123), ("abc", 1)])
def test_retry_after(httpd, standin, application, sent, seconds):
    """A20: it is handed on, and nothing more is asked meanwhile."""
    site = site_with(httpd, prepared(production(standin)), application)
    standin.fail_with(ENDPOINT, 429, "too_many_requests", retry_after=sent)
    site.log.expect(UNHAD, times=2)
    token = site.mint.session(MEMBER)
    answers = [site.get("/x", bearer=token) for _ in range(2)]
    assert [answer.status for answer in answers] == [503, 503]
    waits = [int(answer.header("Retry-After")) for answer in answers]
    if sent == "123":
        assert waits[0] == 123 and 100 < waits[1] <= 123
        assert len(calls(standin)) == 1
    else:
        assert all(wait <= 5 for wait in waits)


def test_a_slow_api_is_given_up(httpd, standin, application):
    site = site_with(httpd, prepared(production(standin)), application,
                     "ClerkAPITimeout 500ms 500ms")
    standin.fault(ENDPOINT, "hang")
    site.log.expect(UNHAD, times=1)
    began = time.monotonic()
    assert site.get("/x", bearer=site.mint.session(MEMBER)).status == 503
    assert time.monotonic() - began < 10


def test_one_call_at_a_time(httpd, standin, application):
    site = site_with(httpd, prepared(production(standin)), application)
    site.get("/identify")   # keys are there
    standin.fault(ENDPOINT, "slow", delay=0.5)
    token = site.mint.session(MEMBER)
    found = []
    threads = [threading.Thread(target=lambda: found.append(
        site.get("/x", bearer=token).json()["headers"])) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    tokens = {value for headers in found for name, value in headers if name == "Authorization"}
    assert len(found) == 4 and len(tokens) == 1
    assert len(calls(standin)) == 1


def test_it_is_shared_and_sealed(redis, httpd, standin, application):
    """Another server with the same secret finds it; who reads the cache does not."""
    clerk = prepared(production(standin))
    one, two = (site_with(httpd, clerk, application, redis.directive,
                          modules=[redis.module]) for _ in range(2))
    token = forwarded(one, application, "/x", bearer=clerk.mint.session(MEMBER))
    poll(lambda: len(redis.entries()) >= 2, 5, "keys and the token are in the cache")
    assert forwarded(two, application, "/x", bearer=clerk.mint.session(MEMBER)) == token
    assert len(calls(standin)) == 1
    assert b"eyJ" not in b"".join(redis.entries().values())


# ---------------------------------------------------------------- configuration

INSTANCE = ("ClerkPublishableKey pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\n"
            "ClerkSecretKey sk_live_notARealKeyButShapedLikeOne\n")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "%2e%2e", "a%2fb",
                                  "%252e%252e", "x" * 129])
def test_a_name_that_leads_elsewhere_stops_the_start(rejected, name):
    """A19"""
    assert "is not a template's name" in rejected(f'{INSTANCE}ClerkForwardToken "template:{name}"')


def test_it_needs_the_secret_key(rejected):
    said = rejected(INSTANCE.splitlines()[0] + "\nClerkForwardToken template:x")
    assert "ClerkForwardToken needs ClerkSecretKey" in said
