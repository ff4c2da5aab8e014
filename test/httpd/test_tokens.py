# SPDX-License-Identifier: Apache-2.0 - session tokens by header or cookie: what carries them, which kinds pass
from __future__ import annotations

import time

import pytest

from clerk_site import FETCH, NAVIGATION, PAGE_TEXT, ClerkSite, development, production, seen
from standin.tokens import (CAT_IGNORE, CAT_M2M, CAT_SESSION, CAT_TEMPLATE, MACHINE, OMIT,
                            alter_signature)
from standin.users import ADMIN, MEMBER, SOLO

NO_SESSION = "session-token-and-uat-missing"


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return ClerkSite(module_httpd, production(_standin_program))


@pytest.mark.sanitize
@pytest.mark.all_mpms
def test_sign_in(httpd, _standin_program):
    """T12: a header or a cookie lets in whom it names, and nobody else gets in."""
    site = ClerkSite(httpd, production(_standin_program))
    answer = site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert answer.text == PAGE_TEXT
    assert seen(answer).session == MEMBER.session_id
    site.admitted(SOLO, session=site.mint.session(SOLO, version=1))
    site.refused("token-invalid-signature", bearer=alter_signature(site.mint.session(MEMBER)))
    nobody = site.refused(NO_SESSION, carrier="none", headers=FETCH)
    assert nobody.header("WWW-Authenticate") == 'Bearer realm="Example"'


def test_sign_in_on_a_development_instance(httpd, _standin_program):
    site = ClerkSite(httpd, development(_standin_program))
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    site.admitted(MEMBER, session=site.mint.session(MEMBER))


def test_a_request_of_http2(httpd, _standin_program):
    site = ClerkSite(httpd, production(_standin_program), "Protocols h2c http/1.1",
                     modules=["http2"])
    token = site.mint.session(MEMBER)
    carried = [{"authorization": f"Bearer {token}"},
               {"cookie": "; ".join(f"{k}={v}" for k, v in site.cookies(token).items())}]
    for headers in carried:
        answer = site.httpd.http2("/app/page.txt", headers)
        assert (answer.version, answer.status, seen(answer).user) == ("HTTP/2", 200, MEMBER.id)
    # HTTP/2 lets a client send its cookies in several fields (RFC 9113, 8.2.3).
    crumbs = [("cookie", f"{name}={value}") for name, value in site.cookies(token).items()]
    assert site.httpd.http2("/app/page.txt", crumbs).status == 200
    assert site.httpd.http2("/app/page.txt").status == 401


# ---------------------------------------------------------------- the Authorization field

