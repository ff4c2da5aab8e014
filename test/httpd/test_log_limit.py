# SPDX-License-Identifier: Apache-2.0 - clients that are refused cannot fill the log
from __future__ import annotations

import re
import time

from clerk_site import ClerkSite, production
from standin.tokens import alter_signature
from standin.users import MEMBER

REFUSED = r"not authenticated: .*\(reason=token-invalid-signature"


def refuse(site: ClerkSite, times: int) -> None:
    token = alter_signature(site.mint.session(MEMBER))
    for _ in range(times):
        assert site.get(bearer=token).status == 401


def lines(site: ClerkSite) -> list[str]:
    return [line.raw for line in site.log.lines("clerk_auth", pattern=REFUSED)]


def test_refusals_are_logged_until_there_are_too_many(httpd, standin):
    site = ClerkSite(httpd, production(standin), "LogLevel clerk_auth:info")
    refuse(site, 150)
    assert len(lines(site)) == 150
    started = time.monotonic()
    refuse(site, 250)
    assert 200 <= len(lines(site)) <= 202 + (time.monotonic() - started)
    time.sleep(1.5)
    refuse(site, 1)
    left_out = re.search(r"; (\d+) more for this reason were left out$", lines(site)[-1])
    told = sum(map(int, re.findall(r"; (\d+) more for this reason", "\n".join(lines(site)))))
    assert left_out and told + len(lines(site)) == 401
    # another reason has lines of its own
    assert site.get(bearer="no.such.token").status == 401
    assert site.log.lines("clerk_auth", "info")[-1].text.find("token-invalid,") > 0


def test_all_are_logged_at_debug(httpd, standin):
    site = ClerkSite(httpd, production(standin), "LogLevel clerk_auth:debug")
    refuse(site, 260)
    assert len(lines(site)) == 260
