# SPDX-License-Identifier: Apache-2.0 - tests of the handshake and of what surrounds it
"""The Frontend API as an application and a browser meet it, in both instance types."""
from __future__ import annotations

import json
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from standin import publishable_key
from standin.client import Standin
from standin.tokens import decode, verified
from standin.users import ACME, ADMIN, GLOBEX, MEMBER, PENDING
from standin.visits import host_of, shared_domain, with_query

APP = "http://app.localhost:8080"
PAGE = APP + "/orders?page=2&x=a+b"
FAPI = "clerk.app.localhost:9000"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def clerk():
    with Standin.start() as running:
        yield running


@pytest.fixture(scope="module")
def live(clerk):
    """A production instance; `clerk` itself is one in development."""
    clerk.set_app_origins(APP)
    return clerk.new_instance("live", app_origins=[APP],
                              publishable_key=publishable_key.encode(FAPI, live=True))


class Journey:
    """One browser that keeps the Frontend API's own cookies, told apart by host and path."""

    def __init__(self, ask, instance, prefix="", host=FAPI):
        self._ask, self.instance, self.prefix, self.host = ask, instance, prefix, host
        self.client = ""

    def go(self, path, method="GET", form=None, **query):
        target = self.prefix + path + ("?" + urlencode(query) if query else "")
        self.answer = self._ask(target, method, urlencode(form or {}) if method == "POST" else None,
                                Host=self.host, Content_Type=FORM, Cookie=f"__client={self.client}")
        self.set_cookies = self.answer.headers.get_all("Set-Cookie") or []
        for line in self.set_cookies:
            if line.startswith("__client="):
                self.client = line.split("=")[1].split(";")[0]
        return self.answer

    def location(self):
        """The URL led to, without its query, and the query."""
        parts = urlsplit(self.answer.headers["Location"])
        return parts._replace(query="").geturl(), dict(parse_qsl(parts.query, True))

    def sign_in(self, user, **fields):
        return self.go("/sign-in", "POST", {"user": user.key, "redirect_url": PAGE, **fields})

    def handshake(self, **query):
        """What the application would set, after a handshake with a token as its result."""
        self.go("/v1/client/handshake", redirect_url=PAGE, **query)
        assert self.answer.status == 307, self.answer
        assert self.answer.headers["Cache-Control"] == "no-store"
        token = self.location()[1].get("__clerk_handshake") or self.cookie("__clerk_handshake")
        return directives(verified(token, [self.instance.key])[1]["handshake"])

    def cookie(self, name):
        return directives(self.set_cookies)[name].value


def directives(lines) -> dict:
    jar = SimpleCookie()
    for line in lines:
        jar.load(line)
    return jar


@pytest.fixture
def dev(clerk, ask, live):
    # By path: the host is the other's.
    return Journey(ask, clerk, "/fapi/default")


@pytest.fixture
def prod(ask, live):
    return Journey(ask, live, "/fapi/live")


def test_development_hands_its_result_over_in_the_query(dev):
    set_by_app = dev.handshake(format="token")
    place, query = dev.location()
    assert place == f"{APP}/orders"
    assert set(query) == {"page", "x", "__clerk_handshake"} and query["x"] == "a b"
    assert set_by_app["__client_uat"].value == "0" and set_by_app["__session"].value == ""
    assert set_by_app["__clerk_db_jwt"].value.startswith("dvb_")
    assert not any(name.startswith("__clerk_handshake") for name in directives(dev.set_cookies))


def test_production_hands_its_result_over_in_a_cookie_of_the_shared_domain(prod):
    prod.handshake()
    assert prod.location()[0] == f"{APP}/orders"
    cookie = directives(prod.set_cookies)["__clerk_handshake"]
    assert (cookie["domain"], cookie["path"], cookie["max-age"]) == ("app.localhost", "/", "60")
    assert cookie["httponly"]


def test_a_nonce_is_asked_for_by_format(clerk, ask, dev, prod):
    for journey, where in ((dev, lambda: dev.location()[1]),
                           (prod, lambda: {name: one.value for name, one
                                           in directives(prod.set_cookies).items()})):
        journey.go("/v1/client/handshake", redirect_url=PAGE, format="nonce")
        nonce = where()["__clerk_handshake_nonce"]
        assert "__clerk_handshake" not in where()
        for status in (200, 404):   # once only
            answer = ask(f"/v1/clients/handshake_payload?nonce={nonce}",
                         Authorization=f"Bearer {journey.instance.secret_key}")
            assert answer.status == status


@pytest.mark.parametrize("suffixed", ["true", "false"])
def test_a_signed_in_client_brings_a_session(dev, prod, suffixed):
    for journey in (dev, prod):
        journey.sign_in(ADMIN)
        jar = journey.handshake(suffixed_cookies=suffixed)
        suffix = journey.instance.cookie_suffix
        claims = decode(jar["__session"].value)[1]
        assert (claims["sub"], claims["azp"]) == (ADMIN.id, APP)
        assert int(jar["__client_uat"].value) <= claims["iat"]
        assert (f"__session_{suffix}" in jar) is (suffixed == "true")
        assert jar[f"__refresh_{suffix}"]["httponly"] and not jar["__session"]["httponly"]
        assert ("__clerk_db_jwt" in jar) is (journey is dev)


