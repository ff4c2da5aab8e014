# SPDX-License-Identifier: Apache-2.0 - when the cache server is killed, frozen, or comes and goes
"""A frozen server (SIGSTOP) accepts connections and never answers: httpd's own modules for redis
and memcache would wait for it without end. CLERK_FREEZE_SECONDS says how long it is frozen."""
from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import Iterator

import pytest

from cache_server import KINDS, CacheServer
from error_log import poll
from httpd import SANITIZE
from load import Load
from machine_site import MachineSite, facts
from standin.users import ADMIN, MEMBER, SOLO

BOUND = 0.2                            # what a request may lose to the cache server
SLACK = 6.0 if SANITIZE else 2.0       # seconds that a busy machine may add
FREEZE_SECONDS = float(os.environ.get("CLERK_FREEZE_SECONDS", "3" if SANITIZE else "30"))
GONE = r"the shared cache \S+ fails: this process goes on without it"
BACK = r"the shared cache \S+ is back"
PROCESSES = 2


@contextmanager
def caches() -> Iterator[list[CacheServer]]:
    """One of each kind."""
    with CacheServer(KINDS[0]) as one, CacheServer(KINDS[1]) as other:
        yield [one, other]


def site_with(httpd, standin, cache: CacheServer, **options) -> MachineSite:
    site = MachineSite(httpd, standin, cache.directive, "ClerkMachineTokenTTL 600s",
                       modules=[cache.module], **{"processes": PROCESSES, **options})
    for line in (GONE, BACK):
        site.log.allow(line)
    return site


