# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/mcp-server what its README promises
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from conftest import EXAMPLES, bearer
from http_message import curl
from npm_packages import install, program
from standin.users import ADMIN, MEMBER

HERE = EXAMPLES / "mcp-server"
FRONTEND_API = "clerk.example.com"
INITIALIZE = (b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":'
              b'"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}')
MCP = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def node(*arguments: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen([program("node"), *arguments], cwd=HERE, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env={**os.environ, **environment})


def ended(process: subprocess.Popen) -> str:
    """What else it says; it must end well."""
    try:
        said, complaints = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert (process.returncode, complaints) == (0, "")
    return said


@pytest.fixture(scope="module")
def application():
    """The MCP server's URL."""
    install(HERE)
    server = node("server.mjs", PORT="0")
    try:
        port = re.search(r"listening on port (\d+)", server.stdout.readline())[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate()


@pytest.fixture(scope="module")
def site(example, application):
    return example("mcp-server", "https://www.example.com", "proxy_http").start(
        APPLICATION=application)


def visit(clerk, page: str) -> str:
    """What a browser does at the authorization server: where it is sent from there."""
    parts = urlsplit(page)
    assert f"{parts.scheme}://{parts.netloc}" == f"https://{FRONTEND_API}"
    answer = curl(f"{clerk.frontend_url}{parts.path}?{parts.query}", "--header",
                  f"Clerk-Proxy-Url: https://{FRONTEND_API}", "--header",
                  f"Clerk-Secret-Key: {clerk.secret_key}")
    assert answer.status == 302
    return answer.location


def journey(site, clerk, user: str, note: str) -> tuple[str, str]:
    """The client from nothing to the notes: the page that it had opened, and what it said."""
    clerk.configure_oauth(consent=user)
    hosts = Path(__file__).with_name("clerk_hosts.mjs")
    client = node("--import", str(hosts), "client.mjs", f"{site.url}/mcp", note,
                  CLERK_HOST=FRONTEND_API, CLERK_STANDIN=clerk.frontend_url,
                  CLERK_SECRET_KEY=clerk.secret_key)
    page = client.stdout.readline().removeprefix("Open ").strip()
    assert page, client.communicate()
    curl(visit(clerk, page))
    return page, ended(client)


def test_a_client_finds_its_way_and_is_let_in(site, clerk):
    """Discovery, registration, PKCE, and calls in the user's name; notes are each user's own."""
    before = clerk.counters()["requests"]
    page, said = journey(site, clerk, "member", "buy milk")
    assert said == f"Notes of {MEMBER.id}: buy milk\n"
    asked = parse_qs(urlsplit(page).query)
    assert asked["resource"] == [f"{site.url}/mcp"]
    assert asked["scope"] == ["profile"] and asked["code_challenge_method"] == ["S256"]
    after = clerk.counters()["requests"]
    for step in ("oauth_register", "oauth_token"):
        assert [name for name in after if name.endswith(step)
                and after[name] == before.get(name, 0) + 1], step
    assert journey(site, clerk, "admin", "sell milk")[1] == f"Notes of {ADMIN.id}: sell milk\n"


def test_without_a_token(site):
    answer = site.request("POST", "/mcp", MCP, INITIALIZE)
    metadata = f"{site.url}/.well-known/oauth-protected-resource/mcp"
    assert answer.status == 401
    assert answer.header("WWW-Authenticate") == (
        f'Bearer realm="Example notes", scope="profile", resource_metadata="{metadata}"')
    found = site.get(urlsplit(metadata).path).json()
    assert found["resource"] == f"{site.url}/mcp"
    assert found["authorization_servers"] == [f"https://{FRONTEND_API}"]


def test_tokens_that_do_not_do(site, clerk):
    for token, status, error in (
            (clerk.new_oauth_token(scopes=["email"]).secret, 403, "insufficient_scope"),
            ("oat_unknown", 401, "invalid_token"), (clerk.mint.session(ADMIN), 401, "invalid_token"),
            (clerk.new_oauth_token(scopes=["profile"], revoked=True).secret, 401, "invalid_token")):
        answer = site.request("POST", "/mcp", {**MCP, **bearer(token)}, INITIALIZE)
        assert answer.status == status
        assert f'error="{error}"' in answer.header("WWW-Authenticate")


def test_the_server_believes_no_client(site, clerk):
    """A forged user is replaced by the token's."""
    token = clerk.new_oauth_token(MEMBER, scopes=["profile"]).secret
    call = (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes",'
            b'"arguments":{}}}')
    answer = site.request("POST", "/mcp", {**MCP, **bearer(token), "X-Clerk-User-Id": ADMIN.id,
                                           "X_Clerk_User_Id": ADMIN.id}, call)
    assert answer.status == 200
    assert MEMBER.id in answer.text and ADMIN.id not in answer.text