ACCEPTED_FORMS = [
    ("T11 without scheme", "{token}"),
    ("T12 Bearer", "Bearer {token}"),
    ("lower case", "bearer {token}"),
    ("upper case", "BEARER {token}"),
    ("T17 two spaces", "Bearer  {token}"),
    ("many spaces", "Bearer        {token}"),
    ("space at the end", "Bearer {token}  "),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("field", [form for _, form in ACCEPTED_FORMS],
                         ids=[label for label, _ in ACCEPTED_FORMS])
def test_form_of_authorization(site, field):
    """T17 differs from the SDK on purpose: a scheme may be followed by several spaces
    (RFC 9110, 11.4)."""
    token = site.mint.session(MEMBER)
    site.admitted(MEMBER, headers={"Authorization": field.format(token=token)})


REFUSED_FORMS = [
    ("a word after the token", ["Bearer {token} x"]),
    ("two tokens", ["Bearer {token} {token}"]),
    ("two fields", ["Bearer {token}", "Bearer {token}"]),
    ("two fields, one of another scheme behind", ["Bearer {token}", "Basic dXNlcjpwYXNz"]),
    ("two fields, the first without a scheme", ["{token}", "{token}"]),
    ("a comma behind", ["Bearer {token},"]),
    ("a comma between", ["Bearer {token},{token}"]),
    ("a comma before", ["Bearer ,{token}"]),
    ("a comma after the scheme", ["Bearer, {token}"]),
    ("Bearer alone", ["Bearer"]),
    ("Bearer and a space", ["Bearer "]),
    ("a tab for the space", ["Bearer\t{token}"]),
    ("quotes", ['Bearer "{token}"']),
    ("parameter form", ["Bearer token={token}"]),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("fields", [fields for _, fields in REFUSED_FORMS],
                         ids=[label for label, _ in REFUSED_FORMS])
def test_form_of_authorization_that_is_refused(site, fields):
    """Also where good cookies came along: whoever sends a token means it."""
    token = site.mint.session(MEMBER)
    headers = [("Authorization", field.format(token=token)) for field in fields]
    answer = site.refused("token-invalid", headers=headers)
    assert answer.header("WWW-Authenticate") == 'Bearer realm="Example", error="invalid_token"'
    site.refused("token-invalid", headers=headers, session=token)


OTHER_FIELDS = [
    ("T13 T14 Basic", ["Basic dXNlcjpwYXNz"]),
    ("Token", ["Token abc"]),
    ("Digest with commas", ['Digest username="u", realm="r", nonce="n"']),
    ("Basic, then Bearer in another field", ["Basic dXNlcjpwYXNz", "Bearer a.b.c"]),
    ("T16 empty", [""]),
    ("T16 blank", ["   "]),
]


@pytest.mark.parametrize("fields", [fields for _, fields in OTHER_FIELDS],
                         ids=[label for label, _ in OTHER_FIELDS])
def test_field_without_a_token(site, fields):
    """T13, T14, T16: it counts as not sent, and cookies decide."""
    headers = [("Authorization", field) for field in fields]
    site.refused(NO_SESSION, carrier="none", headers=headers)
    site.admitted(MEMBER, headers=headers, session=site.mint.session(MEMBER))


def test_a_header_token_wins_over_a_cookie(site):
    """T15, whether it is good or not."""
    cookie = site.mint.session(MEMBER)
    site.admitted(ADMIN, bearer=site.mint.session(ADMIN), session=cookie)
    site.refused("token-invalid-signature",
                 bearer=alter_signature(site.mint.session(ADMIN)), session=cookie)


@pytest.mark.parametrize("target", ["/app/page.txt?__session={token}",
                                    "/app/page.txt?access_token={token}",
                                    "/app/page.txt?token={token}"])
def test_a_token_in_the_query_is_none(site, target):
    token = site.mint.session(MEMBER)
    site.refused(NO_SESSION, carrier="none", target=target.format(token=token))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_needs_a_session(site, method):
    answer = site.refused(NO_SESSION, carrier="none", method=method)
    assert (answer.body == b"") == (method == "HEAD")


# ---------------------------------------------------------------- kinds of tokens

CATEGORIES = [("C01", CAT_SESSION, None), ("C02", CAT_IGNORE, None), ("C03", OMIT, None),
              ("C04 C06 template", CAT_TEMPLATE, "token-type-mismatch"),
              ("M2M", CAT_M2M, "token-type-mismatch"),
              ("C07 unknown", "cl_Zz", "token-type-mismatch"),
              ("other case", CAT_SESSION.lower(), "token-type-mismatch"),
              ("empty", "", "token-type-mismatch"), ("null", None, "token-type-mismatch"),
              ("a number", 111, "token-type-mismatch"),
              ("a list", [CAT_SESSION], "token-type-mismatch")]


@pytest.mark.parametrize("carrier", ["header", "cookie"])
@pytest.mark.parametrize("category, reason", [row[1:] for row in CATEGORIES],
                         ids=[row[0] for row in CATEGORIES])
def test_category_of_a_session_token(site, category, reason, carrier):
    """C01, C02, C03, C04, C06, C07."""
    token = site.mint.session(MEMBER, header={"cat": category})
    how = {"bearer": token} if carrier == "header" else {"session": token}
    if reason:
        site.refused(reason, carrier, **how)
    else:
        site.admitted(MEMBER, **how)


OTHER_TOKENS = [
    ("template", lambda mint: mint.template(MEMBER)),
    ("template without category", lambda mint: mint.template(MEMBER, sid="sess_1",
                                                             header={"cat": CAT_TEMPLATE})),
    ("T19 M2M", lambda mint: mint.m2m()),
    ("M2M by subject alone", lambda mint: mint.session(MEMBER, sub=MACHINE)),
    ("T20 OAuth", lambda mint: mint.oauth(MEMBER)),
    ("OAuth with a session's claims",
     lambda mint: mint.session(MEMBER, header={"typ": "application/at+jwt"})),
    ("both OAuth and M2M", lambda mint: mint.oauth(MEMBER, sub=MACHINE)),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("carrier", ["header", "cookie"])
@pytest.mark.parametrize("make", [make for _, make in OTHER_TOKENS],
                         ids=[label for label, _ in OTHER_TOKENS])
def test_a_token_of_another_kind_in_the_session_s_place(site, make, carrier):
    """T19, T20: refused although the instance's own key has signed it."""
    token = make(site.mint)
    how = {"bearer": token} if carrier == "header" else {"session": token}
    site.refused("token-type-mismatch", carrier, **how)


@pytest.mark.parametrize("carrier", ["header", "cookie"])
def test_an_id_token_is_no_session(site, carrier):
    """An OpenID Connect ID token: same key, typ JWT, no category, no session id."""
    token = site.mint.session(MEMBER, sid=OMIT, aud="client", header={"cat": OMIT})
    how = {"bearer": token} if carrier == "header" else {"session": token}
    site.refused("token-verification-failed", carrier, **how)


@pytest.mark.parametrize("carrier", ["header", "cookie"])
@pytest.mark.parametrize("token", ["mt_abc", "oat_abc", "ak_abc", "ak_a.b.c"])
def test_an_opaque_machine_token_is_no_session(site, standin, token, carrier):
    before = standin.counters()["total"]
    how = {"bearer": token} if carrier == "header" else {"session": token}
    site.refused("token-invalid", carrier, **how)
    assert standin.counters()["total"] == before, "nobody was asked about it"


def test_kind_is_judged_before_any_key_is_fetched(httpd, standin):
    """C08: so that such a token costs the server nothing."""
    site = ClerkSite(httpd, production(standin), "ClerkKeyMinInterval 50ms")
    standin.reset()
    time.sleep(0.1)   # an unknown kid may be asked for again
    unknown = {"kid": "ins_unknown"}
    for token in (site.mint.session(header={"cat": CAT_M2M, **unknown}),
                  site.mint.m2m(header=unknown), site.mint.oauth(header=unknown),
                  site.mint.template(header=unknown)):
        site.refused("token-type-mismatch", bearer=token)
    assert standin.counters()["total"] == 0


# ---------------------------------------------------------------- browsers and scripts

@pytest.mark.parametrize("bad", [None, "a.b", "altered"])
def test_who_navigates_is_sent_to_sign_in_and_a_script_is_told(site, bad):
    """A browser that opens a page goes to sign-in, whatever token it sent."""
    token = alter_signature(site.mint.session()) if bad == "altered" else bad
    sent = site.get(bearer=token, headers=NAVIGATION)
    assert sent.status == 302 and "/sign-in?" in sent.location
    told = site.get(bearer=token, headers=FETCH)
    assert (told.status, told.location) == (401, None)
    assert told.json()["error"] == "not_authenticated"
    assert ('error="invalid_token"' in told.header("WWW-Authenticate")) == (bad is not None)