def test_what_is_http_only_and_where_cookies_count(prod):
    prod.sign_in(ADMIN)
    jar = prod.handshake()
    assert jar["__session"]["domain"] == ""          # the application's host alone
    assert jar["__client_uat"]["domain"] == "app.localhost"
    assert all(one["path"] == "/" and one["samesite"] == "Lax" and not one["secure"]
               for one in jar.values())


def test_cookies_are_secure_where_the_application_is(clerk, live, prod):
    live.set_app_origins("https://app.localhost")
    prod.go("/v1/client/handshake", redirect_url="https://app.localhost/")
    live.set_app_origins(APP)
    assert all("Secure" in line for line in prod.set_cookies
               if not line.startswith("__client="))


def test_production_tells_of_a_sign_in_by_the_shared_domain(prod):
    prod.sign_in(MEMBER)
    assert prod.location() == (f"{APP}/orders", {"page": "2", "x": "a b"})
    assert int(prod.cookie("__client_uat")) > 0
    prod.go("/sign-out", redirect_url=PAGE)
    assert prod.cookie("__client_uat") == "0"
    assert "__session" not in directives(prod.set_cookies)


def test_development_tells_of_a_sign_in_by_the_query(clerk, dev):
    dev.sign_in(MEMBER)
    dev_browser = dev.location()[1]["__clerk_db_jwt"]
    # Without any cookie of the Frontend API's origin: the browser may keep none.
    dev.client = ""
    jar = dev.handshake(__clerk_db_jwt=dev_browser)
    assert decode(jar["__session"].value)[1]["sub"] == MEMBER.id
    assert jar["__clerk_db_jwt"].value == dev_browser
    dev.go("/sign-out", redirect_url=PAGE)
    assert dev.location()[1]["__clerk_db_jwt"] == dev_browser
    assert dev.handshake(__clerk_db_jwt=dev_browser)["__client_uat"].value == "0"


def test_the_dev_browser_of_a_handshake_signs_in(dev):
    """The application's dev browser token comes along to the sign-in page."""
    dev_browser = dev.handshake()["__clerk_db_jwt"].value
    dev.client = ""
    dev.go("/sign-in", redirect_url=PAGE, __clerk_db_jwt=dev_browser)
    dev.sign_in(ADMIN)
    assert dev.location()[1]["__clerk_db_jwt"] == dev_browser
    dev.client = ""
    jar = dev.handshake(__clerk_db_jwt=dev_browser)
    assert decode(jar["__session"].value)[1]["sub"] == ADMIN.id


def test_production_takes_no_dev_browser(prod, dev):
    dev.sign_in(ADMIN)
    dev_browser = dev.location()[1]["__clerk_db_jwt"]
    assert prod.handshake(__clerk_db_jwt=dev_browser)["__client_uat"].value == "0"
    assert prod.client == ""


def test_an_unknown_dev_browser_gets_a_new_one(dev):
    assert dev.handshake(__clerk_db_jwt="dvb_old")["__clerk_db_jwt"].value != "dvb_old"


def test_signed_out_elsewhere(clerk, prod, live):
    prod.sign_in(ADMIN)
    session = decode(prod.handshake()["__session"].value)[1]["sid"]
    live.change_session(session, status="ended")
    jar = prod.handshake()
    assert (jar["__session"].value, jar["__client_uat"].value) == ("", "0")
    assert jar["__session"]["max-age"] == "0"
    assert b"Choose who to be:" in prod.go("/sign-in", redirect_url=PAGE).body


def test_the_handshake_switches_the_organization(prod):
    prod.sign_in(ADMIN)

    def active(**query):
        return decode(prod.handshake(**query)["__session"].value)[1].get("o", {}).get("slg")
    assert active() == "acme"
    assert active(organization_id=GLOBEX.id) == "globex"
    assert active() == "globex"                        # it lasts
    assert active(organization_id="nowhere") == "globex"
    assert active(organization_id="") is None          # the personal account
    assert active(organization_id=ACME.slug) == "acme"


def test_a_pending_session_stays_pending(prod):
    prod.sign_in(PENDING)
    assert decode(prod.handshake()["__session"].value)[1]["sts"] == "pending"
    prod.go("/sign-in/tasks", "POST", {"redirect_url": PAGE})
    assert decode(prod.handshake()["__session"].value)[1]["sts"] == "active"


@pytest.mark.parametrize("page, reason, synced", [
    (PAGE, "session-token-expired", None), (PAGE, "satellite-needs-syncing", "true"),
    (PAGE + "&__clerk_synced=false", "client-uat-but-no-session-token", "true")])
def test_a_satellite_is_told_that_it_is_synced(prod, page, reason, synced):
    prod.go("/v1/client/handshake", redirect_url=page, __clerk_hs_reason=reason)
    query = parse_qsl(urlsplit(prod.answer.headers["Location"]).query)
    assert [value for name, value in query if name == "__clerk_synced"] == (
        [synced] if synced else [])


