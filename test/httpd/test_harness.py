# SPDX-License-Identifier: Apache-2.0 - the harness itself, with httpd's own modules only
"""Were the harness blind, every other test against httpd would be worth nothing."""
from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time

import pytest

from error_log import Line, LogError, poll
from http_message import exchange_bytes
from httpd import Httpd, HttpdError, is_connected
from tls import make_certificate, trusting
from upstream import header_values

# A CGI program that is not there makes mod_cgid log at level error.
NOISY = {"modules": ["cgid"], "clerk": False}
NOISE = r"\[cgid:error\].*AH01264.*script not found"


def make_noise(server: Httpd) -> None:
    assert server.get("/cgi/absent").status == 404
    server.log.wait_for(NOISE)


@pytest.mark.sanitize
@pytest.mark.all_mpms
def test_serves_a_file(httpd):
    answer = httpd(clerk=False).get("/index.txt")
    assert (answer.status, answer.text) == (200, "hello\n")
    assert answer.header("Content-Type") == "text/plain"


def test_an_unclaimed_line_fails():
    server = Httpd(**NOISY).start()
    make_noise(server)
    with pytest.raises(LogError, match="script not found"):
        server.stop()
    assert not server.root.exists()


def test_a_claimed_line_passes(httpd):
    server = httpd(**NOISY)
    make_noise(server)
    server.log.expect(NOISE)


def test_a_claimed_line_must_come():
    server = Httpd(clerk=False).start()
    server.log.expect(NOISE)
    with pytest.raises(LogError, match="came 0 time"):
        server.stop()


def test_a_claim_may_count():
    server = Httpd(**NOISY).start()
    make_noise(server)
    server.log.expect(NOISE, times=2)
    with pytest.raises(LogError, match="expected 2 time"):
        server.stop()


def test_a_claim_ends_with_the_judgement():
    server = Httpd(**NOISY).start()
    make_noise(server)
    server.log.expect(NOISE)
    server.log.verify()
    make_noise(server)
    server.log.wait_for(NOISE, count=2)
    with pytest.raises(LogError, match="script not found"):
        server.stop()


def test_stderr_of_a_script_is_a_line_too():
    server = Httpd(**NOISY).start()
    server.script("chatty", "#!/bin/sh\necho 'psst' >&2\nprintf 'Content-Type: a/b\\n\\n'\n")
    assert server.get("/cgi/chatty").status == 200
    server.log.wait_for("psst")
    with pytest.raises(LogError, match="psst"):
        server.stop()


@pytest.mark.parametrize("raw, noteworthy, fatal", [
    ("[Sat Nov 21 06:00:00.000001 2026] [clerk_auth:info] [pid 1:tid 2] x", False, False),
    ("[Sat Nov 21 06:00:00.000001 2026] [clerk_auth:notice] [pid 1:tid 2] x", True, False),
    ("[Sat Nov 21 06:00:00.000001 2026] [core:notice] [pid 1] x", False, False),
    ("[Sat Nov 21 06:00:00.000001 2026] [core:warn] [pid 1] x", True, False),
    ("[Sat Nov 21 06:00:00.000001 2026] [core:notice] [pid 1:tid 2] AH00052: child pid 9 "
     "exit signal Segmentation fault (11)", False, True),
    ("src/core/jwt.c:12:3: runtime error: index 9 out of bounds", True, True),
    ("==12==ERROR: AddressSanitizer: heap-use-after-free", True, True),
    ("free(): double free detected in tcache 2", True, True),
])
def test_what_a_line_is(raw, noteworthy, fatal):
    line = Line.parse(raw)
    assert (line.noteworthy, line.fatal) == (noteworthy, fatal)


def test_a_child_that_dies_fails_even_when_claimed():
    server = Httpd(clerk=False).start()
    os.kill(min(server.children()), signal.SIGSEGV)
    server.log.wait_for("exit signal")
    server.log.expect("exit signal")
    with pytest.raises(AssertionError, match="exit signal|core"):
        server.stop()


def test_a_sanitizer_report_fails():
    server = Httpd(clerk=False).start()
    (server.run / "asan.123").write_text("ERROR: LeakSanitizer: detected memory leaks\n")
    with pytest.raises(HttpdError, match="detected memory leaks"):
        server.stop()


