# SPDX-License-Identifier: Apache-2.0 - builds the module, starts the site, explains it, stops it
"""What `run` does once the packages are there; `run` says what the options mean."""
from __future__ import annotations

import argparse
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parents[1]
TOP = HERE.parents[1]
sys.path[:0] = [str(TOP / "test"), str(TOP / "test" / "httpd")]

import tour                                              # noqa: E402
from servers import STOP_SIGNALS, Servers, StartProblem  # noqa: E402

RUN = "sh conf-examples/quickstart/run"
DEFAULT_PORT = 8080


class Stopped(BaseException):
    """Somebody asked us to end: Ctrl-C, SIGTERM, a closed terminal."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=RUN, allow_abbrev=False)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--port", type=port_number)
    parser.add_argument("--clerk-port", type=port_number, default=0)
    parser.add_argument("--module", type=Path)
    options = parser.parse_args()
    if options.port is None:
        options.port = 0 if options.check else DEFAULT_PORT
    return options


def port_number(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError
    return number


def check_port(port: int, option: str) -> None:
    if port != 0 and (is_taken(port) or answers_on_ipv6(port)):
        raise StartProblem(f"Port {port} is taken by another program. Choose another port:\n\n"
                           f"    {RUN} {option} {port + 1 if port < 65535 else 8080}")


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise StartProblem(f"Port {port} is for root only. Take one above 1023.") from None
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            return True
    return False


def answers_on_ipv6(port: int) -> bool:
    """Browsers try [::1] first for `localhost`."""
    try:
        with socket.create_connection(("::1", port), timeout=1):
            return True
    except OSError:
        return False


def build() -> Path:
    """The module, up to date; two at a time would be in each other's way."""
    place = TOP / "_build" / "quickstart"
    log = place / "build.log"
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = open(place / "lock", "w")
        output = log.open("w")
    except OSError as problem:
        raise StartProblem(f"Cannot build: {problem}") from None
    with lock, output:
        print("Building the module (the first time takes about a minute) ...", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
        status = run_whole(["sh", str(HERE / "build")], output)
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise StartProblem(f"{tail}\n\nThe build failed; all it said is in {log}")
    return place / ".libs" / "mod_clerk_auth.so"


def run_whole(command: list[str], output: IO[str]) -> int:
    """A command with all that it starts: nothing of it goes on when we are stopped."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        return process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise


def stop_on_signals() -> None:
    def stop(_number: int, _frame: object) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)   # once is enough; stopping takes a moment
        raise Stopped

    for each in STOP_SIGNALS:
        signal.signal(each, stop)


def serve(servers: Servers) -> int:
    """Until somebody stops us, or a program ends that should not."""
    print(tour.explanation(servers.site, servers.clerk))
    print(f"Logs: {servers.run}/access.log, {servers.run}/error.log")
    print("Ctrl-C stops everything.", flush=True)
    while True:
        ended = servers.ended()
        if ended:
            print(f"\n{ended} has ended by itself:\n{servers.complaints()}", file=sys.stderr)
            return 1
        time.sleep(0.2)


def main() -> int:
    options = arguments()
    stop_on_signals()
    servers = None
    try:
        check_port(options.port, "--port")
        check_port(options.clerk_port, "--clerk-port")
        module = options.module.resolve() if options.module else build()
        servers = Servers(module, options.port, options.clerk_port)
        servers.start()
        return tour.check(servers.site, servers.clerk) if options.check else serve(servers)
    except StartProblem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except Stopped:
        print("\nStopping.", flush=True)
        return 1 if options.check else 0
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        if servers:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
