# SPDX-License-Identifier: Apache-2.0 - ClerkEnforce LogOnly: everything is judged and told, nothing refused
from __future__ import annotations

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, production
from standin.tokens import alter_signature
from standin.users import ADMIN, MEMBER, PENDING, SOLO
from upstream import Upstream, header_values

DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
LINE = "Require clerk-role admin"

SECTIONS = """
ProxyPass /up/ "${UP}/"
ScriptAlias /strict/ "${CGI}/"
<Location />
    AuthType Clerk
    AuthName x
    ClerkEnforce LogOnly
    Require clerk-role admin
</Location>
<Location /strict/>
    ClerkEnforce On
</Location>
<Location /cgi/protect>
    ClerkResponses protect
</Location>
<Location /cgi/fresh>
    Require clerk-reverification strict
</Location>
<Location /cgi/pages>
    ClerkUnauthenticatedURL /welcome
    ClerkUnauthorizedURL /no
</Location>
<Location /elsewhere>
    <RequireAll>
        Require valid-user
        Require ip 192.0.2.1
    </RequireAll>
</Location>
"""


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    site = ClerkSite(module_httpd, production(_standin_program), sections=SECTIONS,
                     modules=["cgid", "proxy_http"], defines={"UP": application.url})
    for name in ("env", "protect", "fresh", "pages"):
        site.httpd.environment_script(name)
    return site


def verdict(target: str, what: str, reason: str, line: str) -> str:
    return (rf"\[clerk_auth:notice\].*ClerkEnforce LogOnly: {target} would be refused, {what} "
            rf"\(reason={reason}, by: {line}\)")


NOBODY = [
    ({}, "session-token-and-uat-missing"),
    ({"headers": FETCH}, "session-token-and-uat-missing"),
    ({"headers": NAVIGATION}, "session-token-and-uat-missing"),
    ({"bearer": "a.b"}, "token-invalid"),
    ({"bearer": "forged"}, "token-invalid-signature"),
    ({"bearer": "pending"}, "session-pending"),
    ({"headers": NAVIGATION, "session": "forged"}, "token-invalid-signature"),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("target", ["/cgi/env", "/cgi/protect", "/cgi/pages"])
@pytest.mark.parametrize("how, reason", NOBODY)
def test_nobody_passes(site, target, how, reason):
    """Told is why, and no identity."""
    tokens = {"forged": alter_signature(site.mint.session(ADMIN)),
              "pending": site.mint.session(PENDING)}
    how = {name: tokens.get(value, value) if isinstance(value, str) else value
           for name, value in how.items()}
    answer = site.get(target, **how)
    assert (answer.status, answer.location) == (200, None)
    assert "WWW-Authenticate" not in answer
    names = answer.json()
    assert (names["CLERK_AUTH_STATUS"], names["CLERK_AUTH_REASON"], names["CLERK_DENIED_BY"]) == (
        "signed-out", reason, LINE)
    assert not {"REMOTE_USER", "AUTH_TYPE", "CLERK_USER_ID", "HTTP_X_CLERK_USER_ID"} & set(names)
    site.log.expect(verdict(target, "not authenticated", reason, LINE), times=1)


@pytest.mark.sanitize
@pytest.mark.parametrize("target", ["/cgi/env", "/cgi/protect", "/cgi/pages"])
@pytest.mark.parametrize("headers", [FETCH, NAVIGATION])
def test_who_is_not_allowed_passes(site, target, headers):
    """With the identity, and the line that would have refused."""
    answer = site.get(target, headers=headers, session=site.mint.session(MEMBER))
    assert (answer.status, answer.location) == (200, None)
    names = answer.json()
    assert (names["CLERK_AUTH_STATUS"], names["CLERK_DENIED_BY"]) == ("signed-in", LINE)
    assert "CLERK_AUTH_REASON" not in names
    assert (names["REMOTE_USER"], names["CLERK_USER_ID"], names["HTTP_X_CLERK_USER_ID"]) == (
        MEMBER.id,) * 3
    site.log.expect(r"\[clerk_auth:notice\].*ClerkEnforce LogOnly: "
                    rf"{target} would be refused, not allowed .*by: {LINE}\)", times=1)
    site.log.expect(DENIAL, times=1)


def test_who_is_allowed_is_not_logged(site):
    names = site.get("/cgi/env", bearer=site.mint.session(ADMIN)).json()
    assert (names["CLERK_AUTH_STATUS"], names["CLERK_USER_ID"]) == ("signed-in", ADMIN.id)
    assert not {"CLERK_DENIED_BY", "CLERK_AUTH_REASON"} & set(names)


def test_a_proxied_application(site, application):
    for token, status, user in ((None, None, []), (site.mint.session(ADMIN), "signed-in",
                                                    [ADMIN.id])):
        answer = site.get("/up/x", bearer=token, headers={"X-Clerk-User-Id": "user_evil"})
        assert answer.status == 200
        assert header_values(application.requests[-1], "X-Clerk-User-Id") == user
    site.log.expect(verdict("/up/x", "not authenticated", "session-token-and-uat-missing", LINE),
                    times=1)


def test_reverification_is_not_asked(site):
    answer = site.get("/cgi/fresh", bearer=site.mint.session(MEMBER, fva=[99, 99]))
    assert answer.status == 200
    assert answer.json()["CLERK_DENIED_BY"] == "Require clerk-reverification strict"
    site.log.expect("ClerkEnforce LogOnly: /cgi/fresh would be refused, not allowed", times=1)
    site.log.expect(DENIAL, times=1)


def test_other_modules_refuse_all_the_same(site):
    """Only what this module decides is let through."""
    for token in (None, site.mint.session(ADMIN)):
        assert site.get("/elsewhere", bearer=token).status == 403
    site.log.expect(r"\[authz_core:error\].*AH0163[01]", times=2)


def test_by_section(site):
    """An inner section may enforce."""
    assert site.get("/strict/env", headers=FETCH).status == 401
    assert site.get("/strict/env", bearer=site.mint.session(MEMBER)).status == 403
    assert site.get("/strict/env", bearer=site.mint.session(ADMIN)).status == 200
    site.log.expect(DENIAL, times=1)


def test_what_cannot_be_decided_passes_as_nobody(httpd, standin):
    standin.fault("*", "answer", status=500)
    site = ClerkSite(httpd, production(standin), "ClerkAPITimeout 200ms 300ms", modules=["cgid"],
                     sections="<Location />\nAuthType Clerk\nAuthName x\nClerkEnforce LogOnly\n"
                              "Require valid-user\n</Location>")
    site.httpd.environment_script()
    names = site.get("/cgi/env", bearer=site.mint.session(SOLO)).json()
    assert names["CLERK_AUTH_STATUS"] == "signed-out" and names["CLERK_AUTH_REASON"]
    assert not {"REMOTE_USER", "CLERK_USER_ID"} & set(names)
    site.log.expect(verdict("/cgi/env", "not authenticated", names["CLERK_AUTH_REASON"],
                            "Require valid-user"), times=1)
    site.log.allow(r"\[clerk_auth:(warn|error)\]")


@pytest.mark.all_mpms
def test_with_each_mpm(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), "ClerkEnforce LogOnly")
    assert site.get(headers=FETCH).status == 200
    assert site.get(bearer=site.mint.session(SOLO)).status == 200
    site.log.expect("ClerkEnforce LogOnly: /app/page.txt would be refused", times=1)
