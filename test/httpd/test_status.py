# SPDX-License-Identifier: Apache-2.0 - what the server tells of itself: SetHandler clerk-status, and mod_status
from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser

import pytest

from cache_server import CacheServer
from clerk_site import NAVIGATION, SIGNED_IN_AT, production
from error_log import poll
from machine_site import DENIAL, SECTIONS, MachineSite, accepting
from standin.tokens import alter_signature
from standin.users import ADMIN, MEMBER

PAGE = "/clerk-status"
JSON, PROMETHEUS = f"{PAGE}?json", f"{PAGE}?prometheus"
STATUS = """
<Location /clerk-status>
    SetHandler clerk-status
</Location>
<Location /server-status>
    SetHandler server-status
</Location>
<Location /guarded-status>
    SetHandler clerk-status
    AuthType Clerk
    AuthName Example
    ClerkSignInRedirect Off
    Require clerk-role admin
</Location>
""" + "\n".join([
    accepting("admin", "session_token", "Require clerk-role admin"),
    accepting("log", "session_token", "ClerkEnforce LogOnly", "Require clerk-role admin")])
PATIENCE = 15


def new_site(start, standin, *lines, **options) -> MachineSite:
    options = {"modules": ["status"], "sections": SECTIONS + "\n" + STATUS, **options}
    site = MachineSite(start, standin, *lines, **options)
    for name in ("admin", "log"):
        site.httpd.write(f"{name}/page.txt", name)
    site.log.allow(DENIAL)
    return site


@pytest.fixture(scope="module")
def site(module_httpd, _standin_program):
    return new_site(module_httpd, _standin_program, mpm="prefork", processes=4)


def state(site) -> dict:
    answer = site.get(JSON)
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    return json.loads(answer.text)


def flat(counters: dict, *path: str) -> dict[tuple[str, ...], int]:
    found = {}
    for name, value in counters.items():
        found.update(flat(value, *path, name) if isinstance(value, dict)
                     else {(*path, name): value})
    return found


def counted(site) -> dict[tuple[str, ...], int]:
    return flat(state(site)["counters"])


def grown(before: dict, after: dict) -> dict[tuple[str, ...], int]:
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


# ---------------------------------------------------------------- what is counted

def let_in(site, times: int) -> None:
    for _ in range(times):
        assert site.ask("app", site.mint.session(MEMBER)).status == 200


def test_counters_move_by_what_was_done(site):
    """In whichever process it was done."""
    key = site.clerk.new_api_key(MEMBER.id)
    before = counted(site)
    let_in(site, 12)
    for _ in range(5):
        assert site.ask("app", alter_signature(site.mint.session(MEMBER))).status == 401
    for _ in range(3):
        assert site.ask("app").status == 401
    for _ in range(4):
        assert site.ask("admin", site.mint.session(MEMBER)).status == 403
    for _ in range(6):
        assert site.ask("key", key.secret).status == 200
    assert site.ask("key", "ak_nobody_has_this_key").status == 401
    assert site.ask("app", headers=NAVIGATION).status == 302
    stale = {"__client_uat": str(SIGNED_IN_AT)}
    assert site.ask("app", cookies=stale, headers=NAVIGATION).status == 307
    moved = grown(before, counted(site))
    reused = sum(moved.pop(("api_answers_reused", how), 0)
                 for how in ("process", "shared_cache"))
    assert reused == 5
    assert moved == {
        ("requests", "signed_in", "session_token"): 16, ("requests", "signed_in", "api_key"): 6,
        ("requests", "refused"): 6, ("requests", "signed_out"): 4,
        ("requests", "handshake"): 1,
        ("redirects", "handshake"): 1, ("redirects", "page"): 1,
        ("denials", "clerk-role"): 4,
        ("jwt_signatures", "good"): 16, ("jwt_signatures", "bad"): 5,
        ("token_cache_lookups", "miss"): 28,   # one each of those with a token
        ("api_calls", "verify_api_key", "ok"): 1, ("api_calls", "verify_api_key", "refused"): 1}


def test_a_known_token_is_a_hit(site):
    token = site.mint.session(MEMBER)
    before = counted(site)
    for _ in range(20):
        assert site.ask("app", token).status == 200
    moved = grown(before, counted(site))
    hits = moved[("token_cache_lookups", "hit")]
    assert hits > 0 and moved[("token_cache_lookups", "miss")] == 20 - hits
    assert moved[("jwt_signatures", "good")] == 20 - hits


