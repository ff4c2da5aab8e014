# SPDX-License-Identifier: Apache-2.0 - keys that are fetched in the background, by one process for all
"""Nobody waits for a refresh, and Clerk is asked as if the server were one process."""
from __future__ import annotations

import base64
import json
import math
import os
import re
import secrets
import signal
import threading
import time

import pytest

from clerk_site import PAGE, ClerkSite, production, seen
from error_log import poll
from httpd import SANITIZE
from http_message import exchange_bytes
from load import Load, admission
from standin.keys import pooled_key
from standin.users import ADMIN, MEMBER

PATIENCE = 60 if SANITIZE else 30
UNKNOWN = "jwk-kid-mismatch"


@pytest.fixture
def clerk(standin):
    standin.reset()
    return production(standin)


def load_on(site, threads: int = 2) -> Load:
    return Load(*threads * [lambda: admission(site, MEMBER)])


def allow_outage(site) -> None:
    site.log.allow(r"\[clerk_auth:(warn|error)\].*the key set at \S+ could not be fetched")
    site.log.allow(r"\[clerk_auth:notice\].*the key set at \S+ was fetched again after failures")


# ---------------------------------------------------------------- outages

OUTAGES = {
    "hang": {"kind": "hang"},
    "closed": {"kind": "close"},
    "garbage": {"kind": "garbage"},
    "500": {"kind": "answer", "status": 500},
    "401": {"kind": "answer", "status": 401},
    "429": {"kind": "answer", "status": 429},
}


@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=[pytest.mark.sanitize] if kind == "hang" else []) for kind in OUTAGES])
def test_known_keys_serve_through_an_outage(httpd, standin, clerk, kind):
    """Longer than ClerkKeyRefresh: nobody is refused, nobody waits; then the first token of
    a new key passes."""
    site = ClerkSite(httpd, clerk, "ClerkKeyRefresh 1s", "ClerkKeyMinInterval 200ms",
                     "ClerkAPITimeout 2s 5s", processes=2)
    allow_outage(site)
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    standin.reset()
    standin.fault("backend.jwks", **OUTAGES[kind])
    with load_on(site) as load:
        time.sleep(1.6)
    assert load.wrong == []
    assert load.answers > 20
    assert load.slowest < 4, "a fetch that hangs takes 5 s"
    assert standin.count("backend.jwks") >= 1, "it was tried in the background"
    clerk.rotate(keep_old=False)
    standin.clear_faults()
    time.sleep(0.4)
    answer = site.get(bearer=site.mint.session(ADMIN))
    assert (answer.status, seen(answer).user) == (200, ADMIN.id)


def test_the_age_is_said_once_in_a_while(httpd, standin, clerk):
    """By one of the processes, not by each, and not at each attempt."""
    site = ClerkSite(httpd, clerk, "ClerkKeyRefresh 1s", "ClerkKeyMinInterval 100ms",
                     processes=3)
    standin.reset()
    standin.fault("backend.jwks", "answer", status=404)
    poll(lambda: standin.count("backend.jwks") > 5, PATIENCE, "it was tried often")
    site.log.expect(r"\[clerk_auth:warn\].*the key set at \S+/v1/jwks could not be fetched: .*404"
                    r".*; the known keys are \d+ s old and serve on for \d+ s more", times=1)
    standin.clear_faults()
    site.log.wait_for("was fetched again after failures", PATIENCE)
    site.log.expect(r"\[clerk_auth:notice\].*the key set at \S+ was fetched again", times=1)


