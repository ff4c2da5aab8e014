# SPDX-License-Identifier: Apache-2.0 - what a client may learn of why it is not signed in
from __future__ import annotations

import json

import pytest

from redirects import expired, handshake, visit
from clerk_site import (FETCH, LIKE_PROTECT, LOG_ONLY, NAVIGATION, PAGE, PROTECTED, ClerkSite,
                        development, production, seen)
from standin.tokens import alter_signature
from standin.users import ADMIN, MEMBER

NOBODY = "session-token-and-uat-missing"
NAMES = ("X-Clerk-Auth-Status", "X-Clerk-Auth-Reason", "X-Clerk-Auth-Message")
SECTIONS = PROTECTED + """
<Location /app/admin>
    Require clerk-role admin
</Location>
<Location /quiet>
    AuthType Clerk
    AuthName x
    ClerkDebugHeaders Off
    Require valid-user
</Location>
""" + LIKE_PROTECT + LOG_ONLY


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return ClerkSite(module_httpd, production(_standin_program), "ClerkDebugHeaders On",
                     sections=SECTIONS)


def told(answer):
    return tuple(answer.header(name) for name in NAMES[:2])


def is_silent(answer):
    assert [answer.header(name) for name in NAMES] == [None, None, None]


@pytest.mark.sanitize
@pytest.mark.parametrize("headers, status", [(FETCH, 401), (NAVIGATION, 302), ({}, 401)])
def test_who_is_signed_out(site, headers, status):
    """A01: status and reason; a message where there is one to give."""
    answer = site.get(headers=headers)
    assert (answer.status, *told(answer)) == (status, "signed-out", NOBODY)
    assert answer.header(NAMES[2]) is None
    token = alter_signature(site.mint.session())
    for how in ({"bearer": token}, {"session": token}):
        answer = site.get(headers=headers, **how)
        assert (answer.status, *told(answer)) == (status, "signed-out", "token-invalid-signature")
        message = answer.header(NAMES[2])
        assert message and token.rpartition(".")[2] not in message


def test_who_is_sent_to_the_handshake(site):
    """A02."""
    answer = visit(site, session=expired(site, MEMBER))
    away = handshake(answer)
    assert told(answer) == ("handshake", away.reason)


def test_who_is_signed_in(site):
    """A03: nothing, whether the answer is yes or no."""
    token = site.mint.session(MEMBER)
    for how in ({"bearer": token}, {"session": token}):
        for target, status in ((PAGE, 200), ("/app/admin", 403), ("/app/missing", 404)):
            answer = site.get(target, headers=FETCH, **how)
            assert answer.status == status
            is_silent(answer)
    site.log.expect("AH01631: user .*: authorization failure", times=2)
    cookies = [f"__session={token}; Path=/"]
    answer = visit(site, cookies={"__clerk_handshake": site.mint.handshake(cookies)})
    assert answer.status == 200 and answer.cookies == cookies
    is_silent(answer)


def test_a_machine_that_is_signed_in(httpd, _standin_program):
    """A03."""
    site = ClerkSite(httpd, production(_standin_program), "ClerkDebugHeaders On",
                     "ClerkAcceptsToken any")
    answer = site.get(bearer=site.clerk.new_api_key(subject=ADMIN.id).secret)
    assert answer.status == 200
    is_silent(answer)
    answer = site.get(bearer="ak_unknown")
    assert told(answer) == ("signed-out", "token-invalid")


@pytest.mark.parametrize("code, reason", [
    ("a\r\nX-Evil: 1", None), ("a\u00e9\0b", None), ("x" * 500, None), ("plain", "plain")])
def test_what_could_not_stand_in_a_field(site, standin, code, reason):
    """A04: a reason that somebody else chose makes one field, or a piece of one."""
    standin.fault("backend.session_refresh", "answer", status=401,
                  body=json.dumps({"errors": [{"code": code}]}))
    jar = site.cookies(expired(site, MEMBER))
    jar[f"__refresh_{site.clerk.cookie_suffix}"] = "x"
    answer = site.get(headers=FETCH, cookies=jar)
    assert answer.status == 401 and "X-Evil" not in answer
    status, said = told(answer)
    assert status == "signed-out" and said.startswith("session-token-expired-refresh-")
    assert said.isascii() and said.isprintable() and len(said) < 120
    if reason:
        assert said.endswith(f"-{reason}")
    assert said == seen(answer).reason and f"({said})" in answer.text


def test_nothing_is_said_where_it_is_off(site, httpd, _standin_program):
    is_silent(site.get("/quiet", headers=FETCH))
    quiet = ClerkSite(httpd, development(_standin_program))
    for answer in (quiet.get(headers=FETCH), visit(quiet)):
        is_silent(answer)


def test_every_kind_of_answer(site, standin):
    assert told(site.get("/protect", headers=FETCH)) == ("signed-out", NOBODY)
    answer = site.get("/log-only/x", headers=FETCH)
    assert (answer.status, *told(answer)) == (404, "signed-out", NOBODY)
    site.log.expect("ClerkEnforce LogOnly: /log-only/x would be refused", times=1)
    answer = site.get("/log-only/x", bearer=site.mint.session(MEMBER))
    assert answer.status == 404
    is_silent(answer)


def test_a_client_s_own_fields_are_not_echoed(site):
    """A03, A16: what a client sends under these names is neither believed nor sent back."""
    answer = site.get(bearer=site.mint.session(MEMBER),
                      headers={name: "signed-out" for name in NAMES})
    assert answer.status == 200
    is_silent(answer)
