# SPDX-License-Identifier: Apache-2.0 - settings that send browsers somewhere: what cannot work does not start
from __future__ import annotations

import pytest

from clerk_site import FETCH, NAVIGATION, ClerkSite, development, production
from standin import publishable_key
from test_configuration import PK, SECRET, assert_refused
from test_configuration_section import says
from test_configuration_whole import host, section

DEV = f"ClerkPublishableKey {publishable_key.encode('happy-hippo-12.clerk.accounts.dev', live=False)}"
LIVE = f"ClerkPublishableKey {PK}"
KEY = f"ClerkSecretKey {SECRET}"
SATELLITE = "ClerkSatellite On\nClerkDomain satellite.example"
PRIMARY = "ClerkSignInURL https://primary.example/sign-in"

NO_PAGE = ("ClerkSatellite On with a development instance needs ClerkSignInURL, the sign-in page "
           "of the primary site")
A_PATH = ("ClerkSignInURL of a satellite is a page of the primary site: write it as "
          "https://HOST/PATH")
ITSELF = ("ClerkSignInURL of a satellite is a page of the primary site, not of the satellite "
          "itself")
NO_KEY = "ClerkHandshake On needs ClerkPublishableKey, which names the Frontend API"

REFUSED = {
    "development, no page": (f"{DEV}\n>>> {SATELLITE}", NO_PAGE),
    "in a section": (f"{DEV}\n" + section("/app", f">>> {SATELLITE}"), NO_PAGE),
    "a path": (f"{LIVE}\n>>> {SATELLITE}\nClerkSignInURL /sign-in", A_PATH),
    "a path in a section": (
        f"{LIVE}\n{SATELLITE}\n{PRIMARY}\n" + section("/app", ">>> ClerkSignInURL /sign-in"),
        A_PATH),
    "itself": (f"{LIVE}\nServerName https://satellite.example\n>>> {SATELLITE}\n"
               "ClerkSignInURL https://satellite.example/in", ITSELF),
    "itself with a port": (
        host("http://satellite.example:8080", LIVE, f">>> {SATELLITE}",
             "ClerkSignInURL http://SATELLITE.example:8080/"), ITSELF),
    "handshake, no publishable key": (f"{KEY}\n" + section("/app", ">>> ClerkHandshake On"),
                                      NO_KEY),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    """K14: in development a satellite needs its primary's page. K16: which is elsewhere."""
    config, sentence = REFUSED[case]
    assert_refused(config, sentence, whole="")


ACCEPTED = {
    "production, no page": f"{LIVE}\n{SATELLITE}",
    "production, the primary's page": f"{LIVE}\n{SATELLITE}\n{PRIMARY}",
    "development, the primary's page": f"{DEV}\n{SATELLITE}\n{PRIMARY}",
    "the page in a section": f"{DEV}\n{SATELLITE}\n" + section("/app", PRIMARY),
    "another port of this host": f"{DEV}\nServerName http://localhost:8080\n{SATELLITE}\n"
                                 "ClerkSignInURL http://localhost:8081/sign-in",
    "a primary's own page": f"{DEV}\nServerName https://primary.example\n{PRIMARY}",
    "a path of no satellite": f"{LIVE}\nClerkSatellite Off\nClerkSignInURL /sign-in",
    "handshake, no secret key": f"{LIVE}\nClerkHandshake On",
    "handshake on": f"{LIVE}\n{KEY}\nClerkHandshake On",
    "handshake off without keys": f"{LIVE}\nClerkHandshake Off",
    "the key in a section": f"{KEY}\nClerkHandshake On\n" + section("/app", LIVE),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(case):
    assert says(ACCEPTED[case]) == (0, "Syntax OK\n")


TWO_SECTIONS = """
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
    ClerkSatellite On
    ClerkDomain satellite.example
</Location>
<Location /elsewhere>
    {0}
</Location>
"""


@pytest.mark.parametrize("case", ["development", "itself"])
def test_what_no_start_could_see_admits_nobody(httpd, _standin_program, case):
    """K14, K16: the page is named for another place; the satellite has an unsaid name."""
    if case == "development":
        problem = NO_PAGE
        site = ClerkSite(httpd, development(_standin_program),
                         sections=TWO_SECTIONS.format(PRIMARY))
    else:
        problem = ITSELF
        site = ClerkSite(httpd, production(_standin_program), *SATELLITE.splitlines(),
                         "ClerkSignInURL http://localhost:${PORT}/in")
    for how in ({"headers": NAVIGATION}, {"headers": {**FETCH, "Origin": "https://x.example"}},
                {"session": site.mint.session()}, {"bearer": site.mint.session()}):
        answer = site.get(**how)
        assert (answer.status, answer.location) == (500, None)
    site.log.expect(problem, times=4)
