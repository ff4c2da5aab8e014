# SPDX-License-Identifier: Apache-2.0 - one private httpd per test or per module
"""Start Debian's (or any) httpd with a configuration of its own, ask it, stop it, judge its log.

    with Httpd('<Location /app> ... </Location>') as server:
        assert server.get("/app/").status == 401
        server.log.expect(r"token-expired")

The configuration may use ${PORT} ${RUN} ${DOCROOT} ${CGI} and every name in `defines`.

Environment: CLERK_MODULE  the module to load (default: the build of `sh test/run`, else .libs/)
             HTTPD, HTTPD_MODULES  the program and its modules' directory
             CLERK_SANITIZE=1  the module was built with ASan and UBSan
             CLERK_KEEP=1  leave the server's directory in place and print its name
"""
from __future__ import annotations

import grp
import os
import pwd
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Iterable, Mapping

import http_message
from error_log import ErrorLog, LogError, poll
from http_message import HeadersIn, Response

TOP = Path(__file__).resolve().parents[2]
SANITIZE = os.environ.get("CLERK_SANITIZE") == "1"
MPMS = ("event", "worker", "prefork")

# What a small site has; socache_shmcb because the module's cache is there by default.
BASE_MODULES = ("authn_core", "authz_core", "authz_user", "authz_host", "alias", "env",
                "headers", "mime", "setenvif", "socache_shmcb", "watchdog")
# Loading the one on the left needs those on the right before it.
PREREQUISITES = {"proxy_http": ("proxy",), "proxy_http2": ("proxy",),
                 "proxy_fcgi": ("proxy",), "proxy_wstunnel": ("proxy",), "ssl": ("socache_shmcb",),
                 "auth_basic": ("authn_file",), "session_cookie": ("session",)}

READY = r"(AH00489|AH00292|AH00163): .*resuming normal operations"
START_SECONDS = 30 if SANITIZE else 10
CLOSE_SECONDS, CLOSE_PAUSE_SECONDS = 0.5, 0.03
STOP_SECONDS = 40 if SANITIZE else 15


# What threads of a child made for a key of the configuration lies in the configuration's
# memory, too. The unit tests, which end their pools, do without this line.
LEFT_BY_CHILDREN = "leak:clerk_verify_contexts_verify\n"


class HttpdError(AssertionError):
    """The server did not do what the harness asked of it."""


def module_path() -> Path:
    """The module under test, as an absolute path."""
    given = os.environ.get("CLERK_MODULE")
    places = [Path(given)] if given else \
        [TOP / "_build/test/.libs/mod_clerk_auth.so", TOP / ".libs/mod_clerk_auth.so"]
    for place in places:
        if place.exists():
            return place.resolve()
    raise HttpdError(f"no module at {' or '.join(map(str, places))}: "
                     "run `sh test/run httpd`, or make and set CLERK_MODULE")


@lru_cache
def program() -> str:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/apache2/bin"
    names = [os.environ["HTTPD"]] if os.environ.get("HTTPD") else ["apache2", "httpd"]
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise HttpdError("no httpd: install apache2-bin (Debian) or httpd (Fedora), or set HTTPD")


@lru_cache
def modules_directory() -> Path:
    given = os.environ.get("HTTPD_MODULES")
    places = [given] if given else ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules",
                                    str(Path(program()).parent.parent / "modules")]
    for place in places:
        if Path(place, "mod_authn_core.so").exists():
            return Path(place)
    raise HttpdError(f"httpd's modules are not in {' or '.join(places)}: set HTTPD_MODULES")


@lru_cache
def sanitizer_libraries() -> str:
    """The runtimes must come before everything else in a program not built with them."""
    found = []
    for name in ("libasan.so", "libubsan.so"):
        answer = subprocess.run(["gcc", f"-print-file-name={name}"], check=True,
                                capture_output=True, text=True).stdout.strip()
        found.append(os.path.realpath(answer))
    return ":".join(found)


