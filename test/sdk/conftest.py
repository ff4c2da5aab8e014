# SPDX-License-Identifier: Apache-2.0 - a stand-in and the SDK that judges it
"""One stand-in and one SDK process serve a whole file; a test may start its own."""
from __future__ import annotations

import pytest

from sdk.judge import Judge
from standin.client import Standin


@pytest.fixture(scope="module")
def clerk():
    with Standin.start() as running:
        yield running


@pytest.fixture(scope="module")
def judge(clerk: Standin):
    with judge_of(clerk) as sdk:
        yield sdk


def judge_of(clerk: Standin, secret_key: str | None = None) -> Judge:
    return Judge(clerk.url, clerk.publishable_key, secret_key or clerk.secret_key)
