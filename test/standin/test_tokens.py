# SPDX-License-Identifier: Apache-2.0 - tests of the minter, by an independent reading
"""Minted tokens, judged with the cryptography library alone."""
from __future__ import annotations

import re
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from standin import publishable_key, tokens
from standin.keys import SigningKey, b64url_decode, pooled_key
from standin.tokens import OMIT, Minter, decode
from standin.users import ADMIN, IMPERSONATED, MEMBER, PENDING, SOLO, USERS, Directory

KEY = pooled_key()
MINT = Minter(KEY, "https://clerk.example.com", azp="https://app.example.com")


def verify(token: str, key: SigningKey = KEY, digest=hashes.SHA256()) -> None:
    """RS256 by the letter of RFC 7518, with the key as its PEM says."""
    message, _, signature = token.rpartition(".")
    public = serialization.load_pem_public_key(key.public_pem().encode())
    public.verify(b64url_decode(signature), message.encode(), padding.PKCS1v15(), digest)


def test_a_session_token_has_clerks_header_and_times():
    before = int(time.time())
    header, claims = decode(MINT.session())
    assert header == {"alg": "RS256", "cat": "cl_B7d4PD111AAA", "kid": KEY.kid, "typ": "JWT"}
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] - claims["iat"] == 60
    assert claims["iat"] - claims["nbf"] == 10
    assert claims["iss"] == "https://clerk.example.com"
    assert claims["azp"] == "https://app.example.com"


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.key)
@pytest.mark.parametrize("version", [1, 2])
def test_who_the_token_is_about(user, version):
    token = MINT.session(user, version=version)
    verify(token)
    claims = decode(token)[1]
    assert (claims["sub"], claims["sid"]) == (user.id, user.session_id)
    assert claims["sts"] == ("pending" if user is PENDING else "active")
    assert claims.get("act") == user.actor
    assert ("v" in claims) == (version == 2)
    assert ("o" in claims) == (version == 2 and user.membership is not None)
    assert ("org_id" in claims) == (version == 1 and user.membership is not None)


def test_version_2_organization_claims_are_compact():
    claims = decode(MINT.session(ADMIN))[1]
    assert claims["o"] == {"id": ADMIN.membership.organization.id, "slg": "acme", "rol": "admin",
                           "per": "read,create,delete", "fpm": "7,3"}
    assert claims["fea"] == "u:dashboard,o:invoices,o:reports"
    assert claims["pla"] == "u:free,o:team"


def test_version_1_organization_claims_are_flat():
    claims = decode(MINT.session(MEMBER, version=1))[1]
    assert claims["org_role"] == "org:member"
    assert claims["org_permissions"] == ["org:invoices:read", "org:reports:read"]


def test_any_claim_and_header_member_can_be_changed_or_left_out():
    header, claims = decode(MINT.session(SOLO, exp=5, sid=OMIT, extra=[1],
                                         header={"cat": OMIT, "alg": "none", "crit": ["x"]}))
    assert header == {"alg": "none", "kid": KEY.kid, "typ": "JWT", "crit": ["x"]}
    assert claims["exp"] == 5 and claims["extra"] == [1]
    assert "sid" not in claims


def test_categories_and_types_of_the_other_tokens():
    template, m2m, oauth = decode(MINT.template()), decode(MINT.m2m()), decode(MINT.oauth())
    assert template[0]["cat"] == "cl_B7d4PD222AAA" and "sid" not in template[1]
    assert m2m[0]["cat"] == "cl_B7d4PD333AAA" and m2m[1]["sub"].startswith("mch_")
    assert oauth[0]["typ"] == "at+jwt" and "cat" not in oauth[0]
    assert decode(MINT.handshake(["a=b"]))[1] == {"handshake": ["a=b"]}


def test_m2m_tokens_have_clerks_claims():
    claims = decode(MINT.m2m())[1]
    assert set(claims) == {"iss", "sub", "exp", "nbf", "iat", "jti", "aud", "scopes"}
    assert re.fullmatch(r"mt_2[0-9A-Za-z]{26}", claims["jti"])
    assert (claims["aud"], claims["scopes"]) == ([tokens.OTHER_MACHINE], tokens.OTHER_MACHINE)
    assert claims["exp"] - claims["iat"] == 3600
    bare = decode(MINT.m2m(scopes=OMIT, seconds=5, tier="gold"))[1]
    assert "scopes" not in bare and bare["tier"] == "gold" and bare["exp"] - bare["iat"] == 5


