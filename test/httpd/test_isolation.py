# SPDX-License-Identifier: Apache-2.0 - connections that carry several people's requests: nobody gets another's identity
from __future__ import annotations

import http.client
import io
import re
import socket
import threading

import pytest

from clerk_site import FETCH, ClerkSite, production
from standin.tokens import alter_signature
from standin.users import ADMIN, IMPERSONATED, MEMBER, PENDING, SOLO

NAMES = ("REMOTE_USER", "CLERK_USER_ID", "CLERK_SESSION_ID", "CLERK_ORG_ROLE", "CLERK_ACTOR",
         "HTTP_X_CLERK_USER_ID", "HTTP_X_CLERK_ACTOR")
SECTIONS = """
ScriptAlias /open/ "${CGI}/"
<Location /cgi>
    AuthType Clerk
    AuthName x
    Require valid-user
</Location>
"""


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return site_with(module_httpd, _standin_program)


def site_with(start, standin, *lines, modules=(), **options):
    site = ClerkSite(start, production(standin), "MaxKeepAliveRequests 0", *lines,
                     modules=["cgid", *modules], sections=SECTIONS, **options)
    site.httpd.script("env", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec env\n")
    return site


def identity(user):
    """What the program sees of a user, as far as NAMES go."""
    seen = {"REMOTE_USER": user.id, "CLERK_USER_ID": user.id, "CLERK_SESSION_ID": user.session_id,
            "HTTP_X_CLERK_USER_ID": user.id}
    if user.membership:
        seen["CLERK_ORG_ROLE"] = f"org:{user.membership.role}"
    if user.actor:
        seen |= {"CLERK_ACTOR": user.actor["sub"], "HTTP_X_CLERK_ACTOR": user.actor["sub"]}
    return seen


def seen_by(answer: bytes):
    names = dict(line.split("=", 1) for line in answer.decode().splitlines())
    return {name: names[name] for name in NAMES if name in names}


def script(site):
    """Requests to be sent one after the other: target, header fields, status, identity."""
    steps = []
    for user in (MEMBER, SOLO, IMPERSONATED, ADMIN, MEMBER):
        token = site.mint.session(user)
        jar = "; ".join(f"{name}={value}" for name, value in site.cookies(token).items())
        steps += [
            ("/cgi/env", {"Authorization": f"Bearer {token}"}, 200, identity(user)),
            ("/open/env", {}, 200, {}),
            ("/cgi/env", {"Cookie": jar}, 200, identity(user)),
            ("/cgi/env", {}, 401, None),
            ("/open/env", {"Authorization": f"Bearer {token}"}, 200, {}),
            ("/cgi/env", {"Authorization": f"Bearer {alter_signature(token)}"}, 401, None),
        ]
    pending = site.mint.session(PENDING)
    return steps + [("/cgi/env", {"Authorization": f"Bearer {pending}"}, 401, None)]


@pytest.mark.sanitize
@pytest.mark.all_mpms
def test_one_connection_kept_alive(httpd, _standin_program):
    """Users, nobody and bad tokens in turn, by header and by cookie."""
    site = site_with(httpd, _standin_program)
    connection = http.client.HTTPConnection("127.0.0.1", site.httpd.port, timeout=20)
    connection.connect()
    own_port = connection.sock.getsockname()[1]
    for target, fields, status, expected in script(site) * 2:
        connection.request("GET", target, headers={**FETCH, **fields})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == status, target
        if expected is None:
            assert not any(user.id.encode() in body for user in (MEMBER, SOLO, ADMIN))
        else:
            assert seen_by(body) == expected
        assert connection.sock.getsockname()[1] == own_port, "one connection all the time"
    connection.close()


class Stream(io.BytesIO):
    """What came on a connection, for http.client to take one answer after the other from."""

    def makefile(self, _mode):
        return self

    def close(self):
        pass


def pipelined(port, requests: bytes):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
        peer.sendall(requests)
        received = bytearray()
        while chunk := peer.recv(65536):
            received += chunk
    return Stream(bytes(received))


@pytest.mark.all_mpms
def test_pipelined(httpd, _standin_program):
    """All requests are sent before the first answer is read."""
    site = site_with(httpd, _standin_program)
    steps = script(site)
    sent = b"".join(
        f"GET {target} HTTP/1.1\r\nHost: localhost\r\n".encode()
        + b"".join(f"{name}: {value}\r\n".encode() for name, value in fields.items())
        + (b"Connection: close\r\n" if number == len(steps) - 1 else b"") + b"\r\n"
        for number, (target, fields, _, _) in enumerate(steps))
    stream = pipelined(site.httpd.port, sent)
    for target, _, status, expected in steps:
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        body = answer.read()
        assert answer.status == status, target
        if expected is not None:
            assert seen_by(body) == expected
    assert stream.read() == b""


def test_posted_body_of_a_refused_request(site):
    """What is left of it is not taken for the next request."""
    token = site.mint.session(MEMBER)
    inner = f"GET /cgi/env HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    sent = (f"POST /cgi/env HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(inner)}\r\n\r\n"
            f"{inner}GET /open/env HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    stream = pipelined(site.httpd.port, sent.encode())
    statuses = []
    while stream.tell() < len(stream.getvalue()):
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        assert MEMBER.id.encode() not in answer.read()
        statuses.append(answer.status)
    assert statuses == [401, 200]


