# SPDX-License-Identifier: Apache-2.0 - requests by chance, the same ones for the same seed
"""Cases drawn from all that a request and a setup can be made of."""
from __future__ import annotations

import random
import re
from typing import Iterator

from standin.tokens import decode
from standin.users import ADMIN, MEMBER, SOLO, User

from .cases import NONCE, Case
from .directed import nonce_forgotten
from .credentials import COMMON, MACHINES, Mint
from .setups import (API_KEY, AUDIENCE, DEV_SITE, FAPI, LIVE_SITE, M2M, OAUTH,
                     SATELLITE_DOMAIN, SESSION, Setup, World)

MOST = ("any",)
PRIMARY = "https://primary.example/login"
SETUPS = [
    Setup("d0"), Setup("d1", parties=(DEV_SITE,), patterns=True),
    Setup("d2", accepts=MOST, audience=AUDIENCE), Setup("d3", jwt_key=True, identify=True),
    Setup("d4", sign_in_url=PRIMARY, patterns=True, skew=0),
    Setup("d5", satellite=True, domain=SATELLITE_DOMAIN, sign_in_url=PRIMARY),
    Setup("d6", satellite=True, domain=SATELLITE_DOMAIN, sign_in_url=PRIMARY, auto_sync=True),
    Setup("d7", proxy_url="http://localhost:9/__clerk/", accepts=(SESSION, M2M)),
    Setup("d8", forwarded=True), Setup("d9", sign_in_url="/login", patterns=True, identify=True),
    Setup("l0", "live"), Setup("l1", "live", parties=(LIVE_SITE, DEV_SITE), patterns=True),
    Setup("l2", "live", accepts=MOST, audience=AUDIENCE),
    Setup("l3", "live", accepts=(SESSION, API_KEY), parties=(LIVE_SITE,)),
    Setup("l4", "live", accepts=(OAUTH,), audience=AUDIENCE), Setup("l5", "live", accepts=(M2M,)),
    Setup("l6", "live", accepts=(API_KEY,)), Setup("l7", "live", accepts=(M2M, OAUTH)),
    Setup("l8", "live", satellite=True, domain=SATELLITE_DOMAIN, sign_in_url=PRIMARY),
    Setup("l9", "live", satellite=True, domain=SATELLITE_DOMAIN, sign_in_url=PRIMARY,
          auto_sync=True),
    Setup("l10", "live", satellite=True, proxy_url="https://satellite.example/__clerk",
          sign_in_url=PRIMARY, auto_sync=True),
    Setup("l11", "live", proxy_url="/__clerk", sign_in_url="/sign-in", patterns=True),
    Setup("l12", "live", forwarded=True, patterns=True, identify=True),
    Setup("l13", "live", jwt_key=True, skew=1000, domain="ignored.example"),
]

# Name, method, headers; of browsers, old ones, scripts, programs.
KINDS = [
    ("page", "GET", {"Sec-Fetch-Dest": "document", "Accept": "text/html,*/*;q=0.8"}, 50),
    ("frame", "GET", {"Sec-Fetch-Dest": "iframe", "Accept": "text/html"}, 6),
    ("old browser", "GET", {"Accept": "text/html,application/xhtml+xml"}, 8),
    ("program", "GET", {"Accept": "application/json, text/html"}, 5),
    ("fetch", "GET", {"Sec-Fetch-Dest": "empty", "Accept": "*/*"}, 8),
    ("fetch of HTML", "GET", {"Sec-Fetch-Dest": "empty", "Accept": "text/html"}, 4),
    ("bare", "GET", {}, 4), ("form", "POST", {"Sec-Fetch-Dest": "document",
                                              "Accept": "text/html"}, 5),
    ("head", "HEAD", {"Sec-Fetch-Dest": "document", "Accept": "text/html"}, 3),
    ("post", "POST", {"Sec-Fetch-Dest": "empty"}, 4), ("options", "OPTIONS", {"Accept": "text/html"}, 1),
    ("odd page", "GET", {"Sec-Fetch-Dest": "Document", "Accept": "text/html"}, 1),
    ("odd browser", "GET", {"Accept": "Text/HTML"}, 1),
    ("text/htmlx", "GET", {"Sec-Fetch-Dest": "", "Accept": "text/htmlx"}, 1),
    ("image", "GET", {"Sec-Fetch-Dest": "image", "Accept": "image/*"}, 2),
]
REFERERS = ["SELF", "https://www.search.example/q", "https://FAPI/x", "https://PORTAL/sign-in",
            "https://quiet-fox-7.accounts.dev/", "https://accounts.else.example/", "no url",
            "http://accounts.old.lcl.dev/", "SELF@evil.example/", "http://FAPI:81/", "",
            "https://app.localhost:8080/", "http://app.localhost/", "about:blank"]
