# SPDX-License-Identifier: Apache-2.0 - the Backend API by TLS: an authority of one's own, names, who is refused
from __future__ import annotations

import datetime
import socket
import tempfile
import threading
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clerk_site import ClerkSite, production, seen
from standin.client import Standin
from standin.users import MEMBER


class Authority:
    """A certificate authority in a directory of its own."""

    def __init__(self, directory: Path, name: str):
        self._directory, self._key = directory, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = directory / f"{name}.crt"
        self.file.write_bytes(self._sign(self._name, self._key, [], ca=True))

    def issue(self, *hosts: str, days: int = 1) -> tuple[str, str]:
        """Files with a server's certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        certificate = self._directory / f"{hosts[0]}{days}.crt"
        certificate.write_bytes(self._sign(subject, key, list(hosts), days=days))
        key_file = certificate.with_suffix(".key")
        key_file.touch(0o600)
        key_file.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return str(certificate), str(key_file)

    def _sign(self, subject, key, hosts, *, ca=False, days=1) -> bytes:
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=10))
                   .not_valid_after(now + datetime.timedelta(days=days))
                   .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True))
        if hosts:
            names = [x509.DNSName(host) for host in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(
            serialization.Encoding.PEM)


# Not in pytest's own directory, which is private: the server's children read them, too.
@pytest.fixture(scope="module")
def authorities():
    with tempfile.TemporaryDirectory(prefix="clerk-ca-") as directory:
        Path(directory).chmod(0o755)
        yield Authority(Path(directory), "own"), Authority(Path(directory), "other")


@pytest.fixture(scope="module")
def secure(authorities):
    """A stand-in that speaks TLS as `localhost`."""
    with Standin.start(tls=authorities[0].issue("localhost")) as running:
        yield running


def site_at(start, standin, host: str, authority: Authority | None,
            timeout: str = "300ms 400ms") -> ClerkSite:
    """A site that reaches this stand-in under this name and trusts this authority."""
    clerk = production(standin)
    port = standin.url.rpartition(":")[2]
    lines = [f"ClerkPublishableKey {clerk.publishable_key}",
             f"ClerkSecretKey {clerk.secret_key}", f"ClerkAPIURL https://{host}:{port}",
             f"ClerkAPITimeout {timeout}"]
    if authority:
        lines.append(f'ClerkAPICAFile "{authority.file}"')
    return ClerkSite(start, clerk, instance=lines)


def assert_no_keys(start, standin, host: str, authority: Authority | None,
                   detail: str) -> None:
    """Nothing was asked, so the secret key did not leave. The last of several attempts may
    have run out of time."""
    before = standin.counters()["total"]
    site = site_at(start, standin, host, authority)
    answer = site.get(bearer=site.mint.session(MEMBER))
    assert (answer.status, seen(answer).user) == (503, None)
    assert standin.counters()["total"] == before
    site.log.expect(rf"\[clerk_auth:error\].*could not be fetched: .*({detail}|in time)", times=1)
    site.log.expect(rf"\[clerk_auth:error\].*({detail}|in time).*"
                    r"\(reason=jwk-remote-failed-to-load", times=1)


@pytest.mark.sanitize
def test_an_authority_of_one_s_own(httpd, secure, authorities):
    before = secure.count("backend.jwks")
    site = site_at(httpd, secure, "localhost", authorities[0], "2s 5s")
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    site.admitted(MEMBER, session=site.mint.session(MEMBER))
    assert secure.count("backend.jwks") == before + 1


@pytest.mark.parametrize("host", ["127.0.0.1", "other.localhost"])
def test_another_name_than_the_certificate_s(httpd, secure, authorities, host):
    assert_no_keys(httpd, secure, host, authorities[0], "")


@pytest.mark.parametrize("trusted", ["other", "the system's"])
def test_an_authority_that_nobody_trusts(httpd, secure, authorities, trusted):
    authority = authorities[1] if trusted == "other" else None
    assert_no_keys(httpd, secure, "localhost", authority, "certificate")


def test_an_own_authority_replaces_those_of_the_system(httpd, secure, authorities):
    """Named by the environment, as OpenSSL and curl know it: it does not count."""
    start = partial(httpd, env={"SSL_CERT_FILE": str(authorities[0].file),
                                "CURL_CA_BUNDLE": str(authorities[0].file)})
    assert_no_keys(start, secure, "localhost", authorities[1], "certificate")


def test_an_expired_certificate(httpd, authorities):
    with Standin.start(tls=authorities[0].issue("localhost", days=-1)) as expired:
        assert_no_keys(httpd, expired, "localhost", authorities[0], "certificate")


def test_no_tls_where_it_is_expected(httpd, _standin_program, authorities):
    assert_no_keys(httpd, _standin_program, "localhost", authorities[0], "SSL")


# ---------------------------------------------------------------- Clerk's own addresses

class Tunnel:
    """An HTTP proxy that leads every CONNECT (RFC 9110, 9.3.6) to one port, and remembers
    where it was asked to go."""

    def __init__(self, port: int):
        self.asked: list[str] = []
        self._port = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                client = self._socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            self.asked.append(head.decode().split("\r\n")[0])
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            threading.Thread(target=self._pour, args=(server, client), daemon=True).start()
            self._pour(client, server)

    @staticmethod
    def _pour(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass   # the other side has gone

    def close(self) -> None:
        self._socket.close()


FRONTEND = "clerk.tidewater-books.example"


@pytest.fixture(scope="module")
def clerks_own(authorities):
    """A stand-in that can prove to be the Frontend API of an instance, and Clerk's API."""
    with Standin.start(tls=authorities[0].issue(FRONTEND, "api.clerk.com")) as running:
        yield running


@pytest.fixture
def tunnel(clerks_own):
    clerks_own.reset()
    way = Tunnel(int(clerks_own.url.rpartition(":")[2]))
    yield way
    way.close()


@pytest.fixture(scope="module")
def tidewater(clerks_own):
    return production(clerks_own, FRONTEND)


def test_a_publishable_key_alone(httpd, clerks_own, tidewater, tunnel, authorities):
    """K02: it is enough to verify sessions, by the public keys of the Frontend API."""
    site = ClerkSite(httpd, tidewater, f"ClerkAPIProxy {tunnel.url}",
                     f'ClerkAPICAFile "{authorities[0].file}"',
                     instance=[f"ClerkPublishableKey {tidewater.publishable_key}"])
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    site.admitted(MEMBER, session=site.mint.session(MEMBER))
    assert tunnel.asked == [f"CONNECT {FRONTEND}:443 HTTP/1.1"]
    (request,) = clerks_own.requests()
    assert (request["method"], request["path"]) == ("GET", "/.well-known/jwks.json")
    assert request["headers"]["host"] == FRONTEND
    assert "authorization" not in request["headers"]


def test_a_secret_key_with_it(httpd, clerks_own, tidewater, tunnel, authorities):
    """W04: then it is Clerk's Backend API that is asked."""
    site = ClerkSite(httpd, tidewater, f"ClerkAPIProxy {tunnel.url}",
                     f'ClerkAPICAFile "{authorities[0].file}"',
                     instance=[f"ClerkPublishableKey {tidewater.publishable_key}",
                               f"ClerkSecretKey {tidewater.secret_key}"])
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert tunnel.asked == ["CONNECT api.clerk.com:443 HTTP/1.1"]
    (request,) = clerks_own.requests()
    assert (request["method"], request["path"]) == ("GET", "/v1/jwks")
    assert request["headers"]["host"] == "api.clerk.com"
    assert request["headers"]["authorization"] == f"Bearer {tidewater.secret_key}"
