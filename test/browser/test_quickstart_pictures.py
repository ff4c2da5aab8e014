# SPDX-License-Identifier: Apache-2.0 - the pictures of the quickstart can be taken, and are shown
from __future__ import annotations

from browser import screenshots

PNG = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 80_000
README = screenshots.TOP / "conf-examples" / "quickstart" / "README.md"


def test_the_command_takes_the_pictures_that_the_readme_shows(tmp_path):
    taken = screenshots.take_all(tmp_path)
    assert {one.name for one in taken} == {one.name for one in screenshots.IMAGES.iterdir()}
    for name in (one.name for one in taken):
        for picture in (tmp_path / name, screenshots.IMAGES / name):
            content = picture.read_bytes()
            assert content.startswith(PNG) and len(content) < MOST_BYTES, picture
        assert f"](../../docs/images/{name})" in README.read_text()
