# SPDX-License-Identifier: Apache-2.0 - cases made to show each difference
"""Two or more cases for each numbered difference from the SDK, and what is expected instead.

And what chance alone would hit too seldom, in which there is no difference.
"""
from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Callable, Iterator

from standin import publishable_key
from standin.tokens import CAT_IGNORE, CAT_M2M, OMIT
from standin.users import MEMBER, PENDING

from .cases import Case
from .credentials import ODD, Mint
from .setups import AUDIENCE, FAPI, OTHER_ORIGIN, SIGN_IN_URL, Setup, World
from .verdicts import Verdict

PAGE = [("Sec-Fetch-Dest", "document"), ("Accept", "text/html")]
CALL = [("Accept", "application/json")]

DEV = Setup("x0", parties=("http://app.localhost:8080", OTHER_ORIGIN))
LIVE = Setup("x1", "live")
WITH_AUDIENCE = Setup("x2", "live", audience=AUDIENCE)
ANY = Setup("x3", "live", accepts=("any",))
DOWN = Setup("x4", "down", accepts=("any",))
ROTATING = Setup("x5", "rotating")
NO_SYNC = Setup("x6", "live", cross_origin=False)
TASKS = Setup("x7", sign_in_url=SIGN_IN_URL)
PENDING_IN = Setup("x8", "live", patterns=True, admits_pending=True)
PENDING_IN_DEV = Setup("x9", patterns=True, admits_pending=True)
PENDING_TOLD = Setup("x10", "live", patterns=True, identify=True)
SETUPS = [DEV, LIVE, WITH_AUDIENCE, ANY, DOWN, ROTATING, NO_SYNC, TASKS, PENDING_IN,
          PENDING_IN_DEV, PENDING_TOLD]

KEY_INTERVAL = 1.0     # ClerkKeyMinInterval of the comparison's server, in seconds


def directed(world: World) -> Iterator[Case]:
    for make in (_tokens, _authorization, _machines, _keys, _undecided, _handshakes, _redirects,
                 _tasks):
        for number, what, case in make(world):
            case.what.append(f"{number}: {what}")
            yield case
    for what, case in _pending(world):
        case.what.append(f"pending: {what}")
        yield case


def bearer(setup: Setup, token: str, headers: list = CALL, **fields: Any) -> Case:
    return Case(setup, headers=[*headers, ("Authorization", f"Bearer {token}")], **fields)


def signed_in(setup: Setup, token: str, headers: list = PAGE, **fields: Any) -> Case:
    """With the cookies of a browser."""
    end = f"_{suffix(setup)}"
    jar = [(f"__session{end}", token), (f"__client_uat{end}", "1700000000")]
    if setup.development:
        jar.append((f"__clerk_db_jwt{end}", "dvb_1"))
    return Case(setup, headers=list(headers), cookies=jar + fields.pop("more", []), **fields)


def suffix(setup: Setup) -> str:
    return publishable_key.cookie_suffix(
        publishable_key.encode(FAPI[setup.instance], live=not setup.development))


def refused(reason: str, **changes: Any) -> Callable[[Case, Verdict], Verdict]:
    return lambda case, sdk: sdk.refused(case, reason, **changes)


# ---- 1 to 4, 12

REASONS = {1: "token-verification-failed", 2: "token-invalid", 3: "token-invalid-algorithm",
           4: "token-invalid-issuer", "unknown kid, other type": "token-invalid"}
CLAIMS = ("exp beyond", "nbf negative", "aud of another shape", "aud of numbers")


def _tokens(world: World) -> Iterator[tuple[int, str, Case]]:
    for setup in (DEV, WITH_AUDIENCE):
        mint = Mint(world, setup)
        for number, label, make in ODD:
            if "aud" in label.split() and setup.audience is None:
                continue
            reason = REASONS[1] if label in CLAIMS else REASONS.get(label, REASONS.get(number))
            for send in (bearer, signed_in):
                if send is signed_in and label == "long":
                    continue   # no browser sends a cookie of that size
                fields = {"instead": refused(reason)} if number != 12 else {
                    "like": send(setup, mint.session(fea=OMIT)),
                    "instead": _without_permissions}
                yield number, label, send(setup, make(mint), shows=number, **fields)


def _without_permissions(_case: Case, sdk: Verdict) -> Verdict:
    return replace(sdk, identity={name: value for name, value in sdk.identity.items()
                                  if name != "ORG_PERMISSIONS"})


