# SPDX-License-Identifier: Apache-2.0 - what is asked of the Backend API about opaque tokens, how often, and what when it does not answer
from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from clerk_site import FETCH, NAVIGATION, api_url, instance_lines, production
from error_log import poll
from httpd import Httpd
from machine_site import (CHALLENGE, ENDPOINTS, SECTION_OF, UNAVAILABLE, UNDECIDED,
                          MachineSite, accepting, facts, outcome, verification)
from standin.users import MEMBER

KINDS = tuple(ENDPOINTS)
PROTECT = accepting("hidden", "api_key", "ClerkResponses protect", "Require valid-user")


def answers(site, path, bearer, times):
    return [site.ask(path, bearer).status for _ in range(times)]


# ---------------------------------------------------------------- which key is sent

def test_m2m_tokens_are_verified_with_the_machine_s_key(httpd, standin):
    """M02: in place of the secret key, and for nothing else."""
    clerk = production(standin)
    site = MachineSite(httpd, standin, f"ClerkMachineSecretKey {clerk.receiver.secret_key}",
                       clerk=clerk)
    token, key, oauth = clerk.new_m2m_token(), clerk.new_api_key(), clerk.new_oauth_token()
    with site.calls() as calls, site.no_leak(clerk.receiver.secret_key):
        for one in (token, key, oauth):
            assert site.ask("any", one.secret).status == 200
    assert calls == [verification("m2m_token", token.secret, clerk.receiver.secret_key),
                     verification("api_key", key.secret, clerk.secret_key),
                     verification("oauth_token", oauth.secret, clerk.secret_key)]
    assert clerk.receiver.secret_key not in site.log.text()


def test_a_machine_s_key_is_enough_for_m2m_tokens(httpd, standin):
    """Neither a secret key nor a publishable key is needed."""
    clerk = production(standin)
    site = MachineSite(httpd, standin, clerk=clerk, sections=accepting("m2m", "m2m_token"),
                       instance=[f"ClerkMachineSecretKey {clerk.receiver.secret_key}",
                                 f"ClerkAPIURL {api_url(clerk)}"])
    site.log.expect(r"\[clerk_auth:warn\].*ClerkAcceptsToken on line \d+ of .*: with "
                    r"ClerkMachineSecretKey alone only opaque M2M tokens \(mt_\.\.\.\) can be "
                    "verified", times=1)
    token = clerk.new_m2m_token()
    with site.calls() as calls:
        assert site.ask("m2m", token.secret).status == 200
    assert calls == [verification("m2m_token", token.secret, clerk.receiver.secret_key)]
    # a JWT's signature could only be judged by a key
    answer = site.ask("m2m", clerk.mint.m2m())
    assert outcome(answer) == (503, "token-verification-failed")
    site.log.expect(UNDECIDED, times=1)


def test_public_keys_are_enough_for_oauth_jwts(httpd, standin):
    """Opaque ones need the secret key, which is told at start."""
    clerk = production(standin)
    site = MachineSite(httpd, standin, clerk=clerk, sections=accepting("oauth", "oauth_token"),
                       instance=[f"ClerkPublishableKey {clerk.publishable_key}",
                                 f"ClerkAPIURL {api_url(clerk)}",
                                 f"ClerkJWKSURL {clerk.jwks_url}"])
    site.log.expect(r"\[clerk_auth:warn\].*ClerkAcceptsToken on line \d+ of .*: without "
                    r"ClerkSecretKey only OAuth tokens that are JWTs can be verified", times=1)
    with site.calls() as calls:
        assert site.ask("oauth", clerk.mint.oauth()).status == 200
        assert outcome(site.ask("oauth", clerk.new_oauth_token().secret)) == (
            503, "secret-key-invalid")
    assert calls == []
    site.log.expect(UNDECIDED, times=1)


# ---------------------------------------------------------------- no usable answer

@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    """An API whose failures are of the test's own making, and asked again each time."""
    return MachineSite(module_httpd, _standin_program, "ClerkAPITimeout 300ms 400ms",
                       "ClerkMachineTokenTTL 0",
                       sections=f"{MachineSite.SECTIONS}\n{PROTECT}")