@pytest.mark.parametrize("url", ["", "https://evil.example/", "//evil.example/", "/orders",
                                 f"{APP}@evil.example/", f"{APP}.evil.example/"])
def test_a_handshake_leads_only_to_the_application(dev, prod, url):
    for journey in (dev, prod):
        answer = journey.go("/v1/client/handshake", redirect_url=url)
        assert answer.status == 400 and b'"invalid_handshake"' in answer.body


def test_the_lifetime_of_tokens_can_be_changed(prod, live):
    prod.sign_in(ADMIN)
    live.set_session_lifetime(2)
    claims = decode(prod.handshake()["__session"].value)[1]
    live.set_session_lifetime(60)
    assert claims["exp"] - claims["iat"] == 2


# ---- a proxy in front

def test_a_proxy_stands_on_the_applications_own_host(ask, live):
    proxy = {"Clerk_Proxy_Url": f"{APP}/__clerk", "Clerk_Secret_Key": live.secret_key,
             "Host": FAPI}
    answer = ask("/sign-in", "POST", urlencode({"user": "admin", "redirect_url": PAGE}),
                 Content_Type=FORM, **proxy)
    jar = directives(answer.headers.get_all("Set-Cookie"))
    assert answer.headers["Location"] == PAGE
    assert jar["__client"]["path"] == "/__clerk"
    assert jar["__session"]["domain"] == jar["__client_uat"]["domain"] == ""
    page = ask("/sign-in", **proxy)
    assert b'action="/__clerk/sign-in"' in page.body


@pytest.mark.parametrize("key, status, code", [
    (None, 400, "proxy_request_missing_secret_key"),
    ("sk_live_wrong", 401, "proxy_request_invalid_secret_key")])
def test_a_proxy_has_to_know_the_secret_key(ask, live, key, status, code):
    sent = {} if key is None else {"Clerk_Secret_Key": key}
    answer = ask("/v1/client", Clerk_Proxy_Url=f"{APP}/__clerk", Host=FAPI, **sent)
    assert answer.status == status and json.loads(answer.body)["errors"][0]["code"] == code


# ---- scripts

def test_a_script_gets_tokens_for_its_own_origin(ask, dev):
    dev.sign_in(ADMIN)
    dev_browser = dev.location()[1]["__clerk_db_jwt"]

    def call(path, method="GET", origin=APP, body=""):
        answer = ask(f"{path}?__clerk_db_jwt={dev_browser}", method, body or None,
                     Origin=origin, Content_Type=FORM)
        return answer, json.loads(answer.body or b"null")
    answer, found = call("/v1/client")
    session = found["response"]["sessions"][0]["id"]
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    _, made = call(f"/v1/client/sessions/{session}/tokens", "POST")
    assert decode(made["jwt"])[1]["azp"] == APP
    _, touched = call(f"/v1/client/sessions/{session}/touch", "POST",
                      body=f"active_organization_id={GLOBEX.id}")
    assert touched["response"]["last_active_organization_id"] == GLOBEX.id
    assert call(f"/v1/client/sessions/{session}/touch", "POST",
                body="active_organization_id=org_x")[0].status == 403
    assert call("/v1/client", origin="https://evil.example")[0].status == 400
    assert call("/v1/client/sessions/sess_x/tokens", "POST")[0].status == 404
    assert call(f"/v1/client/sessions/{session}/end", "POST")[0].status == 200
    assert call("/v1/client")[1]["response"]["sessions"] == []


def test_a_script_is_let_in_by_preflight(ask, dev):
    answer = ask("/v1/client/sessions/sess_x/tokens", "OPTIONS", Origin=APP,
                 Access_Control_Request_Method="POST")
    assert answer.status == 204 and answer.headers["Access-Control-Allow-Origin"] == APP
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_a_dev_browser_can_be_had_by_script(ask, dev, prod):
    made = json.loads(ask("/v1/dev_browser", "POST", Origin=APP).body)
    assert made["id"].startswith("dvb_")
    assert dev.handshake(__clerk_db_jwt=made["id"])["__clerk_db_jwt"].value == made["id"]
    assert ask("/fapi/live/v1/dev_browser", "POST", Origin=APP).status == 400


# ---- hosts

@pytest.mark.parametrize("one, other, shared", [
    ("clerk.example.com", "app.example.com", "example.com"),
    ("clerk.example.com", "example.com", "example.com"),
    ("clerk.app.localhost", "app.localhost", "app.localhost"),
    ("localhost", "app.localhost", None), ("localhost", "localhost", None),
    ("127.0.0.1", "10.0.0.1", None), ("clerk.a.com", "b.com", None)])
def test_shared_domains(one, other, shared):
    assert shared_domain(one, other) == shared


def test_hosts_and_queries():
    assert [host_of(each) for each in ("A.b:80", "http://[::1]:80", "https://a")] == [
        "a.b", "::1", "a"]
    assert with_query("http://a/?x=1&n=2&n=3#f", "n", "4 5") == "http://a/?x=1&n=4+5#f"
