# SPDX-License-Identifier: Apache-2.0 - which cookie is the session's, and when it counts
from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from clerk_site import (DEV_BROWSER, PAGE, SIGNED_IN_AT, ClerkSite, development, new_name,
                        production, seen)
from standin import publishable_key
from standin.tokens import OMIT, alter_signature
from standin.users import ADMIN, MEMBER, SOLO

NOBODY = "session-token-and-uat-missing"
NO_CLIENT = "session-token-but-no-client-uat"
NO_SESSION = "client-uat-but-no-session-token"
OLDER = "session-token-iat-before-client-uat"
NO_BROWSER = "dev-browser-missing"


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return ClerkSite(module_httpd, production(_standin_program), "LimitRequestFieldSize 131072")


@pytest.fixture(scope="module")
def dev(module_httpd, _standin_program):
    return ClerkSite(module_httpd, development(_standin_program))


def field(jar) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())


# ---------------------------------------------------------------- which cookies there are

@pytest.mark.sanitize
@pytest.mark.parametrize("jar, reason, carrier", [
    ({}, NOBODY, "none"),
    ({"__client_uat": "0"}, NOBODY, "none"),
    ({"__client_uat": ""}, NOBODY, "none"),
    ({"__session": ""}, NOBODY, "none"),
    ({"__client_uat": "1"}, NO_SESSION, "none"),
    ({"__client_uat": "17x"}, NO_SESSION, "none"),
    ({"__client_uat": "-1"}, NO_SESSION, "none"),
    ({"__client_uat": "abc"}, NOBODY, "none"),
    ({"__session": "TOKEN"}, NO_CLIENT, "cookie"),
    ({"__session": "TOKEN", "__client_uat": "0"}, NO_CLIENT, "cookie"),
    ({"__session": "TOKEN", "__client_uat": "abc"}, NO_CLIENT, "cookie"),
    ({"__Session": "TOKEN", "__client_uat": "1"}, NO_SESSION, "none"),
    ({"session": "TOKEN", "__client_uat": "1"}, NO_SESSION, "none"),
    ({"__session_": "TOKEN", "__client_uat": "1"}, NO_SESSION, "none"),
    ({"__session_Ab3dEf9h": "TOKEN", "__client_uat": "1"}, NO_SESSION, "none"),
], ids=["F01 nothing", "F02 signed out", "empty client", "empty session", "client alone",
        "F20 17x", "negative", "F20 abc", "session alone", "session, signed out",
        "F20 session, abc", "other letters", "no underscores", "an empty suffix",
        "another instance's suffix"])
def test_what_is_missing(site, jar, reason, carrier):
    """F01, F02, F20: on a production instance."""
    jar = {name: value.replace("TOKEN", site.mint.session(MEMBER))
           for name, value in jar.items()}
    site.refused(reason, carrier, cookies=jar)


@pytest.mark.parametrize("value", ["17x", "1.9", "1e3", " 1", "1 ", '1"'])
def test_client_uat_is_its_leading_digits(site, value):
    """F20."""
    jar = site.cookies(site.mint.session(MEMBER), client_uat=value)
    site.admitted(MEMBER, cookies=jar)


def test_a_session_older_than_the_client(site):
    """F06: equal is not older."""
    now = int(time.time())
    token = site.mint.session(MEMBER, iat=now)
    site.admitted(MEMBER, cookies=site.cookies(token, client_uat=now))
    site.admitted(MEMBER, cookies=site.cookies(token, client_uat=now - 1))
    site.refused(OLDER, "cookie", cookies=site.cookies(token, client_uat=now + 1))
    # Without iat, or with one that is no number, the comparison fails and verification goes on.
    site.admitted(MEMBER, cookies=site.cookies(site.mint.session(MEMBER, iat=OMIT)))
    site.refused("token-verification-failed", "cookie",
                 cookies=site.cookies(site.mint.session(MEMBER, iat="1")))


def test_the_age_is_judged_before_the_signature(site):
    """It decides on a handshake, which costs nothing; so it comes before verification."""
    forged = alter_signature(site.mint.session(MEMBER, iat=SIGNED_IN_AT - 1))
    site.refused(OLDER, "cookie", session=forged)


@pytest.mark.parametrize("make, reason", [
    (lambda mint: "no.token", "token-invalid"), (lambda mint: "e30.e30", "token-invalid"),
    (lambda mint: alter_signature(mint.session(MEMBER)), "token-invalid-signature"),
    (lambda mint: mint.session(MEMBER, azp="https://evil.example"),
     "token-invalid-authorized-parties")], ids=["F07", "two parts", "F14", "F15"])
def test_a_bad_session_cookie(site, make, reason):
    """F07, F14, F15."""
    site.refused(reason, "cookie", session=make(site.mint))