QUERY = [("page", "2"), ("q", "a b~c"), ("empty", ""), ("utf", "zoë"), ("plus", "1+1=2"),
         ("page", "3"), ("__clerk_help", "1"), ("__dev_session", "old"), ("__dev_session", ""),
         ("redirect_url", "https://else.example/?a=b&c"), ("", "nameless"), ("a=b", "c=d&e#f")]
# Sent as they are, behind the others.
RAW_QUERY = ["&&", "word", "=", "x=1=2", "p=%zz", "u=%ff", "plus=+&two=%2B", "semi=a;b", "?", "a=%00"]
# As somebody else's software may write them. The first of a name counts.
ODD_COOKIES = [("__client_uat", "%30"), ("__client_uat", " 5 "), ("__client_uat", '"5"'),
               ("\t__client_uat ", "\t7"), ("__client_uat", "5%"), ("__CLIENT_UAT", "5"),
               ("__session", ""), ("__session", "%65%6a"), ("__clerk_db_jwt", "a%20b"),
               ("__clerk_db_jwt", "%E4"), ("__clerk_redirect_count", "%31"),
               ("constructor", "x"), ("__proto__", "x"), ("", "5"), ("__client_uat=", "5")]
# Where a satellite's sync leads back to; origins that every development setup allows.
BACK_TO = [f"{DEV_SITE}/x", f"{DEV_SITE}/x?__clerk_synced=false&a=b",
           f"{DEV_SITE}/?__clerk_db_jwt=old&__clerk_synced=true"]
PATHS = ["/page", "/orgs/acme", "/orgs/globex", "/orgs/Acme", "/orgs/globex/bills/7", "/me",
         "/me/settings", "/opt/end", "/opt/acme/end", "/opt/globex/end/", "/ORGS/globex",
         "/by-id/org_2x", "/orgs/a%2Fb", "/orgs/%61cme", "/orgs/acme/", "/orgs/x;y", "/orgs//acme", f"/by-id/{ADMIN.membership.organization.id}", "/a%20b", "/ME/"]
UATS = ["0", "PAST", "PAST", "PAST", "PAST", "PAST", "PAST", "NOW", "FUTURE", "17x", "abc", ""]


