# SPDX-License-Identifier: Apache-2.0 - a stand-in and the SDK that judges it
"""One stand-in and one SDK process serve a whole file; a test may start its own."""
from __future__ import annotations

import pytest

from sdk.judge import Judge
from standin.client import InstanceHandle, Standin


@pytest.fixture(scope="module")
def clerk():
    with Standin.start() as running:
        yield running


@pytest.fixture(scope="module")
def judge(clerk: Standin):
    with judge_of(clerk) as sdk:
        yield sdk


def judge_of(clerk: Standin, secret_key: str | None = None,
             instance: InstanceHandle | None = None) -> Judge:
    """The SDK for the first instance or another, with its secret key or another one; an
    empty key is none."""
    one = instance or clerk
    return Judge(clerk.url, one.publishable_key,
                 one.secret_key if secret_key is None else secret_key)