def server_account() -> tuple[str, str]:
    """The user and group that a server started by root changes to."""
    for name in ("www-data", "apache", "daemon", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return name, grp.getgrgid(account.pw_gid).gr_name
    raise HttpdError("no account to run httpd as")


def free_port() -> int:
    """A port below those that systems give to outgoing connections, which come and go."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Httpd:
    """A server with its directory, port, configuration and log."""

    def __init__(self, config: str = "", *, mpm: str = "event", modules: Iterable[str] = (),
                 base_modules: Iterable[str] = BASE_MODULES, clerk: bool = True,
                 defines: Mapping[str, object] | None = None,
                 env: Mapping[str, str] | None = None, processes: int = 1):
        self.mpm, self.processes, self.clerk = mpm, processes, clerk
        self.modules = _in_load_order([*base_modules, *modules])
        self.defines = dict(defines or {})
        self.extra_env = dict(env or {})
        self.port = free_port()
        self.root = Path(tempfile.mkdtemp(prefix="clerk-httpd-"))
        self.root.chmod(0o755)
        self.run, self.docroot, self.cgi = (self._directory(name)
                                            for name in ("run", "htdocs", "cgi-bin"))
        self.run.chmod(0o777)
        self.config_file = self.root / "httpd.conf"
        self.stderr_file = self.root / "stderr"
        self.log = ErrorLog(self.stderr_file, self.run / "error.log",
                            patience=3.0 if SANITIZE else 1.0)
        # httpd at its end, when it was about to wait for a client's next request
        self.log.allow(r"\[mpm_event:error\].*Bad file descriptor: AH03093")
        # keys are fetched at start; hosts of this domain are nowhere (RFC 2606, 2)
        self.log.allow(r"\[clerk_auth:error\].*the key set at https://[\w.-]+\.example/\S+ "
                       "could not be fetched")
        if SANITIZE:
            self.log.allow(r"AH00045")   # a slow child is told twice to stop
        self.process: subprocess.Popen | None = None
        self.write("index.txt", "hello\n")
        self.configure(config)

    # ---- files

    def _directory(self, name: str) -> Path:
        place = self.root / name
        place.mkdir()
        place.chmod(0o755)
        return place

    def write(self, name: str, content: str | bytes) -> Path:
        """A file below the document root."""
        place = self.docroot / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return place

    def file(self, name: str, content: str | bytes, mode: int = 0o600) -> Path:
        """A file beside the configuration: a key, a password file."""
        place = self.root / name
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        place.chmod(mode)
        return place

    def script(self, name: str, content: str) -> Path:
        """A CGI program; needs modules=["cgid"], is reached at /cgi/NAME."""
        place = self.cgi / name
        place.write_text(content)
        place.chmod(0o755)
        return place

    def environment_script(self, name: str = "env") -> Path:
        """A CGI program that answers with its environment as JSON. It reads its input first: an
        answer from a socket with unread bytes may be lost."""
        return self.script(name, f"#!{sys.executable} -IS\n"
                           "import json, os, sys\n"
                           "sys.stdin.buffer.read()\n"
                           "seen = {n.decode('latin-1'): v.decode('utf-8', 'backslashreplace')\n"
                           "        for n, v in os.environb.items()}\n"
                           "print('Content-Type: application/json\\n')\n"
                           "print(json.dumps(seen))\n")

    # ---- configuration

    def configure(self, config: str) -> None:
        """Replace the test's part of the configuration; a restart takes it up."""
        self.config_file.write_text("\n".join([*self._frame(), *self._keep_off_clerk(config),
                                               config, ""]))

    def _keep_off_clerk(self, config: str) -> list[str]:
        """Keys are fetched at start. Where a test does not say from where, they would be from
        the real Clerk: nothing listens on this proxy."""
        if not self.clerk or re.search("Clerk(APIURL|JWKSURL|APIProxy)", config):
            return []
        self.log.allow(r"\[clerk_auth:error\].*the key set at https://\S+ could not be fetched: "
                       "Couldn't connect")
        return ["ClerkAPIProxy http://127.0.0.1:1"]

    def _frame(self) -> list[str]:
        lines = [f'ServerRoot "{self.root}"', f'DefaultRuntimeDir "{self.run}"']
        lines += [f'Define {name} "{value}"' for name, value in
                  {"PORT": self.port, "RUN": self.run, "DOCROOT": self.docroot,
                   "CGI": self.cgi, **self.defines}.items()]
        lines += [line for name in (f"mpm_{self.mpm}", "unixd", "log_config", *self.modules)
                  for line in _load(name)]
        if self.clerk:
            lines.append(f'LoadModule clerk_auth_module "{self._module()}"')
        lines += ['PidFile "${RUN}/httpd.pid"', 'Mutex "file:${RUN}" default',
                  "ServerName localhost", "Listen 127.0.0.1:${PORT}",
                  'ErrorLog "${RUN}/error.log"', "LogLevel warn",
                  'DocumentRoot "${DOCROOT}"', 'CoreDumpDirectory "${RUN}"']
        if self.clerk:
            lines.append("LogLevel clerk_auth:debug")
        if "mime" in self.modules and Path("/etc/mime.types").exists():
            lines.append("TypesConfig /etc/mime.types")
        if "ssl" in self.modules:
            lines.append('SSLSessionCache "shmcb:${RUN}/ssl(64000)"')
        if "cgid" in self.modules:
            lines += ['ScriptSock "${RUN}/cgid.sock"', 'ScriptAlias /cgi/ "${CGI}/"']
        if os.geteuid() == 0:
            user, group = server_account()
            lines += [f"User {user}", f"Group {group}"]
        return lines + self._mpm_lines()

    def _module(self) -> Path:
        """Under sanitizers a copy: a child can name functions only of a file that it may
        read, and the checkout may be somewhere private. Suppressions go by these names."""
        if not SANITIZE:
            return module_path()
        copy = self.root / "mod_clerk_auth.so"
        if not copy.exists():
            shutil.copyfile(module_path(), copy)
            copy.chmod(0o755)
        return copy

    def _mpm_lines(self) -> list[str]:
        n = self.processes
        if self.mpm == "prefork":
            n = max(n, 4)   # one request at a time each
            # Room for old generations, whose children end slowly with sanitizers.
            return [f"StartServers {n}", f"MinSpareServers {n}", f"MaxSpareServers {n + 4}",
                    f"MaxRequestWorkers {n + 60}"]
        # One spare thread: a busy one alone is no reason to start another child.
        return [f"StartServers {n}", f"ServerLimit {n + 3}", "ThreadsPerChild 8",
                "MinSpareThreads 1", f"MaxSpareThreads {8 * (n + 1)}",
                f"MaxRequestWorkers {8 * (n + 2)}"]

    def check_config(self, *options: str) -> subprocess.CompletedProcess:
        """`httpd -t` and more options (`-D`, `DUMP_CLERK`): returncode, stdout and stderr."""
        return subprocess.run([*self._command(), "-t", *options], env=self._environment(),
                              cwd=self.root, capture_output=True, text=True, timeout=60)

    # ---- life

    def _command(self) -> list[str]:
        return [program(), "-d", str(self.root), "-f", str(self.config_file)]

    def _suppressions(self) -> Path:
        """Beside the server: its children may not be let into the checkout."""
        copy = self.root / "lsan.supp"
        if not copy.exists():
            suppressions = (TOP / "test" / "lsan.supp").read_text()
            copy.write_text(suppressions + LEFT_BY_CHILDREN)
            copy.chmod(0o644)
        return copy

    def _environment(self) -> dict[str, str]:
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C", "TZ": "UTC"}
        for name in ("GCOV_PREFIX", "GCOV_PREFIX_STRIP"):
            if name in os.environ:
                env[name] = os.environ[name]
        if SANITIZE:
            # The directory is open to all: children report after they have changed user.
            env |= {"LD_PRELOAD": sanitizer_libraries(),
                    "ASAN_OPTIONS": "detect_leaks=1:exitcode=99:fast_unwind_on_malloc=0:"
                                    f"log_path={self.run}/asan",
                    "LSAN_OPTIONS": f"suppressions={self._suppressions()}:"
                                    "print_suppressions=0",
                    "UBSAN_OPTIONS": "print_stacktrace=1"}
        return env | self.extra_env

    def start(self) -> "Httpd":
        # Coverage counters of children can be written only when others may write them.
        mask = 0 if "GCOV_PREFIX" in os.environ else 0o022
        with self.stderr_file.open("ab") as stderr:
            self.process = subprocess.Popen(
                [*self._command(), "-DFOREGROUND"], env=self._environment(), cwd=self.root,
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
                start_new_session=True, umask=mask)
        try:
            poll(lambda: not self.running or bool(self.log.lines(pattern=READY)),
                 START_SECONDS, "httpd says that it is ready")
        except TimeoutError as late:
            self._kill()
            raise HttpdError(f"{late}\n{self.log.text()}") from None
        if not self.running:
            raise HttpdError(f"httpd ended with {self.process.returncode} at start:\n"
                             f"{self.log.text()}")
        return self

    def await_keys(self) -> None:
        """Wait until each key set that is fetched at start was fetched, or could not be."""
        for announced in self.log.lines("clerk_auth", pattern=r"key sets to be fetched")[:1]:
            self.log.wait_for(r"\[clerk_auth:\w+\].* the key set at \S+ (was|could not be) fetched",
                              START_SECONDS, int(announced.text.rpartition(":")[2]))

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def children(self) -> set[int]:
        """Process ids of the server's children, without those that have ended."""
        pid = self.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return {child for child in map(int, listed) if _alive(child)}

    def graceful(self, *, wait_for_old: bool = True) -> None:
        """Restart on SIGUSR1; done when the new generation serves and the old one is gone."""
        before, old = len(self.log.lines(pattern=READY)), self.children()
        self.process.send_signal(signal.SIGUSR1)
        try:
            poll(lambda: not self.running or len(self.log.lines(pattern=READY)) > before,
                 START_SECONDS, "httpd has restarted")
            if wait_for_old and self.running:
                poll(lambda: not any(map(_alive, old)), STOP_SECONDS, "old children are gone")
        except TimeoutError as late:
            raise HttpdError(f"{late}\n{self.log.text()}") from None
        if not self.running:
            raise HttpdError(f"httpd ended at the restart:\n{self.log.text()}")

    def stop(self) -> None:
        """SIGTERM, then judge: how it ended, the log, sanitizer reports, core files."""
        try:
            self._terminate()
            self._look_for_wreckage()
            self.log.verify()
        finally:
            self.discard()

    def _terminate(self) -> None:
        if self.process is None:
            return
        if not self.running:
            raise HttpdError(f"httpd had ended by itself with {self.process.returncode}:\n"
                             f"{self.log.text()}")
        self._let_connections_end()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            raise HttpdError(f"httpd did not stop in {STOP_SECONDS} s") from None
        if code != 0:
            raise HttpdError(f"httpd stopped with {code}:\n{self.log.text()}")

    def _let_connections_end(self) -> None:
        """httpd's event MPM can crash when it is told to end while a worker closes a
        connection; answers reach us a moment before that is done, those of CGI scripts more."""
        deadline = time.monotonic() + CLOSE_SECONDS
        while is_connected(self.port) and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(CLOSE_PAUSE_SECONDS)

    def _kill(self) -> None:
        if self.running:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _look_for_wreckage(self) -> None:
        for report in sorted(self.run.glob("asan.*")):
            raise HttpdError(f"sanitizer report {report.name}:\n"
                             f"{report.read_text(errors='replace')}")
        cores = [found.name for found in self.run.glob("core*")
                 if stat.S_ISREG(found.stat().st_mode)]
        if cores:
            raise HttpdError(f"a child left {cores}:\n{self.log.text()}")

    def discard(self) -> None:
        """Take the directory away, and the process if there still is one, unjudged."""
        self._kill()
        if os.environ.get("CLERK_KEEP") == "1":
            print(f"kept: {self.root}", file=sys.stderr)
            return
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self) -> "Httpd":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None,
                 __: TracebackType | None) -> None:
        try:
            self.stop()
        except (HttpdError, LogError):
            if kind is None:
                raise

    # ---- requests

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def request(self, method: str, target: str, headers: HeadersIn | None = None,
                body: bytes | None = None, **options) -> Response:
        """See http_message.request; `port` when it is not the main one."""
        port = options.pop("port", self.port)
        return http_message.request(port, method, target, headers, body, **options)

    def get(self, target: str, headers: HeadersIn | None = None, **options) -> Response:
        return self.request("GET", target, headers, **options)

    def raw(self, sent: bytes) -> Response:
        """The answer to exactly these bytes."""
        return http_message.parse_response(http_message.exchange_bytes(self.port, sent))

    def http2(self, target: str, headers: HeadersIn | None = None,
              *options: str) -> Response:
        """Over cleartext HTTP/2; needs modules=["http2"] and `Protocols h2c http/1.1`."""
        fields = [option for name, value in http_message.header_pairs(headers)
                  for option in ("--header", f"{name}: {value}")]
        return http_message.curl(f"http://127.0.0.1:{self.port}{target}",
                                 "--http2-prior-knowledge", *fields, *options)


