# SPDX-License-Identifier: Apache-2.0 - ClerkUser: the current user's profile for the application
from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from clerk_site import FETCH, ClerkSite, production
from standin.users import ACME, ADMIN, MEMBER, SOLO
from upstream import Upstream

ENDPOINT = "backend.user"
UNHAD = r"\[clerk_auth:error\].*the User cannot be had for "
NAMES = ("CLERK_USER", "CLERK_USER_EMAIL", "CLERK_USER_USERNAME", "CLERK_USER_FIRST_NAME",
         "CLERK_USER_LAST_NAME", "CLERK_USER_IMAGE_URL")

SECTIONS = r"""
ProxyPass /up/ "${UP}/"
ScriptAlias /off/cgi/ "${CGI}/"
ScriptAlias /public/cgi/ "${CGI}/"
ScriptAlias /identify/cgi/ "${CGI}/"
ScriptAlias /log-only/cgi/ "${CGI}/"
ScriptAlias /none/cgi/ "${CGI}/"
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
    ClerkUser On
    ClerkAcceptsToken any
</Location>
<Location /off>
    ClerkUser Off
</Location>
<Location /public>
    Require all granted
</Location>
<Location /identify>
    Require all granted
    ClerkIdentify On
</Location>
<Location /log-only>
    ClerkEnforce LogOnly
</Location>
<Location /none>
    ClerkExport none
</Location>
<Location /mail>
    Require expr "clerk('user_email') =~ /@acme[.]example$/"
    Header set X-Name "expr=%{clerk:user_first_name} %{clerk:user_last_name}"
</Location>
"""


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


def site_with(start, clerk, application, *lines):
    site = ClerkSite(start, clerk, *lines, modules=["cgid", "proxy_http"],
                     defines={"UP": application.url}, sections=SECTIONS)
    site.httpd.environment_script()
    site.httpd.write("mail", "x")
    return site


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    return site_with(module_httpd, production(_standin_program), application)


def environment(site, target="/cgi/env", **how):
    answer = site.get(target, **how)
    assert answer.status == 200, answer.text
    return answer.json()


def of_user(names):
    return {name: value for name, value in names.items() if name in NAMES}


def calls(standin):
    return [request["path"] for request in standin.requests(ENDPOINT)]


@pytest.mark.sanitize
def test_the_user(site, standin):
    found = environment(site, bearer=site.mint.session(ADMIN))
    assert [found.get(name) for name in NAMES[1:]] == [
        ADMIN.email, None, "Ada", "Admin", f"https://img.example/{ADMIN.key}.png"]
    user = json.loads(found["CLERK_USER"])
    assert (user["id"], user["public_metadata"]) == (ADMIN.id, {"theme": "dark"})
    assert user["unsafe_metadata"] == {"nickname": "Countess"}
    assert "private_metadata" not in str(found) and "must never leave" not in str(found)
    assert "Countess" not in str({n: v for n, v in found.items()
                                  if n not in ("CLERK_USER", "HTTP_X_CLERK_USER")})
    [request] = standin.requests(ENDPOINT)
    assert (request["method"], request["path"]) == ("GET", f"/v1/users/{ADMIN.id}")
    assert request["headers"]["authorization"] == f"Bearer {site.clerk.secret_key}"


def test_the_primary_address(httpd, standin, application):
    clerk = production(standin)
    clerk.change_user("member", email_address="primary@acme.example", username="max",
                      other_email_addresses=["first@acme.example", "second@acme.example"])
    site = site_with(httpd, clerk, application)
    found = environment(site, bearer=site.mint.session(MEMBER))
    assert found["CLERK_USER_EMAIL"] == "primary@acme.example"
    assert found["CLERK_USER_USERNAME"] == "max"


def test_private_metadata_at_any_depth(httpd, standin, application):
    """And what the API may add one day."""
    clerk = production(standin)
    body = {"object": "user", "id": MEMBER.id, "private_metadata": {"a": "PRIVATE"},
            "organization_memberships": [{"private_metadata": {"b": "PRIVATE"}, "role": "x",
                                          "organization": {"private_metadata": "PRIVATE"}}]}
    standin.fault(ENDPOINT, "answer", status=200, body=json.dumps(body))
    site = site_with(httpd, clerk, application)
    found = environment(site, bearer=site.mint.session(MEMBER))
    assert "PRIVATE" not in str(found)
    assert json.loads(found["CLERK_USER"])["organization_memberships"] \
        == [{"role": "x", "organization": {}}]
    assert of_user(found).keys() == {"CLERK_USER"}   # absent members are not set


HOSTILE = {
    "line ends": "Eve\r\nX-Injected: 1",
    "UTF-8": "Zoë Ünïcödé ✓",
    "quotes and commas": 'a"b\',c\\d; e=f',
    "percent": "100%41",
    "control": "\x01\x7f\t",
    "long": "x" * 8000,
    "empty": "",
}


