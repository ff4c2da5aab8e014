# SPDX-License-Identifier: Apache-2.0 - includes lead downward only: httpd to service to core
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from sources import LAYERS, TOP, compile_flags, includes, layer_files, resolve

# Headers of libraries that a layer does without.
HTTPD_HEADER = re.compile(r"^(httpd|ap_\w+|http_\w+|util_\w+|mod_\w+|mpm_common|scoreboard|unixd)\.h$")
CURL_HEADER = re.compile(r"^curl/")
FORBIDDEN = {"core": (HTTPD_HEADER, CURL_HEADER), "service": (HTTPD_HEADER,), "httpd": ()}


def layer_of(place: Path) -> str | None:
    parts = place.relative_to(TOP).parts
    return parts[1] if parts[0] == "src" and parts[1] in LAYERS else None


def upward(place: Path) -> list[str]:
    """What this file of a layer includes and must not."""
    layer = layer_of(place)
    wrong = []
    for quote, name in includes(place):
        target = resolve(place, name) if quote == '"' else None
        if target is not None:
            to = layer_of(target)
            if to is None or LAYERS.index(to) > LAYERS.index(layer):
                wrong.append(name)
        elif any(pattern.search(name) for pattern in FORBIDDEN[layer]):
            wrong.append(name)
        elif quote == '"':
            wrong.append(f"{name} (not found)")
    return wrong


@pytest.mark.parametrize("layer", LAYERS)
def test_includes_lead_downward(layer):
    files = layer_files(layer)
    assert files
    assert {str(place.relative_to(TOP)): wrong for place in files
            if (wrong := upward(place))} == {}


def test_an_upward_include_would_be_noticed(tmp_path, monkeypatch):
    place = tmp_path / "src/core/x.h"
    place.parent.mkdir(parents=True)
    (tmp_path / "src/service").mkdir()
    (tmp_path / "src/service/y.h").write_text("")
    place.write_text('#include "../service/y.h"\n#include <http_log.h>\n'
                     "#  include <curl/curl.h>\n#include <openssl/evp.h>\n")
    monkeypatch.setattr("sources.TOP", tmp_path)
    monkeypatch.setitem(globals(), "TOP", tmp_path)
    assert upward(place) == ["../service/y.h", "http_log.h", "curl/curl.h"]


@pytest.mark.parametrize("layer", LAYERS)
def test_headers_include_each_other_in_no_circle(layer):
    headers = [place for place in layer_files(layer) if place.suffix == ".h"]
    graph = {header: {found for quote, name in includes(header)
                      if quote == '"' and (found := resolve(header, name)) in headers}
             for header in headers}
    assert circle(graph) == []


def circle(graph: dict) -> list[str]:
    """The names of what is left when leaves have been taken away as long as there are any."""
    left = {node: set(edges) for node, edges in graph.items()}
    while leaves := [node for node, edges in left.items() if not edges]:
        for leaf in leaves:
            del left[leaf]
        for edges in left.values():
            edges.difference_update(leaves)
    return sorted(getattr(node, "name", node) for node in left)


def test_a_circle_would_be_noticed():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) \
        == ["a", "b", "c", "d"]


HEADERS = [place for layer in LAYERS for place in layer_files(layer) if place.suffix == ".h"]


@pytest.mark.parametrize("header", HEADERS, ids=lambda place: str(place.relative_to(TOP)))
def test_a_header_compiles_alone(header):
    # Through -include, because a header as the main file gives warnings of its own.
    result = subprocess.run(
        ["gcc", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", *compile_flags(),
         "-include", str(header), "-x", "c", "/dev/null"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
