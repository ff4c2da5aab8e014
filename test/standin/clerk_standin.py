# SPDX-License-Identifier: Apache-2.0 - starts the stand-in for Clerk
"""A local stand-in for Clerk: Backend API, Frontend API, sign-in page, control port.

    python3 test/standin/clerk_standin.py --port 9000 --app-origin http://localhost:8080

Prints one line of JSON when it is ready, and stops at SIGTERM or SIGINT.
"""
from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from standin.application import Application  # noqa: E402
from standin.control import Control          # noqa: E402
from standin.instances import DEFAULT, Instances  # noqa: E402
from standin.serving import Listener         # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A local stand-in for Clerk.")
    parser.add_argument("--host", default="127.0.0.1", help="address of the public port")
    parser.add_argument("--port", type=int, default=0, help="public port; 0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0, help="control port, on 127.0.0.1")
    parser.add_argument("--publishable-key", help="pk_test_… or pk_live_…")
    parser.add_argument("--secret-key", help="what the Backend API accepts")
    parser.add_argument("--fapi-host", help="Frontend API host, where no publishable key is given")
    parser.add_argument("--kid", help="key id of the signing key")
    parser.add_argument("--signing-key", metavar="FILE", help="RSA private key in PEM")
    parser.add_argument("--app-origin", action="append", default=[], metavar="ORIGIN",
                        help="where redirect_url may lead; repeatable")
    parser.add_argument("--tls-cert", metavar="FILE", help="speak TLS on the public port")
    parser.add_argument("--tls-key", metavar="FILE")
    parser.add_argument("--ready-file", metavar="FILE", help="write the line of JSON there too")
    parser.add_argument("--log", metavar="FILE", help="access log, without queries")
    options = parser.parse_args()
    if bool(options.tls_cert) != bool(options.tls_key):
        parser.error("--tls-cert and --tls-key go together")
    return options


def first_instance(instances: Instances, options: argparse.Namespace) -> None:
    pem = Path(options.signing_key).read_text("ascii") if options.signing_key else None
    instances.create(
        DEFAULT, publishable_key=options.publishable_key, secret_key=options.secret_key,
        fapi_host=options.fapi_host, kid=options.kid, private_key_pem=pem,
        app_origins=options.app_origin)


def announce(line: str, ready_file: str | None) -> None:
    """Say that both ports listen; the file appears whole or not at all."""
    if ready_file:
        partial = Path(f"{ready_file}.{os.getpid()}")
        partial.write_text(line + "\n")
        partial.rename(ready_file)
    print(line, flush=True)


def main() -> None:
    options = arguments()
    stop_signals = {signal.SIGTERM, signal.SIGINT}
    # Blocked here, so in every thread; waited for below.
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)
    instances = Instances()
    try:
        first_instance(instances, options)
    except ValueError as problem:
        sys.exit(f"clerk_standin: {problem}")
    application = Application(instances)
    log = open(options.log, "a", encoding="utf-8") if options.log else None
    tls = (options.tls_cert, options.tls_key) if options.tls_cert else None
    public = Listener(options.host, options.port, application.exchange,
                      application.recorder.connection, tls, log)
    control = Listener("127.0.0.1", options.control_port, Control(application).exchange)
    public.start()
    control.start()
    instance = instances.default()
    announce(json.dumps({
        "url": public.url, "control": control.url,
        "publishable_key": instance.publishable_key, "secret_key": instance.secret_key,
        "frontend_api": instance.fapi_host, "kid": instance.keys[0].kid,
        "issuer": instance.issuer}), options.ready_file)
    signal.sigwait(stop_signals)
    os._exit(0)   # at once: connections that hang on purpose are not waited for


if __name__ == "__main__":
    main()