@pytest.mark.sanitize
@pytest.mark.parametrize("name", HOSTILE)
def test_values_arrive_whole_and_inject_nothing(httpd, standin, application, name):
    value = HOSTILE[name]
    clerk = production(standin)
    clerk.change_user("member", first_name=value, last_name="Last")
    site = site_with(httpd, clerk, application, "LimitRequestFieldSize 65536")
    token = site.mint.session(MEMBER)
    found = environment(site, bearer=token)
    assert found.get("CLERK_USER_FIRST_NAME", "") == value
    assert json.loads(found["CLERK_USER"])["first_name"] == value
    assert site.get("/up/x", bearer=token).status == 200
    fields = [(key.lower(), text) for key, text in application.requests[-1]["headers"]]
    headers = dict(fields)
    assert len(headers) == len(fields) and "x-injected" not in headers
    plain = all(32 <= ord(one) < 127 for one in value)
    sent = headers.get("x-clerk-user-first-name", "")
    assert (sent if plain else unquote(sent)) == value
    assert json.loads(headers["x-clerk-user"])["first_name"] == value
    assert headers["x-clerk-user-last-name"] == "Last"


def test_it_is_kept(site, standin, application):
    """One call for the environment, the header, an expression, and all of it again."""
    token = site.mint.session(MEMBER)
    for _ in range(2):
        environment(site, bearer=token)
        assert site.get("/up/x", session=token).status == 200
        answer = site.get("/mail", bearer=token)
        assert (answer.status, answer.header("X-Name")) == (200, "Max Member")
    assert len(calls(standin)) == 1
    assert dict(application.requests[-1]["headers"])["X-Clerk-User-Email"] == MEMBER.email


def test_off_public_and_none(site, standin):
    token = site.mint.session(SOLO)
    for target in ("/off/cgi/env", "/public/cgi/env"):
        assert of_user(environment(site, target, bearer=token)) == {}
    assert calls(standin) == []
    assert of_user(environment(site, "/none/cgi/env", bearer=token)) == {}
    assert of_user(environment(site, "/identify/cgi/env")) == {}
    found = of_user(environment(site, "/identify/cgi/env", bearer=token))
    assert found["CLERK_USER_FIRST_NAME"] == "Sol"


def test_machines(site, standin):
    """Who acts for a user has that user's; others have none."""
    assert of_user(environment(site, bearer=site.mint.m2m())) == {}
    found = of_user(environment(site, bearer=site.mint.oauth(MEMBER)))
    assert found["CLERK_USER_EMAIL"] == MEMBER.email


def test_a_client_sets_none_of_it(site, standin):
    found = environment(site, "/public/cgi/env", headers={
        "X-Clerk-User": "{}", "X-Clerk-User-Email": "x", "x_clerk_user_first_name": "x"})
    assert not [name for name in found if "CLERK_USER" in name]


# ---------------------------------------------------------------- where it cannot be had

def test_503_where_a_user_is_required(httpd, standin, application):
    clerk = production(standin)
    site = site_with(httpd, clerk, application)
    site.log.expect(UNHAD)
    clerk.remove_user("member")
    token = site.mint.session(MEMBER)
    for _ in range(2):   # that there is none is remembered for a moment
        answer = site.get("/cgi/env", bearer=token, headers=FETCH)
        assert (answer.status, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert len(calls(standin)) == 1
    standin.fault(ENDPOINT, "answer", status=500)
    token = site.mint.session(SOLO)
    assert site.get("/cgi/env", bearer=token).status == 503
    for target in ("/identify/cgi/env", "/log-only/cgi/env"):
        found = environment(site, target, bearer=token)
        assert of_user(found) == {} and found["CLERK_USER_ID"] == SOLO.id
    standin.clear_faults()
    assert of_user(environment(site, bearer=token))["CLERK_USER_FIRST_NAME"] == "Sol"


@pytest.mark.parametrize("body", ["[]", "{}", '{"id":"user_other"}', "", '{"id":"x","id":"y"}'])
def test_another_answer_is_none(httpd, standin, application, body):
    site = site_with(httpd, production(standin), application)
    standin.fault(ENDPOINT, "answer", status=200, body=body)
    site.log.expect(UNHAD, times=1)
    assert site.get("/cgi/env", bearer=site.mint.session(MEMBER)).status == 503


def test_an_odd_user_id_is_never_sent(site, standin):
    site.log.expect(UNHAD + r".*the user's id is none that Clerk gives")
    for sub in ("../x", "user_%2e", "user/x"):
        assert site.get("/cgi/env", bearer=site.mint.session(MEMBER, sub=sub)).status == 503
    assert calls(standin) == []


@pytest.mark.parametrize("lines, said", [
    ("ClerkUser On", "ClerkUser needs a Clerk instance"),
    ("ClerkPublishableKey pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\nClerkUser On",
     "ClerkUser needs ClerkSecretKey"),
    ("ClerkUser Yes", "must be On or Off"),
])
def test_what_cannot_be_right_stops_the_start(rejected, lines, said):
    assert said in rejected(lines)