@pytest.fixture(autouse=True)
def _api_as_ever(_standin_program):
    yield
    _standin_program.clear_faults()


FAULTS = [("answer", {"status": 401}, "secret-key-invalid"),
          ("answer", {"status": 403}, "unexpected-error"),
          ("answer", {"status": 422}, "unexpected-error"),
          ("answer", {"status": 200, "body": "[]"}, "unexpected-error"),
          ("garbage", {}, "unexpected-error"), ("redirect", {"location": "/"}, "unexpected-error"),
          ("truncated", {}, "unexpected-error"), ("endless", {}, "unexpected-error"),
          ("answer", {"status": 500}, "unexpected-error"), ("close", {}, "unexpected-error"),
          ("hang", {}, "unexpected-error")]


@pytest.mark.sanitize
@pytest.mark.parametrize("fault, parameters, reason", FAULTS,
                         ids=[f"{fault} {more.get('status', '')}" for fault, more, _ in FAULTS])
def test_no_usable_answer(site, fault, parameters, reason):
    """M07, M08: 503, never a grant, and asked again; auth.protect() says 401."""
    key = site.clerk.new_api_key()
    site.fault("api_key", fault, **parameters)
    with site.calls() as calls, site.logged("error") as lines, site.no_leak(key.secret):
        for headers in (FETCH, NAVIGATION):
            answer = site.ask("key", key.secret, headers=headers)
            assert outcome(answer) == (503, reason)
            assert int(answer.header("Retry-After")) >= 1
            assert answer.header("Cache-Control") == "no-store"
            assert "WWW-Authenticate" not in answer and answer.location is None
            assert headers == NAVIGATION or answer.body == UNAVAILABLE
        answer = site.ask("hidden", key.secret, headers=NAVIGATION)
        assert outcome(answer) == (401, reason)
        assert answer.header("WWW-Authenticate") == CHALLENGE
        assert "Retry-After" not in answer
    # curl asks once more where a connection that was kept turns out to be closed
    assert 3 <= len(calls) <= (4 if fault == "close" else 3)
    assert set(map(str, calls)) == {str(verification("api_key", key.secret,
                                                     site.clerk.secret_key))}
    assert len(lines) == 3
    assert f"(reason={reason}, token-carrier=header)" in lines[0].text
    site.log.expect(UNDECIDED, times=3)
    site.standin.clear_faults()
    assert site.ask("key", key.secret).status == 200   # which also ends the row of failures


def test_no_connection(httpd, standin):
    """M08: nobody listens there."""
    clerk = production(standin)
    site = MachineSite(httpd, standin, "ClerkAPIURL http://127.0.0.1:1", clerk=clerk)
    answer = site.ask("key", clerk.new_api_key().secret)
    assert outcome(answer) == (503, "unexpected-error")
    site.log.expect(UNDECIDED, times=1)
    site.log.expect(r"the key set at \S+ could not be fetched: Couldn't connect", times=1)


@pytest.mark.parametrize("value, seconds", [("7", "7"), ("abc", "1"), (None, "1"), ("0", "1")])
def test_retry_after(httpd, standin, value, seconds):
    """What the API says is passed on; where it says nothing, when it will be asked again."""
    site = MachineSite(httpd, standin)
    standin.fail_with(f"{site.clerk.name}/backend.api_key_verify", 429, "too_many_requests",
                      retry_after=value)
    key = site.clerk.new_api_key()
    first, second = site.ask("key", key.secret), site.ask("key", key.secret)
    assert outcome(first) == outcome(second) == (503, "unexpected-error")
    assert second.header("Retry-After") == seconds
    assert first.header("Retry-After") == (value if value in ("7",) else
                                           "1" if value == "0" else "5")
    assert site.count("api_key") == 1
    site.log.expect(UNDECIDED, times=2)


