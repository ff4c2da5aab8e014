# SPDX-License-Identifier: Apache-2.0 - single claims for the application, and values that no header could hold
from __future__ import annotations

from urllib.parse import unquote

import pytest

from clerk_site import ClerkSite, production
from standin.users import SOLO
from upstream import Upstream, header_values


@pytest.fixture(scope="module")
def application():
    with Upstream() as running:
        yield running


EXPORTED = """
    ClerkExportClaim tier
    ClerkExportClaim metadata.plan_name
    ClerkExportClaim metadata.plan_name plan
    ClerkExportClaim groups team-names
    ClerkExportClaim number
    ClerkExportClaim metadata.deep.er Level_2
    ClerkExportClaim object
    ClerkExportClaim flag
    ClerkExportClaim nothing
    ClerkExportClaim text
"""


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program, application):
    site = ClerkSite(module_httpd, production(_standin_program), modules=["cgid", "proxy_http"],
                     defines={"UP": application.url}, sections=f"""
ProxyPass /up/ "${{UP}}/"
<Location />
    AuthType Clerk
    AuthName x
    Require valid-user
    {EXPORTED}
</Location>
<Location /cgi/more/env>
    ClerkExportClaim extra
</Location>
""")
    site.httpd.environment_script()
    return site


def environment(site, claims, target="/cgi/env"):
    names = site.get(target, bearer=site.mint.session(SOLO, **claims)).json()
    return {name.removeprefix("CLERK_CLAIM_"): value for name, value in names.items()
            if name.startswith("CLERK_CLAIM_")}


def headers(site, claims):
    seen = site.get("/up/", bearer=site.mint.session(SOLO, **claims)).json()
    return {name.removeprefix("X-Clerk-Claim-"): value for name, value in seen["headers"]
            if name.startswith("X-Clerk-Claim-")}


@pytest.mark.parametrize("claims, names, fields", [
    ({}, {}, {}),
    ({"tier": "gold"}, {"TIER": "gold"}, {"Tier": "gold"}),
    ({"metadata": {"plan_name": "pro"}},
     {"METADATA_PLAN_NAME": "pro", "PLAN": "pro"}, {"Metadata-Plan-Name": "pro", "Plan": "pro"}),
    ({"groups": ["a", 1]}, {"TEAM_NAMES": '["a",1]'}, {"Team-Names": '["a",1]'}),
    ({"number": 42}, {"NUMBER": "42"}, {"Number": "42"}),
    ({"number": -1.5}, {"NUMBER": "-1.5"}, {"Number": "-1.5"}),
    ({"metadata": {"deep": {"er": "x"}}}, {"LEVEL_2": "x"}, {"Level-2": "x"}),
    ({"metadata": "no object"}, {}, {}),
    ({"object": {"a": {"b": "é"}}}, {"OBJECT": '{"a":{"b":"\\u00E9"}}'},
     {"Object": '{"a":{"b":"\\u00E9"}}'}),
    ({"flag": False}, {"FLAG": "false"}, {"Flag": "false"}),
    ({"nothing": None}, {"NOTHING": "null"}, {"Nothing": "null"}),
    ({"not_exported": "x", "extra": "x"}, {}, {}),
])
def test_claim(site, claims, names, fields):
    """By the name that is given, or by its path; an absent one sets nothing."""
    assert environment(site, claims) == names
    assert headers(site, claims) == fields


TEXTS = {
    # a claim, and the header field that tells it
    "plain": ("gold", "gold"),
    "a sign that may stand": ("100%", "100%"),
    "quotes": ("a \"b\" 'c', d; e=f", "a \"b\" 'c', d; e=f"),
    "new field": ("x\r\nX-Evil: 1", "x%0D%0AX-Evil: 1"),
    "new line": ("x\nX-Evil: 1", "x%0AX-Evil: 1"),
    "carriage return": ("x\rX-Evil: 1", "x%0DX-Evil: 1"),
    "new request": ("x\r\n\r\nGET /admin HTTP/1.1", "x%0D%0A%0D%0AGET /admin HTTP/1.1"),
    "tab": ("a\tb", "a%09b"),
    "escape": ("\x1b[2J", "%1B[2J"),
    "delete": ("a\x7fb", "a%7Fb"),
    "Latin": ("José", "Jos%C3%A9"),
    "beyond": ("☃😀", "%E2%98%83%F0%9F%98%80"),
    "both": ("é 100%", "%C3%A9 100%25"),
    "looks encoded": ("é%0d", "%C3%A9%250d"),
    "next line": ("\u0085\u2028", "%C2%85%E2%80%A8"),
}


@pytest.mark.sanitize
@pytest.mark.parametrize("text, field", TEXTS.values(), ids=TEXTS)
def test_text_that_no_header_could_hold(site, application, text, field):
    """Percent-encoded there, so that no value ends its field; the environment has it as it is."""
    assert environment(site, {"text": text}) == {"TEXT": text}
    before = len(application.requests)
    assert headers(site, {"text": text}) == {"Text": field}
    assert len(application.requests) == before + 1, "one request stayed one"
    seen = application.requests[-1]
    assert header_values(seen, "X-Evil") == []
    if not text.isascii() or not text.isprintable():
        assert unquote(field) == text


@pytest.mark.parametrize("value", ["evil\r\nX-Evil: 1", "é", "a\tb"])
def test_every_name_is_guarded(site, value):
    """Not only claims of the site's choice: ids, slugs, roles, plans, the actor."""
    token = site.mint.session(
        SOLO, sub=f"user_{value}", sid=f"sess_{value}", sts=value, act={"sub": value},
        fea=f"o:{value}", pla=f"o:{value}",
        o={"id": f"org_{value}", "slg": value, "rol": value, "per": value, "fpm": "1"})
    seen = site.get("/up/", bearer=token).json()
    assert header_values(seen, "X-Evil") == []
    ours = {name: text for name, text in seen["headers"] if name.startswith("X-Clerk-")}
    assert unquote(ours["X-Clerk-User-Id"]) == f"user_{value}"
    assert unquote(ours["X-Clerk-Org-Slug"]) == value
    assert all(text.isascii() and text.isprintable() for text in ours.values())
    names = site.get("/cgi/env", bearer=token).json()
    assert names["CLERK_ORG_SLUG"] == value
    assert names["REMOTE_USER"] == f"user_{value}"
    assert "HTTP_X_EVIL" not in names


def test_lists_of_sections_replace_each_other(site):
    """As every per-directory setting: what an inner section says is all that holds there."""
    site.httpd.write("x", "x")
    site.httpd.cgi.joinpath("more").mkdir(exist_ok=True)
    site.httpd.environment_script("more/env")
    assert environment(site, {"extra": "e", "tier": "gold"}, "/cgi/more/env") == {"EXTRA": "e"}
