# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/two-instances what its README promises
from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from conftest import BROWSER, EXAMPLES, bearer, session_cookies
from standin.client import Standin
from standin.tokens import decode
from standin.users import ADMIN, MEMBER
from tls import make_certificate, trusting

STORE, STAFF = "https://store.example.com", "https://staff.example.com"
KID = "ins_2SameInBoth"


def publishable_key(word: str) -> str:
    """As the example has it: the sign-in page's address comes from there."""
    text = (EXAMPLES / "two-instances/two-instances.conf").read_text()
    return re.search(rf"{word}_PUBLISHABLE_KEY (pk_live_\S+)", text)[1]


@pytest.fixture(scope="module")
def clerk():
    with Standin.start(kid=KID, publishable_key=publishable_key("STORE"),
                       app_origin=STORE) as program:
        yield program


@pytest.fixture(scope="module")
def staff(clerk):
    """The employees' instance; the stand-in itself is the customers'."""
    return clerk.new_instance("staff", kid=KID, publishable_key=publishable_key("STAFF"),
                              app_origins=[STAFF])


class Sites:
    def __init__(self, server, context):
        self._server, self._context = server, context

    def get(self, site: str, target: str, headers=None):
        name = site.removeprefix("https://")
        return self._server.get(target, headers, host=name, tls=self._context, sni=name)


@pytest.fixture(scope="module")
def sites(example, clerk, staff):
    prepared = example("two-instances", STORE, "ssl", "dir")
    server = prepared.server
    for word in ("store", "staff"):
        server.write(f"{word}/account/index.html", f"account at the {word}")
        directory = Path(server.root)
        certificate, key = make_certificate(directory, f"{word}.example.com")
        shutil.move(certificate, directory / f"{word}.pem")
        shutil.move(key, directory / f"{word}.key")
    both = server.file("both.pem", "".join(
        (server.root / f"{word}.pem").read_text() for word in ("store", "staff")), 0o644)
    prepared.start('DirectoryIndex index.html\nSSLSessionCache "shmcb:${RUN}/ssl_scache(102400)"',
                   FILES=server.docroot, CERTIFICATES=server.root,
                   STORE_PUBLISHABLE_KEY=clerk.publishable_key,
                   STORE_SECRET_KEY=prepared.secret("store_key", clerk.secret_key),
                   STAFF_PUBLISHABLE_KEY=staff.publishable_key,
                   STAFF_SECRET_KEY=prepared.secret("staff_key", staff.secret_key))
    return Sites(server, trusting(both))


def test_the_two_instances_have_keys_of_the_same_name_and_other_material(clerk, staff):
    assert clerk.kid == staff.kid == KID
    assert not clerk.key.same_material(staff.key)


def test_each_site_lets_its_own_people_in(sites, clerk, staff):
    for site, instance, page in ((STORE, clerk, "store"), (STAFF, staff, "staff")):
        for headers in (bearer(instance.mint.session(MEMBER)),
                        session_cookies(instance.mint.session(MEMBER))):
            answer = sites.get(site, "/account/", headers)
            assert (answer.status, answer.text) == (200, f"account at the {page}")


def test_each_site_sends_to_the_sign_in_page_of_its_own_instance(sites):
    for site in (STORE, STAFF):
        answer = sites.get(site, "/account/", BROWSER)
        portal = site.replace("https://", "https://accounts.")
        assert answer.status == 302
        assert answer.location.startswith(f"{portal}/sign-in?redirect_url=https%3A%2F%2F")


def test_a_token_of_one_site_is_refused_by_the_other(sites, clerk, staff):
    for site, other in ((STORE, staff), (STAFF, clerk)):
        assert sites.get(site, "/account/", bearer(other.mint.session(ADMIN))).status == 401
        answer = sites.get(site, "/account/", session_cookies(other.mint.session(ADMIN)))
        assert answer.status == 401


def test_a_key_of_the_same_name_is_not_enough(sites, clerk, staff):
    """The other instance's key under this site's claims: only the signature tells."""
    for site, own, other in ((STORE, clerk, staff), (STAFF, staff, clerk)):
        token = own.mint.session(ADMIN, key=other.key)
        head, claims = decode(token)
        assert (head["kid"], claims["iss"], claims["azp"]) == (KID, own.issuer, site)
        assert sites.get(site, "/account/", bearer(token)).status == 401


def test_each_site_uses_its_own_secret_key_only(sites, clerk, staff):
    clerk.reset()
    for site, instance in ((STORE, clerk), (STAFF, staff)):
        sites.get(site, "/account/", bearer(instance.mint.session(ADMIN)))
        sites.get(site, "/account/", bearer(instance.mint.session(ADMIN, header={"kid": "ins_x"})))
    used = {request["headers"].get("authorization") for request in clerk.requests()}
    assert used <= {f"Bearer {clerk.secret_key}", f"Bearer {staff.secret_key}"}