# ---- 5

def _authorization(world: World) -> Iterator[tuple[int, str, Case]]:
    token = Mint(world, LIVE).session(MEMBER)
    for form in ("bearer {}", "BEARER {}", "Bearer  {}", "bearer   {}"):
        yield 5, form, Case(LIVE, headers=[("Authorization", form.format(token))], shows=5,
                            like=bearer(LIVE, token, []))
    for form in ("Bearer {} more", "Bearer {},x", "Bearer", "Bearer ", "{},{}"):
        yield 5, form, Case(LIVE, headers=[("Authorization", form.format(token, token))],
                            shows=5, instead=refused("token-invalid"))
    yield 5, "two headers", Case(LIVE, headers=[("Authorization", f"Bearer {token}")] * 2,
                                 shows=5, instead=refused("token-invalid"))


# ---- 6

def _machines(world: World) -> Iterator[tuple[int, str, Case]]:
    live, mint = world.live, Mint(world, ANY)
    for make in (live.new_m2m_token, live.new_oauth_token, live.new_api_key):
        for fields in ({"revoked": True}, {"expired": True}, {"answer": {"object": "other"}},
                       {"answer_without": ["subject"]}, {"active": False}):
            yield 6, str(fields), bearer(ANY, make(**fields).secret, shows=6, machine_sent=True,
                                         instead=refused("token-invalid"))
    of_category = {cat: mint.machine("m2m", jti="mt_same", header={"cat": cat})
                   for cat in (CAT_M2M, CAT_IGNORE)}
    yield 6, "ignore category", bearer(ANY, of_category[CAT_IGNORE], shows=6, machine_sent=True,
                                       like=bearer(ANY, of_category[CAT_M2M]))


# ---- 7

def _keys(world: World) -> Iterator[tuple[int, str, Case]]:
    old = Mint(world, ROTATING).session()

    later = Case(ROTATING)

    def rotate(_world: World) -> None:
        time.sleep(KEY_INTERVAL * 1.2)
        world.rotating.rotate(keep_old=False)
        later.headers = bearer(ROTATING, Mint(world, ROTATING).session()).headers
    later.before = rotate
    yield 7, "a key in use", bearer(ROTATING, old)
    yield 7, "a new key is learned", later
    yield 7, "and the old one is gone", bearer(ROTATING, old, shows=7,
                                               instead=refused("jwk-kid-mismatch"))


# ---- 8

def _undecided(world: World) -> Iterator[tuple[int, str, Case]]:
    def unavailable(case: Case, sdk: Verdict) -> Verdict:
        return replace(sdk, answer=503, location=None)
    for make in (world.down.new_m2m_token, world.down.new_oauth_token, world.down.new_api_key):
        yield 8, "no answer", bearer(DOWN, make().secret, shows=8, machine_sent=True,
                                     instead=unavailable)
    mint = Mint(world, DOWN)
    yield 8, "no keys", bearer(DOWN, mint.session(), shows=8, instead=unavailable)
    yield 8, "no keys, page", bearer(DOWN, mint.session(), PAGE, shows=8, instead=unavailable)


# ---- 9, 11

def _handshakes(world: World) -> Iterator[tuple[int, str, Case]]:
    expired = Mint(world, LIVE).expired()
    for count in ("4", "-1", "100", "1e3", "3.5"):
        yield 9, f"count {count}", signed_in(
            LIVE, expired, more=[("__clerk_redirect_count", count)], shows=9,
            like=signed_in(LIVE, expired, more=[("__clerk_redirect_count", "3")]))
    yield 9, "unknown nonce", Case(
        LIVE, headers=PAGE, cookies=[("__clerk_handshake_nonce", "unknown")], shows=9,
        instead=nonce_forgotten)
    session = f"__session={Mint(world, LIVE).session()}; Path=/"
    yield 9, "control characters", Case(
        LIVE, headers=PAGE, shows=9, directives=[session, "bad=\x01; Path=/", "good=1"],
        cookies=[("__clerk_handshake_nonce", "@nonce@")],
        instead=lambda _case, sdk: replace(sdk, cookies=frozenset(
            one for one in sdk.cookies if one[0] != "bad")))
    template = [f"__session={world.live.mint.template(iss=LIVE.issuer)}; Path=/"]
    yield 1, "template in a handshake", Case(
        LIVE, headers=PAGE, cookies=[("__clerk_handshake", world.live.mint.handshake(template))],
        shows=1, instead=refused("session-token-and-uat-missing", allow_origin=None))
    yield from _refused_handshakes(world)


