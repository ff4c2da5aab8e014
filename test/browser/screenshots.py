# SPDX-License-Identifier: Apache-2.0 - takes the pictures of the quickstart's pages in docs/images/
"""Pictures of the quickstart, as Chromium shows it.

    python3 test/browser/screenshots.py [DIRECTORY]

after `sh test/run browser`, which builds the module and installs what is needed.
"""
from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / place) for place in
                ("test", "test/httpd", "conf-examples/quickstart/demo")]
sys.path.append(str(TOP / "test"))

from browser.chromium import Chromium, Person    # noqa: E402
from httpd import module_path                    # noqa: E402
from servers import Servers                      # noqa: E402
from standin.pages import label                  # noqa: E402
from standin.users import MEMBER                 # noqa: E402

IMAGES = TOP / "docs" / "images"


def walk(person: Person, site: str, take) -> None:
    """Through the pages, as the quickstart's README tells them."""
    person.open(f"{site}/")
    take("start")
    person.click("Sign in", role="link")
    take("sign-in")
    person.click(label(MEMBER))
    take("account")
    person.click("Admins only", role="link")
    take("forbidden")


def take_all(directory: Path) -> list[Path]:
    """The files written."""
    directory.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    servers = Servers(module_path(), 0, 0)
    try:
        servers.start()
        with Chromium() as chromium:
            person = chromium.person()

            def take(name: str) -> None:
                taken.append(directory / f"quickstart-{name}.png")
                person.screenshot(taken[-1])
            walk(person, servers.site, take)
    finally:
        servers.stop()
    return taken


if __name__ == "__main__":
    for picture in take_all(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES):
        print(picture)
