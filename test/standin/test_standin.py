# SPDX-License-Identifier: Apache-2.0 - tests of the program, its endpoints and its control
"""The program as tests and people start it."""
from __future__ import annotations

import base64
import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from standin.client import PROGRAM, Standin
from standin.tokens import decode
from standin.users import ADMIN

JWKS = "/.well-known/jwks.json"


def kids(body: bytes) -> list[str]:
    return [key["kid"] for key in json.loads(body)["keys"]]


def error_code(body: bytes) -> str:
    envelope = json.loads(body)
    assert envelope["clerk_trace_id"]
    [error] = envelope["errors"]
    assert error["message"] and error["long_message"]
    return error["code"]


def bearer(instance) -> dict[str, str]:
    return {"Authorization": f"Bearer {instance.secret_key}"}


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_says_where_and_stops_at_once(tmp_path, stop):
    ready_file = tmp_path / "ready.json"
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), "--ready-file", str(ready_file), "--secret-key",
         "sk_test_abc", "--publishable-key", "pk_test_Y2xlcmsuY2xlcmsuZGV2JA"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ready = json.loads(process.stdout.readline())
    assert json.loads(ready_file.read_text()) == ready
    assert set(ready) == {"url", "control", "publishable_key", "secret_key", "frontend_api",
                          "kid", "issuer"}
    assert (ready["secret_key"], ready["frontend_api"], ready["issuer"]) == \
        ("sk_test_abc", "clerk.clerk.dev", "https://clerk.clerk.dev")
    hanging = socket.create_connection((urlsplit(ready["url"]).hostname,
                                        urlsplit(ready["url"]).port))
    started = time.monotonic()
    process.send_signal(stop)
    _, complaints = process.communicate(timeout=5)
    hanging.close()
    assert (process.returncode, complaints) == (0, "")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("options", [
    ["--publishable-key", "pk_test_nonsense"], ["--fapi-host", "nodots"],
    ["--publishable-key", "pk_test_Y2xlcmsuY2xlcmsuZGV2JA", "--fapi-host", "other.example"],
    ["--tls-cert", "only.pem"]])
def test_it_does_not_start_with_what_cannot_be(options):
    done = subprocess.run([sys.executable, str(PROGRAM), *options], capture_output=True,
                          text=True, timeout=20)
    assert done.returncode != 0 and done.stdout == ""
    assert "Traceback" not in done.stderr and done.stderr


def test_quit_by_control(clerk):
    clerk.call("/quit")
    assert clerk.stop() == 0


def test_several_at_a_time(clerk):
    with Standin.start() as other:
        assert other.url != clerk.url and other.secret_key != clerk.secret_key
        assert not other.key.same_material(clerk.key)


def test_both_key_sets_are_the_signing_key(clerk, ask):
    backend, frontend = ask("/v1/jwks", **bearer(clerk)), ask(JWKS)
    assert backend.status == frontend.status == 200
    assert backend.headers["Content-Type"] == "application/json"
    assert json.loads(backend.body) == json.loads(frontend.body) == {"keys": [clerk.key.jwk()]}
    assert clerk.key.jwk()["alg"] == "RS256" and clerk.key.jwk()["e"] == "AQAB"


def test_the_backend_api_wants_its_secret_key(clerk, ask):
    wrong = ask("/v1/jwks", Authorization="Bearer sk_test_wrong")
    assert (wrong.status, error_code(wrong.body)) == (401, "clerk_key_invalid")
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Basic eA=="}):
        missing = ask("/v1/jwks", **headers)
        assert missing.status == 401
        assert error_code(missing.body) == "authorization_header_format_invalid"


def test_the_api_version_comes_from_one_place(clerk, ask):
    both = ask("/v1/jwks?__clerk_api_version=2026-05-12", Clerk_API_Version="2026-05-12",
               **bearer(clerk))
    assert (both.status, error_code(both.body)) == (400, "api_version_invalid")


