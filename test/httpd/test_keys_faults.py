# SPDX-License-Identifier: Apache-2.0 - when the source of the keys is down, slow, or answers nonsense
"""A token that cannot be checked is neither good nor bad: 503, and never let through."""
from __future__ import annotations

import json
import re
import socket
import threading
import time

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, api_url, production, seen
from error_log import poll
from httpd import SANITIZE, free_port
from standin.keys import SigningKey, ec_key, new_rsa_key
from standin.users import MEMBER

FAILED = "jwk-remote-failed-to-load"
SLACK = 3.0 if SANITIZE else 1.0   # seconds that a busy machine may add


@pytest.fixture
def clerk(standin):
    standin.reset()
    return production(standin)


def undecided(site, reason, detail, carrier="header", **how):
    """Ask, and assert a 503 that says to come back, and one line at level error."""
    with site.logged() as lines, site.no_leak(how.get("bearer"), how.get("session")):
        answer = site.get(**how)
    what = f"{answer.status} {seen(answer)}\n{lines}"
    assert (answer.status, seen(answer).reason, seen(answer).user) == (503, reason, None), what
    assert int(answer.header("Retry-After")) > 0
    assert answer.header("Cache-Control") == "no-store"
    assert "WWW-Authenticate" not in answer
    assert [line.level for line in lines] == ["error"], what
    assert re.search(rf"not authenticated: .*{detail}.* \(reason={reason}, "
                     rf"token-carrier={carrier}\)", lines[0].text), what
    assert site.clerk.secret_key not in site.log.text()
    site.log.expect(r"\[clerk_auth:error\].*not authenticated: .*reason=" + reason)
    return answer


def without_keys(httpd, clerk, *lines, **options):
    """A site whose source failed at start, which is said once."""
    site = ClerkSite(httpd, clerk, *lines, **options)
    site.log.expect(r"\[clerk_auth:error\].*the key set at \S+ could not be fetched: .*; "
                    "there are no keys that may serve", times=1)
    return site


# ---------------------------------------------------------------- answers that are none

def key_set(*keys) -> str:
    return json.dumps({"keys": list(keys)})


def short_key() -> dict:
    return SigningKey(new_rsa_key(1024), "ins_short").jwk()


def curve_key() -> dict:
    assert ec_key()
    return {"kty": "EC", "crv": "P-256", "kid": "ins_curve", "x": "AA", "y": "AA"}


def body(text: str, status: int = 200) -> dict:
    return {"kind": "answer", "status": status, "body": text}


def error_list(code: str) -> str:
    return json.dumps({"errors": [{"code": code, "message": "m"}]})


# Fault, reason, what the log says, how often the source is asked.
FAULTS = [
    ("W11 500", body("{}", 500), FAILED, "5xx", 5),
    ("503 until much later", {**body("{}", 503), "headers": [["Retry-After", "60"]]},
     FAILED, "5xx", 1),
    ("connection closed", {"kind": "close"}, FAILED, "", 5),
    ("cut off", {"kind": "truncated"}, FAILED, "", 5),
    ("429", body(error_list("too_many_requests"), 429), FAILED, "429", 1),
    ("401", body(error_list("authorization_invalid"), 401), FAILED, "401", 1),
    ("W12 401", body(error_list("clerk_key_invalid"), 401), "secret-key-invalid",
     "secret key is not valid", 1),
    ("403", body("no", 403), FAILED, "403", 1),
    ("404", body("no", 404), FAILED, "404", 1),
    ("400", body("no", 400), FAILED, "4xx", 1),
    ("204", body("", 204), FAILED, "another status", 1),
    ("a set under status 201", body(key_set(), 201), FAILED, "another status", 1),
    ("empty body", body(""), FAILED, "", 1),
    ("garbage", {"kind": "garbage"}, FAILED, "", 1),
    ("HTML", body("<!doctype html><title>Welcome</title>"), FAILED, "", 1),
    ("null", body("null"), FAILED, "", 1),
    ("a list", body("[]"), FAILED, "", 1),
    ("W13 no keys", body('{"keys":[]}'), FAILED, "", 1),
    ("keys missing", body("{}"), FAILED, "", 1),
    ("keys no list", body('{"keys":{}}'), FAILED, "", 1),
    ("keys no objects", body('{"keys":[null,1,"x",[]]}'), FAILED, "", 1),
    ("two lists of keys", body('{"keys":[],"keys":[]}'), FAILED, "", 1),
    ("no usable key: too short", body(key_set(short_key())), FAILED, "", 1),
    ("no usable key: a curve", body(key_set(curve_key())), FAILED, "", 1),
    ("nested deeply", body('{"keys":' + "[" * 20_000), FAILED, "", 1),
    ("huge", body('{"keys":[],"pad":"' + "x" * 2_000_000 + '"}'), FAILED, "too large", 1),
    ("endless", {"kind": "endless"}, FAILED, "too large", 1),
    ("bytes behind", body(key_set() + "x"), FAILED, "", 1),
]


