# SPDX-License-Identifier: Apache-2.0 - tokens made to break a verifier: size, JSON, bytes, keys of a stranger
"""Each is refused with its reason in one line at info; nothing crashes, nothing is fetched."""
from __future__ import annotations

import socket
import threading

import pytest

from clerk_site import NAVIGATION, PAGE, PAGE_TEXT, ClerkSite, production, seen
from error_log import poll
from standin.keys import b64url, pooled_key
from standin.tokens import OMIT, compact
from standin.users import ADMIN, MEMBER

INVALID = "token-invalid"
FORGED = "token-invalid-signature"
UNKNOWN_KEY = "jwk-kid-mismatch"
LONGEST = 16 * 1024
MEBIBYTE = 1024 * 1024

LARGE_FIELDS = ("LimitRequestFieldSize 4194304", "LimitRequestLine 65536")


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    """An unknown kid may be asked for once in the life of this server, and no more."""
    site = ClerkSite(module_httpd, production(_standin_program), *LARGE_FIELDS,
                     "ClerkKeyMinInterval 3600s", "ClerkExportClaim note")
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    return site


def refused_by_both(site, reason, token):
    site.refused(reason, "header", bearer=token)
    site.refused(reason, "cookie", session=token)


# ---------------------------------------------------------------- size