def test_log_only_verdicts_are_counted(site):
    before = counted(site)
    assert site.ask("log").status == 200
    assert site.ask("log", site.mint.session(MEMBER)).status == 200
    site.log.expect(r"\[clerk_auth:notice\].*LogOnly", times=2)
    moved = grown(before, counted(site))
    assert {name[1]: by for name, by in moved.items() if name[0] == "log_only_verdicts"} \
        == {"not_authenticated": 1, "not_allowed": 1}
    assert ("denials", "clerk-role") not in moved


def test_the_processes_were_several(site):
    answering = set()
    poll(lambda: len(answering.union(answering.add(state(site)["process"]) or ())) > 1,
         PATIENCE, "two processes have answered")
    assert state(site)["processes_begun"] >= 4
    assert answering <= site.httpd.children()


@pytest.mark.sanitize
def test_counters_survive_a_graceful_restart(httpd, standin):
    site = new_site(httpd, standin, processes=2)
    let_in(site, 3)
    assert site.ask("admin", site.mint.session(MEMBER)).status == 403
    before = state(site)
    site.httpd.graceful()
    let_in(site, 2)
    after = state(site)
    moved = grown(flat(before["counters"]), flat(after["counters"]))
    assert moved[("requests", "signed_in", "session_token")] == 2
    assert after["counters"]["denials"]["clerk-role"] == 1
    assert after["counting_since"] == before["counting_since"]
    assert after["processes_begun"] > before["processes_begun"]
    for page in (PAGE, PROMETHEUS, "/server-status?auto", "/server-status"):
        assert site.get(page).status == 200


# ---------------------------------------------------------------- an outage

def test_the_age_of_keys_is_seen_to_grow(httpd, standin):
    """What serves during an outage of the key source, since when, and why it failed."""
    site = new_site(httpd, standin, "ClerkKeyRefresh 500ms", "ClerkKeyMinInterval 100ms",
                    processes=2, clerk=production(standin))
    site.log.allow(r"the key set at \S+ (could not be fetched|was fetched again)")
    standin.fault("backend.jwks", "answer", status=500)
    poll(lambda: instance(site)["keys"]["failure"] is not None, PATIENCE, "it is seen")
    one = instance(site)["keys"]
    assert one["usable"] and one["count"] >= 1
    assert one["failed_at"] >= one["fetched_at"] > time.time() - 600
    poll(lambda: instance(site)["keys"]["age_seconds"] >= one["age_seconds"] + 2, PATIENCE,
         "the keys get older")
    two = instance(site)["keys"]
    assert two["fetched_at"] == one["fetched_at"]
    assert two["serve_on_seconds"] <= one["serve_on_seconds"] - 2
    samples, _ = parsed(site.get(PROMETHEUS).text)
    labels = f'{{clerk_instance="{site.clerk.frontend_api}"}}'
    assert samples[f"clerk_keys_age_seconds{labels}"] >= 2
    assert samples[f"clerk_keys_fetch_failing{labels}"] == 1
    assert samples['clerk_key_fetches_total{outcome="failed"}'] >= 1
    assert site.ask("app", site.mint.session(MEMBER)).status == 200
    standin.clear_faults()
    poll(lambda: instance(site)["keys"]["failure"] is None, PATIENCE, "they are fetched again")
    assert instance(site)["keys"]["age_seconds"] <= 2


def instance(site) -> dict:
    [found] = state(site)["instances"]
    return found


def test_a_stop_of_the_backend_api_is_told(httpd, standin):
    site = new_site(httpd, standin)
    assert instance(site)["api"]["retry_after_seconds"] == 0
    site.fault("api_key", "answer", status=429, headers=[("Retry-After", "60")])
    for _ in range(2):
        assert site.ask("key", site.clerk.new_api_key().secret).status == 503
    site.log.expect(r"\[clerk_auth:error\].*not authenticated: ", times=2)
    assert 50 <= instance(site)["api"]["retry_after_seconds"] <= 60
    counters = counted(site)
    assert counters[("api_calls", "verify_api_key", "refused")] == 1
    assert counters[("api_calls", "verify_api_key", "put_off")] == 1
    assert counters[("api_calls_put_off", "retry_after")] == 1
    assert counters[("requests", "undecided")] == 2


def test_a_cache_server_that_is_away_is_told(httpd, standin):
    with CacheServer("redis") as cache:
        site = new_site(httpd, standin, cache.directive, modules=["status", cache.module])
        site.log.allow(r"the shared cache \S+ fails: this process goes on without it")
        assert state(site)["shared_cache"] == {"provider": cache.address, "reachable": True}
        cache.kill()
        assert site.ask("key", site.clerk.new_api_key().secret).status == 200
        poll(lambda: not state(site)["shared_cache"]["reachable"], PATIENCE, "it is seen")
        assert counted(site)[("shared_cache_losses",)] >= 1
        samples, _ = parsed(site.get(PROMETHEUS).text)
        assert samples["clerk_shared_cache_up"] == 0