# ---------------------------------------------------------------- HTTP/2 (RFC 9113)

DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


def packed(text: str) -> bytes:
    """A text as HPACK has it (RFC 7541, 5.2), without Huffman's code."""
    rest, prefix = len(text) - 127, bytes([min(len(text), 127)])
    while len(text) >= 127:
        prefix += bytes([rest % 128 + (128 if rest >= 128 else 0)])
        if rest < 128:
            break
        rest //= 128
    return prefix + text.encode()


def header_block(fields) -> bytes:
    """Literal fields that enter no table (RFC 7541, 6.2.2)."""
    return b"".join(b"\0" + packed(name.lower()) + packed(value) for name, value in fields)


def take(peer: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        chunk = peer.recv(size - len(received))
        assert chunk, "the server closed the connection"
        received += chunk
    return received


def over_one_connection(port: int, requests) -> list[bytes]:
    """Open a stream for every request before anything is read; return the bodies."""
    sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0) \
        + frame(WINDOW_UPDATE, 0, 0, (1 << 24).to_bytes(4, "big"))
    for number, (target, fields) in enumerate(requests):
        block = header_block([(":method", "GET"), (":scheme", "http"), (":path", target),
                              (":authority", "localhost"), *fields.items()])
        sent += frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, block)
    bodies = [b""] * len(requests)
    open_streams = set(range(1, 2 * len(requests), 2))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
        peer.sendall(sent)
        while open_streams:
            head = take(peer, 9)
            payload = take(peer, int.from_bytes(head[:3], "big"))
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:9], "big")
            assert kind not in (3, 7), f"stream {stream} was broken off"
            if kind in (SETTINGS, PING) and not flags & ACK:
                peer.sendall(frame(kind, ACK, 0, payload if kind == PING else b""))
            if kind == DATA:
                bodies[stream // 2] += payload
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                open_streams.discard(stream)
    return bodies


@pytest.mark.sanitize
def test_streams_of_http2(httpd, _standin_program):
    """Users and nobody, on interleaved streams of one connection."""
    site = site_with(httpd, _standin_program, "Protocols h2c http/1.1", modules=["http2"])
    steps = script(site) * 2
    bodies = over_one_connection(site.httpd.port,
                                 [(target, {**FETCH, **fields}) for target, fields, _, _ in steps])
    ports = set()
    for (target, _, _, expected), body in zip(steps, bodies):
        if expected is None:
            assert body.startswith(b'{"error":"not_authenticated"')
            assert not any(user.id.encode() in body for user in (MEMBER, SOLO, ADMIN))
        else:
            assert seen_by(body) == expected, target
            ports |= set(re.findall(rb"^REMOTE_PORT=(\d+)$", body, re.M))
    assert len(ports) == 1, "they shared a connection"


@pytest.mark.all_mpms
def test_many_at_once(httpd, _standin_program):
    """Several connections, served by the same children at the same time."""
    site = site_with(httpd, _standin_program)
    wrong: list[str] = []

    def ask(offset: int) -> None:
        steps = script(site)
        for number in range(len(steps)):
            target, fields, status, expected = steps[(number + offset) % len(steps)]
            answer = site.httpd.get(target, {**FETCH, **fields})
            if answer.status != status:
                wrong.append(f"{target} {answer.status} instead of {status}")
            elif expected is not None and seen_by(answer.body) != expected:
                wrong.append(f"{target} {seen_by(answer.body)} instead of {expected}")

    threads = [threading.Thread(target=ask, args=(7 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