@pytest.mark.sanitize
def test_retry_after_is_honoured(httpd, standin, clerk):
    """By all processes, the background and tokens of unknown keys."""
    site = ClerkSite(httpd, clerk, "ClerkKeyRefresh 500ms", "ClerkKeyMinInterval 100ms",
                     processes=3)
    allow_outage(site)
    standin.fail_with("backend.jwks", 429, "too_many_requests", retry_after=3)
    poll(lambda: bool(site.log.lines(pattern="could not be fetched")), PATIENCE, "a 429")
    refused = time.monotonic()
    count = standin.count("backend.jwks")
    stranger = site.mint.session(MEMBER, header={"kid": "ins_stranger"})
    asked = 0
    while time.monotonic() - refused < 2.5:
        answers = [site.get(bearer=stranger).status, site.get(bearer=site.mint.session(MEMBER)).status]
        assert answers == [503, 200]
        asked = standin.count("backend.jwks")
        time.sleep(0.05)
    assert asked == count
    site.log.expect(r"\[clerk_auth:error\].*not authenticated: .*jwk-remote-failed-to-load")
    poll(lambda: standin.count("backend.jwks") > count, PATIENCE, "it is asked again")
    times = [request["at"] for request in standin.requests("backend.jwks")][-2:]
    assert times[1] - times[0] >= 3


# ---------------------------------------------------------------- keys that come and go

@pytest.mark.all_mpms
def test_a_withdrawn_key_is_gone_at_the_next_refresh(httpd, clerk):
    """In every process, though no token of the new key came by."""
    site = ClerkSite(httpd, clerk, "ClerkKeyRefresh 1s", "ClerkKeyMinInterval 100ms",
                     processes=3)
    old = site.mint.session(MEMBER)
    site.admitted(MEMBER, bearer=old)
    clerk.rotate(keep_old=False)
    poll(lambda: all(site.get(bearer=old).status == 401 for _ in range(12)), PATIENCE,
         "the withdrawn key is refused")
    with site.logged() as lines:
        assert site.get(bearer=old).status == 401
    assert UNKNOWN in lines[0].text
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))


def test_a_new_key_is_learnt_by_all_from_one_token(httpd, standin, clerk):
    """One fetch, however many processes see tokens of it."""
    site = ClerkSite(httpd, clerk, "ClerkKeyMinInterval 500ms", mpm="prefork", processes=4)
    time.sleep(1.5)   # the fetch at start is over in every process, and its pause
    standin.reset()
    clerk.rotate(keep_old=True)
    with load_on(site, threads=4) as load:
        time.sleep(1.2)
    assert load.wrong == []
    assert standin.count("backend.jwks") == 1


def test_a_bad_signature_fetches_nothing(httpd, standin, clerk):
    site = ClerkSite(httpd, clerk, "ClerkKeyMinInterval 50ms")
    standin.reset()
    forger = pooled_key(clerk.kid, unlike=[clerk.key])
    for _ in range(5):
        time.sleep(0.06)
        site.refused("token-invalid-signature", bearer=site.mint.session(MEMBER, key=forger))
    assert standin.count("backend.jwks") == 0


# ---------------------------------------------------------------- invented keys

def invented_token(pattern: str) -> str:
    """A token of a key that nobody has; cheaper than to sign one."""
    header = {"alg": "RS256", "typ": "JWT", "kid": f"ins_{secrets.token_hex(12)}"}
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{pattern.partition('.')[2]}"


def send_pipelined(port: int, pattern: str, count: int) -> list[int]:
    """So many requests over one connection; their statuses."""
    requests = [f"GET {PAGE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                f"{invented_token(pattern)}\r\n"
                + ("Connection: close\r\n" if last else "") + "\r\n"
                for last in [False] * (count - 1) + [True]]
    received = exchange_bytes(port, "".join(requests).encode(), 60)
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


def test_invented_keys_cost_no_more_than_the_interval_allows(httpd, standin, clerk):
    """W08: 10,000 requests with random kids in 10 s, in four processes: at most two fetches,
    that at start included."""
    site = ClerkSite(httpd, clerk, mpm="prefork", processes=4)
    pattern = site.mint.session(MEMBER)
    started = time.monotonic()
    statuses: list[int] = []

    def work(number: int) -> None:
        for batch in range(25):
            time.sleep(max(0.0, started + batch * 0.4 - time.monotonic()))
            statuses.extend(send_pipelined(site.httpd.port, pattern, 100))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fetched = standin.count("backend.jwks")
    elapsed = time.monotonic() - started
    assert len(statuses) == 10_000 and set(statuses) == {401}
    assert fetched <= 1 + math.ceil(elapsed / 10), f"{fetched} fetches in {elapsed:.1f} s"
    refused = site.log.lines("clerk_auth", pattern=UNKNOWN)
    assert len(refused) == 10_000
    assert len({line.pid for line in refused}) >= 3
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))


