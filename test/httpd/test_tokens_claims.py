# SPDX-License-Identifier: Apache-2.0 - what a session token must be and say: form, algorithm, claims
from __future__ import annotations

import time

import pytest

from clerk_site import PAGE, ClerkSite, production, seen
from standin.keys import b64url
from standin.tokens import OMIT, alter_payload, alter_signature, compact, sign
from standin.users import ADMIN, MEMBER

AZP = "http://localhost:8080"
ISSUER = "https://clerk.claims.example"
FAILED = "token-verification-failed"
PARTIES = "token-invalid-authorized-parties"

# Each section lays one more rule over what the server says.
SECTIONS = """
<Location />
    AuthType Clerk
    AuthName "Example"
    Require valid-user
</Location>
<Location /audience>
    ClerkAudience b c
</Location>
<Location /party>
    ClerkAuthorizedParties https://a
</Location>
<Location /parties>
    ClerkAuthorizedParties https://a https://b:8443
</Location>
<Location /issuer>
    ClerkIssuer https://one.example https://two.example
</Location>
<Location /any-issuer>
    ClerkIssuer any
</Location>
"""


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    clerk = production(_standin_program, ISSUER.removeprefix("https://"))
    site = ClerkSite(module_httpd, clerk, sections=SECTIONS)
    for place in ("audience", "party", "parties", "issuer", "any-issuer"):
        site.httpd.write(f"{place}/page.txt", "here\n")
    return site


def judge(site, reason, token, place="app", method="GET"):
    """Both carriers come to the same verdict."""
    target = PAGE.replace("app", place)
    for carrier, how in (("header", {"bearer": token}), ("cookie", {"session": token})):
        if reason is None:
            site.admitted(MEMBER, method, target, **how)
        else:
            site.refused(reason, carrier, method=method, target=target, **how)


# ---------------------------------------------------------------- form

def segments(*parts: bytes) -> str:
    return ".".join(map(b64url, parts))


