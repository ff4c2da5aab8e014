# SPDX-License-Identifier: Apache-2.0 - answers about machine tokens that processes and servers share
from __future__ import annotations

import threading
import time

import pytest

from cache_server import KINDS, CacheServer
from error_log import poll
from machine_site import ENDPOINTS, MachineSite, UNDECIDED, facts
from standin.users import ADMIN, MEMBER, SOLO

ON_ITS_WAY = 0.3   # seconds for a put that no answer waited for


def site_with(httpd, standin, cache: CacheServer, *lines: str, **options) -> MachineSite:
    return MachineSite(httpd, standin, cache.directive, *lines, modules=[cache.module],
                       **options)


def twin(httpd, site: MachineSite, cache: CacheServer, *lines: str, **options) -> MachineSite:
    """Another server for the same Clerk instance, with the same cache server."""
    return site_with(httpd, site.standin, cache, *lines, clerk=site.clerk, **options)


def admitted(site: MachineSite, token, path: str = "key") -> None:
    answer = site.ask(path, token.secret)
    assert (answer.status, facts(answer).get("CLERK_SUBJECT")) == (200, token.subject)


def together(count: int, threads: int, ask) -> list:
    """What `ask(number)` returned for so many numbers, asked by several threads."""
    got, numbers = [], iter(range(count))
    lock = threading.Lock()

    def run() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            got.append(ask(number))

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return got


# ---------------------------------------------------------------- servers

def tokens_of(clerk) -> dict:
    return {"api_key": clerk.new_api_key(MEMBER.id), "m2m_token": clerk.new_m2m_token(),
            "oauth_token": clerk.new_oauth_token(MEMBER)}


@pytest.mark.sanitize
@pytest.mark.parametrize("cache", KINDS, indirect=True)
def test_two_servers_share_one_call(cache, httpd, standin):
    one = site_with(httpd, standin, cache)
    other = twin(httpd, one, cache, mpm="prefork")
    for kind, token in tokens_of(one.clerk).items():
        path = {"api_key": "key", "m2m_token": "m2m", "oauth_token": "oauth"}[kind]
        admitted(one, token, path)
        time.sleep(ON_ITS_WAY)
        for _ in range(6):
            admitted(other, token, path)
        assert one.count(kind) == 1, kind
    for site in (one, other):
        assert site.ask("key", "ak_unknown").status == 401
        time.sleep(ON_ITS_WAY)
    assert one.count("api_key") == 2, "that a token is no good is shared too"


def test_servers_of_another_secret_share_nothing(redis, httpd, standin):
    """Of one Clerk instance, and yet neither can read what the other puts."""
    standin.reset()
    one = site_with(httpd, standin, redis)
    token = one.clerk.new_api_key(MEMBER.id)
    admitted(one, token)
    time.sleep(ON_ITS_WAY)
    stranger = twin(httpd, one, redis, "ClerkSecretKey sk_live_another")
    assert stranger.ask("key", token.secret).status == 503
    stranger.log.expect(UNDECIDED)
    stranger.log.allow(r"the key set at .* could not be fetched: .* secret key is not valid")
    assert one.count("api_key") == 1
    assert standin.count("backend.api_key_verify") == 2, "the stranger asked, and was refused"


# ---------------------------------------------------------------- the processes of one server

@pytest.mark.parametrize("mpm", ["event", "prefork"], indirect=True)
@pytest.mark.parametrize("shared_by", ["shmcb", "redis"])
def test_a_thousand_requests_are_one_call(redis, httpd, mpm, standin, shared_by):
    """1,000 requests with one API key over four processes: one verify call per TTL."""
    if shared_by == "redis":
        site = site_with(httpd, standin, redis, processes=4)
    else:
        site = MachineSite(httpd, standin, processes=4)
    token = site.clerk.new_api_key(MEMBER.id)
    site.fault("api_key", "slow", delay=0.2, times=1)
    statuses = together(1000, 12, lambda _: site.ask("key", token.secret).status)
    assert statuses == [200] * 1000
    assert site.count("api_key") == 1


def test_a_call_per_ttl(httpd, standin):
    site = MachineSite(httpd, standin, "ClerkMachineTokenTTL 3s", processes=4)
    token = site.clerk.new_api_key(MEMBER.id)
    for calls in (1, 2):
        begun = time.monotonic()
        together(40, 8, lambda _: admitted(site, token))
        assert site.count("api_key") == calls
        time.sleep(max(0, begun + 3.2 - time.monotonic()))


def test_a_ttl_of_zero_keeps_nothing_anywhere(redis, httpd, standin):
    site = site_with(httpd, standin, redis, "ClerkMachineTokenTTL 0")
    token = site.clerk.new_api_key(MEMBER.id)
    poll(lambda: len(redis.entries()) == 1, 5, "the key set is in redis")
    for _ in range(3):
        admitted(site, token)
    time.sleep(ON_ITS_WAY)
    assert site.count("api_key") == 3
    assert len(redis.entries()) == 1