def token_of_length(mint, length: int) -> str:
    """A good token of exactly so many bytes. A segment's length is never 4n + 1, so header
    and payload are padded in turn."""
    claims = mint.session_claims(MEMBER)

    def make(in_header: int, in_payload: int, **how) -> str:
        return mint.raw(mint.header(pad="x" * in_header),
                        {**claims, "pad": "y" * in_payload}, **how)

    room = length - len(make(0, 0, signature=bytes(256)))
    for in_header in range(8):
        start = max(0, (room - 2 * in_header) * 3 // 4 - 8)
        for in_payload in range(start, start + 16):
            if len(make(in_header, in_payload, signature=bytes(256))) == length:
                return make(in_header, in_payload)
    raise ValueError(length)


@pytest.mark.sanitize
@pytest.mark.parametrize("length", range(LONGEST - 2, LONGEST + 1))
def test_the_longest_token(site, length):
    token = token_of_length(site.mint, length)
    assert len(token) == length
    site.admitted(MEMBER, bearer=token)
    site.admitted(MEMBER, session=token)


@pytest.mark.sanitize
@pytest.mark.parametrize("length", [LONGEST + 1, LONGEST + 2, LONGEST + 3, MEBIBYTE])
def test_a_longer_token(site, length):
    refused_by_both(site, INVALID, token_of_length(site.mint, length))


@pytest.mark.sanitize
@pytest.mark.parametrize("token", [
    "A" * MEBIBYTE, "." * MEBIBYTE, "e30." * (MEBIBYTE // 4), "Bearer." * 100_000,
    f"e30.{'A' * MEBIBYTE}.AAAA", "=" * LONGEST, "." * LONGEST, "AAAA" * 4000 + ".e30.AAAA"],
    ids=["one part", "dots", "many parts", "words", "a large payload", "padding",
         "dots of the right length", "a large header that is no JSON"])
def test_a_heap_of_bytes(site, token):
    refused_by_both(site, INVALID, token)


def test_a_session_cookie_among_many(site):
    """Cookie parsing is linear: thousands of cookies around the session cookie."""
    crumbs = "; ".join(f"c{n}=v" for n in range(100_000))
    jar = "; ".join(f"{k}={v}" for k, v in site.cookies(site.mint.session(MEMBER)).items())
    site.admitted(MEMBER, headers={"Cookie": f"{crumbs}; {jar}; {crumbs}"}, timeout=5)


# ---------------------------------------------------------------- JSON

def header_text(mint, extra: str) -> bytes:
    return (compact(mint.header())[:-1] + f",{extra}}}".encode())


def payload_text(mint, extra: str) -> bytes:
    return (compact(mint.session_claims(MEMBER))[:-1] + f",{extra}}}".encode())


def with_header(extra):
    return lambda mint: mint.raw(header_text(mint, extra), mint.session_claims(MEMBER))


def with_payload(extra):
    return lambda mint: mint.raw(mint.header(), payload_text(mint, extra))


def with_bytes(before: bytes, after: bytes):
    """Exchange bytes in the payload; every `before` is there."""
    def make(mint):
        text = compact({**mint.session_claims(MEMBER), "note": "NOTE"})
        assert before in text
        return mint.raw(mint.header(), text.replace(before, after))
    return make


TRICKS = [
    ("alg twice", with_header('"alg":"none"')),
    ("alg twice, the same", with_header('"alg":"RS256"')),
    ("kid twice", with_header('"kid":"x"')),
    ("alg twice, once escaped", with_header('"\\u0061lg":"none"')),
    ("sub twice", with_payload(f'"sub":"{ADMIN.id}"')),
    ("exp twice", with_payload('"exp":9999999999')),
    ("twice, further in", with_payload('"note":{"a":1,"a":1}')),
    ("twice, in a list", with_payload('"note":[{"a":1,"a":2}]')),
    ("NUL escaped in a claim", with_payload('"note":"a\\u0000b"')),
    ("NUL escaped in the subject", with_bytes(MEMBER.id.encode(),
                                              ADMIN.id.encode() + b"\\u0000")),
    ("NUL escaped in a name", with_payload('"a\\u0000b":1')),
    ("NUL escaped in the header", with_header('"note":"\\u0000"')),
    ("NUL byte in a claim", with_bytes(b"NOTE", b"NO\0TE")),
    ("NUL byte behind the payload", lambda mint: mint.raw(
        mint.header(), compact(mint.session_claims(MEMBER)) + b"\0")),
    ("NUL byte before the payload", lambda mint: mint.raw(
        mint.header(), b"\0" + compact(mint.session_claims(MEMBER)))),
    ("NUL byte behind the header", lambda mint: mint.raw(
        compact(mint.header()) + b"\0", mint.session_claims(MEMBER))),
    ("control character in a string", with_bytes(b"NOTE", b"NO\nTE")),
    ("UTF-8: a lone continuation byte", with_bytes(b"NOTE", b"\x80")),
    ("UTF-8: overlong NUL", with_bytes(b"NOTE", b"\xc0\x80")),
    ("UTF-8: overlong slash", with_bytes(b"NOTE", b"\xe0\x80\xaf")),
    ("UTF-8: a surrogate", with_bytes(b"NOTE", b"\xed\xa0\x80")),
    ("UTF-8: past U+10FFFF", with_bytes(b"NOTE", b"\xf4\x90\x80\x80")),
    ("UTF-8: cut off", with_bytes(b"NOTE", b"\xe2\x82")),
    ("Latin-1", with_bytes(b"NOTE", b"M\xfcller")),
    ("UTF-16", lambda mint: mint.raw(
        mint.header(), compact(mint.session_claims(MEMBER)).decode().encode("utf-16"))),
    ("a byte order mark", lambda mint: mint.raw(
        mint.header(), b"\xef\xbb\xbf" + compact(mint.session_claims(MEMBER)))),
    ("a lone surrogate escaped", with_payload('"note":"\\ud800"')),
    ("single quotes", with_bytes(b'"NOTE"', b"'NOTE'")),
    ("a comment", with_bytes(b'"NOTE"', b'/*x*/"NOTE"')),
    ("a comma behind", with_bytes(b'"NOTE"', b'"NOTE",')),
    ("NaN", with_payload('"note":NaN')), ("Infinity", with_payload('"note":Infinity')),
    ("a number with a leading zero", with_payload('"note":01')),
    ("1e999", with_payload('"note":1e999')), ("-1e999", with_payload('"note":-1e999')),
    ("a number of 400 digits", with_payload('"note":' + "9" * 400)),
    ("nesting of 5,000 in the payload", with_payload(f'"note":{"[" * 5000}{"]" * 5000}')),
    ("nesting of 5,000 in the header", with_header(f'"note":{"[" * 5000}{"]" * 5000}')),
    ("nesting of 10,000", with_payload(f'"note":{"[" * 10_000}{"]" * 10_000}')),
    ("10,000 brackets that stay open", lambda mint: mint.raw(
        mint.header(), b"[" * 10_000)),
    ("objects without end", lambda mint: mint.raw(mint.header(), b'{"a":' * 1900)),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("make", [make for _, make in TRICKS], ids=[row[0] for row in TRICKS])
def test_json_trick(site, make):
    """All of them signed by the instance's own key."""
    refused_by_both(site, INVALID, make(site.mint))


@pytest.mark.parametrize("make", [
    with_bytes(b"NOTE", "Müller ☃ 😀".encode()),
    with_payload('"note":"\\ud83d\\ude00"'), with_payload('"\\u00fc":1'),
    with_payload('"note":' + "9" * 300), with_payload('"note":-0'),
    with_payload('"note":' + "[" * 20 + "]" * 20),
    with_payload('"__proto__":{"sub":"user_x"}'),
    with_payload('"note":"' + "[{" * 3000 + '"'),
], ids=["UTF-8", "a pair of surrogates", "a name", "a number of 300 digits", "-0",
        "nesting of 20", "__proto__", "brackets in a string"])
def test_json_that_is_merely_odd(site, make):
    site.admitted(MEMBER, bearer=make(site.mint))


@pytest.mark.parametrize("raw", [
    b"GET %s HTTP/1.0\r\nAuthorization: Bearer a\0.b.c\r\n\r\n",
    b"GET %s HTTP/1.0\r\nCookie: __session=a\0b; __client_uat=1\r\n\r\n",
    b"GET %s HTTP/1.0\r\nAuthorization: Bearer a\r\n .b.c\r\n\r\n",
    b"GET %s HTTP/1.0\r\nAuthorization: Bearer \xff\xfe.\x80.\x81\r\n\r\n",
    b"GET %s HTTP/1.0\r\nCookie: __session=\xff\xfe.\x80.\x81; __client_uat=1\r\n\r\n",
], ids=["NUL in Authorization", "NUL in Cookie", "folded field", "high bytes",
        "high bytes in a cookie"])
def test_bytes_that_no_token_has(site, raw):
    answer = site.httpd.raw(raw % PAGE.encode())
    assert answer.status in (400, 401)
    assert seen(answer).user is None


@pytest.mark.parametrize("method, target, statuses", [
    ("GET", "//", (404,)), ("GET", "///", (404,)), ("TRACE", PAGE, (200,)),
    ("GET", "//app/page.txt", (401,)), ("GET", "/app//page.txt", (401,)),
    ("GET", "//evil.example/app/page.txt", (404,)), ("GET", "/x/../app/page.txt", (401,)),
    ("GET", "/%61pp/page.txt", (401,)), ("GET", "/app/%2e%2e/app/page.txt", (401,)),
    ("GET", "http://evil.example/app/page.txt", (401,)), ("GET", "http:///app", (400, 401)),
    ("GET", "*", (400, 404)), ("OPTIONS", "*", (200,)), ("BREW", PAGE, (401, 501))])
def test_strange_targets_and_methods(site, method, target, statuses):
    """A17: no crash, and no way around the protected place. httpd answers TRACE by itself,
    with what it was sent, unless `TraceEnable off`."""
    answer = site.request(method, target)
    assert (answer.status in statuses, seen(answer).user) == (True, None), answer.status
    assert PAGE_TEXT not in answer.text
    if statuses == (401,):
        site.admitted(MEMBER, "GET", target, bearer=site.mint.session(MEMBER))


# ---------------------------------------------------------------- keys of a stranger

@pytest.mark.sanitize
@pytest.mark.parametrize("kid", [
    "ins_unknown", "../../../../etc/passwd", "/dev/null", "file:///etc/passwd",
    "https://evil.example/jwks.json", "' OR '1'='1", '"; cat /etc/passwd; "', "$(id)", "%n%s%x",
    "<script>alert(1)</script>", "a\r\nInjected: yes", "[clerk_auth:error] [pid 1] forged",
    "\x1b[31m", "Ünïcode", "x" * 10_000])
def test_key_id_of_a_stranger(site, kid):
    """No path, no URL, no line of the log comes of it."""
    before = site.log.text()
    refused_by_both(site, UNKNOWN_KEY, site.mint.session(MEMBER, header={"kid": kid}))
    assert kid[:30] not in site.log.text()[len(before):]


@pytest.mark.parametrize("kid", [OMIT, "", None, 7, ["x"], {"kid": "x"}, True])
def test_key_id_that_is_none(site, standin, kid):
    """Also with a single key in the set: the token must name it. Nothing is fetched."""
    standin.reset()
    refused_by_both(site, UNKNOWN_KEY, site.mint.session(MEMBER, header={"kid": kid}))
    assert standin.counters()["total"] == 0


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda kid: kid + " ",
                                    lambda kid: " " + kid, lambda kid: kid[:-1]],
                         ids=["lower", "upper", "space behind", "space before", "cut"])
def test_key_id_is_compared_byte_by_byte(site, change):
    kid = change(site.clerk.kid)
    refused_by_both(site, UNKNOWN_KEY, site.mint.session(MEMBER, header={"kid": kid}))


class Trap:
    """A listener that counts who comes; nobody should."""

    def __init__(self):
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                self._socket.accept()[0].close()
            except OSError:
                return
            self.connections += 1

    def close(self):
        self._socket.close()


@pytest.fixture
def trap():
    listener = Trap()
    yield listener
    listener.close()


def test_the_trap_springs(trap):
    socket.create_connection(("127.0.0.1", trap.port)).close()
    poll(lambda: trap.connections == 1, 5, "the connection is counted")


KEY_MEMBERS = {
    "jku": lambda url, key: url, "x5u": lambda url, key: url,
    "jwk": lambda url, key: key.jwk(), "jwk as text": lambda url, key: str(key.jwk()),
    "x5c": lambda url, key: [key.public_pem()],
    "x5t": lambda url, key: "dGVzdA", "x5t#S256": lambda url, key: "dGVzdA",
}


@pytest.mark.sanitize
@pytest.mark.parametrize("name", KEY_MEMBERS)
def test_a_key_in_the_token_s_own_header(site, standin, trap, name):
    """RFC 8725, 3.10: a header may offer a key or say where one is; nobody looks."""
    standin.reset()
    stranger = pooled_key(unlike=[site.clerk.key])
    value = KEY_MEMBERS[name](f"http://127.0.0.1:{trap.port}/jwks.json", stranger)
    header = {name.partition(" ")[0]: value}
    refused_by_both(site, FORGED, site.mint.session(ADMIN, key=stranger, header=header))
    refused_by_both(site, UNKNOWN_KEY, site.mint.session(
        ADMIN, key=stranger, header={**header, "kid": stranger.kid}))
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER, header=header))
    assert trap.connections == 0
    assert standin.counters()["total"] <= 1, "a fetch for the unknown kid at most"