MALFORMED = [
    ("J01 one part", lambda mint: "abc"),
    ("J01 two parts", lambda mint: mint.session(MEMBER).rpartition(".")[0]),
    ("four parts", lambda mint: mint.session(MEMBER) + ".abcd"),
    ("a dot behind", lambda mint: mint.session(MEMBER) + "."),
    ("dots alone", lambda mint: ".."),
    ("no header", lambda mint: "." + mint.session(MEMBER).partition(".")[2]),
    ("no payload", lambda mint: segments(compact(mint.header()), b"", b"sig")),
    ("J02 header not JSON", lambda mint: mint.raw(b"not json", mint.session_claims(MEMBER))),
    ("header not base64url", lambda mint: mint.session(MEMBER).replace("e", "+", 1)),
    ("payload not base64url", lambda mint: "{0}.*{1}.{2}".format(*mint.session().split("."))),
    ("header a list", lambda mint: mint.raw(b'["RS256"]', mint.session_claims(MEMBER))),
    ("header null", lambda mint: mint.raw(b"null", mint.session_claims(MEMBER))),
    ("J03 payload null", lambda mint: mint.raw(mint.header(), b"null")),
    ("J03 payload a list", lambda mint: mint.raw(mint.header(), b"[]")),
    ("payload a string", lambda mint: mint.raw(mint.header(), b'"user_1"')),
    ("payload a number", lambda mint: mint.raw(mint.header(), b"1")),
    ("payload empty object after junk", lambda mint: mint.raw(mint.header(), b"x{}")),
    ("bytes after the payload",
     lambda mint: mint.raw(mint.header(), compact(mint.session_claims(MEMBER)) + b"{}")),
    ("J08 typ jwt", lambda mint: mint.session(MEMBER, header={"typ": "jwt"})),
    ("J08 typ empty", lambda mint: mint.session(MEMBER, header={"typ": ""})),
    ("typ null", lambda mint: mint.session(MEMBER, header={"typ": None})),
    ("typ a number", lambda mint: mint.session(MEMBER, header={"typ": 1})),
    ("typ a list", lambda mint: mint.session(MEMBER, header={"typ": ["JWT"]})),
    ("crit", lambda mint: mint.session(MEMBER, header={"crit": ["exp"]})),
    ("crit empty", lambda mint: mint.session(MEMBER, header={"crit": []})),
    ("crit null", lambda mint: mint.session(MEMBER, header={"crit": None})),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("make", [make for _, make in MALFORMED],
                         ids=[label for label, _ in MALFORMED])
def test_malformed(site, make):
    """J01, J02, J03, J08."""
    judge(site, "token-invalid", make(site.mint))


@pytest.mark.parametrize("header", [{"typ": OMIT}, {"typ": "JWT"}, {"unknown": {"a": [1]}},
                                    {"oiat": 1}])
def test_header_that_is_right(site, header):
    """J07."""
    judge(site, None, site.mint.session(MEMBER, header=header))


def test_typ_of_an_access_token(site):
    """J08: at+jwt makes it a token of another kind."""
    judge(site, "token-type-mismatch", site.mint.session(MEMBER, header={"typ": "at+jwt"}))


# ---------------------------------------------------------------- algorithm and signature

WRONG_ALGORITHM = [
    ("J04 none", lambda mint: mint.session(MEMBER, alg="none", signature=b"x")),
    ("J04 none without a signature", lambda mint: mint.session(MEMBER, alg="none")),
    ("none in capitals", lambda mint: mint.session(MEMBER, header={"alg": "NONE"})),
    ("J05 HS256 by the key's PEM", lambda mint: mint.session(
        MEMBER, alg="HS256", key=mint.key.public_pem().encode())),
    ("J05 HS256 by the PEM without its last line feed", lambda mint: mint.session(
        MEMBER, alg="HS256", key=mint.key.public_pem().strip().encode())),
    ("HS256 by the modulus", lambda mint: mint.session(
        MEMBER, alg="HS256", key=mint.key.jwk()["n"].encode())),
    ("HS512", lambda mint: mint.session(MEMBER, alg="HS512",
                                        key=mint.key.public_pem().encode())),
    ("J06 ES256", lambda mint: mint.session(MEMBER, alg="ES256")),
    ("J06 PS256", lambda mint: mint.session(MEMBER, alg="PS256")),
    ("EdDSA", lambda mint: mint.session(MEMBER, header={"alg": "EdDSA"})),
    ("lower case", lambda mint: mint.session(MEMBER, header={"alg": "rs256"})),
    ("with a space", lambda mint: mint.session(MEMBER, header={"alg": "RS256 "})),
    ("none at all", lambda mint: mint.session(MEMBER, header={"alg": OMIT})),
    ("null", lambda mint: mint.session(MEMBER, header={"alg": None})),
    ("a list", lambda mint: mint.session(MEMBER, header={"alg": ["RS256"]})),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("make", [make for _, make in WRONG_ALGORITHM],
                         ids=[label for label, _ in WRONG_ALGORITHM])
def test_algorithm(site, make):
    """J04, J05, J06."""
    judge(site, "token-invalid-algorithm", make(site.mint))


@pytest.mark.parametrize("alg", ["RS384", "RS512"])
def test_algorithm_of_another_key(site, alg):
    """The key says RS256; a token may not choose another algorithm for it."""
    judge(site, FAILED, site.mint.session(MEMBER, alg=alg))


@pytest.mark.parametrize("make, reason", [
    (lambda mint: mint.session(MEMBER, alg="none", signature=b"x", header={"kid": "other"}),
     "token-invalid-algorithm"),
    (lambda mint: mint.session(MEMBER, alg="HS256", key=b"k", header={"typ": "x", "kid": "other"}),
     "token-invalid")], ids=["alg", "typ"])
def test_header_is_judged_before_a_key_is_fetched(httpd, standin, make, reason):
    fresh = ClerkSite(httpd, production(standin), "ClerkKeyMinInterval 50ms")
    standin.reset()
    time.sleep(0.1)   # an unknown kid may be asked for again
    fresh.refused(reason, bearer=make(fresh.mint))
    assert standin.counters()["total"] == 0


FORGED = [
    ("J10 first bit", lambda mint: alter_signature(mint.session(MEMBER), 0)),
    ("J10 last bit", lambda mint: alter_signature(mint.session(MEMBER), 2047)),
    ("J11 another subject", lambda mint: alter_payload(mint.session(MEMBER), sub=ADMIN.id)),
    ("J11 a later expiry", lambda mint: alter_payload(mint.session(MEMBER), exp=2**40)),
    ("J12 expired", lambda mint: alter_signature(mint.session(MEMBER, exp=1))),
    ("J13 of another party",
     lambda mint: alter_signature(mint.session(MEMBER, azp="https://evil.example"))),
    ("no subject", lambda mint: alter_signature(mint.session(MEMBER, sub=OMIT))),
    ("empty", lambda mint: mint.session(MEMBER, signature=b"")),
    ("short", lambda mint: mint.session(MEMBER, signature=b"\0")),
    ("zeros", lambda mint: mint.session(MEMBER, signature=bytes(256))),
    ("a byte more", lambda mint: mint.session(MEMBER, signature=bytes(257))),
    ("all ones", lambda mint: mint.session(MEMBER, signature=b"\xff" * 256)),
    ("of the header alone", lambda mint: mint.session(
        MEMBER, signature=sign("RS256", mint.key, b64url(compact(mint.header())).encode()))),
    ("SHA-512 under RS256", lambda mint: mint.raw(
        mint.header(), mint.session_claims(MEMBER), alg="RS512")),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("make", [make for _, make in FORGED],
                         ids=[label for label, _ in FORGED])
def test_signature(site, make):
    """J10, J11, J12, J13: it is judged before any claim is."""
    judge(site, "token-invalid-signature", make(site.mint))


def test_the_signed_text_is_as_it_was_sent(site):
    """Spaces, member order and escapes of header and payload are the signer's affair."""
    header = b' { "typ" : "JWT",\n"alg":"RS\\u0032\\u0035\\u0036","kid":"%s"} ' \
        % site.mint.key.kid.encode()
    payload = b"\t" + compact(site.mint.session_claims(MEMBER)) + b"\r\n"
    judge(site, None, site.mint.raw(header, payload))


# ---------------------------------------------------------------- claims

WRONG_CLAIMS = [
    ("J14 no sub", {"sub": OMIT}), ("J14 sub a number", {"sub": 7}),
    ("J14 sub null", {"sub": None}), ("sub empty", {"sub": ""}),
    ("sub a list", {"sub": [MEMBER.id]}), ("sub an object", {"sub": {"id": MEMBER.id}}),
    ("no sid", {"sid": OMIT}), ("sid empty", {"sid": ""}), ("sid null", {"sid": None}),
    ("sid a number", {"sid": 7}), ("sid judged before exp", {"sid": OMIT, "exp": 1}),
    ("J15 no exp", {"exp": OMIT}), ("J15 exp a string", {"exp": "4102444800"}),
    ("exp null", {"exp": None}), ("exp true", {"exp": True}), ("exp negative", {"exp": -1}),
    ("exp past 2^53", {"exp": 2**53 + 1}), ("exp past 2^63", {"exp": 2**63}),
    ("exp past 2^64", {"exp": 2**64 + 4102444800}), ("exp 1e300", {"exp": 1e300}),
    ("exp a list", {"exp": [4102444800]}),
    ("J21 nbf null", {"nbf": None}), ("J21 nbf a string", {"nbf": "1"}),
    ("nbf negative", {"nbf": -1}), ("nbf past 2^53", {"nbf": 2**53 + 1}),
    ("J23 iat a string", {"iat": "1"}), ("iat null", {"iat": None}),
    ("iat negative", {"iat": -1}), ("iat an object", {"iat": {}}),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("claims", [claims for _, claims in WRONG_CLAIMS],
                         ids=[label for label, _ in WRONG_CLAIMS])
def test_claim_of_a_wrong_form(site, claims):
    """J14, J15, J21, J23. By header: a cookie's iat is compared with __client_uat first."""
    site.refused(FAILED, bearer=site.mint.session(MEMBER, **claims))


@pytest.mark.parametrize("claims", [
    {"nbf": OMIT}, {"iat": OMIT}, {"nbf": OMIT, "iat": OMIT, "jti": OMIT, "fva": OMIT,
                                  "sts": OMIT, "v": OMIT, "o": OMIT, "fea": OMIT, "pla": OMIT},
    {"exp": 2**53}, {"exp": 4102444800.75}, {"nbf": 1.5}, {"nbf": 0, "iat": 0}])
def test_claims_that_are_right(site, claims):
    """J19, J22: nbf and iat may be absent."""
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER, **claims))


# Place, claims, reason or None.
JUDGED = [
    ("J25 the one that is asked", "audience", {"aud": "b"}, None),
    ("J25 another", "audience", {"aud": "a"}, FAILED),
    ("J26 one of several", "audience", {"aud": ["a", "b"]}, None),
    ("J26 none of several", "audience", {"aud": ["x"]}, FAILED),
    ("J27 absent", "audience", {}, None),
    ("aud empty", "audience", {"aud": ""}, None),
    ("aud an empty list", "audience", {"aud": []}, None),
    ("aud a number", "audience", {"aud": 1}, FAILED),
    ("aud an object", "audience", {"aud": {"b": "b"}}, FAILED),
    ("aud true", "audience", {"aud": True}, FAILED),
    ("aud a list with a number", "audience", {"aud": [1, "b"]}, FAILED),
    ("aud in other letters", "audience", {"aud": "B"}, FAILED),
    ("J28 not asked for", "app", {"aud": "a"}, None),
    ("aud of a strange form, not asked for", "app", {"aud": {"a": 1}}, None),
    ("J32 the party", "party", {"azp": "https://a"}, None),
    ("second of two", "parties", {"azp": "https://b:8443"}, None),
    ("J33 with a slash", "party", {"azp": "https://a/"}, PARTIES),
    ("J33 another", "party", {"azp": "https://b"}, PARTIES),
    ("party in capitals", "party", {"azp": "HTTPS://A"}, PARTIES),
    ("party as a prefix", "party", {"azp": "https://a.example"}, PARTIES),
    ("party with a port", "parties", {"azp": "https://b"}, PARTIES),
    ("J34 absent", "party", {"azp": OMIT}, PARTIES),
    ("J34 empty", "party", {"azp": ""}, PARTIES),
    ("azp null", "party", {"azp": None}, PARTIES),
    ("azp a list", "party", {"azp": ["https://a"]}, PARTIES),
    ("the server's party in a section of its own", "party", {"azp": AZP}, PARTIES),
    ("J36 own issuer", "app", {}, None),
    ("J36 another", "app", {"iss": "https://clerk.other.example"}, "token-invalid-issuer"),
    ("J36 absent", "app", {"iss": OMIT}, "token-invalid-issuer"),
    ("J36 a list", "app", {"iss": [ISSUER]}, "token-invalid-issuer"),
    ("iss null", "app", {"iss": None}, "token-invalid-issuer"),
    ("iss with a slash", "app", {"iss": ISSUER + "/"}, "token-invalid-issuer"),
    ("iss as http", "app", {"iss": ISSUER.replace("https", "http")}, "token-invalid-issuer"),
    ("iss of a longer host", "app", {"iss": ISSUER + ".evil.example"}, "token-invalid-issuer"),
    ("one of the issuers that are set", "issuer", {"iss": "https://two.example"}, None),
    ("own issuer where others are set", "issuer", {}, "token-invalid-issuer"),
    ("any issuer", "any-issuer", {"iss": "https://who.example"}, None),
    ("any issuer, none in the token", "any-issuer", {"iss": OMIT}, None),
]


@pytest.mark.parametrize("place, claims, reason", [row[1:] for row in JUDGED],
                         ids=[row[0] for row in JUDGED])
def test_claim_against_configuration(site, place, claims, reason):
    """J25, J26, J27, J28, J32, J33, J34, J36."""
    azp = {"party": "https://a", "parties": "https://a"}.get(place, AZP)
    token = site.mint.session(MEMBER, **{"azp": azp, **claims})
    target = PAGE.replace("app", place)
    if reason is None:
        site.admitted(MEMBER, target=target, bearer=token)
    else:
        site.refused(reason, target=target, bearer=token)


# Directives beside the keys, issuers that are accepted, issuers that are not.
ISSUERS = [
    ("K09 proxy", ["ClerkProxyURL https://www.claims.example/__clerk"],
     [None, "https://www.claims.example/__clerk"],
     ["https://www.claims.example", "https://www.claims.example/__clerk/"]),
    ("a path for a proxy", ["ClerkProxyURL /__clerk"], [None], ["/__clerk"]),
    ("K10 satellite", ["ClerkSatellite On", "ClerkDomain satellite.example"],
     [None, "https://clerk.satellite.example"], ["https://satellite.example"]),
    ("K11 domain alone", ["ClerkDomain satellite.example"], [None],
     ["https://clerk.satellite.example"]),
]


@pytest.mark.parametrize("lines, good, bad", [row[1:] for row in ISSUERS],
                         ids=[row[0] for row in ISSUERS])
def test_issuers_by_default(httpd, _standin_program, lines, good, bad):
    """K09, K10, K11: those that the instance may go by; None is its Frontend API."""
    site = ClerkSite(httpd, production(_standin_program), *lines)
    for issuer in good:
        site.admitted(MEMBER, bearer=site.mint.session(MEMBER, iss=issuer or site.mint.issuer))
    for issuer in bad:
        site.refused("token-invalid-issuer", bearer=site.mint.session(MEMBER, iss=issuer))


def test_without_authorized_parties(httpd, _standin_program):
    """J31, J35: any azp passes; a cookie without one does, too, and is told of once."""
    site = ClerkSite(httpd, production(_standin_program), parties=False)
    site.log.expect(r"\[clerk_auth:warn\].*ClerkAuthorizedParties is not set", times=1)
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER, azp="https://where.ever"))
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER, azp=OMIT))
    site.admitted(MEMBER, session=site.mint.session(MEMBER))
    for _ in range(3):
        answer = site.get(session=site.mint.session(MEMBER, azp=OMIT))
        assert (answer.status, seen(answer).user) == (200, MEMBER.id)
    site.log.expect(r"\[clerk_auth:warn\].*session cookie without azp", times=1)


def test_a_pending_session(site):
    judge(site, "session-pending", site.mint.session(MEMBER, sts="pending"))
