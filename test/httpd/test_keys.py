# SPDX-License-Identifier: Apache-2.0 - where the keys come from, and whose they are
from __future__ import annotations

import time

import pytest

from clerk_site import PAGE, PROTECTED, ClerkSite, api_url, production
from error_log import poll
from standin.keys import pooled_key
from standin.users import ADMIN, MEMBER

UNKNOWN = "jwk-kid-mismatch"
FORGED = "token-invalid-signature"


@pytest.fixture
def clerk(standin):
    """An instance of which nothing was asked yet."""
    standin.reset()
    return production(standin)


# ---------------------------------------------------------------- a key in the configuration

def body_of(pem: str) -> str:
    return "".join(line for line in pem.splitlines() if not line.startswith("-"))


PEM_FORMS = [
    ("LF", lambda pem: pem), ("CRLF", lambda pem: pem.replace("\n", "\r\n")),
    ("CR", lambda pem: pem.replace("\n", "\r")),
    ("no line feed behind", str.strip),
    ("no line breaks", lambda pem: pem.replace("\n", "")),
    ("no armour", lambda pem: body_of(pem)),
    ("no armour, with line breaks", lambda pem: "\n".join(pem.strip().splitlines()[1:-1])),
    ("blank lines around", lambda pem: f"\n\n{pem}\n\n"),
]


@pytest.mark.parametrize("form", [form for _, form in PEM_FORMS],
                         ids=[label for label, _ in PEM_FORMS])
def test_forms_of_a_pem_key(httpd, clerk, tmp_path, form):
    """W01."""
    tmp_path.joinpath("key.pem").write_bytes(form(clerk.key.public_pem()).encode())
    site = ClerkSite(httpd, clerk, instance=[f'ClerkJWTKey "file:{tmp_path}/key.pem"'])
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    site.refused(FORGED, bearer=site.mint.session(MEMBER, key=pooled_key(unlike=[clerk.key])))


def test_a_pem_key_from_the_environment_or_as_text(httpd, clerk):
    """W01."""
    pem = clerk.key.public_pem()
    from_env = ClerkSite(httpd, clerk, instance=["ClerkJWTKey env:CLERK_JWT_KEY"],
                         env={"CLERK_JWT_KEY": pem})
    from_env.admitted(MEMBER, bearer=from_env.mint.session(MEMBER))
    as_text = ClerkSite(httpd, clerk, instance=[f'ClerkJWTKey "{body_of(pem)}"'])
    as_text.admitted(MEMBER, bearer=as_text.mint.session(MEMBER))


@pytest.mark.sanitize
def test_a_pem_key_needs_no_network(httpd, standin, clerk):
    """W02: nothing is asked although a secret key is there; kid does not matter."""
    site = ClerkSite(httpd, clerk, f'ClerkJWTKey "{body_of(clerk.key.public_pem())}"')
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    for kid in ("ins_other", "", None):
        site.admitted(MEMBER, bearer=site.mint.session(MEMBER, header={"kid": kid}))
    site.refused("token-verification-failed", bearer=site.mint.session(MEMBER, alg="RS512"))
    site.refused(FORGED, bearer=site.mint.session(MEMBER, key=pooled_key(unlike=[clerk.key])))
    assert standin.counters()["connections"] == 0


def test_the_pem_key_in_force_decides(httpd, clerk):
    """W03: one kid and two keys; each section has its own."""
    other = pooled_key(clerk.kid, unlike=[clerk.key])
    keys = {"app": clerk.key, "other": other}
    sections = "".join(PROTECTED.replace("/app", f"/{name}").replace(
        "AuthType", f'ClerkJWTKey "{body_of(key.public_pem())}"\n    AuthType')
        for name, key in keys.items())
    site = ClerkSite(httpd, clerk, sections=sections)
    site.httpd.write("other/page.txt", "other\n")
    for _ in range(2):   # also when the other one was used just before
        for name, key in keys.items():
            target = PAGE.replace("app", name)
            for signer in keys.values():
                token = site.mint.session(MEMBER, key=signer)
                if signer is key:
                    site.admitted(MEMBER, target=target, bearer=token)
                else:
                    site.refused(FORGED, target=target, bearer=token)