@pytest.mark.parametrize("fault, reason, detail, asked", [row[1:] for row in FAULTS],
                         ids=[row[0] for row in FAULTS])
def test_answer_of_the_key_source(httpd, standin, clerk, fault, reason, detail, asked):
    """W11, W12, W13: the source was asked at start, and the failure is remembered."""
    standin.fault("backend.jwks", **fault)
    site = without_keys(httpd, clerk, "ClerkAPITimeout 2s 10s", "ClerkKeyMinInterval 60s")
    for _ in range(2):
        undecided(site, reason, detail, bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") == asked


@pytest.mark.sanitize
@pytest.mark.parametrize("carrier", ["header", "cookie"])
def test_who_is_told_and_how(httpd, standin, clerk, carrier):
    """F16: no key, no session; by either carrier, for browser and script."""
    standin.fault("backend.jwks", "answer", status=404)
    site = without_keys(httpd, clerk)
    how = {"bearer" if carrier == "header" else "session": site.mint.session(MEMBER)}
    told = undecided(site, FAILED, "404", carrier, headers=FETCH, **how)
    assert told.json()["error"] == "temporarily_unavailable"
    undecided(site, FAILED, "404", carrier, headers=NAVIGATION, **how)
    assert standin.count("backend.jwks") == 1, "remembered for a while"
    site.refused("session-token-and-uat-missing", "none")
    site.refused("token-invalid", bearer="a.b.c")


def test_a_wrong_secret_key(httpd, standin, clerk):
    """W12, as Clerk answers."""
    wrong = "sk_live_not_the_one_at_all"
    site = without_keys(httpd, clerk, f"ClerkSecretKey {wrong}")
    undecided(site, "secret-key-invalid", "secret key is not valid",
              bearer=site.mint.session(MEMBER))
    assert wrong not in site.log.text()
    assert standin.count("backend.jwks") == 1


def test_a_redirect_is_not_followed(httpd, standin, clerk):
    """The secret key would go along."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.2)
        port = trap.getsockname()[1]
        standin.fault("backend.jwks", "redirect", location=f"http://127.0.0.1:{port}/v1/jwks")
        site = without_keys(httpd, clerk)
        undecided(site, FAILED, "3xx", bearer=site.mint.session(MEMBER))
        with pytest.raises(TimeoutError):
            trap.accept()


def test_nobody_listens(httpd, clerk):
    site = without_keys(httpd, clerk, f"ClerkAPIURL http://127.0.0.1:{free_port()}",
                        "ClerkAPITimeout 500ms 1s", keys=False)
    started = time.monotonic()
    assert site.get(bearer=site.mint.session(MEMBER)).status == 503
    assert time.monotonic() - started < 1 + SLACK
    site.log.expect(r"\[clerk_auth:error\].*not authenticated: .*reason=" + FAILED, times=1)


def test_an_odd_key_spoils_no_other(httpd, standin, clerk):
    """Keys that cannot be used are passed over."""
    standin.fault("backend.jwks", "answer", status=200, body=key_set(
        curve_key(), short_key(), {"kty": "RSA"}, {"kty": "oct", "k": "AA", "kid": clerk.kid},
        clerk.key.jwk()))
    site = ClerkSite(httpd, clerk)
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))


# ---------------------------------------------------------------- time

@pytest.mark.sanitize
@pytest.mark.parametrize("kind, options", [("hang", {}), ("drip", {"delay": 0.2}),
                                           ("slow", {"delay": 5.0})])
def test_a_slow_source(httpd, standin, clerk, kind, options):
    """503 within ClerkAPITimeout, retries included, to a request before the first keys."""
    standin.fault("backend.jwks", kind, **options)
    site = without_keys(httpd, clerk, "ClerkAPITimeout 500ms 1s", keys=False)
    started = time.monotonic()
    assert site.get(bearer=site.mint.session(MEMBER)).status == 503
    assert time.monotonic() - started < 1 + SLACK
    site.log.expect(r"\[clerk_auth:error\].*not authenticated: .*reason=" + FAILED, times=1)


def test_slow_but_in_time(httpd, standin, clerk):
    standin.fault("backend.jwks", "slow", delay=0.6)
    site = ClerkSite(httpd, clerk, "ClerkAPITimeout 2s 5s", keys=False)
    assert site.get(bearer=site.mint.session(MEMBER)).status == 200
    assert standin.count("backend.jwks") == 1


def test_a_fault_that_passes(httpd, standin, clerk):
    """W11: the second of five attempts succeeds; nothing is logged."""
    standin.fault("backend.jwks", "answer", times=1, status=500)
    site = ClerkSite(httpd, clerk)
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") == 2


def together(count, ask):
    """Ask from so many threads at once; the statuses and how long the slowest took."""
    statuses, ready = [], threading.Barrier(count + 1)

    def run(number):
        ready.wait()
        statuses.append(ask(number).status)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.monotonic()
    for thread in threads:
        thread.join()
    return sorted(statuses), time.monotonic() - started


@pytest.mark.sanitize
def test_many_wait_for_one_fetch(httpd, standin, clerk):
    standin.fault("backend.jwks", "slow", times=1, delay=1)
    site = ClerkSite(httpd, clerk, keys=False)
    token = site.mint.session(MEMBER)
    statuses, _ = together(8, lambda _: site.get(bearer=token))
    assert statuses == [200] * 8
    assert standin.count("backend.jwks") == 1


def test_many_wait_for_a_fetch_that_hangs(httpd, standin, clerk):
    """They wait side by side, not one behind the other."""
    standin.fault("backend.jwks", "hang")
    site = without_keys(httpd, clerk, "ClerkAPITimeout 500ms 1s", keys=False)
    token = site.mint.session(MEMBER)
    statuses, took = together(8, lambda _: site.get(bearer=token))
    assert statuses == [503] * 8
    assert took < 1 + SLACK
    site.log.expect(r"\[clerk_auth:error\].*not authenticated: .*reason=" + FAILED, times=8)


def test_a_stranger_s_key_id_delays_nobody(httpd, standin, clerk):
    """While an unknown kid is asked for in vain, known keys serve on at once."""
    site = ClerkSite(httpd, clerk, "ClerkAPITimeout 500ms 2s", "ClerkKeyMinInterval 100ms")
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    time.sleep(0.15)
    standin.fault("backend.jwks", "hang")
    stranger = site.mint.session(MEMBER, header={"kid": "ins_stranger"})
    waiting = threading.Thread(target=site.get, kwargs={"bearer": stranger})
    waiting.start()
    poll(lambda: standin.count("backend.jwks") == 2, 5, "the stranger's key is asked for")
    started = time.monotonic()
    for _ in range(10):
        assert site.get(bearer=site.mint.session(MEMBER)).status == 200
    assert time.monotonic() - started < 1, "the fetch hangs for 2 s"
    waiting.join()
    site.log.expect(r"\[clerk_auth:error\].*reason=" + FAILED, times=1)
    site.log.expect(r"\[clerk_auth:warn\].*could not be fetched: .*; the known keys are \d+ s old",
                    times=1)


def test_known_keys_outlive_an_outage(httpd, standin, clerk):
    """ClerkKeyMaxStale: so long and no longer; a later answer ends the outage."""
    site = ClerkSite(httpd, clerk, "ClerkKeyRefresh 300ms", "ClerkKeyMaxStale 4s",
                     "ClerkKeyMinInterval 100ms", "ClerkAPITimeout 200ms 400ms")
    standin.fault("backend.jwks", "answer", status=404)
    down = time.monotonic()
    tried = standin.count("backend.jwks")
    poll(lambda: standin.count("backend.jwks") >= tried + 3, 20, "it is tried again and again")
    if time.monotonic() - down < 3:   # the last set was at most 0.3 s old
        site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    time.sleep(max(0.0, 4.2 - (time.monotonic() - down)))
    undecided(site, FAILED, "404", bearer=site.mint.session(MEMBER))
    site.log.expect(r"\[clerk_auth:warn\].*the known keys are \d+ s old", times=1)
    standin.clear_faults()
    site.log.wait_for("was fetched again after failures", 20)
    site.log.expect(r"\[clerk_auth:notice\].*was fetched again after failures: keys: 1", times=1)
    assert site.get(bearer=site.mint.session(MEMBER)).status == 200


# ---------------------------------------------------------------- the way there

def test_a_proxy_on_the_way(httpd, standin, clerk):
    """ClerkAPIProxy gets the absolute form of the target; the stand-in reads it, too."""
    site = without_keys(httpd, clerk, f"ClerkAPIURL http://localhost:{free_port()}/api",
                        f"ClerkAPIProxy {api_url(clerk)}")
    with site.logged():
        site.get(bearer=site.mint.session(MEMBER))
    (request, *_) = standin.requests()
    assert request["path"] == "/api/v1/jwks"
    site.log.expect(r"\[clerk_auth:error\].*404")


def test_proxies_of_the_environment_do_not_count(httpd, clerk):
    nowhere = f"http://127.0.0.1:{free_port()}"
    site = ClerkSite(httpd, clerk, env={"http_proxy": nowhere, "HTTP_PROXY": nowhere,
                                        "all_proxy": nowhere, "https_proxy": nowhere})
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