def test_a_server_that_ends_by_itself_fails():
    server = Httpd(clerk=False).start()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(20)
    with pytest.raises(HttpdError, match="ended by itself"):
        server.stop()


def test_a_server_is_stopped_when_its_connections_have_ended():
    server = Httpd(clerk=False).start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /index.txt HTTP/1.1\r\n")
        poll(lambda: is_connected(server.port), 5, "a worker has it")
        threading.Timer(0.2, client.close).start()
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun >= 0.2
    assert not is_connected(server.port)


def test_a_server_that_cannot_start_says_why():
    server = Httpd("NoSuchDirective On", clerk=False)
    with pytest.raises(HttpdError, match="NoSuchDirective"):
        server.start()
    server.discard()


def test_a_rejected_configuration_is_told(rejected):
    assert "NoSuchDirective" in rejected("NoSuchDirective On", clerk=False)
    with pytest.raises(AssertionError, match="httpd accepts this"):
        rejected("# nothing", clerk=False)


@pytest.mark.all_mpms
def test_graceful_restart_takes_up_a_new_configuration(httpd):
    server = httpd('Header set X-Generation "1"', clerk=False)
    old = server.children()
    assert server.get("/index.txt").header("X-Generation") == "1"
    server.configure('Header set X-Generation "2"')
    server.graceful()
    assert server.get("/index.txt").header("X-Generation") == "2"
    assert not server.children() & old


def test_headers_go_out_as_they_are(httpd, upstream):
    server = httpd('ProxyPass / "${UP}/"', modules=["proxy_http"], clerk=False,
                   defines={"UP": upstream.url})
    seen = server.get("/a?b=c", [("X-Odd_Name", "1"), ("x-odd_name", "2")]).json()
    assert seen["target"] == "/a?b=c"
    assert ", ".join(header_values(seen, "X-Odd_Name")) == "1, 2"
    posted = server.request("POST", "/p", body=b"four").json()
    assert (posted["method"], posted["body"]) == ("POST", "four")
    assert [seen["method"] for seen in upstream.requests] == ["GET", "POST"]


def test_raw_bytes(httpd):
    server = httpd(clerk=False)
    answer = server.raw(b"GET /index.txt HTTP/1.0\r\nA: 1\r\nA: 2\r\n\r\n")
    assert (answer.status, answer.body) == (200, b"hello\n")
    assert exchange_bytes(server.port, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_http2(httpd):
    server = httpd("Protocols h2c http/1.1", modules=["http2"], clerk=False)
    answer = server.http2("/index.txt", {"X-Some": "thing"})
    assert (answer.version, answer.status, answer.text) == ("HTTP/2", 200, "hello\n")


def test_tls(httpd, tmp_path):
    certificate, key = make_certificate(tmp_path, "app.example.com")
    server = httpd("SSLEngine On\nServerName app.example.com\n"
                   f'SSLCertificateFile "{certificate}"\nSSLCertificateKeyFile "{key}"',
                   modules=["ssl"], clerk=False)
    answer = server.get("/index.txt", host="app.example.com", tls=trusting(certificate),
                        sni="app.example.com")
    assert answer.status == 200


def test_cgi_environment(httpd):
    server = httpd("SetEnv GREETING hi", modules=["cgid"], clerk=False)
    server.environment_script()
    seen = server.get("/cgi/env", {"X-Thing": "1"}).json()
    assert (seen["GREETING"], seen["HTTP_X_THING"]) == ("hi", "1")


def test_parallel_requests(httpd):
    server = httpd(clerk=False, processes=2)
    statuses: list[int] = []

    def ask() -> None:
        statuses.extend(server.get("/index.txt").status for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 60
    poll(lambda: len(server.children()) >= 2, 5, "two children")


def test_environment_of_the_server(httpd):
    server = httpd("PassEnv CLERK_HARNESS", modules=["cgid"], clerk=False,
                   env={"CLERK_HARNESS": "yes"})
    server.environment_script()
    assert json.loads(server.get("/cgi/env").body)["CLERK_HARNESS"] == "yes"


class TestSharedServer:
    """A server of the whole module: what one test provokes is judged after that test."""

    @pytest.fixture(scope="class")
    def server(self, module_httpd):
        return module_httpd(**NOISY)

    def test_one_claims(self, server):
        make_noise(server)
        server.log.expect(NOISE)

    def test_the_other_has_none(self, server):
        assert server.get("/index.txt").status == 200
