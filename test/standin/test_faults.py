# SPDX-License-Identifier: Apache-2.0 - tests of the faults that can be set
"""Each fault does what it says, as often as it was told."""
from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

JWKS = "/.well-known/jwks.json"


def test_an_answer_of_our_choice(clerk, ask):
    clerk.fault("frontend.jwks", "answer", status=429, body="slow down",
                content_type="text/plain", headers=[["Retry-After", "7"]])
    answer = ask(JWKS)
    assert (answer.status, answer.body) == (429, b"slow down")
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Content-Type"] == "text/plain"


def test_a_fault_ends_after_so_many_times(clerk, ask):
    clerk.fault("frontend.jwks", "answer", times=2, status=503)
    assert [ask(JWKS).status for _ in range(3)] == [503, 503, 200]
    assert clerk.count("frontend.jwks") == 3


def test_a_fault_lasts_until_it_is_cleared(clerk, ask):
    clerk.fault("*", "answer", status=502)
    assert [ask(path).status for path in (JWKS, "/v1/jwks", "/sign-in", "/nowhere")] == [502] * 4
    clerk.clear_faults("*")
    assert ask(JWKS).status == 200


def test_a_fault_can_be_one_instances_own(clerk, ask):
    other = clerk.new_instance("other")
    clerk.fault("other/frontend.jwks", "answer", status=500)
    assert ask(f"/fapi/other{JWKS}").status == 500
    assert ask(JWKS).status == 200
    clerk.fault("other/backend.jwks", "answer", status=500)
    assert ask("/v1/jwks", Authorization=f"Bearer {other.secret_key}").status == 500
    assert ask("/v1/jwks", Authorization=f"Bearer {clerk.secret_key}").status == 200


def test_slow_is_slow_and_right(clerk, ask):
    clerk.fault("frontend.jwks", "slow", delay=0.4)
    started = time.monotonic()
    answer = ask(JWKS)
    assert time.monotonic() - started >= 0.4
    assert json.loads(answer.body)["keys"][0]["kid"] == clerk.kid


def test_drip_comes_byte_by_byte(clerk, ask):
    clerk.fault("frontend.jwks", "drip", delay=0.001)
    started = time.monotonic()
    answer = ask(JWKS)
    assert time.monotonic() - started >= 0.001 * len(answer.body)
    assert json.loads(answer.body)["keys"][0]["kid"] == clerk.kid


def test_hang_never_answers(clerk, ask):
    clerk.fault("frontend.jwks", "hang", times=1)
    with pytest.raises(socket.timeout):
        ask(JWKS, timeout=0.5)
    assert ask(JWKS).status == 200


def test_clearing_lets_go_of_what_hangs(clerk, ask):
    clerk.fault("frontend.jwks", "hang")
    ends: list[type] = []

    def wait() -> None:
        try:
            ask(JWKS)
        except http.client.RemoteDisconnected as end:
            ends.append(type(end))

    waiting = threading.Thread(target=wait)
    waiting.start()
    while clerk.count("frontend.jwks") == 0:
        time.sleep(0.02)
    time.sleep(0.1)
    clerk.clear_faults()
    waiting.join(5)
    assert ends == [http.client.RemoteDisconnected]


def test_close_answers_nothing(clerk, ask):
    clerk.fault("frontend.jwks", "close")
    with pytest.raises(http.client.RemoteDisconnected):
        ask(JWKS)


def test_garbage_is_no_json(clerk, ask):
    clerk.fault("frontend.jwks", "garbage")
    answer = ask(JWKS)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(ValueError):
        json.loads(answer.body)


def test_truncated_stops_half_way(clerk, ask):
    whole = ask(JWKS).body
    clerk.fault("frontend.jwks", "truncated")
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask(JWKS)
    assert cut.value.partial == whole[:len(whole) // 2]


def test_endless_goes_on_and_on(clerk, ask):
    clerk.fault("frontend.jwks", "endless")
    with socket.create_connection(
            (urlsplit(clerk.url).hostname, urlsplit(clerk.url).port), timeout=10) as connection:
        connection.sendall(f"GET {JWKS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        taken = 0
        while taken < 20_000_000:
            piece = connection.recv(1 << 20)
            assert piece
            taken += len(piece)
    assert ask("/sign-in").status == 200


def test_redirect_leads_elsewhere(clerk, ask):
    clerk.fault("frontend.jwks", "redirect", location="http://127.0.0.1:1/x")
    answer = ask(JWKS)
    assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:1/x")


@pytest.mark.parametrize("wrong", [
    {"endpoint": "no.such", "kind": "hang"}, {"endpoint": "frontend.jwks", "kind": "no-such"},
    {"endpoint": "frontend.jwks"}, {"kind": "hang"},
    {"endpoint": "frontend.jwks", "kind": "hang", "tmies": 1}])
def test_a_mistaken_fault_is_refused(clerk, wrong):
    with pytest.raises(ValueError):
        clerk.call("/fault", **wrong)
    assert clerk.state()["faults"] == {}
