# SPDX-License-Identifier: Apache-2.0 - ClerkIdentify: who is asking, where nothing is required
from __future__ import annotations

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, production, seen
from standin.users import MEMBER, PENDING, SOLO
from upstream import Upstream, header_values

BEFORE = r"\[authz_core:error\].*AH01630: client denied by server configuration"
DENIAL = r"\[authz_core:error\].*AH01631: user .*: authorization failure for "
PREFLIGHT = {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}

SECTIONS = r"""
ProxyPass /up/ "${UP}/"
ClerkIdentify On
<Location /off>
    ClerkIdentify Off
</Location>
<Location /protected>
    AuthType Clerk
    AuthName x
    Require clerk-org acme
    ErrorDocument 401 /cgi/env
    ErrorDocument 403 /cgi/env
    ClerkErrorBody html
</Location>
<Location /basic>
    AuthType Basic
    AuthName x
    AuthUserFile passwords
    Require valid-user
</Location>
<Location /anyone>
    AuthType Clerk
    AuthName x
    Require all granted
</Location>
<Location /mail>
    ClerkRemoteUser email
</Location>
<Location /header-off>
    ClerkExport env
</Location>
<Location /none>
    ClerkExport none
</Location>
<Location /address>
    Require ip 192.0.2.1
</Location>
<Directory "${DOCROOT}/index">
    DirectoryIndex page.shtml
    Options +Includes
    AddOutputFilter INCLUDES .shtml
</Directory>
ScriptAlias /basic/cgi/ "${CGI}/"
ScriptAlias /anyone/cgi/ "${CGI}/"
ScriptAlias /mail/cgi/ "${CGI}/"
ScriptAlias /none/cgi/ "${CGI}/"
ScriptAlias /off/cgi/ "${CGI}/"
ScriptAlias /protected/cgi/ "${CGI}/"
"""


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    site = ClerkSite(module_httpd, production(_standin_program), 'LogFormat "%u %U" who',
                     'CustomLog "${RUN}/who.log" who',
                     modules=["cgid", "proxy_http", "auth_basic", "authn_file", "dir", "include"],
                     defines={"UP": application.url}, sections=SECTIONS)
    site.httpd.file("passwords", "joe:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", 0o644)   # password
    site.httpd.environment_script()
    site.httpd.write("index/page.shtml", '<!--#echo var="CLERK_USER_ID" -->'
                     '<!--#include virtual="/index/part.shtml" -->')
    site.httpd.write("index/part.shtml", '/<!--#echo var="REMOTE_USER" -->')
    site.httpd.write("address", "x")
    return site


def environment(site, target="/cgi/env", status=200, **how):
    answer = site.get(target, **how)
    assert answer.status == status
    return {name: value for name, value in answer.json().items()
            if name.startswith(("CLERK_", "HTTP_X_CLERK")) or name in ("REMOTE_USER", "AUTH_TYPE")}


@pytest.mark.sanitize
@pytest.mark.parametrize("how", ["bearer", "session"])
def test_somebody(site, application, how):
    token = {how: site.mint.session(MEMBER)}
    found = environment(site, **token)
    assert found["REMOTE_USER"] == found["CLERK_USER_ID"] == MEMBER.id
    assert (found["AUTH_TYPE"], found["CLERK_AUTH_STATUS"]) == ("Clerk", "signed-in")
    assert found["HTTP_X_CLERK_ORG_SLUG"] == "acme"
    site.get("/up/x", **token)
    headers = {name.lower(): value for name, value in application.requests[-1]["headers"]}
    assert headers["x-clerk-user-id"] == MEMBER.id


def test_nobody(site, application):
    """And the application learns why."""
    reason = "session-token-and-uat-missing"
    assert environment(site, headers=NAVIGATION) == {
        "CLERK_AUTH_STATUS": "signed-out", "CLERK_AUTH_REASON": reason,
        "HTTP_X_CLERK_AUTH_STATUS": "signed-out", "HTTP_X_CLERK_AUTH_REASON": reason}
    with site.logged("info") as lines:
        site.get("/up/x", headers={"X-Clerk-User-Id": "user_x", "x_clerk_org_id": "org_x"})
    assert lines == []
    seen = application.requests[-1]
    assert header_values(seen, "X-Clerk-Auth-Reason") == [reason]
    assert "user_x" not in str(seen) and "org_x" not in str(seen)


def test_a_bad_token_is_nobody_and_logged(site):
    with site.logged("info") as lines:
        found = environment(site, bearer="x.y.z")
    assert found["CLERK_AUTH_REASON"] == "token-invalid" and "CLERK_USER_ID" not in found
    assert len(lines) == 1 and "reason=token-invalid" in lines[0].text


def test_a_pending_session_is_nobody(site):
    found = environment(site, bearer=site.mint.session(PENDING))
    assert found["CLERK_SESSION_STATUS"] == "pending"
    assert found["CLERK_AUTH_STATUS"] == "signed-out"
    assert not {"CLERK_USER_ID", "REMOTE_USER"} & set(found)