class Generator:
    def __init__(self, world: World, seed: int):
        self.world, self.random = world, random.Random(seed)
        self._mints = {setup.name: Mint(world, setup) for setup in SETUPS}
        self._refresh = {}

    def cases(self, count: int) -> Iterator[Case]:
        """Every setup gets its turn."""
        for number in range(count):
            yield self._case(SETUPS[number % len(SETUPS)])

    def _case(self, setup: Setup) -> Case:
        pick = self.random
        name, method, headers, _ = pick.choices(KINDS, [kind[3] for kind in KINDS])[0]
        case = Case(setup, method, headers=list(headers.items()), what=[name])
        self._path(case)
        if pick.random() < 0.30 or setup.accepts[0] in (M2M, OAUTH, API_KEY):
            self._authorization(case)
        if pick.random() < 0.85:
            self._cookies(case)
        if pick.random() < 0.10:
            self._handshake(case)
        if pick.random() < 0.15:
            case.cookies.append(("__clerk_redirect_count", pick.choice(
                ["1", "2", "3", "3", "x", "", "0"])))
        if pick.random() < 0.30:
            self._referer(case)
        if pick.random() < (0.5 if setup.satellite else 0.05):
            case.query.append(("__clerk_synced", pick.choice(["true", "false", "false", "x"])))
        if setup.forwarded:
            self._forwarded(case)
        if setup.development and not setup.satellite and pick.random() < 0.04:
            case.query.append(("__clerk_redirect_url", pick.choice(BACK_TO)))
        pick.shuffle(case.cookies)
        if pick.random() < 0.12:
            odd = pick.choice(ODD_COOKIES)
            case.cookies.insert(pick.choice([0, len(case.cookies)]), odd)
            case.two_dev_browsers |= odd[0] == "__clerk_db_jwt"
        return case

    def _path(self, case: Case) -> None:
        pick = self.random
        case.path = pick.choice(PATHS if case.setup.patterns else ["/page", "/orgs/acme"])
        case.query = pick.sample(QUERY, pick.choice([0, 0, 0, 1, 2]))
        if pick.random() < 0.1:
            case.raw_query = pick.choice(RAW_QUERY)

    def _referer(self, case: Case) -> None:
        fapi = FAPI[case.setup.instance]
        portal = re.sub(r"clerk\.(accounts\.)?", "accounts.", fapi, count=1)
        value = self.random.choice(REFERERS).replace("SELF", case.setup.site + "/x")
        case.headers.append(("Referer", value.replace("FAPI", fapi).replace("PORTAL", portal)))

    def _forwarded(self, case: Case) -> None:
        for name, values in (("X-Forwarded-Host", ["www.tidewater.example", "a.example:8443, b.example"]),
                             ("X-Forwarded-Proto", ["https", "http", "https, http"])):
            if self.random.random() < 0.5:
                case.headers.append((name, self.random.choice(values)))

    # ---- tokens

    def _authorization(self, case: Case) -> None:
        pick, mint = self.random, self._mints[case.setup.name]
        kinds = MACHINES if pick.random() < (0.3 if case.setup.accepts == (SESSION,) else 0.6) \
            else COMMON
        kind = pick.choice(list(kinds))
        token = kinds[kind](mint)
        form = pick.choices(["Bearer {}", "{}", "Basic dTpw"], [88, 6, 6])[0]
        case.headers.append(("Authorization", form.format(token)))
        case.machine_sent = is_machines(token) and not form.startswith("Basic")
        case.what.append(f"{form.format(kind)}")

    def _session(self, case: Case) -> str:
        """A token for a cookie: most often one that a browser would have."""
        kind = self.random.choices(
            ["admin", "solo", "newer", "older", "expired", "expired, member", "pending",
             self.random.choice(list(COMMON))], [24, 8, 8, 6, 14, 8, 8, 24])[0]
        case.what.append(f"cookie {kind}")
        return COMMON[kind](self._mints[case.setup.name])

    def _cookies(self, case: Case) -> None:
        pick, end = self.random, f"_{self.world.of(case.setup).cookie_suffix}"
        if pick.random() < 0.06:
            self._left_over(case, end)
            return
        layout = pick.choices(["plain", "suffixed", "both", "mixed"], [30, 30, 20, 20])[0]
        sessions = {"plain": [""], "suffixed": [end]}.get(layout, ["", end])
        shared = self._session(case)
        for each in sessions:
            if pick.random() < 0.85:
                token = shared if layout == "both" else self._session(case)
                case.cookies.append((f"__session{each}", token))
        uat = self._client_uat(case)
        for each in sessions:
            if pick.random() < 0.9:
                case.cookies.append((f"__client_uat{each}", uat if layout == "both"
                                     else self._client_uat(case)))
        if case.setup.development:
            self._dev_browser(case, end)
        if pick.random() < 0.4:
            self._refresh_cookie(case, end)
        if pick.random() < 0.1:
            case.cookies += [("theme", "dark"), ("__session_Zz9zZz9z", "other"), ("x", '"q;')][
                :pick.choice([1, 2])]

    def _left_over(self, case: Case, end: str) -> None:
        """Suffixed cookies of an earlier browser SDK, after signing out with an older one."""
        mint = self._mints[case.setup.name]
        kind = self.random.choice(["expired", "expired", "admin", "no exp", "garbage"])
        case.what.append(f"left over {kind}")
        case.cookies += [(f"__session{end}", COMMON[kind](mint)),
                         (f"__client_uat{end}", str(mint.now - 100_000)), ("__client_uat", "0")]
        if case.setup.development:
            case.cookies += [("__clerk_db_jwt", "dvb_1"), (f"__clerk_db_jwt{end}", "dvb_1")]

    def _client_uat(self, case: Case) -> str:
        now = self._mints[case.setup.name].now
        return {"PAST": str(now - 100_000), "NOW": str(now - 60), "FUTURE": str(now + 5000)}.get(
            found := self.random.choice(UATS), found)

    def _dev_browser(self, case: Case, end: str) -> None:
        pick = self.random
        if pick.random() < 0.85:
            case.cookies.append(("__clerk_db_jwt", "dvb_1"))
            case.two_dev_browsers = pick.random() < 0.15
            case.cookies.append((f"__clerk_db_jwt{end}",
                                 "dvb_2" if case.two_dev_browsers else "dvb_1"))
        if pick.random() < 0.08:
            case.query.append(("__clerk_db_jwt", pick.choice(["dvb_1", "dvb_3", ""])))
            case.two_dev_browsers = True

    def _refresh_cookie(self, case: Case, end: str) -> None:
        """Of the session of the (first) user whose token it might be."""
        name, user = self.random.choice([
            (f"__refresh{end}", ADMIN), (f"__refresh{end}", ADMIN), (f"__refresh{end}", MEMBER),
            (f"__refresh{end}", None), ("__refresh", ADMIN)])
        case.cookies.append((name, self._refresh_token(case, user) if user else "unknown"))

    def _refresh_token(self, case: Case, user: User) -> str:
        key = case.setup.instance, user.id
        if key not in self._refresh:
            self._refresh[key] = self.world.of(case.setup).session(user.session_id).refresh_token
        return self._refresh[key]

    # ---- handshakes

    def _handshake(self, case: Case) -> None:
        """What the SDK cannot resolve in development is a 500; those are told elsewhere."""
        pick, mint = self.random, self._mints[case.setup.name]
        content = handshakes(mint)
        case.what.append(f"handshake {(kind := pick.choice(list(content)))}")
        forms = ["token", "nonce", "both"]
        if not case.setup.development:
            forms += ["a stranger's", "unknown nonce", "template", "garbage"]
        form = pick.choice(forms)
        case.what[-1] += f" as {form}"
        values = {}
        if form in ("nonce", "both"):
            case.directives = content[kind]
            values["__clerk_handshake_nonce"] = NONCE
        if form == "unknown nonce":
            values["__clerk_handshake_nonce"] = "unknown"
        if form in ("token", "both"):
            values["__clerk_handshake"] = mint.clerk.mint.handshake(content[kind])
        if form == "a stranger's":
            values["__clerk_handshake"] = self.world.stranger.mint.handshake(content[kind])
        if form == "template":
            values["__clerk_handshake"] = mint.clerk.mint.template(handshake=content[kind])
        if form == "garbage":
            values["__clerk_handshake"] = "abc.def"
        place = case.query if pick.random() < (0.8 if case.setup.development else 0.3) \
            else case.cookies
        place += values.items()
        if form == "unknown nonce" and place is case.cookies:
            case.shows, case.instead = 9, nonce_forgotten


