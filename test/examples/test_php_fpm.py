# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/php-fpm what its README promises
from __future__ import annotations

import shutil

import pytest

from conftest import BROWSER, EXAMPLES, bearer, session_cookies
from php_fpm import PhpFpm
from standin.users import ADMIN, MEMBER, SOLO

SITE = "https://www.example.com"
# What a script sees, and a mark that one ran.
DUMP = "<?php header('Content-Type: application/json'); touch('{0}'); echo json_encode($_SERVER);\n"


@pytest.fixture(scope="module")
def site(example):
    with PhpFpm() as php:
        prepared = example("php-fpm", SITE, "dir", "proxy_fcgi")
        server = prepared.server
        shutil.copy(EXAMPLES / "php-fpm" / "index.php", server.docroot)
        for name in ("dump.php", "account/index.php", "account/billing/index.php"):
            server.write(name, DUMP.format(server.run / "ran"))
        yield prepared.start(FILES=server.docroot, PHP_FPM=f"unix:{php.socket}")


def seen(site, headers, target="/dump.php"):
    answer = site.get(target, headers)
    assert answer.status == 200
    return answer.json()


def test_the_public_page_greets_who_is_signed_in(site, clerk):
    assert "Sign in" in site.get("/").text
    assert f"<p>Hello {MEMBER.id} of acme.</p>" in site.get(
        "/", session_cookies(clerk.mint.session(MEMBER))).text
    assert "Sign in" in site.get("/", bearer("junk")).text
    hostile = clerk.mint.session(SOLO, o={"id": "org_1", "slg": "<script>", "rol": "org:x"})
    assert "<script>" not in site.get("/", bearer(hostile)).text


def test_php_finds_the_user_and_the_organization(site, clerk):
    for target in ("/dump.php", "/account/"):
        found = seen(site, session_cookies(clerk.mint.session(ADMIN)), target)
        assert found["CLERK_USER_ID"] == found["REMOTE_USER"] == ADMIN.id
        assert (found["CLERK_ORG_SLUG"], found["CLERK_ORG_ROLE"]) == ("acme", "org:admin")
        found = seen(site, bearer(clerk.mint.session(SOLO)), target)
        assert not [name for name in found if name.startswith("CLERK_ORG")]
    assert "CLERK_USER_ID" not in seen(site, {})


def test_the_account_is_for_signed_in_people(site, clerk):
    (site.run / "ran").unlink(missing_ok=True)
    assert site.get("/account/", BROWSER).location.startswith(
        "https://accounts.example.com/sign-in?redirect_url=")
    assert site.get("/account/").status == 401
    assert site.request("POST", "/account/index.php", BROWSER, b"x=1").status == 401
    assert site.get("/account/billing/", bearer(clerk.mint.session(MEMBER))).status == 403
    assert not (site.run / "ran").exists()
    assert site.get("/account/billing/", bearer(clerk.mint.session(ADMIN))).status == 200


def test_nobody_passes_for_somebody_else(site, clerk):
    forged = {"X-Clerk-User-Id": "forged", "X_Clerk_User_Id": "forged", "x-clerk-org-role": "forged",
              "Clerk-User-Id": "e"}
    for headers in (forged, bearer(clerk.mint.session(SOLO), **forged)):
        assert "forged" not in str(seen(site, headers))


def test_the_token_does_not_reach_php(site, clerk):
    token = clerk.mint.session(MEMBER)
    for headers in (bearer(token), session_cookies(token)):
        found = seen(site, headers)
        assert found["CLERK_USER_ID"] == MEMBER.id and token not in str(found)
    assert found["HTTP_COOKIE"] == "theme=dark; lang=en"