def test_off(site):
    assert environment(site, "/off/cgi/env", bearer=site.mint.session(MEMBER)) == {}


def test_a_protected_place_inside(site):
    """It is asked once, refuses as ever, and its error page knows no user of its own."""
    site.log.allow(DENIAL)
    token = site.mint.session(MEMBER)
    with site.logged("info") as lines:
        found = environment(site, "/protected/cgi/env", bearer=token)
    assert found["REMOTE_USER"] == MEMBER.id and lines == []
    answer = site.get("/protected/cgi/env", bearer=site.mint.session(SOLO))
    assert answer.status == 403
    assert seen(answer).denied_by == "Require clerk-org acme"
    answer = site.get("/protected/cgi/env", headers=FETCH)
    assert (answer.status, answer.json()["CLERK_AUTH_STATUS"]) == (401, "signed-out")


def test_another_auth_type_keeps_its_user(site):
    basic = {"Authorization": "Basic am9lOnBhc3N3b3Jk"}
    found = environment(site, "/basic/cgi/env", headers=basic, session=site.mint.session(MEMBER))
    assert (found["REMOTE_USER"], found["AUTH_TYPE"]) == ("joe", "Basic")
    assert found["CLERK_USER_ID"] == MEMBER.id
    found = environment(site, "/basic/cgi/env", headers=basic)
    assert (found["REMOTE_USER"], found["CLERK_AUTH_STATUS"]) == ("joe", "signed-out")


def test_with_auth_type_clerk_and_nothing_required(site):
    assert environment(site, "/anyone/cgi/env",
                       bearer=site.mint.session(MEMBER))["REMOTE_USER"] == MEMBER.id
    assert "REMOTE_USER" not in environment(site, "/anyone/cgi/env")


def test_remote_user(site):
    """Without the claim there is no user of httpd's; who it is is known all the same."""
    token = site.mint.session(MEMBER, email="max@acme.example")
    assert environment(site, "/mail/cgi/env", bearer=token)["REMOTE_USER"] == "max@acme.example"
    found = environment(site, "/mail/cgi/env", bearer=site.mint.session(MEMBER))
    assert "REMOTE_USER" not in found and found["CLERK_USER_ID"] == MEMBER.id


def test_export_none(site):
    found = environment(site, "/none/cgi/env", bearer=site.mint.session(MEMBER))
    assert set(found) == {"REMOTE_USER", "AUTH_TYPE"}
    assert environment(site, "/none/cgi/env") == {}


def test_index_pages_and_their_parts(site):
    assert site.get("/index/", session=site.mint.session(MEMBER)).text \
        == f"{MEMBER.id}/{MEMBER.id}"
    assert site.get("/index/").text == "(none)/(none)"


@pytest.mark.sanitize
def test_a_preflight_is_nobodys(site):
    answer = site.request("OPTIONS", "/cgi/env", headers=PREFLIGHT,
                          bearer=site.mint.session(MEMBER))
    assert not [name for name in answer.json() if "CLERK" in name or name == "REMOTE_USER"]


def test_other_rules_hold(site):
    site.log.expect(BEFORE, times=1)
    assert site.get("/address", bearer=site.mint.session(MEMBER)).status == 403


def test_answers_vary(site):
    for how in ({}, {"bearer": site.mint.session(MEMBER)}):
        assert site.get("/index/", **how).header("Vary").replace(" ", "") == "Authorization,Cookie"
    assert "Vary" not in site.get("/off/x")


def test_the_access_log_has_the_user(site):
    site.get("/up/logged-1", bearer=site.mint.session(MEMBER))
    site.get("/up/logged-2")
    lines = (site.httpd.run / "who.log").read_text().splitlines()
    assert f"{MEMBER.id} /up/logged-1" in lines and "- /up/logged-2" in lines


def test_what_cannot_be_decided_passes_as_nobody(httpd, standin):
    """Nobody is refused here; the log says what is wrong."""
    clerk = production(standin)
    standin.fault("backend.jwks", "answer", status=500)
    site = ClerkSite(httpd, clerk, sections="ClerkIdentify On", modules=["cgid"])
    site.httpd.environment_script()
    site.log.expect(r"not authenticated: .*reason=jwk-remote-failed-to-load")
    site.log.expect(r"the key set at \S+ could not be fetched", times=1)
    found = environment(site, bearer=site.mint.session(MEMBER))
    assert found["CLERK_AUTH_REASON"] == "jwk-remote-failed-to-load"
    assert not {"CLERK_USER_ID", "REMOTE_USER"} & set(found)


@pytest.mark.parametrize("lines, said", [
    ("ClerkIdentify On", "ClerkIdentify needs a Clerk instance: set ClerkPublishableKey"),
    ("ClerkIdentify Maybe", "must be On or Off"),
])
def test_what_cannot_be_right_stops_the_start(rejected, lines, said):
    assert said in rejected(lines)
