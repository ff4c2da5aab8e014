# SPDX-License-Identifier: Apache-2.0 - installs the pinned npm packages of a directory of tests
from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path


def install(directory: Path) -> None:
    """`npm ci`, unless node_modules is from this very package-lock.json.

    Several test processes may come here at once; the first installs, the others wait.
    """
    stamp = directory / "node_modules" / ".installed-from"
    with open(directory / "package-lock.json", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = lock.read()
        if stamp.is_file() and stamp.read_bytes() == wanted:
            return
        done = subprocess.run(
            [program("npm"), "ci"], cwd=directory, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"})
        if done.returncode != 0:
            raise RuntimeError(f"npm ci in {directory} failed:\n{done.stdout}")
        stamp.write_bytes(wanted)


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is needed here, and is not there")
    return found