def test_users_of_the_backend_api(clerk, ask):
    answer = ask(f"/v1/users/{ADMIN.id}", **bearer(clerk))
    user = json.loads(answer.body)
    assert (answer.status, user["id"], user["object"]) == (200, ADMIN.id, "user")
    primary = [one["email_address"] for one in user["email_addresses"]
               if one["id"] == user["primary_email_address_id"]]
    assert primary == ["ada.admin@acme.example"]
    for path in ("/v1/users/user_2nobody", "/v1/users/admin", "/v1/nothing", "/"):
        missing = ask(path, **bearer(clerk))
        assert (missing.status, error_code(missing.body)) == (404, "resource_not_found")


def test_a_connection_serves_many_requests(clerk):
    connection = http.client.HTTPConnection(urlsplit(clerk.url).netloc, timeout=10)
    for _ in range(5):
        connection.request("GET", JWKS)
        assert kids(connection.getresponse().read()) == [clerk.kid]
    connection.request("HEAD", JWKS)
    assert connection.getresponse().read() == b""
    connection.request("POST", "/v1/nothing", '{"a": 1}', {"Content-Type": "application/json"})
    assert connection.getresponse().read()
    connection.close()
    assert clerk.counters()["connections"] == 1
    assert clerk.counters()["requests"] == {"frontend.jwks": 6, "unknown": 1}
    assert clerk.requests("unknown")[0]["body"] == '{"a": 1}'


def test_requests_are_recorded_and_forgotten(clerk, ask):
    ask("/v1/jwks?x=1", Clerk_API_Version="2026-05-12", User_Agent="mod_clerk_auth/0.1",
        **bearer(clerk))
    [request] = clerk.requests("backend.jwks")
    assert (request["method"], request["path"], request["query"]) == \
        ("GET", "/v1/jwks", {"x": "1"})
    assert request["instance"] == "default"
    assert request["headers"]["user-agent"] == "mod_clerk_auth/0.1"
    assert request["headers"]["clerk-api-version"] == "2026-05-12"
    assert clerk.counters()["by_instance"] == {"default/backend.jwks": 1}
    clerk.reset()
    assert clerk.counters()["total"] == 0 and clerk.requests() == []


def test_rotation_keeps_or_withdraws_the_old_key(clerk, ask):
    first = clerk.kid
    second = clerk.rotate().kid
    assert kids(ask(JWKS).body) == [second, first]
    assert decode(clerk.mint.session())[0]["kid"] == second
    third = clerk.rotate(keep_old=False).kid
    assert kids(ask(JWKS).body) == [third]
    old = clerk.key
    clerk.rotate(kid=third)
    assert kids(ask(JWKS).body) == [third]
    assert json.loads(ask(JWKS).body)["keys"][0] != old.jwk()


def test_rotation_without_a_key_makes_one(clerk, ask):
    state = clerk.call("/rotate")
    keys = json.loads(ask(JWKS).body)["keys"]
    assert [key["kid"] for key in keys] == state["kids"]
    assert state["kids"][1] == clerk.kid and keys[0]["n"] != keys[1]["n"]


def test_instances_do_not_share_keys_even_under_one_kid(clerk, ask):
    other = clerk.new_instance("other", kid=clerk.kid)
    sets = [json.loads(ask(path, **headers).body) for path, headers in (
        ("/v1/jwks", bearer(clerk)), ("/v1/jwks", bearer(other)),
        (JWKS, {}), ("/fapi/other" + JWKS, {}), (JWKS, {"Host": "other.clerk.accounts.test"}))]
    assert sets[0] == sets[2] == {"keys": [clerk.key.jwk()]}
    assert sets[1] == sets[3] == sets[4] == {"keys": [other.key.jwk()]}
    assert clerk.kid == other.kid and clerk.key.jwk() != other.key.jwk()
    assert clerk.counters()["by_instance"]["other/frontend.jwks"] == 2
    assert ask("/fapi/nobody" + JWKS).status == 404
    for wrong in ({"name": "other"}, {"name": "Not A Name"},
                  {"name": "third", "secret_key": clerk.secret_key},
                  {"name": "third", "publishable_key": "pk_live_"}):
        with pytest.raises(ValueError):
            clerk.call("/instances", **wrong)