def nonce_forgotten(case: Case, sdk: Verdict) -> Verdict:
    if sdk.reason != "session-token-missing":
        return sdk
    # Clerk may have set it for the host or for the domain that the Frontend API shares with it.
    shared = case.setup.issuer.partition(".")[2]
    domains = [set(), {f"domain={shared}"}] if case.setup.site.endswith(f".{shared}") else [set()]
    return replace(sdk, cookies=sdk.cookies | {
        ("__clerk_handshake_nonce", "", frozenset({"path=/", "max-age=0", *domain}))
        for domain in domains})


def _refused_handshakes(world: World) -> Iterator[tuple[int, str, Case]]:
    directives = [f"__session={Mint(world, DEV).session()}; Path=/"]
    for label, token, reason in (
            ("garbage", "abc.def", "token-invalid"),
            ("a stranger's", world.stranger.mint.handshake(directives), "jwk-kid-mismatch"),
            ("template", world.dev.mint.template(handshake=directives), "token-invalid"),
            ("altered", world.dev.mint.handshake(directives, signature=b"x" * 256),
             "token-invalid-signature"),
            ("HS256", world.dev.mint.handshake(directives, alg="HS256", key=b"k"),
             "token-invalid-algorithm")):
        yield 11, label, Case(DEV, headers=PAGE, query=[("__clerk_handshake", token)], shows=11,
                              instead=refused(reason, allow_origin=None))


# ---- 10

def _redirects(world: World) -> Iterator[tuple[int, str, Case]]:
    token = Mint(world, NO_SYNC).session()
    for referer in ("https://www.search.example/q", "https://accounts.else.example/"):
        yield 10, referer, signed_in(NO_SYNC, token, PAGE + [("Referer", referer)],
                                     shows=10, like=signed_in(NO_SYNC, token))
    token = Mint(world, DEV).session()
    for place in ("https://evil.example/", "http://other.example/", "javascript:alert(1)",
                  "/page", "https://other.example.evil.example/", "//evil.example"):
        yield 10, place, signed_in(DEV, token, query=[("__clerk_redirect_url", place)],
                                   shows=10, like=signed_in(DEV, token))
    yield 10, "named", signed_in(DEV, token, query=[
        ("__clerk_redirect_url", OTHER_ORIGIN + "/x?__clerk_synced=false")])


# ---- 13

def _tasks(world: World) -> Iterator[tuple[int, str, Case]]:
    pending = Mint(world, TASKS).session(PENDING)

    def behind_the_path(_case: Case, sdk: Verdict) -> Verdict:
        scheme, host, _path, query, fragment = sdk.location
        kept = frozenset({(("from", "app"), 1)} | {one for one in query if one[0][0] != "from"})
        return replace(sdk, location=(scheme, host, "/login/tasks", kept, fragment))
    yield 13, "pending", signed_in(TASKS, pending, shows=13, instead=behind_the_path)
    yield 13, "pending, header", bearer(TASKS, pending, PAGE, shows=13, instead=behind_the_path)


# ---- no difference: sessions that have a task to do

def _pending(world: World) -> Iterator[tuple[str, Case]]:
    for setup in (DEV, LIVE, PENDING_IN, PENDING_IN_DEV, PENDING_TOLD):
        mint = Mint(world, setup)
        token = mint.session(PENDING)
        for headers in (PAGE, CALL):
            yield "cookie", signed_in(setup, token, headers)
            yield "header", bearer(setup, token, headers)
        yield "form", signed_in(setup, token, method="POST")
        yield "from elsewhere", signed_in(setup, token, [*PAGE, ("Referer", OTHER_ORIGIN + "/x")])
        for path in ("/orgs/globex", "/me"):
            yield path, signed_in(setup, token, path=path)
        yield "with an organization", signed_in(setup, mint.session(MEMBER, sts="pending"),
                                                path="/orgs/globex")
        refresh = world.of(setup).session(PENDING.session_id).refresh_token
        yield "renewed", signed_in(setup, mint.expired(PENDING), CALL,
                                   more=[(f"__refresh_{suffix(setup)}", refresh)])
        yield "back from a handshake", Case(
            setup, headers=PAGE, directives=[f"__session={token}; Path=/"],
            query=[("__clerk_handshake_nonce", "@nonce@")])
