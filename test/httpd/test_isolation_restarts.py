# SPDX-License-Identifier: Apache-2.0 - graceful restarts under load: no identity is lost or mixed up, nothing leaks
"""CLERK_RESTARTS says how often."""
from __future__ import annotations

import os
from functools import partial

import pytest

from clerk_site import FETCH, ClerkSite, production
from error_log import poll
from httpd import SANITIZE
from load import Load, admission
from standin.users import ADMIN, MEMBER, SOLO

RESTARTS = int(os.environ.get("CLERK_RESTARTS", "10" if SANITIZE else "50"))
WARMUP = 10
USERS = (ADMIN, MEMBER, SOLO, None)   # the last is nobody
# How much the parent may grow: its allocator settles, and that is all. One kilobyte lost
# with each restart would be more.
GROWTH_KIB = 48


def anonymous_kib(pid: int) -> int:
    """Memory of its own; pages of files come and go."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Anonymous:"))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def restart(site: ClerkSite, load: Load, times: int) -> None:
    """Each generation gets to answer: httpd's prefork starts a child only when an old one has
    gone, which takes until mod_watchdog has let go of its thread."""
    for _ in range(times):
        site.httpd.graceful(wait_for_old=False)
        before = load.answers
        poll(lambda: load.answers > before, 20, "a request is answered after the restart")


@pytest.mark.sanitize
@pytest.mark.parametrize("mpm", ["event", "prefork"], indirect=True)
def test_graceful_restarts_under_load(httpd, mpm, _standin_program):
    site = ClerkSite(httpd, production(_standin_program))
    parent = site.httpd.process.pid
    with Load(*(partial(admission, site, user, FETCH) for user in USERS)) as load:
        restart(site, load, WARMUP)
        before, open_before = anonymous_kib(parent), descriptors(parent)
        restart(site, load, RESTARTS)
        grown = anonymous_kib(parent) - before
        site.httpd.graceful()
    assert load.wrong == []
    assert load.answers > RESTARTS
    assert descriptors(parent) <= open_before + 2
    if not SANITIZE:
        assert grown <= GROWTH_KIB, f"{grown} KiB in {RESTARTS} restarts"
    assert len(site.httpd.children()) >= 1


@pytest.mark.sanitize
def test_restart_takes_up_other_settings(httpd, _standin_program):
    """What was configured before is forgotten: instance, policy, who may in."""
    one, other = production(_standin_program), production(_standin_program)
    site = ClerkSite(httpd, one)
    config = site.httpd.config_file.read_text()
    assert site.get(bearer=one.mint.session(MEMBER)).status == 200
    changed = config.replace(one.publishable_key, other.publishable_key).replace(
        one.secret_key, other.secret_key).replace("Require valid-user", "Require clerk-org acme")
    assert changed != config
    site.httpd.config_file.write_text(changed)
    site.httpd.graceful()
    assert site.get(bearer=one.mint.session(MEMBER)).status == 401
    assert site.get(bearer=other.mint.session(MEMBER)).status == 200
    assert site.get(bearer=other.mint.session(SOLO)).status == 403
    site.log.expect(r"\[authz_core:error\].*AH01631", times=1)