def test_time_outs_hold(httpd, standin):
    site = MachineSite(httpd, standin, "ClerkAPITimeout 500ms 700ms")
    for fault in ("hang", "drip"):
        site.fault("api_key", fault, delay=0.2)
        start = time.monotonic()
        assert site.ask("key", site.clerk.new_api_key().secret).status == 503
        assert 0.6 < time.monotonic() - start < 4
        standin.clear_faults()
    site.log.expect(UNDECIDED, times=2)


# ---------------------------------------------------------------- what is remembered

@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_requests_are_one_call(httpd, standin, kind):
    """In a process, for as long as ClerkMachineTokenTTL says."""
    site = MachineSite(httpd, standin, "MaxKeepAliveRequests 0")
    token = {"api_key": site.clerk.new_api_key, "m2m_token": site.clerk.new_m2m_token,
             "oauth_token": site.clerk.new_oauth_token}[kind]()
    path = SECTION_OF[kind]
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: site.ask(path, token.secret).status,
                                    range(1000 if kind == "api_key" else 50)))
    assert set(statuses) == {200}
    assert site.count(kind) == 1


def test_for_how_long(httpd, standin):
    site = MachineSite(httpd, standin, "ClerkMachineTokenTTL 2s")
    key = site.clerk.new_api_key()
    start = time.monotonic()
    assert site.ask("key", key.secret).status == 200
    site.clerk.revoke(key)
    status = site.ask("key", key.secret).status
    assert status == 200 or time.monotonic() - start > 2   # on a machine that is too busy
    time.sleep(2.1)
    assert outcome(site.ask("key", key.secret)) == (401, "token-invalid")
    assert site.count("api_key") == 2


def test_never_beyond_its_expiry(httpd, standin):
    """Whether the API counts in seconds or in milliseconds."""
    site = MachineSite(httpd, standin)
    end = int(time.time()) + 3
    key = site.clerk.new_api_key(expiration=end)
    oauth = site.clerk.new_oauth_token(expiration=end)
    assert site.ask("key", key.secret).status == site.ask("oauth", oauth.secret).status == 200
    time.sleep(max(0.0, end - time.time()) + 0.05)
    assert outcome(site.ask("key", key.secret)) == (401, "token-invalid")
    assert outcome(site.ask("oauth", oauth.secret)) == (401, "token-invalid")


def test_that_a_token_is_no_good_is_forgotten_sooner(httpd, standin):
    """After at most five seconds, or the time for good answers where that is less."""
    site = MachineSite(httpd, standin, "ClerkMachineTokenTTL 1h")
    assert answers(site, "key", "ak_early", 20) == [401] * 20
    assert site.count("api_key") == 1
    site.clerk.new_api_key(secret="ak_early")
    time.sleep(5.1)
    assert site.ask("key", "ak_early").status == 200
    assert site.count("api_key") == 2


def test_nothing_is_remembered_of_a_time_of_none(site):
    key = site.clerk.new_api_key()
    before = site.count("api_key")
    assert answers(site, "key", key.secret, 3) == [200] * 3
    assert answers(site, "key", "ak_nobody", 2) == [401] * 2
    assert site.count("api_key") == before + 5


def test_connections_are_reused(httpd, standin):
    site = MachineSite(httpd, standin, "ClerkMachineTokenTTL 0")
    key = site.clerk.new_api_key()
    site.ask("key", key.secret)
    before = standin.counters()["connections"]
    assert answers(site, "key", key.secret, 20) == [200] * 20
    assert standin.counters()["connections"] == before


# ---------------------------------------------------------------- instances

