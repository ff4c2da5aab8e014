# SPDX-License-Identifier: Apache-2.0 - which URL the site takes for its own: from httpd, or from a front end
from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from clerk_site import NAVIGATION, PAGE, PROTECTED, ClerkSite, production
from http_message import exchange_bytes, parse_response

SERVED_AS = PROTECTED + """
<VirtualHost *:*>
    ServerName https://app.example.com
    {0}
</VirtualHost>
"""
OWN = "https://app.example.com"


@pytest.fixture(scope="module")
def behind(module_httpd, _standin_program):
    """A server that believes its front end."""
    return ClerkSite(module_httpd, production(_standin_program),
                     sections=SERVED_AS.format("ClerkForwardedHeaders On"))


@pytest.fixture(scope="module")
def alone(module_httpd, _standin_program):
    """A server that anybody can reach."""
    return ClerkSite(module_httpd, production(_standin_program), sections=SERVED_AS.format(""))


def own_origin(answer) -> str:
    """The origin that the visitor would come back to, after sign-in at the portal."""
    assert answer.status == 302, answer
    target = urlsplit(answer.location)
    assert target.scheme == "https" and target.netloc.startswith("accounts.live-")
    back = urlsplit(parse_qs(target.query)["redirect_url"][0])
    assert back.path == PAGE
    return f"{back.scheme}://{back.netloc}"


def ask(site, *fields, host="inner.example:8080"):
    return site.get(headers=[*NAVIGATION.items(), *fields], host=host)


HOST, PROTO = "X-Forwarded-Host", "X-Forwarded-Proto"
FORWARDED = [
    # what the front end sends, the origin that it is taken for
    ([(HOST, "www.example.com"), (PROTO, "https")], "https://www.example.com"),
    ([(HOST, "www.example.com"), (PROTO, "http")], "http://www.example.com"),
    ([(HOST, "www.example.com:8443"), (PROTO, "https")], "https://www.example.com:8443"),
    ([(HOST, "www.example.com:443"), (PROTO, "https")], "https://www.example.com"),
    ([(HOST, "WWW.Example.com"), (PROTO, "HTTPS")], "https://www.example.com"),
    ([(HOST, "[2001:db8::1]:8443"), (PROTO, "https")], "https://[2001:db8::1]:8443"),
    # of several values the first, in one field or in several
    ([(HOST, "www.example.com, inner.example"), (PROTO, "https,http")],
     "https://www.example.com"),
    ([(HOST, "www.example.com"), (HOST, "inner.example"), (PROTO, "https"), (PROTO, "http")],
     "https://www.example.com"),
    # one alone: the other is as it came
    ([(PROTO, "https")], "https://inner.example:8080"),
    ([(HOST, "www.example.com")], "https://www.example.com"),   # ServerName's scheme
    ([], "https://inner.example:8080"),
    # no such header counts
    ([(HOST, "www.example.com"), (PROTO, "https"), ("X-Forwarded-Port", "81"),
      ("Forwarded", "host=evil.example;proto=http"), ("X-Forwarded-Server", "evil.example"),
      ("X-Original-Host", "evil.example"), ("X-Forwarded-Prefix", "//evil.example")],
     "https://www.example.com"),
    # what makes no origin counts for nothing
    ([(HOST, ""), (PROTO, "https")], OWN),
    ([(HOST, "www.example.com"), (PROTO, "")], OWN),
    ([(HOST, ", www.example.com"), (PROTO, "https")], OWN),
    ([(PROTO, "javascript")], OWN),
    ([(PROTO, "https://evil.example/?")], OWN),
    *[([(HOST, host), (PROTO, "https")], OWN) for host in (
        "evil.example/path", "evil.example?x", "evil.example#x", "evil.example\\x",
        "user@evil.example", "user:word@evil.example", "evil.example:port", "evil.example:0",
        "evil.example:99999", "evil.example:", "https://evil.example", "//evil.example",
        "evil example", "evil.example\tx", "evil..example", "-evil.example", "%65vil.example",
        "[evil.example]", "[::1", "evil_\xe4.example", ".", "*", "a" * 64 + ".example")],
]


@pytest.mark.sanitize
@pytest.mark.parametrize("fields, origin", FORWARDED)
def test_front_end_is_believed(behind, fields, origin):
    """N08: first of several; what could not be an origin falls back to the server's own."""
    assert own_origin(ask(behind, *fields)) == origin


@pytest.mark.parametrize("fields, _", FORWARDED)
def test_strangers_are_not_believed(alone, fields, _):
    for host in ("app.example.com", "inner.example:8080", "evil.example"):
        answer = ask(alone, *fields, host=host)
        assert own_origin(answer) == OWN
        assert "evil" not in answer.location


def test_target_s_host_is_not_believed_either(behind):
    """An absolute-form target: httpd takes its host for the Host field's."""
    sent = (f"GET http://evil.example{PAGE} HTTP/1.1\r\nHost: inner.example\r\n"
            f"{HOST}: www.example.com\r\n{PROTO}: https\r\nAccept: text/html\r\n"
            "Connection: close\r\n\r\n")
    answer = parse_response(exchange_bytes(behind.httpd.port, sent.encode()))
    assert own_origin(answer) == "https://www.example.com"


def test_a_section_may_be_behind_a_front_end(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), sections=SERVED_AS.format("") + """
        <Location /app/behind>
            ClerkForwardedHeaders On
        </Location>
        """)
    fields = [(HOST, "www.example.com"), (PROTO, "https")]
    assert own_origin(ask(site, *fields)) == OWN
    answer = site.get("/app/behind", headers=[*NAVIGATION.items(), *fields])
    assert "www.example.com%2Fapp%2Fbehind" in answer.location