def test_minting_by_control(clerk):
    token = clerk.call("/mint", user="member", claims={"x": 1}, without=["sid"],
                       header={"typ": "jwt"}, header_without=["cat"], version=1)["token"]
    header, claims = decode(token)
    assert header == {"alg": "RS256", "kid": clerk.kid, "typ": "jwt"}
    assert claims["x"] == 1 and "sid" not in claims and claims["org_role"] == "org:member"
    for kind in ("template", "m2m", "oauth"):
        assert decode(clerk.call("/mint", kind=kind, claims={"exp": 7})["token"])[1]["exp"] == 7
    secret = base64.b64encode(b"k").decode()
    assert decode(clerk.call("/mint", alg="HS256", secret_base64=secret)["token"])[0]["alg"] \
        == "HS256"
    assert clerk.call("/mint", kind="raw", header_base64="e30=", payload_base64="W10=",
                      signature_base64="")["token"] == "e30.W10."
    for wrong in ({"kind": "mint"}, {"user": "nobody"}, {"instance": "nobody"}, {"alg": "XX1"}):
        with pytest.raises(ValueError):
            clerk.call("/mint", **wrong)


def test_users_can_be_changed_by_control(clerk, ask):
    clerk.change_user("solo", role="admin", first_name="Sole")
    assert b"Sign in as Sole Solo" in ask("/sign-in").body
    assert decode(clerk.call("/mint", user="solo")["token"])[1]["o"]["rol"] == "admin"


def test_app_origins_can_be_changed(clerk, ask):
    clerk.set_app_origins("http://localhost:1234")
    answer = ask("/sign-in", "POST", "user=admin&redirect_url=http://localhost:1234/x",
                 Host="localhost")
    assert answer.headers["Location"] == "http://localhost:1234/x"
    assert decode(clerk.mint.session())[1]["azp"] == "http://localhost:1234"


def test_the_control_port_serves_no_web_page(clerk, ask):
    control = clerk.control_url
    assert ask("/state", url=control, Origin="http://localhost:8080").status == 403
    assert ask("/quit", "POST", "{}", url=control, Content_Type="text/plain").status == 415
    assert ask("/nothing", url=control).status == 404
    assert ask("/mint", "POST", "[", url=control, Content_Type="application/json").status == 400


@pytest.mark.parametrize("head, status", [
    ("POST /sign-in HTTP/1.1\r\nContent-Length: 9999999999\r\n", 411),
    ("POST /sign-in HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 411),
    ("GET http://[/ HTTP/1.1\r\n", 400), ("BREW / HTTP/1.1\r\n", 501)])
def test_bad_requests_are_answered(clerk, head, status):
    place = urlsplit(clerk.url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(f"{head}Host: localhost\r\n\r\n".encode())
        assert connection.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())


def test_tls(tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", str(key), "-out", str(certificate)],
                   check=True, stderr=subprocess.DEVNULL)
    with Standin.start(tls=(str(certificate), str(key))) as clerk:
        trust = ssl.create_default_context(cafile=str(certificate))
        assert clerk.url.startswith("https://")
        connection = http.client.HTTPSConnection(
            "localhost", urlsplit(clerk.url).port, context=trust, timeout=10)
        connection.request("GET", JWKS)
        assert kids(connection.getresponse().read()) == [clerk.kid]


def test_the_log_names_no_query(tmp_path):
    log = tmp_path / "access.log"
    with Standin.start("--log", str(log)) as clerk:
        connection = http.client.HTTPConnection(urlsplit(clerk.url).netloc, timeout=10)
        connection.request("GET", "/sign-in?redirect_url=secret")
        connection.getresponse().read()
        connection.close()
        deadline = time.monotonic() + 5    # written after the answer was sent
        while not log.read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert log.read_text() == "GET /sign-in 200\n"