def test_retry_after_stops_the_whole_server(httpd, standin):
    """429 with `Retry-After: 3` to one of four processes: no call of any for 3 s."""
    site = MachineSite(httpd, standin, processes=4)
    known = site.clerk.new_api_key(SOLO.id)
    admitted(site, known)
    standin.fail_with(f"{site.clerk.name}/backend.api_key_verify", 429, "too_many_requests",
                      retry_after=3)
    site.log.allow(UNDECIDED)
    fresh = [site.clerk.new_api_key(MEMBER.id) for _ in range(200)]
    begun = time.monotonic()
    assert site.ask("key", fresh[0].secret).status == 503
    assert site.count("api_key") == 2
    number = 0
    while time.monotonic() < begun + 2.7:
        number += 1
        answer = site.ask("key", fresh[number % len(fresh)].secret)
        assert (answer.status, 1 <= int(answer.header("Retry-After")) <= 3) == (503, True)
        admitted(site, known)
    assert site.count("api_key") == 2
    standin.clear_faults()
    time.sleep(max(0, begun + 3.1 - time.monotonic()))
    admitted(site, fresh[0])
    assert site.count("api_key") == 3


# ---------------------------------------------------------------- who has the cache server

class Intruder:
    """Reads and writes redis, and has seen which key came with which token."""

    def __init__(self, redis: CacheServer, site: MachineSite):
        self.redis, self.site = redis, site
        poll(lambda: len(redis.entries()) == 1, 5, "the key set is in redis")

    def entry_of(self, token) -> tuple[bytes, bytes]:
        """Key and value, read at once: what has a short life may soon be gone."""
        before, fresh = set(self.redis.entries()), {}

        def is_there() -> bool:
            fresh.update({key: value for key, value in self.redis.entries().items()
                          if key not in before})
            return bool(fresh)

        admitted(self.site, token)
        poll(is_there, 5, "the answer is in redis")
        (entry,) = fresh.items()
        return entry

    def value_of(self, key: bytes) -> bytes:
        return self.redis.entries()[key]

    def plant(self, key: bytes, value: bytes) -> None:
        assert self.redis.command("SET", key, value, "EX", "600") == b"OK"


def test_what_is_planted_is_ignored(redis, httpd, standin):
    """Another key's entry under this key, altered ones, old ones, junk, too much of it."""
    writer = site_with(httpd, standin, redis, "ClerkMachineTokenTTL 60s")
    intruder = Intruder(redis, writer)
    admin, solo = writer.clerk.new_api_key(ADMIN.id), writer.clerk.new_api_key(SOLO.id)
    (_, of_another), (of_solo, good) = intruder.entry_of(admin), intruder.entry_of(solo)
    planted = {"another token's": of_another, "empty": b"", "junk": b"x" * 300,
               "JSON": b'{"object":"api_key","id":"ak_1","subject":"user_evil"}',
               "cut off": good[:-1], "longer": good + b"\0", "too long": b"\1" * 500_000,
               "put in the future": good[:1] + b"\x3f" * 8 + good[9:],
               "kept for ever": good[:9] + b"\x3f" * 8 + good[17:],
               "altered": good[:60] + bytes([good[60] ^ 1]) + good[61:]}
    reader = twin(httpd, writer, redis)
    for number, (what, value) in enumerate(planted.items(), 1):
        intruder.plant(of_solo, value)
        reader.httpd.graceful()   # forgets what its processes know
        admitted(reader, solo)
        assert writer.count("api_key") == 2 + number, what
        poll(lambda: intruder.value_of(of_solo) != value, 5, "the reader's answer is in redis")
    intruder.plant(of_solo, good)
    reader.httpd.graceful()
    admitted(reader, solo)
    assert writer.count("api_key") == 2 + len(planted), "and the good one is good"


def test_what_is_over_is_ignored(redis, httpd, standin):
    """An entry that is put back when its time has passed."""
    site = site_with(httpd, standin, redis, "ClerkMachineTokenTTL 2s")
    token = site.clerk.new_api_key(MEMBER.id)
    intruder = Intruder(redis, site)
    key, old = intruder.entry_of(token)
    time.sleep(2.1)
    site.clerk.revoke(token)
    intruder.plant(key, old)
    assert site.ask("key", token.secret).status == 401
    assert site.count("api_key") == 2


def test_nothing_can_be_read_in_the_cache_server(redis, httpd, standin):
    site = site_with(httpd, standin, redis)
    tokens = tokens_of(site.clerk)
    for kind, token in tokens.items():
        admitted(site, token, {"api_key": "key", "m2m_token": "m2m",
                               "oauth_token": "oauth"}[kind])
    site.admitted(MEMBER, target="/app/page.txt", bearer=site.mint.session(MEMBER))
    poll(lambda: len(redis.entries()) == 4, 5, "three answers and a key set are in redis")
    dump = b"\n".join(part for entry in redis.entries().items() for part in entry)
    told = [site.clerk.secret_key, site.clerk.publishable_key, site.clerk.kid, MEMBER.id,
            "api_key", "subject", "user_", "org_", "scopes", "keys", "RSA"]
    told += [part for token in tokens.values() for part in (token.secret, token.id,
                                                            token.subject)]
    for secret in told:
        assert secret.encode() not in dump, secret
        assert secret.encode().hex().encode() not in dump, secret


# ---------------------------------------------------------------- restarts

@pytest.mark.parametrize("mpm", ["event", "prefork"], indirect=True)
def test_a_graceful_restart_forgets_no_answer(httpd, mpm, standin):
    site = MachineSite(httpd, standin, processes=2)
    token = site.clerk.new_api_key(MEMBER.id)
    admitted(site, token)
    for kind in ENDPOINTS:
        site.fault(kind, "answer", status=500)
    for _ in range(2):
        site.httpd.graceful()
        for _ in range(8):
            admitted(site, token)
    assert site.count("api_key") == 1