def test_invented_keys_hold_nobody_up_while_the_source_hangs(httpd, standin, clerk):
    """They wait in the first second of a fetch and are told to come back after that."""
    site = ClerkSite(httpd, clerk, "ClerkAPITimeout 2s 8s", "ClerkKeyMinInterval 100ms")
    allow_outage(site)
    time.sleep(0.15)   # the interval since the first fetch
    standin.reset()
    standin.fault("backend.jwks", "hang")
    stranger = site.mint.session(MEMBER, header={"kid": "ins_stranger"})
    first = threading.Thread(target=site.get, kwargs={"bearer": stranger})
    first.start()
    poll(lambda: standin.count("backend.jwks") == 1, PATIENCE, "the stranger's key is asked for")
    time.sleep(1.1)
    started = time.monotonic()
    for _ in range(20):
        assert site.get(bearer=stranger).status == 503
        assert site.get(bearer=site.mint.session(MEMBER)).status == 200
    assert time.monotonic() - started < 4, "the fetch hangs for 8 s"
    assert standin.count("backend.jwks") == 1
    standin.clear_faults()
    first.join()
    site.log.expect(r"\[clerk_auth:error\].*not authenticated: .*jwk-remote-failed-to-load")


# ---------------------------------------------------------------- starts and ends

@pytest.mark.all_mpms
def test_hundreds_wait_at_start_for_one_fetch(httpd, standin, clerk):
    standin.fault("backend.jwks", "slow", times=1, delay=1)
    site = ClerkSite(httpd, clerk, processes=4, keys=False)
    token = site.mint.session(MEMBER)
    statuses: list[int] = []

    def work() -> None:
        for _ in range(5):
            statuses.append(site.get(bearer=token).status)

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 200
    assert standin.count("backend.jwks") == 1


@pytest.mark.parametrize("kind", [pytest.param("hang", marks=pytest.mark.sanitize), "500"])
def test_a_restart_in_an_outage(httpd, standin, clerk, kind):
    """Children end in mid-fetch, new ones have the keys: nobody is refused."""
    site = ClerkSite(httpd, clerk, "ClerkKeyRefresh 500ms", "ClerkKeyMinInterval 100ms",
                     processes=2)
    allow_outage(site)
    standin.reset()
    standin.fault("backend.jwks", **OUTAGES[kind])
    poll(lambda: standin.count("backend.jwks") > 0, PATIENCE, "a fetch is under way")
    with load_on(site) as load:
        for _ in range(3):
            site.httpd.graceful()
    assert load.wrong == []
    standin.clear_faults()
    clerk.rotate(keep_old=False)
    poll(lambda: site.get(bearer=site.mint.session(ADMIN)).status == 200, PATIENCE,
         "the new key is learnt")
    site.log.allow(r"\[clerk_auth:error\].*not authenticated: .*jwk-remote-failed-to-load")


@pytest.mark.sanitize
def test_a_killed_child_holds_nothing_for_ever(httpd, standin, clerk):
    """All children are killed in the first fetch; those after them ask again."""
    standin.fault("backend.jwks", "hang")
    site = ClerkSite(httpd, clerk, "ClerkAPITimeout 500ms 1s", "ClerkKeyMinInterval 100ms",
                     processes=2, keys=False)
    allow_outage(site)
    poll(lambda: standin.count("backend.jwks") > 0, PATIENCE, "a fetch is under way")
    for child in site.httpd.children():
        site.log.killed.add(child)
        os.kill(child, signal.SIGKILL)
    standin.clear_faults()
    site.log.allow(r"\[clerk_auth:error\].*not authenticated: .*jwk-remote-failed-to-load")

    def admitted() -> bool:
        try:
            return site.get(bearer=site.mint.session(MEMBER)).status == 200
        except OSError:   # no child took the connection over
            return False

    poll(admitted, PATIENCE, "keys are fetched after all")