def test_oauth_tokens_have_clerks_claims():
    header, claims = decode(MINT.oauth(MEMBER))
    assert header == {"alg": "RS256", "kid": KEY.kid, "typ": "at+jwt"}
    assert set(claims) == {"iss", "sub", "exp", "nbf", "iat", "jti", "client_id", "scope"}
    assert re.fullmatch(r"oat_2[0-9A-Za-z]{26}", claims["jti"])
    assert (claims["sub"], claims["client_id"], claims["scope"]) == \
        (MEMBER.id, tokens.CLIENT, "profile email")
    assert claims["exp"] - claims["iat"] == 86400
    header, claims = decode(MINT.oauth(header={"typ": "application/at+jwt"}, scp=["a"], scope=OMIT))
    assert header["typ"] == "application/at+jwt" and claims["scp"] == ["a"]


@pytest.mark.parametrize("alg, size", [("RS256", 256), ("RS384", 256), ("RS512", 256),
                                       ("PS256", 256), ("ES256", 64), ("HS256", 32),
                                       ("none", 0)])
def test_other_algorithms_sign_as_they_say(alg, size):
    token = MINT.session(alg=alg, key=b"secret" if alg == "HS256" else None)
    assert decode(token)[0]["alg"] == alg
    assert len(b64url_decode(token.rpartition(".")[2])) == size
    if alg == "RS384":
        verify(token, digest=hashes.SHA384())


def test_wrong_signatures_are_wrong():
    other = pooled_key(KEY.kid, unlike=[KEY])
    for token in (tokens.alter_signature(MINT.session()), tokens.alter_signature(MINT.session(), 9),
                  tokens.alter_payload(MINT.session(), sub=MEMBER.id),
                  MINT.session(key=other), MINT.session(signature=b"\0" * 256)):
        with pytest.raises(InvalidSignature):
            verify(token)
    verify(MINT.session(key=other), other)


def test_raw_tokens_carry_the_bytes_given_and_a_true_signature():
    header, payload = b'{"alg":"RS256","alg":"none"}', b'\xff\x00["' + b"[" * 5000
    token = MINT.raw(header, payload)
    assert [b64url_decode(part) for part in token.split(".")[:2]] == [header, payload]
    verify(token)


def test_keys_survive_pem_and_pool_neighbours_differ():
    again = SigningKey.from_pem(KEY.private_pem(), "ins_x")
    assert again.same_material(KEY) and again.jwk()["kid"] == "ins_x"
    keys = [KEY]
    for _ in range(3):
        keys.append(pooled_key(unlike=keys))
    assert len({key.jwk()["n"] for key in keys}) == len(keys)


def test_ids_have_clerks_form():
    ids = [user.id for user in USERS] + [user.session_id for user in USERS]
    ids += [ADMIN.membership.organization.id, KEY.kid, tokens.MACHINE, IMPERSONATED.actor["sub"]]
    assert all(re.fullmatch(r"[a-z]+_2[0-9A-Za-z]{26}", one) for one in ids)
    assert len(set(ids)) == len(ids)


def test_users_can_be_changed():
    directory = Directory()
    directory.change("solo", {"role": "guest", "grants": ["reports:read"], "plan": "gold"})
    directory.change(ADMIN.id, {"role": None})
    assert tokens.claims_v2(directory.find("solo"))["o"]["fpm"] == "0,1"
    assert directory.find("admin").membership is None
    with pytest.raises(KeyError):
        directory.change("nobody", {})
    with pytest.raises(TypeError):
        directory.change("solo", {"no_such_field": 1})


@pytest.mark.parametrize("key, suffix", [
    ("pk_test_Y2xlcmsuY2xlcmsuZGV2JA", "QvfNY2dr"),
    ("pk_live_Y2xlcmsuY2xlcmsuZGV2JA", "1Z8AzTQD"),
    ("pk_test_ZW5vdWdoLWFscGFjYS04Mi5jbGVyay5hY2NvdW50cy5sY2xjbGVyay5jb20k", "jtYvyt_H"),
])
def test_cookie_suffix(key, suffix):
    assert publishable_key.cookie_suffix(key) == suffix


@pytest.mark.parametrize("bad", ["", "pk_foo_Y2xlcmsuZXhhbXBsZSQ", "pk_test_", "pk_test_%%%%",
                                 "sk_test_Y2xlcmsuZXhhbXBsZSQ", "pk_test_Y2xlcmsuZXhhbXBsZQ"])
def test_what_is_no_publishable_key(bad):
    with pytest.raises(ValueError):
        publishable_key.fapi_host(bad)


def test_publishable_key_round_trip():
    assert publishable_key.fapi_host(publishable_key.encode("clerk.example.com", live=True)) \
        == "clerk.example.com"