def test_one_instance_never_answers_for_another(httpd, standin):
    """Neither by what is remembered, nor by its keys."""
    one, two = production(standin), production(standin)
    sections = "\n".join(
        accepting(path, "any", *instance_lines(clerk, api_url(clerk)), "Require valid-user")
        for path, clerk in (("key", one), ("m2m", two)))
    site = MachineSite(httpd, standin, "ClerkMachineTokenTTL 2s", clerk=one, sections=sections)
    key = one.new_api_key()
    for _ in range(2):
        assert site.ask("key", key.secret).status == 200
        assert outcome(site.ask("m2m", key.secret)) == (401, "token-invalid")
    assert standin.counters()["by_instance"][f"{two.name}/backend.api_key_verify"] == 1
    # the same secret, of two instances and two owners
    two.new_api_key(subject="user_two", secret=key.secret)
    time.sleep(2.1)
    assert facts(site.ask("m2m", key.secret))["CLERK_SUBJECT"] == "user_two"
    assert facts(site.ask("key", key.secret))["CLERK_SUBJECT"] == key.subject
    assert site.ask("m2m", one.mint.oauth()).status == 401
    assert site.ask("m2m", two.mint.oauth()).status == 200


def test_a_busy_instance_stops_no_other(httpd, standin):
    one, two = production(standin), production(standin)
    sections = "\n".join(
        accepting(path, "any", *instance_lines(clerk, api_url(clerk)), "Require valid-user")
        for path, clerk in (("key", one), ("m2m", two)))
    site = MachineSite(httpd, standin, clerk=one, sections=sections)
    standin.fail_with(f"{one.name}/backend.api_key_verify", 429, "too_many_requests",
                      retry_after=60)
    assert answers(site, "key", one.new_api_key().secret, 2) == [503] * 2
    assert site.ask("m2m", two.new_api_key().secret).status == 200
    site.log.expect(UNDECIDED, times=2)


# ---------------------------------------------------------------- an API that is busy, or hangs

def test_too_many_requests(httpd, standin):
    """429 with Retry-After: 3 is no call for three seconds; what is known goes on."""
    site = MachineSite(httpd, standin)
    known, other = site.clerk.new_api_key(), site.clerk.new_api_key()
    assert site.ask("key", known.secret).status == 200
    standin.fail_with("*", 429, "too_many_requests", retry_after=3, times=1)
    assert site.ask("key", other.secret).status == 503
    asked_at = time.monotonic()
    before = standin.counters()["total"]
    waits = []
    while time.monotonic() - asked_at < 2.8:
        assert site.ask("key", known.secret).status == 200
        for token in (other.secret, site.clerk.new_m2m_token().secret):
            answer = site.ask("any", token)
            assert answer.status == 503
            waits.append(int(answer.header("Retry-After")))
        time.sleep(0.1)
    assert standin.counters()["total"] == before
    assert waits == sorted(waits, reverse=True) and {waits[0], waits[-1]} <= {1, 2, 3}
    time.sleep(max(0.0, 3.1 - (time.monotonic() - asked_at)))
    assert site.ask("key", other.secret).status == 200
    site.log.expect(UNDECIDED)


def hang(site, count):
    """So many requests, each with a token of its own, of which Clerk says nothing."""
    pool = ThreadPoolExecutor(count)
    found = [pool.submit(site.ask, "key", site.clerk.new_api_key().secret, timeout=30)
             for _ in range(count)]
    pool.shutdown(wait=False)
    return found


def test_connections_are_bounded(httpd, standin):
    """Who would need one more is told so at once."""
    site = MachineSite(httpd, standin, "ClerkAPIConnections 2", "ClerkAPITimeout 1s 2s")
    known = site.clerk.new_api_key()
    assert site.ask("key", known.secret).status == 200
    site.fault("api_key", "hang")
    hanging = hang(site, 2)
    poll(lambda: site.count("api_key") == 3, 5, "two calls under way")
    start = time.monotonic()
    answer = site.ask("key", site.clerk.new_api_key().secret)
    assert time.monotonic() - start < 1
    assert (answer.status, answer.header("Retry-After")) == (503, "1")
    assert site.ask("key", known.secret).status == 200
    assert site.ask("any", site.clerk.mint.oauth()).status == 200
    assert site.count("api_key") == 3
    assert [one.result().status for one in hanging] == [503, 503]
    site.log.expect(UNDECIDED, times=3)
    site.log.expect(r"ClerkAPIConnections requests are under way", times=1)