@pytest.mark.parametrize("jar, reason, carrier", [
    ({}, NO_BROWSER, "none"),
    ({"__session": "TOKEN", "__client_uat": "1"}, NO_BROWSER, "cookie"),
    ({"__clerk_db_jwt": DEV_BROWSER}, NOBODY, "none"),
    ({"__clerk_db_jwt": DEV_BROWSER, "__client_uat": "1"}, NO_SESSION, "none"),
    ({"__clerk_db_jwt": DEV_BROWSER, "__session": "TOKEN"}, NO_CLIENT, "cookie"),
    ({"__clerk_db_jwt": "", "__session": "TOKEN", "__client_uat": "1"}, NO_BROWSER, "cookie"),
], ids=["nothing", "no dev browser", "F10", "no session", "no client", "empty dev browser"])
def test_what_is_missing_in_development(dev, jar, reason, carrier):
    """F10."""
    jar = {name: value.replace("TOKEN", dev.mint.session(MEMBER))
           for name, value in jar.items()}
    dev.refused(reason, carrier, cookies=jar)


@pytest.mark.parametrize("suffixed", [False, True], ids=["plain", "suffixed"])
def test_development(dev, suffixed):
    jar = dev.cookies(dev.mint.session(MEMBER), suffixed=suffixed)
    dev.admitted(MEMBER, cookies=jar)


# ---------------------------------------------------------------- how the field is read

@pytest.mark.parametrize("form, user", [
    ("__session={one}; __session={two}; __client_uat=1", MEMBER),
    ("__session={two}; __session={one}; __client_uat=1", ADMIN),
    ("__session=; __session={one}; __client_uat=1", None),
    ("a=1%3B%20__session%3D{one}; __client_uat=1", None),
    ("a=1; __session={one}; __client_uat=1; b=2", MEMBER),
    ("__session={one};__client_uat=1", MEMBER),
    ("  __session  =  {one}  ;\t__client_uat\t=\t1\t", MEMBER),
    (";;;__session={one};;__client_uat=1;;", MEMBER),
    ("__session={escaped}; __client_uat=1", MEMBER),
    ("__session={one}; __client_uat=%31", MEMBER),
    ("__session={one}; __client_uat=%zz1", None),
    ("__session=%zz{one}; __client_uat=1", None),
    ("__session=%ff{one}; __client_uat=1", None),
    ("__session=%00{one}; __client_uat=1", None),
    ('__session="{one}"; __client_uat=1', None),
    ("__session; __session={one}; __client_uat=1", MEMBER),
    ("x__session={one}; __client_uat=1", None),
    ("__session={one}, __client_uat=1", None),
    ("%5F%5Fsession={one}; __client_uat=1", None),
], ids=["F18 the first of two", "F18 the other way round", "an empty first", "F17 escaped cookie",
        "between others", "no spaces", "blanks around", "empty pairs", "percent-encoded",
        "client encoded", "F19 bad escape in client", "F19 bad escape", "no UTF-8", "NUL",
        "quotes", "a name alone", "a longer name", "a comma", "an escaped name"])
def test_cookie_field(site, form, user):
    """F17, F18, F19."""
    one, two = site.mint.session(MEMBER), site.mint.session(ADMIN)
    value = form.format(one=one, two=two, escaped="".join(f"%{ord(c):02x}" for c in one))
    with site.logged("warn") as lines:
        answer = site.get(headers={"Cookie": value})
    assert seen(answer).user == (user.id if user else None)
    assert answer.status == (200 if user else 401)
    assert lines == []


def test_two_cookie_fields(site):
    """A browser must not send them (RFC 6265, 5.4); httpd joins them by a comma, which ends
    no cookie."""
    token = site.mint.session(MEMBER)
    site.refused(NO_CLIENT, "cookie", headers=[("Cookie", f"__session={token}"),
                                               ("Cookie", "__client_uat=1")])


def test_an_encoded_value_is_decoded_once(site):
    token = site.mint.session(MEMBER)
    once = quote(token, safe="").replace(".", "%2E")
    site.admitted(MEMBER, cookies={"__session": once, "__client_uat": "1"})
    twice = once.replace("%", "%25")
    site.refused("token-invalid", "cookie", cookies={"__session": twice, "__client_uat": "1"})


# ---------------------------------------------------------------- plain or suffixed

def pair(site, suffixed: str | None, plain: str | None, *, suffixed_uat=SIGNED_IN_AT,
         plain_uat=SIGNED_IN_AT):
    return {**site.cookies(plain, client_uat=plain_uat),
            **site.cookies(suffixed, suffixed=True, client_uat=suffixed_uat)}


def older(site, user, **claims):
    return site.mint.session(user, iat=int(time.time()) - 30, **claims)


def foreign(issuer):
    """A plain cookie of another instance on the same domain."""
    return lambda site: site.mint.session(ADMIN, iss=issuer)