@pytest.mark.sanitize
def test_another_instance_with_the_same_key_id(site, _standin_program):
    """The other one is as genuine as this one, and its token is of no use here."""
    other = production(_standin_program, kid=site.clerk.kid)
    assert other.kid == site.clerk.kid
    token = other.mint.session(ADMIN)
    site.refused(FORGED, "header", bearer=token)
    site.refused(FORGED, "cookie", cookies=site.cookies(token, suffixed=True))
    refused_by_both(site, FORGED, other.mint.session(ADMIN, iss=site.clerk.issuer))
    refused_by_both(site, FORGED, site.mint.session(ADMIN, key=other.key))


def test_another_instance(site, _standin_program):
    other = production(_standin_program)
    refused_by_both(site, UNKNOWN_KEY, other.mint.session(ADMIN, iss=site.clerk.issuer))


# ---------------------------------------------------------------- afterwards

@pytest.mark.sanitize
def test_the_next_request_is_none_the_worse(site):
    """A refused token leaves nothing behind on its connection or in its thread."""
    good, bad = site.mint.session(MEMBER), b64url(b"{}") * 100
    for _ in range(20):
        site.refused(INVALID, bearer=bad)
        site.admitted(MEMBER, bearer=good)
    assert site.get(bearer=bad, headers=NAVIGATION).status == 302