def is_machines(token: str) -> bool:
    if token.startswith(("mt_", "oat_", "ak_")):
        return True
    try:
        header, claims = decode(token)
        return header.get("typ") in ("at+jwt", "application/at+jwt") or \
            claims["sub"].startswith("mch_")
    except (ValueError, KeyError, AttributeError):
        return False


def handshakes(mint: Mint) -> dict[str, list[str]]:
    """What Clerk may bring, and what it should not."""
    end = f"_{mint.clerk.cookie_suffix}"

    def session(token: str) -> list[str]:
        return [f"__session={token}; Path=/; SameSite=Lax", "__client_uat=1700000000; Path=/",
                f"__session{end}={token}; Path=/; SameSite=Lax",
                f"__refresh{end}=r; Path=/; HttpOnly"]
    return {
        "signed in": session(mint.session(ADMIN)), "another user": session(mint.session(SOLO)),
        "pending": session(COMMON["pending"](mint)),
        "signed out": ["__session=; Path=/; Max-Age=0", "__client_uat=0; Path=/"],
        "nothing": [], "expired": session(mint.session(exp=mint.now - 100)),
        "not yet": session(COMMON["not yet"](mint)),
        "altered": session(COMMON["altered"](mint)),
        "expired long ago": session(mint.session(age=400_000, exp=mint.now - 300_000)),
        "no token": session("abc"), "two sessions": session(mint.session(SOLO))
        + [f"__session={mint.session(MEMBER)}; Path=/"],
        "another party's": session(COMMON["another party's"](mint)),
        "odd": ["a", "=b", "", "__session_x=" + mint.session(MEMBER), " spaced =1"]}