# ---------------------------------------------------------------- the forms

SAMPLE = re.compile(r'(clerk_[a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"'
                    r'(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (-?\d+)')


def parsed(text: str) -> tuple[dict[str, int], dict[str, str]]:
    """Samples and types of Prometheus' text format, line by line."""
    samples: dict[str, int] = {}
    types: dict[str, str] = {}
    helped = None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split(" ")[2]
            assert helped not in types and line.split(" ", 3)[3]
        elif line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert name == helped and kind in ("counter", "gauge")
            assert name.endswith("_total") == (kind == "counter")
            types[name] = kind
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found[1] == helped == list(types)[-1], line
            series = found[1] + (found[2] or "")
            assert series not in samples, f"twice: {series}"
            samples[series] = int(found[3])
    return samples, types


def test_prometheus(site):
    answer = site.get(PROMETHEUS)
    assert answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    samples, types = parsed(answer.text)
    counters = flat(state(site)["counters"])
    assert sum(types[series.partition("{")[0]] == "counter" for series in samples) \
        == len(counters) + 1
    assert samples['clerk_requests_total{outcome="signed_in",token_type="session_token"}'] \
        == counters[("requests", "signed_in", "session_token")] > 0
    assert samples[f'clerk_keys{{clerk_instance="{site.clerk.frontend_api}"}}'] >= 1
    assert samples["clerk_shared_cache_up"] == 1


class Words(HTMLParser):
    """Texts of the cells, and the names of all tags."""

    def __init__(self, text: str):
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data.strip()


def test_html(site):
    answer = site.get(PAGE)
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    cells = Words(answer.text).cells
    assert f"Instance {site.clerk.frontend_api}" in answer.text
    assert cells[cells.index("clerk-role") + 1] == str(counted(site)[("denials", "clerk-role")])
    assert cells[cells.index("Last fetch") + 1] == "ok"


def test_nothing_of_the_configuration_becomes_markup(httpd, standin):
    """A URL may have characters that mean something in each of the forms."""
    hostile = "http://127.0.0.1:9/k?a=<script>&b='c"
    site = new_site(httpd, standin, f'ClerkJWKSURL "{hostile}"', keys=False)
    site.log.allow(r"the key set at \S+ could not be fetched")
    answer = site.get(PAGE)
    assert "<script" not in answer.text and "script" not in Words(answer.text).tags
    assert hostile in Words(answer.text).cells
    assert instance(site)["keys"]["source"] == hostile
    parsed(site.get(PROMETHEUS).text)


def test_mod_status_has_a_section(site):
    page = site.get("/server-status").text
    assert "<h2>mod_clerk_auth</h2>" in page and site.clerk.frontend_api in page
    lines = dict(line.split(": ", 1) for line in
                 site.get("/server-status?auto").text.splitlines() if line.startswith("Clerk"))
    assert lines["ClerkInstance[0]Name"] == site.clerk.frontend_api
    counters = counted(site)
    assert int(lines["ClerkDenialsClerkRole"]) == counters[("denials", "clerk-role")]
    assert int(lines["ClerkRequestsSignedInSessionToken"]) \
        == counters[("requests", "signed_in", "session_token")]
    assert int(lines["ClerkInstance[0]KeysAge"]) >= 0


# ---------------------------------------------------------------- who gets it

def test_no_secret_and_nobody_is_named(site):
    token = site.mint.session(MEMBER)
    assert site.ask("app", token).status == 200
    for page in (PAGE, JSON, PROMETHEUS, "/server-status?auto"):
        text = site.get(page).text
        for word in (site.clerk.secret_key, token, MEMBER.id, "sk_live_", "ak_", "kid"):
            assert word not in text, f"{page}: {word}"


@pytest.mark.parametrize("page", [PAGE, JSON, PROMETHEUS])
def test_head_and_freshness(site, page):
    answer = site.request("HEAD", page)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Content-Type") == site.get(page).header("Content-Type")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_but_reading(site, method):
    answer = site.request(method, PAGE)
    assert answer.status == 405
    assert set(answer.header("Allow").split(",")) >= {"GET", "HEAD"}


def test_it_can_be_protected(site):
    guarded = "/guarded-status?json"
    assert site.get(guarded).status == 401
    assert site.get(guarded, bearer=site.mint.session(MEMBER)).status == 403
    answer = site.get(guarded, bearer=site.mint.session(ADMIN))
    assert answer.status == 200 and json.loads(answer.text)["version"]
    assert answer.header("Cache-Control") == "no-store"


def test_without_mod_status(httpd, standin):
    site = new_site(httpd, standin, modules=[])
    assert state(site)["instances"] and site.get("/server-status").status == 404