class FourKinds(Load):
    """Requests of four kinds, all the time; `wrong` must stay empty.

    static   has nothing to do with the module      session  a JWT, a key set that is known
    cached   a token that each process knows        fresh    a new token each time
    """

    NAMES = ("static", "session", "cached", "fresh")

    def __init__(self, site: MachineSite):
        super().__init__(*(partial(self._ask, kind) for kind in self.NAMES), pause=0.04)
        self.site = site
        self._known = site.clerk.new_api_key(ADMIN.id)
        for _ in range(8 * PROCESSES):
            self._cached()
            self._session()

    def _ask(self, kind: str) -> str | None:
        wrong = getattr(self, f"_{kind}")()
        return wrong and f"{kind}: {wrong}"

    def _static(self) -> str | None:
        answer = self.site.get("/index.txt")
        return None if answer.status == 200 else f"{answer.status}"

    def _session(self) -> str | None:
        answer = self.site.get(bearer=self.site.mint.session(MEMBER))
        user = facts(answer).get("CLERK_USER_ID")
        return None if (answer.status, user) == (200, MEMBER.id) else f"{answer.status} {user}"

    def _cached(self) -> str | None:
        return self._of(self._known)

    def _fresh(self) -> str | None:
        return self._of(self.site.clerk.new_api_key(SOLO.id))

    def _of(self, token) -> str | None:
        answer = self.site.ask("key", token.secret)
        subject = facts(answer).get("CLERK_SUBJECT")
        return None if (answer.status, subject) == (200, token.subject) else \
            f"{answer.status} {subject}"

    def judge(self) -> None:
        assert self.wrong == []
        for kind, took in zip(self.NAMES, self.took):
            assert len(took) > 10, kind
            typical, longest = sorted(took)[len(took) // 2], max(took)
            assert longest < BOUND + SLACK, f"{kind}: {longest}"
            assert typical < BOUND, f"{kind}: each waits {typical}"


def said(site: MachineSite, line: str) -> int:
    return len(site.log.lines("clerk_auth", pattern=line))


def is_back(site: MachineSite, cache: CacheServer) -> bool:
    """A process puts what it learns into the cache again."""
    known = len(cache.entries())
    site.ask("key", site.clerk.new_api_key(SOLO.id).secret)
    time.sleep(0.1)
    return len(cache.entries()) > known


def test_a_cache_server_is_killed_in_mid_load(httpd, standin):
    """And comes back empty: nothing wrong, nothing waits, said once when it goes and comes."""
    with caches() as servers:
        sites = [site_with(httpd, standin, cache) for cache in servers]
        loads = [FourKinds(site) for site in sites]
        with loads[0], loads[1]:
            time.sleep(0.5)
            for cache in servers:
                cache.kill()
            for site in sites:
                poll(lambda: said(site, GONE) == PROCESSES, 20, "both processes said it")
            time.sleep(1)
            for cache in servers:
                cache.start()
            for site in sites:
                poll(lambda: said(site, BACK) == PROCESSES, 30, "both processes are back")
            time.sleep(0.5)
        for site, load in zip(sites, loads):
            load.judge()
            assert (said(site, GONE), said(site, BACK)) == (PROCESSES, PROCESSES)
        poll(lambda: is_back(sites[0], servers[0]), 10, "answers are in redis again")


def test_a_cache_server_is_frozen(httpd, standin):
    """Stopped for 30 seconds: 0 wrong answers, cached and unrelated requests as before, the
    others delayed by at most the bound."""
    with caches() as servers:
        sites = [site_with(httpd, standin, cache) for cache in servers]
        loads = [FourKinds(site) for site in sites]
        with loads[0], loads[1]:
            time.sleep(0.5)
            for cache in servers:
                cache.freeze()
            time.sleep(FREEZE_SECONDS)
            for site in sites:
                assert 1 <= said(site, GONE) <= PROCESSES
                assert said(site, BACK) == 0
            for cache in servers:
                cache.thaw()
            for site in sites:
                poll(lambda: said(site, BACK) == said(site, GONE), 30, "it is back")
            time.sleep(0.5)
        for load in loads:
            load.judge()
        poll(lambda: is_back(sites[0], servers[0]), 10, "answers are in redis again")


# ---------------------------------------------------------------- processes end meanwhile

@pytest.mark.sanitize
@pytest.mark.parametrize("mpm", ["event", "prefork"], indirect=True)
@pytest.mark.parametrize("cache", KINDS, indirect=True)
def test_restarts_while_it_is_frozen(cache, httpd, mpm, standin):
    """A thread of each process hangs in httpd's module; nobody waits for it at the end."""
    site = site_with(httpd, standin, cache)
    ask_fresh(site)
    cache.freeze()
    for _ in range(2):
        ask_fresh(site)
        site.httpd.graceful()
    ask_fresh(site)
    child = min(site.httpd.children())
    site.log.killed.add(child)
    os.kill(child, signal.SIGKILL)
    poll(lambda: child not in site.httpd.children(), 20, "the child has ended")
    ask_fresh(site)


@pytest.mark.sanitize
@pytest.mark.parametrize("mpm", ["event", "prefork"], indirect=True)
def test_children_are_killed_under_the_lock_of_shmcb(httpd, mpm, standin):
    """Whoever dies with the lock leaves it to the next."""
    site = MachineSite(httpd, standin, processes=4)
    site.log.allow("AH10392: children are killed successively")
    over = threading.Event()
    wrong: list[str] = []

    def ask() -> None:
        while not over.is_set():
            try:
                ask_fresh(site, 1)
            except OSError:
                pass   # the child that was asked has just been killed
            except AssertionError as problem:
                wrong.append(str(problem))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        time.sleep(0.1)
        for child in list(site.httpd.children())[:1]:
            site.log.killed.add(child)
            os.kill(child, signal.SIGKILL)
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    ask_fresh(site, 20)
    site.httpd.graceful()
    ask_fresh(site, 20)


def ask_fresh(site: MachineSite, times: int = 8) -> None:
    for _ in range(times):
        answer = site.ask("key", site.clerk.new_api_key(SOLO.id).secret)
        assert (answer.status, facts(answer).get("CLERK_SUBJECT")) == (200, SOLO.id)