def test_a_pem_key_alone(httpd, clerk):
    """Without a publishable key: no issuer is expected, no cookie has a suffix."""
    site = ClerkSite(httpd, clerk,
                     instance=[f'ClerkJWTKey "{body_of(clerk.key.public_pem())}"'])
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER, iss="https://any.example"))
    site.admitted(MEMBER, session=site.mint.session(MEMBER))


# ---------------------------------------------------------------- the instance's key set

@pytest.mark.sanitize
def test_keys_come_from_the_backend_api(httpd, standin, clerk):
    """W04, W05, W06: once, with the secret key, from where ClerkAPIURL says; at start."""
    site = ClerkSite(httpd, clerk)
    assert standin.count("backend.jwks") == 1, "before a token is there"
    for _ in range(5):
        site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
        site.admitted(ADMIN, session=site.mint.session(ADMIN))
    (request,) = standin.requests()
    assert (request["method"], request["path"], request["query"]) == ("GET", "/v1/jwks", {})
    headers = request["headers"]
    assert headers["authorization"] == f"Bearer {clerk.secret_key}"
    assert headers["clerk-api-version"]
    assert headers["user-agent"].startswith("mod_clerk_auth/")
    assert standin.counters()["by_instance"] == {f"{clerk.name}/backend.jwks": 1}


@pytest.mark.parametrize("tail", ["/", "//"])
def test_slashes_behind_the_api_url(httpd, standin, clerk, tail):
    """W05."""
    site = ClerkSite(httpd, clerk, f"ClerkAPIURL {api_url(clerk)}{tail}")
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") == 1


def test_keys_come_from_a_url_of_its_own(httpd, standin, clerk):
    """A key set elsewhere is public: the secret key does not go there."""
    site = ClerkSite(httpd, clerk, instance=[
        f"ClerkPublishableKey {clerk.publishable_key}", f"ClerkSecretKey {clerk.secret_key}",
        f"ClerkJWKSURL {clerk.jwks_url}"])
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    (request,) = standin.requests()
    assert request["path"].endswith("/.well-known/jwks.json")
    assert "authorization" not in request["headers"]
    assert clerk.secret_key not in str(request)


def test_the_secret_key_stays_with_its_origin(httpd, standin, clerk):
    """ClerkJWKSURL at the Backend API: there it is needed."""
    site = ClerkSite(httpd, clerk, f"ClerkJWKSURL {api_url(clerk)}/v1/jwks")
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    (request,) = standin.requests()
    assert request["headers"]["authorization"] == f"Bearer {clerk.secret_key}"


def test_an_unknown_key_is_asked_for_once(httpd, standin, clerk):
    """W08: whatever kids are sent within ClerkKeyMinInterval; the log names no key."""
    site = ClerkSite(httpd, clerk, "ClerkKeyMinInterval 600s")
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    for number in range(6):
        with site.logged() as lines:
            site.refused(UNKNOWN, bearer=site.mint.session(MEMBER,
                                                           header={"kid": f"ins_{number}"}))
        assert clerk.kid not in lines[0].text and "ins_" not in lines[0].text
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") == 1, "the first fetch was within the interval"


def test_an_unknown_key_is_asked_for_again(httpd, standin, clerk):
    """W08: one fetch more after the interval, then the reason."""
    site = ClerkSite(httpd, clerk, "ClerkKeyMinInterval 300ms")
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    time.sleep(0.35)
    stranger = site.mint.session(MEMBER, header={"kid": "ins_stranger"})
    site.refused(UNKNOWN, bearer=stranger)
    assert standin.count("backend.jwks") == 2


@pytest.mark.sanitize
def test_rotation(httpd, standin, clerk):
    """A new key is taken up at its first token, and a withdrawn one goes with its set."""
    site = ClerkSite(httpd, clerk, "ClerkKeyMinInterval 200ms")
    old = site.mint.session(MEMBER)
    site.admitted(MEMBER, bearer=old)
    time.sleep(0.25)
    clerk.rotate(keep_old=True)
    site.admitted(ADMIN, bearer=site.mint.session(ADMIN))
    site.admitted(MEMBER, bearer=old)
    assert standin.count("backend.jwks") == 2
    time.sleep(0.25)
    clerk.rotate(keep_old=False)
    site.admitted(ADMIN, bearer=site.mint.session(ADMIN))
    site.refused(UNKNOWN, bearer=old)