@pytest.mark.parametrize("which", ["site", "dev"])
class TestSuffix:
    """The plain cookies name ADMIN, the suffixed ones MEMBER; who is let in tells which
    was read."""

    @pytest.fixture
    def here(self, which, request):
        return request.getfixturevalue(which)

    def test_suffixed_alone(self, here):
        token = here.mint.session(MEMBER)
        here.admitted(MEMBER, cookies=here.cookies(token, suffixed=True))

    def test_both(self, here):
        """S02: as old as each other."""
        now = int(time.time())
        jar = pair(here, here.mint.session(MEMBER, iat=now), here.mint.session(ADMIN, iat=now))
        here.admitted(MEMBER, cookies=jar)

    def test_plain_is_newer(self, here):
        """S03."""
        here.admitted(ADMIN, cookies=pair(here, older(here, MEMBER), here.mint.session(ADMIN)))

    def test_suffixed_is_newer(self, here):
        here.admitted(MEMBER, cookies=pair(here, here.mint.session(MEMBER), older(here, ADMIN)))

    @pytest.mark.parametrize("plain_uat", [SIGNED_IN_AT, None])
    def test_suffixed_client_is_signed_out(self, here, plain_uat):
        """S04: absent is not signed out."""
        jar = pair(here, here.mint.session(MEMBER), older(here, ADMIN), suffixed_uat=0,
                   plain_uat=plain_uat)
        if plain_uat:
            here.admitted(ADMIN, cookies=jar)
        else:
            here.refused(NO_CLIENT, "cookie", cookies=jar)

    @pytest.mark.parametrize("issuer", ["https://clerk.other.example", ["a"], {"a": 1}, True, 7,
                                        "clerk.other.example"],
                             ids=["S05", "S06 array", "object", "true", "number", "no scheme"])
    def test_plain_of_another_issuer(self, here, issuer):
        """S05, S06: though it is newer."""
        jar = pair(here, older(here, MEMBER), foreign(issuer)(here))
        here.admitted(MEMBER, cookies=jar)

    @pytest.mark.parametrize("issuer", [OMIT, "", None, False, 0])
    def test_plain_without_issuer(self, here, issuer):
        """S07: it is read, and then refused for what it lacks."""
        jar = pair(here, here.mint.session(MEMBER), foreign(issuer)(here))
        here.refused("token-invalid-issuer", "cookie", cookies=jar)

    @pytest.mark.parametrize("plain", ["junk", "a.b.c", "e30.bm90IGpzb24.AAAA"])
    def test_plain_that_does_not_decode(self, here, plain):
        """S07."""
        jar = pair(here, here.mint.session(MEMBER), plain)
        here.refused("token-invalid", "cookie", cookies=jar)

    def test_no_suffixed_client(self, here):
        """S08."""
        now = int(time.time())
        jar = pair(here, here.mint.session(MEMBER, iat=now), here.mint.session(ADMIN, iat=now),
                   suffixed_uat=None)
        here.admitted(ADMIN, cookies=jar)

    def test_suffix_of_another_instance(self, here):
        token = here.mint.session(MEMBER)
        jar = here.cookies(token, suffixed=True)
        own = here.clerk.cookie_suffix
        jar = {name.replace(own, own.swapcase()): value for name, value in jar.items()}
        assert here.get(cookies=jar).status == 401


@pytest.mark.parametrize("live", [True, False], ids=["production", "development"])
def test_padding_of_the_publishable_key(httpd, _standin_program, live):
    """K07, K08: the same instance by another spelling of its key, and another suffix."""
    host = new_name("pad") + ".example"
    while (len(host) + 1) % 3 == 0:   # base64 would need no padding
        host = "x" + host
    plain = publishable_key.encode(host, live)
    padded = plain + "=" * (-len(plain.rpartition("_")[2]) % 4)
    assert padded != plain
    clerk = _standin_program.new_instance(new_name("pad"), publishable_key=plain)
    assert publishable_key.cookie_suffix(padded) != clerk.cookie_suffix
    site = ClerkSite(httpd, clerk, f"ClerkPublishableKey {padded}")
    jar = site.cookies(site.mint.session(MEMBER), suffixed=True)
    assert site.get(cookies=jar).status == 401
    own, other = clerk.cookie_suffix, publishable_key.cookie_suffix(padded)
    site.admitted(MEMBER, cookies={name.replace(own, other): jar[name] for name in jar})


def expired_suffixed(site):
    token = site.mint.session(MEMBER, exp=int(time.time()) - 30)
    return pair(site, token, older(site, SOLO), plain_uat=0)


def test_left_over_suffixed_cookies_in_development(dev):
    """S09: the plain ones are read, and say that nobody is signed in."""
    dev.refused(NO_CLIENT, "cookie", cookies=expired_suffixed(dev))


def test_left_over_suffixed_cookies_in_production(site):
    """S10."""
    site.refused("session-token-expired-refresh-non-eligible-no-refresh-cookie", "cookie",
                 cookies=expired_suffixed(site))


def test_without_a_publishable_key_there_is_no_suffix(httpd, _standin_program):
    clerk = production(_standin_program)
    api = clerk.frontend_url.partition("/fapi/")[0]
    site = ClerkSite(httpd, clerk, instance=[f"ClerkSecretKey {clerk.secret_key}",
                                             f"ClerkAPIURL {api}"])
    token = site.mint.session(MEMBER)
    site.admitted(MEMBER, target=PAGE, session=token)
    site.refused(NOBODY, "none", cookies=site.cookies(token, suffixed=True))