def is_connected(port: int) -> bool:
    """Whether a process has a socket of this port that is not the listening one (proc(5))."""
    for table in filter(Path.exists, map(Path, ("/proc/net/tcp", "/proc/net/tcp6"))):
        for row in table.read_text().splitlines()[1:]:
            columns = row.split()
            local, state, inode = columns[1], columns[3], columns[9]
            if local.endswith(f":{port:04X}") and state != "0A" and inode != "0":
                return True
    return False


def _alive(pid: int) -> bool:
    """Asked of the process itself: its parent's list of children may lack one now and then."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _in_load_order(names: Iterable[str]) -> list[str]:
    ordered: list[str] = []
    for name in names:
        for wanted in (*PREREQUISITES.get(name, ()), name):
            if wanted not in ordered:
                ordered.append(wanted)
    return ordered


@lru_cache
def built_in() -> str:
    """What `httpd -l` lists; which modules are in there differs by distribution."""
    return subprocess.run([program(), "-l"], check=True, capture_output=True, text=True).stdout


def _load(name: str) -> list[str]:
    place = modules_directory() / f"mod_{name}.so"
    if f"mod_{name}.c" in built_in() or f"{name.removeprefix('mpm_')}.c" in built_in().split():
        return []
    if not place.exists():
        raise HttpdError(f"httpd has no mod_{name}: neither built in nor {place}")
    return [f'LoadModule {name}_module "{place}"']