def test_the_same_key_under_another_id(httpd, clerk):
    """Key material that is published twice is found by either id, and by no third."""
    site = ClerkSite(httpd, clerk, "ClerkKeyMinInterval 200ms")
    first = clerk.key
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    time.sleep(0.25)
    clerk.rotate(key=first.named("ins_again"))
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER, key=first,
                                                   header={"kid": first.kid}))


def test_a_key_set_ages(httpd, standin, clerk):
    """W07 against a running server: fetched anew between half and nine tenths of its age; the
    boundaries themselves are shown with a clock in hand."""
    started = time.monotonic()
    site = ClerkSite(httpd, clerk, "ClerkKeyRefresh 2s", "ClerkKeyMinInterval 100ms")
    poll(lambda: standin.count("backend.jwks") == 3, 30, "it was fetched twice more")
    assert time.monotonic() - started >= 2
    first, second, third = (request["at"] for request in standin.requests("backend.jwks"))
    assert second - first >= 0.95 and third - second >= 0.95
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))


def test_keys_outlive_a_graceful_restart(httpd, standin, clerk):
    """New children have the keys of the old ones before their first request, cache or not."""
    site = ClerkSite(httpd, clerk, "ClerkCache none")
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    site.httpd.graceful()
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") == 1


# ---------------------------------------------------------------- several instances

def two_hosts(httpd, first, second, **options):
    """Two virtual hosts, one instance each; both sections read alike."""
    def host(clerk, name):
        return (f'<VirtualHost *>\nServerName {name}\n'
                f"ClerkPublishableKey {clerk.publishable_key}\n"
                f"ClerkSecretKey {clerk.secret_key}\nClerkAPIURL {api_url(clerk)}\n"
                f"{PROTECTED}</VirtualHost>\n")

    return ClerkSite(httpd, first, instance=[], sections=host(first, "one.example")
                     + host(second, "two.example"), **options)


@pytest.mark.sanitize
def test_keys_of_two_instances_with_one_key_id(httpd, standin, clerk):
    """W09: each is fetched for itself, and no token of one passes at the other."""
    other = production(standin, kid=clerk.kid)
    site = two_hosts(httpd, clerk, other)
    for _ in range(2):
        for host, mine, its in (("one.example", clerk, other), ("two.example", other, clerk)):
            site.admitted(MEMBER, bearer=mine.mint.session(MEMBER), host=host)
            site.refused(FORGED, bearer=its.mint.session(MEMBER), host=host)
            site.refused(FORGED, bearer=its.mint.session(MEMBER, iss=mine.issuer), host=host)
    counted = standin.counters()["by_instance"]
    assert counted == {f"{clerk.name}/backend.jwks": 1, f"{other.name}/backend.jwks": 1}


def test_a_secret_key_at_two_places(httpd, standin, clerk):
    """W10: another API URL is another source, though the keys be the same."""
    here = api_url(clerk)
    there = here.replace("127.0.0.1", "localhost")
    assert there != here
    sections = PROTECTED + PROTECTED.replace("/app", "/other").replace(
        "AuthType", f"ClerkAPIURL {there}\n    AuthType")
    site = ClerkSite(httpd, clerk, sections=sections)
    site.httpd.write("other/page.txt", "other\n")
    for _ in range(2):
        site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
        site.admitted(MEMBER, target="/other/page.txt", bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") == 2
    assert {request["headers"]["host"].partition(":")[0]
            for request in standin.requests()} == {"127.0.0.1", "localhost"}


def test_one_instance_in_many_sections(httpd, standin, clerk):
    """Sections that inherit it share its keys: one fetch."""
    sections = "".join(PROTECTED.replace("/app", f"/place{n}") for n in range(8))
    site = ClerkSite(httpd, clerk, sections=PROTECTED + sections)
    for number in range(8):
        site.httpd.write(f"place{number}/page.txt", "here\n")
        site.admitted(MEMBER, target=f"/place{number}/page.txt",
                      bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") == 1