@pytest.mark.sanitize
def test_a_restart_and_a_stop_while_calls_hang(httpd, standin):
    """Each gets its answer, the new process asks anew, and a stop waits for no API."""
    site = MachineSite(httpd, standin, "ClerkAPITimeout 500ms 1500ms")
    site.log.allow(UNDECIDED)
    site.fault("api_key", "hang")
    hanging = hang(site, 3)
    time.sleep(0.4)
    site.httpd.graceful()
    assert [one.result().status for one in hanging] == [503] * 3
    standin.clear_faults()
    assert site.ask("key", site.clerk.new_api_key().secret).status == 200
    site.fault("api_key", "hang")
    hang(site, 3)
    time.sleep(0.4)   # now the server stops: all its processes end as they should


@pytest.mark.all_mpms
def test_a_stop_breaks_calls_off(mpm, standin):
    """Else httpd would say AH00045 after three seconds, and kill the process after ten."""
    with ExitStack() as servers:
        site = MachineSite(lambda config, **options: servers.enter_context(
            Httpd(config, mpm=mpm, **options)), standin, "ClerkAPITimeout 1s 20s")
        site.log.allow(UNDECIDED)
        site.fault("api_key", "hang")
        hang(site, 2)
        poll(lambda: site.count("api_key") == 2, 5, "both calls are under way")


def test_a_breaker_spares_an_api_that_is_down(httpd, standin):
    """After five failures nobody asks for a second; then one asks for all."""
    site = MachineSite(httpd, standin)
    site.fault("api_key", "answer", status=500)
    statuses = [site.ask("key", site.clerk.new_api_key().secret).status for _ in range(12)]
    assert statuses == [503] * 12
    calls = site.count("api_key")
    assert 5 <= calls <= 7   # and a probe or two on a machine that is busy

    def ask():
        return site.ask("key", site.clerk.new_api_key().secret).status

    poll(lambda: ask() == 503 and site.count("api_key") > calls, 10, "a probe")
    assert site.count("api_key") == calls + 1
    standin.clear_faults()
    poll(lambda: ask() == 200, 10, "the API is asked again")
    site.log.expect(UNDECIDED)


def test_junk_opens_no_breaker(httpd, standin):
    """Else anybody could lock machines out."""
    site = MachineSite(httpd, standin)
    assert [site.ask("key", f"ak_junk{n}").status for n in range(20)] == [401] * 20
    assert site.ask("key", site.clerk.new_api_key().secret).status == 200


THREADS = """
<IfModule mpm_event_module>
    ThreadsPerChild 25
    MaxRequestWorkers 50
    ServerLimit 2
    StartServers 2
    MinSpareThreads 1
    MaxSpareThreads 50
</IfModule>"""


@pytest.mark.parametrize("same", [False, True], ids=["many tokens", "one token"])
def test_an_api_that_hangs_takes_not_the_server_with_it(httpd, standin, same):
    """Two hundred machines call; who wants something else is served as ever."""
    site = MachineSite(httpd, standin, THREADS, "ClerkAPITimeout 2s 3s")
    session = site.clerk.mint.session(MEMBER)
    assert site.ask("app", session).status == 200   # keys are there
    site.fault("api_key", "hang")
    tokens = [site.clerk.new_api_key().secret for _ in range(1 if same else 200)]
    pool = ThreadPoolExecutor(200)
    start = time.monotonic()
    machines = [pool.submit(site.ask, "key", tokens[n % len(tokens)], timeout=60)
                for n in range(200)]
    time.sleep(0.8)
    spent = []
    while time.monotonic() - start < 2.5:
        for ask in (lambda: site.get("/index.txt"), lambda: site.ask("app", session)):
            began = time.monotonic()
            assert ask().status == 200
            spent.append(time.monotonic() - began)
    assert max(spent) < 1.5, sorted(spent)[-5:]
    assert {one.result().status for one in machines} == {503}
    print(f"unrelated requests meanwhile: {len(spent)}, slowest {max(spent) * 1000:.0f} ms; "
          f"machines answered after {time.monotonic() - start:.1f} s, "
          f"{site.count('api_key')} calls")
    site.log.expect(UNDECIDED)
